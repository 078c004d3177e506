"""Teams that are groups inside of groups with rights of their own: there, whoever has rights on the group above is in the team, too.

So where such a team has a right elsewhere, it brings those people along, at no more than the level they have on the group above.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from sigctl.core.kinds import Grant, Org, Resource, Team
from sigctl.core.kinds.grant import TEAM
from sigctl.core.plan import Action
from sigctl.core.reach import groups_of
from sigctl.core.state import Note, State


def brought(wanted: State, forge: str) -> list[Note]:
    """Return a note for each team that brings people along to something that is not in the same group with them."""
    above = _above(wanted.values())
    found = {
        (one.subject_name, group, one.target)
        for one in wanted.values()
        if isinstance(one, Grant) and one.subject_kind == TEAM
        for group in groups_of(one.subject_name)
        if above[group] - {one.subject} and not f"{one.target}/".startswith(f"{group}/")
    }
    return [
        Note("brought", target, f"{team} brings those who have rights on {group} along to {target}", forge)
        for team, group, target in sorted(found)
    ]


def moments(actions: Sequence[Action], seen: State, forge: str) -> list[Note]:
    """Return a note for each right of a team that moves below another group while somebody loses rights there.

    A team moves first, under its new name all else is done; until it is, those who still have rights on the group have the team's.
    """
    above = _above(seen.values())
    moved = dict(_moved(actions, above)) if any(a.effect == "narrows" for a in actions) else {}
    places = {a.before.key.name: a.key.name for a in actions if a.verb == "move" and a.before}
    found = {
        (moved[name], places.get(one.target, one.target))
        for one in (*seen.values(), *(a.after for a in actions))
        if isinstance(one, Grant) and one.subject_kind == TEAM
        for name in (one.subject_name,)
        if name in moved
    }
    return [
        Note(
            "moment", target, f"who has rights on {group} has those of a team on {target} for a moment", forge
        )
        for group, target in sorted(found)
    ]


def _moved(actions: Iterable[Action], above: dict[str, set[str]]) -> Iterator[tuple[str, str]]:
    """Yield the paths, old and new, of teams that come below a group with rights, and that group."""
    for action in actions:
        if action.verb == "move" and isinstance(action.subject, Team) and action.before is not None:
            old, new = action.before.key.name, action.key.name
            for group in set(groups_of(new)) - set(groups_of(old)):
                if above[group]:
                    yield from ((old, group), (new, group))


def _above(resources: Iterable[Resource]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for one in resources:
        if isinstance(one, Grant) and one.on == Org.KIND:
            found[one.target].add(one.subject)
    return found
