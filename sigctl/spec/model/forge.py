"""Forges: where they are, how they are reached, and how SIG words become paths there."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from pydantic import Field, model_validator

from sigctl.spec.model.base import (
    Account,
    Bool,
    Day,
    Int,
    LevelName,
    Model,
    SecretRef,
    Short,
    SigName,
    Template,
    Text,
    Url,
    Visibility,
    wrong,
)
from sigctl.spec.model.parts import Actions, PushRules, Webhook

Undeclared = Literal["report", "remove", "ignore"]


class App(Model):
    """An app of the forge as which sigctl acts, in place of a token."""

    id: SecretRef = Field(description="Number of the app, as `env:NAME` or `file:PATH`.")
    key: SecretRef = Field(description="Private key of the app in PEM form, as `env:NAME` or `file:PATH`.")


class Limits(Model):
    """How much a forge takes from one client, where that is not what such a forge usually takes (GitHub)."""

    points_a_minute: Int | None = Field(
        default=None,
        ge=0,
        description="Points a minute; a read is 1, a write 5. Left out: 900 on github.com, no limit on a server of your own. 0: no limit.",
    )
    creations_a_minute: Int | None = Field(
        default=None,
        ge=0,
        description="Requests a minute that make something. Left out: 80 on github.com. 0: no limit.",
    )
    creations_an_hour: Int | None = Field(
        default=None,
        ge=0,
        description="The same an hour. Left out: 500 on github.com. 0: no limit.",
    )
    invitations_a_day: Int | None = Field(
        default=None,
        ge=0,
        description="Invitations a day to an org or a repository. Left out: 50 on github.com, 500 for orgs that pay or are older than a "
        "month. 0: no limit. What is left over is made by a later run.",
    )


class Ssh(Model):
    """How git reaches the repositories over ssh, on a server that takes no pushes over HTTP."""

    url: Url = Field(description="What comes before a repository's path: `ssh://git@HOST`.")
    key: SecretRef = Field(description="Private key of the account behind `token`, as `file:PATH`.")
    known_hosts: SecretRef = Field(
        description="The server's host keys, as `file:PATH`; a server with any other key is not spoken to."
    )


class UndeclaredPolicy(Model):
    """What to do with whole things that no file declares: report them, remove them, or ignore them."""

    repos: Undeclared = Field(
        default="report", description="Repositories in a namespace that sigctl manages."
    )
    teams: Undeclared = Field(default="report", description="Teams in a namespace that sigctl manages.")
    members: Undeclared = Field(
        default="report", description="Members of an org who are in no declared team and own nothing."
    )
    labels: Undeclared = Field(
        default="report", description="Labels of declared repositories for which the files say `labels`."
    )
    webhooks: Undeclared = Field(
        default="report",
        description="Webhooks of what the files say `webhooks` for: they see everything that happens there.",
    )
    deploy_keys: Undeclared = Field(
        default="report",
        description="Deploy keys of declared repositories for which the files don't say `deploy_keys`; where they do, others are removed.",
    )


class OrgConfig(Model):
    """An org or a top group, as far as the files decide about it."""

    title: Text | None = Field(default=None, description="Name shown to people.")
    visibility: Visibility | None = Field(
        default=None, description="Who sees the group, on forges where a group has a visibility."
    )
    base_level: LevelName | None = Field(
        default=None,
        description="What every member has on every repository of the org; `none` is the safe one.",
    )
    owners: tuple[Account, ...] | None = Field(
        default=None,
        description="Accounts of all owners; who is not in the list loses the role. Left out: owners are not managed.",
    )
    two_factor: Literal["required", "optional"] | None = Field(
        default=None, description="Whether members must have a second factor."
    )
    members_create_repos: Bool | None = Field(
        default=None, description="Whether every member may create repositories (GitHub)."
    )
    members_create: tuple[Visibility, ...] | None = Field(
        default=None,
        description="Visibilities of the repositories that members may create (GitHub); `internal` needs an enterprise.",
    )
    fork_private: Bool | None = Field(
        default=None,
        description="Whether members may fork private repositories to their own accounts (GitHub).",
    )
    deploy_keys: Bool | None = Field(
        default=None,
        description="Whether repositories may have deploy keys at all (GitHub; off in a new org).",
    )
    create_repos: Literal["none", "admin", "maintain", "write"] | None = Field(
        default=None,
        description="Lowest level that may create repositories in the group (GitLab); none: nobody.",
    )
    create_groups: Literal["admin", "maintain"] | None = Field(
        default=None, description="Lowest level that may create groups below (GitLab)."
    )
    share_outside: Bool | None = Field(
        default=None,
        description="Whether groups below may be shared with groups elsewhere (GitLab, top groups).",
    )
    protect_default: Literal["none", "partly", "started", "fully"] | None = Field(
        default=None,
        description="How the default branch of a new repository is protected (GitLab). none: not; partly: those who may write push, "
        "nobody forces or deletes; fully: maintainers push; started: fully, but those who may write make the first push.",
    )
    webhooks: dict[Text, Webhook] | None = Field(
        default=None,
        description="Webhooks of the whole org or group by a name of your own (GitLab: paid tiers); an empty mapping has others told of.",
    )
    actions: Actions = Field(
        default=Actions(), description="Workflows in all repositories of the org (GitHub)."
    )
    push_rules: PushRules = Field(
        default=PushRules(),
        description="Push rules that new repositories in the group begin with (GitLab with a paid tier); those that are there keep theirs.",
    )


class Layout(Short):
    """Where a SIG's repositories and teams are on a forge, in place of the forge's own templates."""

    SHORT = "repo"

    repo: Template | None = Field(
        default=None, description="Path of a repository, with {sig}, {repo} and {project}."
    )
    team: Template | None = Field(
        default=None, description="Name or path of a team, with {sig}, {team} and {project}."
    )
    moved_from: tuple[Template, ...] = Field(
        default=(), description="Older `repo` templates: what is found there is moved, not made anew."
    )
    team_moved_from: tuple[Template, ...] = Field(default=(), description="Older `team` templates.")


class ForgeConfig(Model):
    """One forge."""

    type: Text = Field(description="Kind of forge: gitlab, github, pagure.")
    url: Url = Field(description="Address as people open it in a browser.")
    token: SecretRef | None = Field(
        default=None,
        description="Where the token is: `env:NAME`, `file:PATH`, or `credential:HOST` for what git's credential helpers keep. Never the "
        "token itself.",
    )
    app: App | None = Field(default=None, description="App to act as, in place of `token`.")
    tier: Text = Field(
        default="",
        description="What the server can enforce (free, premium, ultimate; free, team, enterprise). Empty: the server is asked.",
    )
    repo: Template = Field(description="The layout: path of a repository, with {sig}, {repo} and {project}.")
    team: Template = Field(
        description="Name (GitHub) or path (GitLab) of a team, with {sig}, {team} and {project}."
    )
    moved_from: tuple[Template, ...] = Field(
        default=(),
        description="Older `repo` templates: repositories found there are moved with their history, not made anew.",
    )
    team_moved_from: tuple[Template, ...] = Field(
        default=(), description="Older `team` templates: teams found there are renamed."
    )
    layouts: dict[SigName, Layout] = Field(default={}, description="Other templates for single SIGs.")
    role: Literal["primary", "replica"] = Field(
        default="primary", description="primary: where SIGs work; replica: where history is copied to."
    )
    replicated_by: Literal["sigctl", "primary"] = Field(
        default="sigctl",
        description="How history comes to a replica: sigctl pushes it, or the primary's own push mirrors do (GitLab), which sigctl then "
        "compares and watches.",
    )
    mirror_token_ends: Day | None = Field(
        default=None,
        description="Last day of the token that the primary's push mirrors use here, which no forge tells; two weeks before, sigctl does.",
    )
    undeclared: UndeclaredPolicy = Field(
        default=UndeclaredPolicy(), description="What to do with whole things that no file declares."
    )
    orgs: dict[Text, OrgConfig] = Field(
        default={}, description="Orgs or groups whose own settings or owners the files decide."
    )
    visibility: Visibility = Field(
        default="public", description="Visibility of groups that sigctl makes for SIGs and teams."
    )
    ssh: Ssh | None = Field(
        default=None, description="How git goes over ssh (Pagure). Left out: over HTTP, with the token."
    )
    branch_rules: Literal["manual", "computed", "closest"] = Field(
        default="manual",
        description="On a Pagure: `computed` where the server works out who may push which branch (git.centos.org), so that it is only "
        "verified; `manual` where its admin sets what the API can't. On a GitLab: `closest` keeps rules that its tier can't keep exactly "
        "as closely as it can, never more open than declared, with a note; else they are problems of the plan and left as they are.",
    )
    jobs: Int = Field(default=8, ge=1, le=64, description="Requests at once.")
    max_requests: Int = Field(default=20_000, ge=1, description="Requests one run may send.")
    patience: Int = Field(
        default=6,
        ge=0,
        le=600,
        description="Seconds for which a request that gets no usable answer is tried again. 0: at once, without a pause.",
    )
    limits: Limits = Field(default=Limits(), description="How much the forge takes at a time (GitHub).")
    roles: dict[Literal["read", "triage", "write", "maintain"], Text] = Field(
        default={},
        description="Repository roles of the orgs' own making that stand for levels (GitHub, orgs of an enterprise): `{write: builder}` gives "
        "whoever has `write` in the files the role `builder`, which may be based on write at the most.",
    )

    @cached_property
    def name(self) -> str:
        """The forge's name in the files."""
        return ""  # `Spec` knows it, and puts it in this place

    @model_validator(mode="after")
    def _replica(self) -> ForgeConfig:
        if self.role == "primary" and self.replicated_by == "primary":
            raise wrong(
                "a primary is not replicated to", "`replicated_by` is for forges with `role: replica`"
            )
        if self.mirror_token_ends and self.replicated_by != "primary":
            raise wrong(
                "`mirror_token_ends` without push mirrors",
                "it goes with `replicated_by: primary`; sigctl looks at its own tokens itself",
            )
        return self

    @model_validator(mode="after")
    def _one_way_in(self) -> ForgeConfig:
        if self.token and self.app:
            raise wrong("has both `token` and `app`", "keep the one that sigctl shall act as")
        return self

    def layout(self, sig: str) -> Layout:
        """Return the templates for a SIG: its own where it has some, else the forge's."""
        own = self.layouts.get(sig)
        return Layout(
            repo=own.repo if own and own.repo else self.repo,
            team=own.team if own and own.team else self.team,
            moved_from=(
                *own.moved_from,
                *((self.repo,) if own.repo and own.repo != self.repo else ()),
                *self.moved_from,
            )
            if own
            else self.moved_from,
            team_moved_from=(*own.team_moved_from, *self.team_moved_from) if own else self.team_moved_from,
        )
