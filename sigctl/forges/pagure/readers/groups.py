"""Groups, who is in them, and who has an account."""

from __future__ import annotations

from sigctl.core.kinds import Team, TeamMember
from sigctl.core.state import Account
from sigctl.errors import PartialError
from sigctl.forges.pagure.names import path
from sigctl.forges.pagure.session import Data, Session


def read(session: Session, name: str) -> list[Data]:
    """Return the group, as a list of one; empty where there is none."""
    found = session.look(path("group", name))
    if found is None:
        return []
    if not isinstance(found.get("members"), list):
        raise PartialError(f"group {name}: the answer holds no members", forge=session.name)
    return [found]


def team_of(group: Data) -> Team:
    """Return the group in our words."""
    return Team(group["name"])


def members_of(group: Data) -> list[TeamMember]:
    """Return who is in the group, its creator too."""
    return [TeamMember(group["name"], login) for login in sorted(set(group["members"]))]


def account(session: Session, login: str) -> Account:
    """Return whether anybody has the login; numbers are not told here."""
    found = session.look(path("user", login), per_page=1)
    return Account(login, status="active" if found else "missing")
