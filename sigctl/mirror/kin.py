"""Families that share history, such as two kernels: seen by refs that name the same objects; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import combinations

ALIKE = 8
"""Refs that must be the same in two families; fewer are a stub that many repositories began with, and no reason to wait."""
_COMMON = 40
"""What more families than this have in common says nothing of any two of them."""

Kin = Mapping[str, tuple[str, ...]]
"""Name of a family -> those that share history with it, sorted."""


def kin_of(tips: Mapping[str, Collection[str]]) -> dict[str, tuple[str, ...]]:
    """Return who shares history with whom, by the objects that the refs of each family name."""
    having: dict[str, list[str]] = {}
    for name in sorted(tips):
        for sha in set(tips[name]):
            having.setdefault(sha, []).append(name)
    alike: Counter[tuple[str, str]] = Counter()
    for names in having.values():
        if 1 < len(names) <= _COMMON:
            alike.update(combinations(names, 2))
    found: dict[str, set[str]] = {}
    for (one, other), number in alike.items():
        if number >= ALIKE:
            found.setdefault(one, set()).add(other)
            found.setdefault(other, set()).add(one)
    return {name: tuple(sorted(others)) for name, others in found.items()}


def in_turn(names: Iterable[str], kin: Kin, fresh: Callable[[str], bool]) -> list[list[str]]:
    """Return the families in groups: in one, the second comes after the first, whose objects it then need not fetch.

    Only those that have no objects at all yet (`fresh`) wait for each other.
    """
    groups: list[list[str]] = []
    place: dict[str, list[str]] = {}
    for name in names:
        waits = next((place[other] for other in kin.get(name, ()) if other in place), None)
        if waits is None or not fresh(name):
            groups.append([name])
        else:
            waits.append(name)
        if fresh(name):
            place[name] = groups[-1] if waits is None else waits
    return groups
