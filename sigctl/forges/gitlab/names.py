"""Paths, ids and levels, between GitLab's way of writing them and ours."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from sigctl.core import levels
from sigctl.core.kinds.repo import Repo
from sigctl.core.kinds.team import LEAD, MEMBER
from sigctl.errors import RefusedError

OWNER, MAINTAINER = 50, 40
NUMBERS = {levels.READ: 20, levels.WRITE: 30, levels.MAINTAIN: MAINTAINER, levels.ADMIN: OWNER}
_WORDS = {number: level for level, number in NUMBERS.items()}
ROLES = {MEMBER: MAINTAINER, LEAD: OWNER}
_ROLE_WORDS = {number: role for role, number in ROLES.items()}
MERGE_METHODS = {"merge": (True, False), "rebase_merge": (True, True), "ff": (False, True)}
"""How changes are merged -> whether with a commit of their own, and whether on top of what is there."""
_SCHEDULED = re.compile(r"-deletion_scheduled-\d+$")


def quoted(path: str | int) -> str:
    """Return a full path, or an id, as one segment of an API URL."""
    return quote(str(path), safe="")


def place_of(on: str, number: int) -> str:
    """Return where what hangs on a project or a group is."""
    return f"/{'projects' if on == Repo.KIND else 'groups'}/{number}"


def parent_of(path: str) -> str:
    """Return the path of the group that holds this, "" for a top group."""
    return path.rpartition("/")[0]


def last_of(path: str) -> str:
    """Return the last part of a path: a thing's own name."""
    return path.rpartition("/")[2]


def ancestors(path: str) -> list[str]:
    """Return the groups above, nearest first."""
    found = []
    while path := parent_of(path):
        found.append(path)
    return found


def is_below(path: str, group: str) -> bool:
    """Whether the path is somewhere below the group; case does not count."""
    return path.casefold().startswith(f"{group.casefold()}/")


def number_of(gid: str) -> int:
    """Return the number at the end of a GraphQL id (`gid://gitlab/Group/12`)."""
    return int(gid.rpartition("/")[2])


def unscheduled(path: str) -> str:
    """Return the path a thing had before its deletion was scheduled; equal to the given one where it wasn't."""
    return "/".join(_SCHEDULED.sub("", part) for part in path.split("/"))


def to_level(number: int) -> str:
    """Return the level for one of GitLab's numbers; one that the ladder has no step for survives as it is."""
    return _WORDS.get(number) or levels.native(number)


def to_role(number: int) -> str:
    """Return a team member's role for the number he has in the team's group."""
    return _ROLE_WORDS.get(number) or levels.native(number)


def from_level(level: str) -> int:
    """Return GitLab's number; RefusedError for a level it has none for."""
    return _number(level, NUMBERS)


def from_role(role: str | None) -> int:
    """Return the number a team member gets in the team's group; RefusedError for an unknown role."""
    return _number(role or MEMBER, ROLES)


def _number(word: str, known: dict[str, int]) -> int:
    if word in known:
        return known[word]
    native = word.removeprefix(levels.NATIVE)
    if native != word and native.isdecimal():
        return int(native)
    raise RefusedError(f"gitlab has no level `{word}`", f"one of {', '.join(known)}")


def day(when: Any) -> str:
    """Return the date of a day or a moment, "" for none."""
    return str(when)[:10] if when else ""
