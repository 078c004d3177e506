"""Many patterns at once, found by how they begin; what one pattern is to another is in core."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from sigctl.core.globs import covers, overlap

__all__ = ["Prefixes", "covers", "overlap"]


class Prefixes:
    """Patterns with what belongs to them, found by how they begin: few of many can have a name in common with a given one."""

    def __init__(self, patterns: Iterable[tuple[str, str]]) -> None:
        self._sorted = sorted((pattern.partition("*")[0], pattern, owner) for pattern, owner in patterns)
        self._exact: dict[str, list[tuple[str, str]]] = {}
        for prefix, pattern, owner in self._sorted:
            self._exact.setdefault(prefix, []).append((pattern, owner))

    def near(self, pattern: str) -> Iterator[tuple[str, str]]:
        """Yield (pattern, owner) of all that may overlap: what one begins with, the other begins with too."""
        prefix = pattern.partition("*")[0]
        for length in range(len(prefix)):
            yield from self._exact.get(prefix[:length], ())
        for found, other, owner in self._sorted[bisect_left(self._sorted, (prefix,)) :]:
            if not found.startswith(prefix):
                return
            yield other, owner
