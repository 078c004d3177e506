"""The ladder of rights that every forge's own words are mapped to and from."""

from __future__ import annotations

from collections.abc import Iterable

NONE = "none"
READ = "read"
TRIAGE = "triage"
WRITE = "write"
MAINTAIN = "maintain"
ADMIN = "admin"

LADDER = (READ, TRIAGE, WRITE, MAINTAIN, ADMIN)
NATIVE = "native:"

_RANK = {NONE: 0, **{level: number for number, level in enumerate(LADDER, start=1)}}


def is_known(level: str) -> bool:
    """Whether the level is a step of the ladder or `none`."""
    return level in _RANK


def native(word: str | int) -> str:
    """Return the level for a forge's word that the ladder has no step for; it survives unread and unrounded."""
    return f"{NATIVE}{word}"


def rank(level: str) -> int | None:
    """Return 0 (none) to 5 (admin), or None for a native word: how strong that is, we don't know."""
    return _RANK.get(level)


def stronger(one: str, other: str) -> str:
    """Return the one that allows more; both must be of the ladder or `none`."""
    return one if _RANK[one] >= _RANK[other] else other


def at_least(level: str, floor: str) -> bool:
    """Whether the level allows what the floor allows; a native word is known to allow nothing."""
    return _RANK.get(level, 0) >= _RANK[floor]


def widens(before: str, after: str) -> bool:
    """Whether someone may do more after; a change from or to a native word counts, since it may."""
    if before == after:
        return False
    return before not in _RANK or after not in _RANK or _RANK[after] > _RANK[before]


def round_down(level: str, supported: Iterable[str]) -> str:
    """Return the strongest supported level that allows no more than the given one; `none` where there is none."""
    if level not in _RANK:
        return level
    steps = [step for step in supported if _RANK[step] <= _RANK[level]]
    return max(steps, key=_RANK.__getitem__, default=NONE)
