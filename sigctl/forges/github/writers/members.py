"""Who is in an org, who is in a team; an invitation is made, changed and withdrawn in the same way as a place."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sigctl.core.kinds import Membership, TeamMember
from sigctl.core.kinds.org import OWNER
from sigctl.core.kinds.team import LEAD
from sigctl.core.plan import Action
from sigctl.forges import sides
from sigctl.forges.github.client import Answer
from sigctl.forges.github.names import split
from sigctl.forges.github.session import Session, path
from sigctl.forges.github.writers.inviting import inviting


def put_member(session: Session, action: Action) -> str:
    """Invite to the org, or change the role of a member or of an invitation."""
    one = sides.after(action, Membership)
    role = "admin" if one.role == OWNER else "member"
    url = path("orgs", one.org, "memberships", one.login)
    return _inviting(
        session, one.org, one.login, lambda: session.write("PUT", url, {"role": role})
    ).request_id


def remove_member(session: Session, action: Action) -> str:
    """Remove from the org, or withdraw the invitation: the same request does either."""
    one = sides.before(action, Membership)
    return session.remove(path("orgs", one.org, "memberships", one.login))


def put_team_member(session: Session, action: Action) -> str:
    """Put into the team, or change the role there; someone from outside the org is invited to both."""
    one = sides.after(action, TeamMember)
    role = "maintainer" if one.role == LEAD else "member"
    org, slug = split(one.team)
    url = path("orgs", org, "teams", slug, "memberships", one.login)
    put = partial(session.write, "PUT", url, {"role": role}, about=[one.team])
    return _inviting(session, org, one.login, put).request_id


def _inviting(session: Session, org: str, login: str, send: Callable[[], Answer]) -> Answer:
    def known() -> bool:
        """Whether the person is in the org, or invited: then nothing more is sent."""
        return session.look(path("orgs", org, "memberships", login)) is not None

    def invited(answer: Answer) -> bool:
        return isinstance(answer.data, dict) and answer.data.get("state") == "pending"

    return inviting(session, org, login, send, invited=invited, needless=known)


def remove_team_member(session: Session, action: Action) -> str:
    """Take out of the team, or take the team out of the invitation."""
    one = sides.before(action, TeamMember)
    org, slug = split(one.team)
    return session.remove(path("orgs", org, "teams", slug, "memberships", one.login))
