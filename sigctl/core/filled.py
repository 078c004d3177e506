"""Teams and groups that an account system fills: it would undo each change at the next login, so people there are left alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sigctl.core.kinds import Grant, Key, Org, Resource, Team, TeamMember
from sigctl.core.kinds.grant import PERSON
from sigctl.core.state import Note

Sides = tuple[list[Resource], list[Resource]]


def filled_elsewhere(wanted: list[Resource], seen: list[Resource], notes: list[Note]) -> Sides:
    """Return both sides without who is in such teams and groups; notes say where, and what the files say in vain."""
    filled = {one.key: one.filled_by for one in seen if isinstance(one, Team | Org) and one.filled_by}
    if not filled:
        return wanted, seen
    for key, system in sorted(filled.items()):
        text = f"who is in {key.name} is decided by {system}: the files change nothing there"
        notes.append(Note("left alone", key.name, text))
    notes += _in_vain(wanted, {one.key: one for one in seen}, filled)

    def ours(one: Resource) -> bool:
        return _place(one) not in filled

    return [one for one in wanted if ours(one)], [one for one in seen if ours(one)]


def _place(one: Resource) -> Key | None:
    """Return the team or group that a person is directly in by it."""
    if isinstance(one, TeamMember):
        return one.inside
    return (
        one.inside if isinstance(one, Grant) and one.on == Org.KIND and one.subject_kind == PERSON else None
    )


def _in_vain(wanted: Iterable[Resource], seen: dict[Key, Resource], filled: dict[Key, str]) -> Iterator[Note]:
    for one in wanted:
        if isinstance(one, Grant) and (place := _place(one)) in filled:
            there = seen.get(one.key)
            if there is None or one.changes(there):
                text = f"the files give {one.who()} `{one.level}` on {one.target}, which only {filled[place]} can"
                yield Note("left alone", one.target, text)
