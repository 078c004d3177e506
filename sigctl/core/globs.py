"""Patterns in which `*` stands for anything: whether two have a name in common, whether one has all of another's."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=65_536)
def overlap(one: str, other: str) -> bool:
    """Whether there is a name that both match."""
    if "*" not in one and "*" not in other:
        return one == other
    reach = {(0, 0)}
    seen: set[tuple[int, int]] = set()
    while reach:
        i, j = reach.pop()
        if (i, j) in seen:
            continue
        seen.add((i, j))
        if i == len(one) and j == len(other):
            return True
        reach |= _steps(one, i, other, j)
    return False


def _steps(one: str, i: int, other: str, j: int) -> set[tuple[int, int]]:
    """Return the positions after one more character of a common name, or after a `*` that ends."""
    out: set[tuple[int, int]] = set()
    a = one[i] if i < len(one) else ""
    b = other[j] if j < len(other) else ""
    if a == "*":
        out.add((i + 1, j))
    if b == "*":
        out.add((i, j + 1))
    if a == "*" and b:
        out.add((i, j + 1))
    if b == "*" and a:
        out.add((i + 1, j))
    if a and a == b:
        out.add((i + 1, j + 1))
    return out


@lru_cache(maxsize=65_536)
def covers(outer: str, inner: str) -> bool:
    """Whether every name that `inner` matches is matched by `outer`; a `*` of the inner one fits only into one of the outer."""
    if "*" not in outer:
        return outer == inner
    first, *middle, last = outer.split("*")
    if not inner.startswith(first) or not inner.endswith(last) or len(inner) < len(first) + len(last):
        return False
    at, end = len(first), len(inner) - len(last)
    for part in middle:
        found = inner.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True
