"""Groups: members come and go by API; the groups themselves are the server's admin's."""

from __future__ import annotations

from sigctl.core.kinds import Team, TeamMember
from sigctl.core.plan import Action
from sigctl.errors import RefusedError
from sigctl.forges import sides
from sigctl.forges.pagure.names import new_group, path
from sigctl.forges.pagure.readers import groups
from sigctl.forges.pagure.session import Session


def create(session: Session, action: Action) -> None:
    """Find that the group was made meanwhile; else say what makes it."""
    team = sides.after(action, Team)
    if not groups.read(session, team.path):
        text = f"group {team.path} does not exist, and groups can't be made by API"
        raise session.refused(text, new_group(team.path, session.me()))


def delete(session: Session, action: Action) -> None:
    """Find that the group is gone; else say who can."""
    team = sides.before(action, Team)
    if groups.read(session, team.path):
        text = f"group {team.path} can't be deleted by API"
        hint = f"a member who is an admin of the server deletes it on {session.url}/group/{team.path}, once it is on no project"
        raise session.refused(text, hint)


def put_member(session: Session, action: Action) -> None:
    """Have the person in the group."""
    member = sides.after(action, TeamMember)
    session.write("POST", path("group", member.team, "add"), {"user": member.login})
    if not _is_in(session, member):
        text = f"group {member.team}: the server says that {member.login} was added, and he is not in it"
        raise session.refused(text, "plan again; if it stays so, its admin has to look")


def remove_member(session: Session, action: Action) -> None:
    """Have the person out of the group; who is not in it, is."""
    member = sides.before(action, TeamMember)
    try:
        session.write("POST", path("group", member.team, "remove"), {"user": member.login})
    except RefusedError as error:  # a catch-all code for everything that can be wrong: see what is
        found = groups.read(session, member.team)
        if not found or member.login not in found[0]["members"]:
            return
        if (found[0].get("creator") or {}).get("name") == member.login:
            error.hint = (
                "who made a group stays in it: let the server's admin make it anew as another account"
            )
        raise
    if _is_in(session, member):
        text = f"group {member.team}: the server says that {member.login} was removed, and he is still in it"
        raise session.refused(text, "plan again; if it stays so, its admin has to look")


def _is_in(session: Session, member: TeamMember) -> bool:
    found = groups.read(session, member.team)
    return bool(found) and member.login in found[0]["members"]
