"""Orgs, by REST: GraphQL does not tell what every member has on every repository."""

from __future__ import annotations

from typing import Any

from sigctl.core.kinds import Org
from sigctl.core.kinds.org import OPENNESS
from sigctl.core.levels import NONE
from sigctl.errors import DeniedError, NotThereError
from sigctl.forges.github.names import level_of
from sigctl.forges.github.pacing import MORE_INVITATIONS
from sigctl.forges.github.session import Session, path
from sigctl.forges.pacing import DAY

MONTH = 31 * DAY


def read_org(session: Session, org: str) -> Org:
    """Return the org; NotThereError where there is none, DeniedError where the token sees only its public side."""
    return org_of(read_settings(session, org))


def read_settings(session: Session, org: str) -> dict[str, Any]:
    """Return what REST tells of an org; raises as `read_org` does."""
    data = session.find(path("orgs", org))
    if data is None:
        hint = "GitHub orgs are made by hand: create it, or let the token see it"
        raise NotThereError(f"org `{org}` is not there", hint, forge=session.name, status=404)
    if data.get("default_repository_permission") is None:
        hint = "the token must be an owner's, with admin:org (or an app's, with administration: read)"
        raise DeniedError(f"the settings of org `{org}` can't be read", hint, forge=session.name)
    _know_limit(session, data)
    return data


def has_own_roles(session: Session, data: dict[str, Any]) -> bool:
    """Whether the org has repository roles of its own making; only the plan of enterprises has such a thing."""
    if (data.get("plan") or {}).get("name") != "enterprise":
        return False
    try:
        found = session.find(path("orgs", data["login"], "custom-repository-roles"))
    except DeniedError:
        return True  # it may: then what teams have is asked for word by word
    return bool((found or {}).get("total_count"))


def org_of(data: dict[str, Any]) -> Org:
    """Return the org that REST describes."""
    base = data["default_repository_permission"]
    return Org(
        path=data["login"],
        title=data.get("name") or "",
        base_level=NONE if base == NONE else level_of(base),
        members_create_repos=data.get("members_can_create_repositories"),
        two_factor=data.get("two_factor_requirement_enabled"),
        members_create=tuple(
            sorted(seen for seen in OPENNESS if data.get(f"members_can_create_{seen}_repositories"))
        ),
        fork_private=data.get("members_can_fork_private_repositories"),
        deploy_keys=data.get("deploy_keys_enabled_for_repositories"),
    )


def _know_limit(session: Session, data: dict[str, Any]) -> None:
    """Let an org that pays or is older than a month invite more people a day, unless the files say how many."""
    plan = (data.get("plan") or {}).get("name") or ""
    session.plans[data["login"]] = plan
    pays = plan not in ("", "free")
    old = MONTH < session.age(data.get("created_at")) < float("inf")
    if session.settings.limits.invitations_a_day is None and (pays or old):
        session.invitations.limit(data["login"], MORE_INVITATIONS)
