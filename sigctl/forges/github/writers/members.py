"""Who is in an org, who is in a team; an invitation is made, changed and withdrawn in the same way as a place."""

from __future__ import annotations

from sigctl.core.kinds import Membership, TeamMember
from sigctl.core.kinds.org import OWNER
from sigctl.core.kinds.team import LEAD
from sigctl.core.plan import Action
from sigctl.forges.github.names import split
from sigctl.forges.github.session import Session, path
from sigctl.forges.github.writers import sides


def put_member(session: Session, action: Action) -> str:
    """Invite to the org, or change the role of a member or of an invitation."""
    one = sides.after(action, Membership)
    role = "admin" if one.role == OWNER else "member"
    return session.write("PUT", path("orgs", one.org, "memberships", one.login), {"role": role}).request_id


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
    return session.write("PUT", url, {"role": role}, about=[one.team]).request_id


def remove_team_member(session: Session, action: Action) -> str:
    """Take out of the team, or take the team out of the invitation."""
    one = sides.before(action, TeamMember)
    org, slug = split(one.team)
    return session.remove(path("orgs", org, "teams", slug, "memberships", one.login))
