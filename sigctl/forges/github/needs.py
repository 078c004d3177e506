"""What a token or an app must be allowed to do, by kind of resource: a scope of classic tokens, a permission of all others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_INCLUDED = {
    "admin:org": ("write:org", "read:org"),
    "admin:org_hook": (),
    "repo": ("public_repo", "repo:invite", "repo:status"),
}
_RANK = {"": 0, "read": 1, "write": 2, "admin": 3}


@dataclass(frozen=True, slots=True)
class Need:
    """One kind, and what it takes to change it."""

    kind: str
    words: str
    scope: str
    permission: str
    always: bool = True
    """Every use of the forge needs it; else only some files do."""


NEEDS = (
    Need("org", "settings of orgs", "admin:org", "organization_administration"),
    Need("membership", "owners, members and invitations", "admin:org", "members"),
    Need("team", "teams", "admin:org", "members"),
    Need("team_member", "who is in teams", "admin:org", "members"),
    Need("repo", "repositories", "repo", "administration"),
    Need("grant", "rights on repositories", "repo", "administration"),
    Need("branch_rule", "branch rules", "repo", "administration"),
    Need("classic_rule", "older branch protection", "repo", "administration"),
    Need("ref", "histories", "repo", "contents"),
    Need("repo deleted", "deleting repositories where the files ask for it", "delete_repo", "administration"),
    Need("label", "labels", "repo", "issues", always=False),
    Need("deploy_key", "deploy keys", "repo", "administration", always=False),
    Need("webhook", "webhooks of repositories", "repo", "repository_hooks", always=False),
    Need("webhook of org", "webhooks of orgs", "admin:org_hook", "organization_hooks", always=False),
    Need("actions", "workflow settings", "repo", "administration", always=False),
    Need(
        "actions of org",
        "workflow settings of orgs",
        "admin:org",
        "organization_administration",
        always=False,
    ),
    Need("security", "security settings", "repo", "administration", always=False),
    Need("properties", "custom properties", "repo", "repository_custom_properties", always=False),
    Need("ref with workflows", "branches in which a workflow changes", "workflow", "workflows", always=False),
)


def scopes_missing(has: frozenset[str], *, always: bool) -> Iterator[str]:
    """Yield a sentence for each scope that a classic token lacks, with the kinds that can't be changed without it."""
    wider = has | {part for scope in has for part in _INCLUDED.get(scope, ())}
    for scope, words in _grouped("scope", always=always).items():
        if scope not in wider:
            yield f"the token lacks the scope {scope}: {words} can't be changed"


def permissions_missing(has: Mapping[str, str], where: str, *, always: bool) -> Iterator[str]:
    """Yield a sentence for each permission that an installation lacks, with the kinds that can't be changed without it."""
    for permission, words in _grouped("permission", always=always).items():
        if _RANK.get(has.get(permission, ""), 0) < _RANK["write"]:
            have = has.get(permission) or "none"
            yield f"in {where} the app lacks {permission}: write (it has {have}): {words} can't be changed"


def _grouped(field: str, *, always: bool) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for need in NEEDS:
        found.setdefault(getattr(need, field), []).append(need.words)
    needed = {getattr(need, field) for need in NEEDS if need.always}
    return {name: ", ".join(words) for name, words in found.items() if (name in needed) is always}
