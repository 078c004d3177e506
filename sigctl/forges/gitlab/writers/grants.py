"""Grants: shares for teams, direct memberships for persons, on a project or a group."""

from __future__ import annotations

from sigctl.core.kinds import Grant, Repo
from sigctl.core.plan import Action
from sigctl.errors import NotThereError
from sigctl.forges.gitlab.context import Context
from sigctl.forges.gitlab.names import from_level
from sigctl.forges.gitlab.writers.membership import put_member, remove_member
from sigctl.forges.gitlab.writers.sharing import put_share, remove_share


def put(ctx: Context, action: Action) -> None:
    """Give the team or person the level, with its end."""
    grant = _grant(action)
    number = from_level(grant.level)
    place = _place(ctx, grant)
    if grant.subject_kind == "team":
        put_share(ctx, place, grant.subject_name, number, grant.until)
    else:
        put_member(ctx, place, grant.target, grant.subject_name, number, until=grant.until)


def delete(ctx: Context, action: Action) -> None:
    """Take away what the team or person has here; what is inherited stays."""
    grant = _grant(action)
    try:
        place = _place(ctx, grant)
    except NotThereError:
        return
    if grant.subject_kind == "team":
        remove_share(ctx, place, grant.subject_name)
    else:
        remove_member(ctx, place, grant.subject_name)


def _place(ctx: Context, grant: Grant) -> str:
    if grant.on == Repo.KIND:
        return f"/projects/{ctx.project_id(grant.target)}"
    return f"/groups/{ctx.group_id(grant.target)}"


def _grant(action: Action) -> Grant:
    if not isinstance(action.subject, Grant):
        raise TypeError(action.kind)
    return action.subject
