"""Members with a role of the server's own making: told of, and never changed without a word."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sigctl.core.kinds import Grant, Key, Resource, TeamMember
from sigctl.core.state import Desired, Note


def told(
    seen: list[Resource], wanted: Iterable[Resource], desired: Desired, notes: list[Note]
) -> list[Resource]:
    """Return what was seen; a note says who has such a role, and whether it stays, is lost, or goes with the place."""
    if not any(isinstance(one, Grant | TeamMember) and one.by_role for one in seen):
        return seen
    ours = {one.key: one for one in wanted}
    return [
        _told(one, ours.get(one.key), desired, notes)
        if isinstance(one, Grant | TeamMember) and one.by_role
        else one
        for one in seen
    ]


def _told(
    one: Grant | TeamMember, ours: Resource | None, desired: Desired, notes: list[Note]
) -> Grant | TeamMember:
    where = one.inside
    lost = isinstance(ours, Grant | TeamMember) and _level(ours) not in (None, _level(one))
    gone = ours is None and _managed(where, desired)
    what = f"the role `{one.by_role}` of {one.who()} on {where.name}, which is based on `{_level(one)}`"
    if lost and isinstance(ours, Grant | TeamMember):
        text = f"{what}, is lost: the files give `{_level(ours)}`"
    elif gone:
        text = f"{what}, goes: no file gives him anything there"
    else:
        text = f"{what}, is left as it is"
    notes.append(Note("moment" if lost or gone else "left alone", one.who(), text, desired.forge))
    return replace(one, by_role=None) if lost else one


def _level(one: Grant | TeamMember) -> str | None:
    return one.level if isinstance(one, Grant) else one.role


def _managed(where: Key, desired: Desired) -> bool:
    return where in desired.managed
