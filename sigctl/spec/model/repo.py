"""Repositories: settings, rights, branches, and where their history comes from."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from sigctl.spec.model.base import (
    Bool,
    Day,
    Glob,
    Int,
    LevelName,
    Model,
    Pusher,
    RepoName,
    Short,
    SigName,
    Subject,
    Text,
    Url,
    Visibility,
    wrong,
)
from sigctl.spec.model.parts import (
    Actions,
    Approvals,
    DeployKey,
    Features,
    Label,
    PushRules,
    Security,
    Values,
    Webhook,
)

Lifecycle = Literal["active", "readonly", "retired"]


class Right(Short):
    """A level for a team or a person."""

    SHORT = "level"

    level: LevelName = Field(
        description="none, read, triage, write, maintain or admin. The stronger of two wins; `none` on a repository takes a SIG's right away there."
    )
    until: Day | None = Field(default=None, description="Last day on which it holds.")


Access = dict[Subject, Right]


class Merge(Model):
    """How changes may be merged."""

    commit: Bool | None = Field(default=None, description="By a merge commit.")
    squash: Bool | None = Field(default=None, description="Squashed into one commit.")
    rebase: Bool | None = Field(default=None, description="Rebased.")
    delete_branch: Bool | None = Field(
        default=None, description="Whether the branch is deleted after it was merged."
    )


class BranchEntry(Model):
    """A rule for all branches (or tags) that a pattern matches, or one declared branch. The first that matches decides."""

    pattern: Glob | None = Field(
        default=None,
        description="Names it is about: `*` matches anything; {sig}, {repo}, {project} and {release} are filled in.",
    )
    name: Glob | None = Field(default=None, description="One declared branch, in place of `pattern`.")
    own: Bool = Field(
        default=False,
        description="The pattern is a namespace: exactly this name, and this name with a dash and anything after it.",
    )
    releases: tuple[Text, ...] | None = Field(
        default=None, description="Values for {release}; left out: those of `defaults.releases`."
    )
    push: tuple[Pusher, ...] | None = Field(
        default=None,
        description="Who may push; an empty list is nobody; left out: who may write. `deploy_key:TITLE` is a deploy key of the repository "
        "with `write: true` (GitLab).",
    )
    merge: tuple[Subject, ...] | None = Field(default=None, description="Who may merge into it.")
    create: tuple[Pusher, ...] | None = Field(
        default=None, description="Who may create a branch of such a name; left out: who may push."
    )
    force: Bool | None = Field(default=None, description="Whether history may be rewritten.")
    delete: Bool | None = Field(default=None, description="Whether it may be deleted.")
    reviews: Int | None = Field(
        default=None,
        ge=0,
        le=10,
        description="Approving reviews a merge needs; on GitLab with a paid tier, and the same number in all rules of a repository.",
    )
    checks: tuple[Text, ...] | None = Field(default=None, description="Status checks that must pass.")
    code_owners: Bool | None = Field(
        default=None, description="Whether code owners must approve what is merged (GitLab with a paid tier)."
    )
    unprotect: tuple[Subject, ...] | None = Field(
        default=None,
        description="Who of those with `maintain` may change the rule or take it away, beside sigctl itself (GitLab with a paid tier); left "
        "out: all of them, or whoever it is now.",
    )
    from_: Glob | None = Field(
        default=None,
        alias="from",
        description="Branch, tag or commit that a declared one starts from where it is missing; once there, it is not moved.",
    )
    lifecycle: Lifecycle = Field(
        default="active",
        description="active; readonly: nobody may push; retired: nobody may push, and its last state is kept as the tag "
        "`retired/NAME`; with `delete: true` the branch goes once that tag is there.",
    )

    @model_validator(mode="after")
    def _one_of(self) -> BranchEntry:
        if (self.pattern is None) == (self.name is None):
            raise wrong(
                "needs either `pattern` or `name`", "`pattern` for a rule, `name` for one declared branch"
            )
        if self.pattern is not None and (self.from_ or self.lifecycle != "active"):
            raise wrong(
                "`from` and `lifecycle` are for declared branches", "write `name` in place of `pattern`"
            )
        if self.name is not None and (self.own or "*" in self.name):
            raise wrong(
                "a declared branch has one exact name", "write `pattern` for a rule on several branches"
            )
        return self


class Upstream(Short):
    """Where a repository's history comes from."""

    SHORT = "url"

    url: Url = Field(description="Address that git can fetch from.")
    mode: Literal["import", "follow", "mirror"] = Field(
        default="follow",
        description="import: once, into an empty repository; follow: its branches and tags, others stay; mirror: an exact copy.",
    )
    branches: tuple[Glob, ...] | None = Field(
        default=None, description="Only these branches (patterns); tags come along."
    )
    include: tuple[Glob, ...] | None = Field(
        default=None, description="Only these refs (patterns), in place of `branches`: refs/heads/xen-*."
    )
    exclude: tuple[Glob, ...] = Field(default=(), description="Refs (patterns) that are left out.")

    rename: dict[Glob, Glob] = Field(
        default={},
        description="Branch there -> its name here; one `*` on both sides stands for the same: xen-*: c7-sig-virt-xen-*.",
    )

    @model_validator(mode="after")
    def _stars(self) -> Upstream:
        for old, new in self.rename.items():
            if (old.count("*"), new.count("*")) not in ((0, 0), (1, 1)):
                raise wrong(
                    f"`{old}: {new}` has not one `*` on both sides, or none", "write one on both, or none"
                )
        return self

    @model_validator(mode="after")
    def _one_choice(self) -> Upstream:
        if self.branches is not None and self.include is not None:
            raise wrong("has both `branches` and `include`", "keep one of them")
        return self


