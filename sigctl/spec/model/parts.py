"""What hangs on repositories and orgs beside rights and rules: labels, webhooks, deploy keys, workflow and security switches."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from sigctl.core.kinds.deploykey import bare_key
from sigctl.core.kinds.webhook import EVENTS
from sigctl.core.levels import NATIVE
from sigctl.spec.model.base import Bool, Int, Model, SecretRef, Text, Url, not_text, shown, wrong


def _event(value: str) -> str:
    if value not in EVENTS and not re.fullmatch(rf"{NATIVE}[a-z_*]+", value):
        raise wrong(
            f"`{shown(value)}` is no event",
            f"one of {', '.join(EVENTS)}; a forge's own word as `native:WORD`",
        )
    return value


def _public_key(value: str) -> str:
    if re.fullmatch(r"env:[A-Za-z_][A-Za-z0-9_]*|file:\S.*", value):
        return value
    try:
        return bare_key(value)
    except ValueError:
        raise wrong(
            "is no public key",
            "write it as in a .pub file (`ssh-ed25519 AAAA...`), or `env:NAME` or `file:PATH`",
        ) from None


def _values(value: Any) -> Any:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
        return tuple(value)
    raise wrong(*not_text(value))


Event = Annotated[Text, AfterValidator(_event)]
PublicKey = Annotated[Text, AfterValidator(_public_key)]
Regex = Annotated[Text, Field(max_length=511)]
Who = Literal["off", "members", "everyone"]
Anyone = Literal["off", "members", "everyone", "public"]
Values = Annotated[tuple[str, ...], BeforeValidator(_values, json_schema_input_type=str | list[str])]


class Label(Model):
    """A label for issues and merge requests."""

    color: Text = Field(pattern=r"^[0-9a-fA-F]{6}$", description="Six hex digits, in quotes.")
    description: Text = Field(default="", description="What it is for.")
    previously: tuple[Text, ...] = Field(
        default=(), description="Older names: a label found there is renamed, and stays on its issues."
    )


class Webhook(Model):
    """A URL that the forge calls."""

    url: Url = Field(description="Address that is called.")
    events: tuple[Event, ...] = Field(
        default=("push",),
        description=f"What is told: {', '.join(EVENTS)}, or a forge's own word as `native:WORD`.",
    )
    secret: SecretRef | None = Field(
        default=None,
        description="Where the shared secret is: `env:NAME` or `file:PATH`. It can't be read back, so a changed one is only written "
        "when another setting of the webhook changes, or with `apply --renew-secrets`.",
    )
    active: Bool = Field(default=True, description="Whether it is called, on forges that can switch it off.")
    verify_tls: Bool = Field(default=True, description="Whether the certificate of the address is checked.")
    previously: tuple[Url, ...] = Field(
        default=(), description="Older addresses: a webhook found there gets the new one."
    )


class Features(Model):
    """Who has which part of a repository: off, members, everyone (who sees the repository)."""

    repository: Who | None = Field(default=None, description="Files and history.")
    merge_requests: Who | None = Field(
        default=None, description="Merge requests; for no more people than `repository`."
    )
    forks: Who | None = Field(default=None, description="Making forks.")
    ci: Who | None = Field(default=None, description="Pipelines; for no more people than `repository`.")
    issues: Who | None = Field(default=None, description="Issues.")
    wiki: Who | None = Field(default=None, description="The wiki.")
    snippets: Who | None = Field(default=None, description="Snippets.")
    packages: Anyone | None = Field(
        default=None, description="Packages; `public`: for all, though the repository is not."
    )
    containers: Who | None = Field(default=None, description="Container images.")
    pages: Anyone | None = Field(
        default=None, description="Web pages; `public`: for all, though the repository is not."
    )
    releases: Who | None = Field(default=None, description="Releases.")
    environments: Who | None = Field(default=None, description="Environments and deployments.")
    feature_flags: Who | None = Field(default=None, description="Feature flags.")
    infrastructure: Who | None = Field(default=None, description="Clusters and Terraform states.")
    monitoring: Who | None = Field(default=None, description="Incidents and alerts.")
    analytics: Who | None = Field(default=None, description="Figures and charts.")
    security: Who | None = Field(default=None, description="Findings about security.")
    models: Who | None = Field(default=None, description="The model registry.")
    experiments: Who | None = Field(default=None, description="Model experiments.")


class DeployKey(Model):
    """An SSH key with access to one repository."""

    key: PublicKey = Field(
        description="The public key as in a .pub file, or where it is: `env:NAME` or `file:PATH`."
    )
    write: Bool = Field(default=False, description="Whether it may push.")


class Actions(Model):
    """Workflows (GitHub Actions)."""

    enabled: Bool | None = Field(
        default=None, description="Whether workflows run: on an org, in all of its repositories or in none."
    )
    allowed: Literal["all", "local", "selected"] | None = Field(
        default=None, description="Whose actions may be used: all, local (of the same org) or selected ones."
    )
    patterns: tuple[Text, ...] | None = Field(
        default=None,
        description="The selected ones: OWNER/*, OWNER/REPO@REF; `github` for GitHub's own, `verified` for verified creators.",
    )
    permissions: Literal["read", "write"] | None = Field(
        default=None,
        description="What the token of a workflow may do in its repository, unless the workflow says otherwise.",
    )
    approve: Bool | None = Field(default=None, description="Whether workflows may approve pull requests.")


class PushRules(Model):
    """What the server itself looks at in everything that is pushed (GitLab with a paid tier)."""

    commit_committer_check: Bool | None = Field(
        default=None, description="Whether people push only what they committed with an address of their own."
    )
    commit_committer_name_check: Bool | None = Field(
        default=None, description="Whether the committer's name must be the one of the account."
    )
    reject_unsigned_commits: Bool | None = Field(
        default=None, description="Whether commits without a signature are refused."
    )
    reject_non_dco_commits: Bool | None = Field(
        default=None, description="Whether commits without `Signed-off-by` are refused."
    )
    prevent_secrets: Bool | None = Field(
        default=None, description="Whether files that look like keys or passwords are refused."
    )
    member_check: Bool | None = Field(
        default=None, description="Whether authors must be people that the server knows."
    )
    deny_delete_tag: Bool | None = Field(default=None, description="Whether nobody deletes a tag by git.")
    commit_message_regex: Regex | None = Field(
        default=None, description="What every commit message must match; empty for anything."
    )
    commit_message_negative_regex: Regex | None = Field(
        default=None, description="What no commit message may match; empty for nothing."
    )
    branch_name_regex: Regex | None = Field(
        default=None,
        description="What the name of every new branch must match; empty for anything. Branches that `sigctl` brings are no exception.",
    )
    author_email_regex: Regex | None = Field(
        default=None, description="What the address of every author must match; empty for anything."
    )
    file_name_regex: Regex | None = Field(
        default=None, description="What no file's name may match; empty for nothing."
    )
    max_file_size: Int | None = Field(
        default=None, ge=0, description="Size in megabytes that no file may exceed; 0 for none."
    )


class Approvals(Model):
    """What approvals of merges are worth (GitLab with a paid tier): each of these that is true makes them worth less."""

    author: Bool | None = Field(
        default=None, description="Whether who proposes a change may approve it himself."
    )
    committers: Bool | None = Field(
        default=None, description="Whether who wrote some of its commits may approve it."
    )
    override: Bool | None = Field(
        default=None,
        description="Whether a proposal may ask for another number of approvals than the rules do.",
    )
    keep: Bool | None = Field(default=None, description="Whether approvals stay when more is pushed.")


class Security(Model):
    """Switches that keep secrets out of a repository and tell of holes."""

    secret_scanning: Bool | None = Field(
        default=None, description="Whether what is pushed is searched for secrets."
    )
    push_protection: Bool | None = Field(
        default=None, description="Whether a push with a secret in it is refused; needs `secret_scanning`."
    )
    dependency_alerts: Bool | None = Field(
        default=None, description="Whether dependencies with known holes are told of."
    )
    dependency_fixes: Bool | None = Field(
        default=None, description="Whether changes that end them are proposed; needs `dependency_alerts`."
    )
    private_reports: Bool | None = Field(
        default=None, description="Whether anyone can report a hole without telling everybody."
    )
