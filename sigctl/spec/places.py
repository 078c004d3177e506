"""Where in the text of a file something is: found in one pass, and only when there is something to say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from yaml import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    YAMLError,
)

from sigctl.spec.yamlfault import CParser, Path


def places(text: str, wanted: Iterable[Path]) -> dict[Path, tuple[int, int]]:
    """Return line and column of each path, from one pass; of the nearest thing around it where it is not in the text.

    An entry of a mapping is at its key when its value is a list or a mapping, at the value when that is a scalar.
    """
    paths = set(wanted)
    trie: dict[str | int, Any] = {}
    for path in paths:
        node = trie
        for step in path:
            node = node.setdefault(step, {})
    found: dict[Path, tuple[int, int]] = {(): (1, 1)}
    _Finder(trie, found).run(text)
    return {
        path: next(found[path[:n]] for n in range(len(path), -1, -1) if path[:n] in found) for path in paths
    }


class _Finder:
    """Walks the events along a trie of wanted paths; what is off the trie costs a depth count."""

    def __init__(self, trie: dict[str | int, Any], found: dict[Path, tuple[int, int]]) -> None:
        self.found = found
        self.trie = trie
        self.path: list[str | int] = []
        self.open: list[list[Any]] = []
        """[trie node, is a list, index or key, mark of the key] of each open thing on the trie."""
        self.off = 0

    def run(self, text: str) -> None:
        parser = CParser(text)
        get = parser.get_event
        try:
            while True:
                event = get()
                kind = event.__class__
                if kind is StreamEndEvent:
                    return
                if kind is MappingStartEvent or kind is SequenceStartEvent:
                    self._start(event, is_list=kind is SequenceStartEvent)
                elif kind is MappingEndEvent or kind is SequenceEndEvent:
                    self._end()
                elif (kind is ScalarEvent or kind is AliasEvent) and not self.off:
                    self._leaf(event)
        except YAMLError:
            return

    def _start(self, event: Any, *, is_list: bool) -> None:
        if self.off:
            self.off += 1
            return
        node = self.trie if not self.open else self._step(event.start_mark, scalar=False)
        if node is None:
            self.off = 1
        else:
            self.open.append([node, is_list, -1 if is_list else None, None])

    def _end(self) -> None:
        if self.off:
            self.off -= 1
        else:
            self.open.pop()
        if not self.off and self.open:
            self._after()

    def _after(self) -> None:
        frame = self.open[-1]
        if not frame[1]:
            frame[2] = frame[3] = None

    def _leaf(self, event: Any) -> None:
        if not self.open:
            return
        frame = self.open[-1]
        if not frame[1] and frame[3] is None:
            frame[2], frame[3] = getattr(event, "value", None), event.start_mark
            return
        self._step(event.start_mark, scalar=True)
        self._after()

    def _step(self, mark: Any, *, scalar: bool) -> Any:
        frame = self.open[-1]
        if frame[1]:
            frame[2] += 1
        node = frame[0].get(frame[2])
        if node is None:
            return None
        at = mark if scalar or frame[3] is None else frame[3]
        path = tuple(f[2] for f in self.open)
        # of two equal keys the first is read; a problem with the second has its own place
        self.found.setdefault(path, (at.line + 1, at.column + 1))
        return node
