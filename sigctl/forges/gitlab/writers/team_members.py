"""Who is in a team: direct members of its group."""

from __future__ import annotations

from sigctl.core.kinds import TeamMember
from sigctl.core.plan import Action
from sigctl.errors import NotThereError
from sigctl.forges.gitlab.context import Context
from sigctl.forges.gitlab.names import from_role
from sigctl.forges.gitlab.writers.membership import put_member, remove_member


def put(ctx: Context, action: Action) -> None:
    """Put the person into the team, with the role."""
    member = _member(action)
    place = f"/groups/{ctx.group_id(member.team)}"
    put_member(ctx, place, member.team, member.login, from_role(member.role))


def delete(ctx: Context, action: Action) -> None:
    """Take the person out of the team."""
    member = _member(action)
    try:
        place = f"/groups/{ctx.group_id(member.team)}"
    except NotThereError:
        return
    remove_member(ctx, place, member.login)


def _member(action: Action) -> TeamMember:
    if not isinstance(action.subject, TeamMember):
        raise TypeError(action.kind)
    return action.subject
