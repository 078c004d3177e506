"""What a team has only because the team above it has it: forges list it like the team's own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sigctl.core import levels
from sigctl.core.kinds import Grant, Key, Resource, Team
from sigctl.core.kinds.grant import INHERITED, TEAM
from sigctl.core.state import State


def comes_from_above(grant: Resource, floor: str, wanted: State, seen: State) -> bool:
    """Whether the grant is listed as inherited, and a team above is declared to have at least the floor on the same thing."""
    if not isinstance(grant, Grant) or grant.state != INHERITED:
        return False
    path, passed = _above(grant.subject_name, wanted, seen), {grant.subject_name}
    while path and path not in passed:
        passed.add(path)
        given = wanted.get(replace(grant, subject=f"{TEAM}:{path}").key)
        if isinstance(given, Grant) and (given.level == floor or _covers(given.level, floor)):
            return True
        path = _above(path, wanted, seen)
    return False


def own_only(seen: Iterable[Resource], wanted: Iterable[Resource]) -> list[Resource]:
    """Return what was seen as it compares: what a team has of its own can't be seen below what it inherits.

    A declared grant that is covered for good by one above counts as it is declared; one that is covered only until the plan
    is carried out counts as missing, so that it is given explicitly.
    """
    listed = list(seen)
    if not any(isinstance(one, Grant) and one.state == INHERITED for one in listed):
        return listed
    ours, theirs = {one.key: one for one in wanted}, {one.key: one for one in listed}
    out: list[Resource] = []
    for one in listed:
        declared = ours.get(one.key)
        if not isinstance(one, Grant) or one.state != INHERITED or not isinstance(declared, Grant):
            out.append(one)
        elif comes_from_above(one, declared.level, ours, theirs):
            out.append(replace(one, level=declared.level))
    return out


def _above(team: str, wanted: State, seen: State) -> str:
    for state in (wanted, seen):
        found = state.get(Key(Team.KIND, team))
        if isinstance(found, Team) and found.parent is not None:  # None: the files don't care where it is
            return found.parent
    return ""


def _covers(level: str, floor: str) -> bool:
    return levels.is_known(level) and levels.is_known(floor) and levels.at_least(level, floor)
