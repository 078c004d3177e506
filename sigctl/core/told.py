"""Terms that a server does not tell of: an older one takes them without a word and keeps nothing, so that each plan would have them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace

from sigctl.core.kinds import Approvals, Key, PushRules, Resource
from sigctl.core.state import Note

_NAMES = frozenset({"on", "target", "repo"})
"""Fields that say of what it is."""


def as_told(wanted: list[Resource], seen: Iterable[Resource], notes: list[Note]) -> list[Resource]:
    """Return what is wanted without those terms of push rules and approvals that this server does not keep, each with a note.

    What was not read at all may tell of everything once it is there.
    """
    there: dict[Key, PushRules | Approvals] = {
        one.key: one for one in seen if isinstance(one, PushRules | Approvals)
    }
    return [_known(one, there.get(one.key), notes) for one in wanted] if there else wanted


def _known(one: Resource, told: PushRules | Approvals | None, notes: list[Note]) -> Resource:
    if told is None or not isinstance(one, PushRules | Approvals):
        return one
    lost = [
        field.name
        for field in fields(one)
        if field.name not in _NAMES
        and getattr(one, field.name) is not None
        and getattr(told, field.name) is None
    ]
    for name in lost:
        what = name.replace("_", " ")
        notes.append(Note("unsupported", f"{one.KIND}.{name}", f"{what} is not kept by this server"))
    return replace(one, **dict.fromkeys(lost)) if lost else one  # type: ignore[arg-type]  # a term may be unknown