class RepoSettings(Model):
    """Settings that defaults, SIGs and projects can give to all their repositories; the nearest to the repository wins."""

    visibility: Visibility | None = Field(default=None, description="Who sees it.")
    default_branch: Glob | None = Field(default=None, description="Branch that a clone checks out.")
    homepage: Text | None = Field(default=None, description="Web page.")
    topics: tuple[Text, ...] | None = Field(default=None, description="Words to find it by.")
    issues: Bool | None = Field(default=None, description="Whether it has issues.")
    wiki: Bool | None = Field(default=None, description="Whether it has a wiki.")
    merge: Merge = Field(default=Merge(), description="How changes may be merged.")
    archived: Bool | None = Field(default=None, description="Readable, and nothing can be changed.")
    labels: dict[Text, Label] | None = Field(
        default=None,
        description="Labels by name. Others that are there are told of, or removed where `undeclared.labels` of the forge says so; an "
        "empty mapping only has them told of.",
    )
    webhooks: dict[Text, Webhook] | None = Field(
        default=None,
        description="Webhooks by a name of your own. Others are told of, or removed where `undeclared.webhooks` says so; an empty mapping "
        "only has them told of. Where nothing is written they are not looked at, since that takes a request for each repository.",
    )
    features: Features = Field(
        default=Features(),
        description="Who has which part of it, on forges where that can be said (GitLab): {repository: members, forks: off}. What is not "
        "named is not touched. `issues` and `wiki` above say on or off on every forge.",
    )
    actions: Actions = Field(default=Actions(), description="Workflows, on forges that have them.")
    security: Security = Field(
        default=Security(),
        description="Switches that keep secrets out and tell of holes, on forges that have them.",
    )
    push_rules: PushRules = Field(
        default=PushRules(),
        description="What the server looks at in everything that is pushed (GitLab with a paid tier).",
    )
    approvals: Approvals = Field(
        default=Approvals(), description="What approvals of merges are worth (GitLab with a paid tier)."
    )
    custom_properties: dict[Text, Values] | None = Field(
        default=None,
        description="Values of the properties that the org has defined (GitHub Enterprise); a list where there may be several.",
    )


class RepoConfig(RepoSettings):
    """One repository of a SIG."""

    FIRST = (
        "description",
        "homepage",
        "topics",
        "previously",
        "fork_of",
        "left_alone",
        "forges",
        "upstream",
        "default_branch",
    )

    description: Text | None = Field(default=None, description="What it is, in one line.")
    access: Access = Field(default={}, description="Rights on this repository, beside those of the SIG.")
    branches: tuple[BranchEntry, ...] = Field(
        default=(),
        description="Rules and declared branches; they come before those of the project, the SIG and the defaults.",
    )
    tags: tuple[BranchEntry, ...] = Field(default=(), description="Rules for tags.")
    upstream: Upstream | None = Field(
        default=None, description="Where its history comes from: a URL, or {url, mode, ...}."
    )
    previously: tuple[RepoName, ...] = Field(
        default=(), description="Older names: what is found there is renamed, not made anew."
    )
    forges: tuple[Text, ...] | None = Field(
        default=None, description="Only on these forges; left out: on all."
    )
    left_alone: tuple[Text, ...] = Field(
        default=(),
        description="Forges on which it is never made, changed or removed: a fork that somebody else owns, say.",
    )
    fork_of: Text | None = Field(default=None, description="For the reader: what it is a fork of.")
    deploy_keys: dict[Text, DeployKey] | None = Field(
        default=None,
        description="Deploy keys by title; they are told apart by what they are, not by title. Where it is written, even empty, other keys "
        "are removed; where it is not, they stay and are told of, or `undeclared.deploy_keys` of the forge removes them.",
    )
    interested: tuple[SigName, ...] = Field(
        default=(), description="Other SIGs whose lists are told of proposals that touch it."
    )
