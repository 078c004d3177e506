"""Where values begin and end in a text, to write something in place; and the comments of a text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from yaml import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from sigctl.spec.yamlfault import CParser, Path


@dataclass
class Span:
    """A value in the text: its first character, the one behind its last, and the indent if it is a block mapping."""

    start: int
    end: int
    kind: str
    """One of scalar, flow, block."""
    column: int = 0


def spans(text: str) -> dict[Path, Span]:
    """Return the span of every value by its path; a block mapping's ends where its last value ends."""
    return _Spans(text).run()


class _Spans:
    def __init__(self, text: str) -> None:
        self.parser = CParser(text)
        self.found: dict[Path, Span] = {}
        self.stack: list[tuple[Path, bool]] = []
        """[path, is a list] of what is open."""
        self.steps: list[Any] = []
        """For each open thing the key that waits for its value (None: a key comes next), or the number of items so far."""
        self.last = 0

    def run(self) -> dict[Path, Span]:
        while True:
            event: Any = self.parser.get_event()
            if isinstance(event, StreamEndEvent):
                return self.found
            if isinstance(event, ScalarEvent | AliasEvent):
                self._leaf(event)
            elif isinstance(event, MappingStartEvent | SequenceStartEvent):
                self._open(event, is_list=isinstance(event, SequenceStartEvent))
            elif isinstance(event, MappingEndEvent | SequenceEndEvent):
                self._close(event)

    def _open(self, event: Any, *, is_list: bool) -> None:
        path = self._next()
        kind = "flow" if event.flow_style else "block"
        self.found[path] = Span(event.start_mark.index, 0, kind, event.start_mark.column)
        self.stack.append((path, is_list))
        self.steps.append(0 if is_list else None)

    def _close(self, event: Any) -> None:
        path, _ = self.stack.pop()
        self.steps.pop()
        span = self.found[path]
        span.end = self.last = event.end_mark.index if span.kind == "flow" else self.last

    def _next(self) -> Path:
        """Return the path of the value that comes now."""
        if not self.stack:
            return ()
        path, is_list = self.stack[-1]
        step = self.steps[-1]
        self.steps[-1] = step + 1 if is_list else None
        return (*path, step)

    def _leaf(self, event: Any) -> None:
        self.last = event.end_mark.index
        if self.stack and not self.stack[-1][1] and self.steps[-1] is None:
            self.steps[-1] = getattr(event, "value", "")
            return
        self.found[self._next()] = Span(event.start_mark.index, event.end_mark.index, "scalar")


def splices(text: str, ids: Mapping[Path, int | str]) -> str:
    """Return the text with an `id` in each mapping at a path; a bare login becomes {login: ..., id: ...}."""
    where = spans(text)
    edits = [_splice(text, where, path, number) for path, number in ids.items() if path in where]
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _splice(text: str, where: Mapping[Path, Span], path: Path, number: int | str) -> tuple[int, int, str]:
    span, old = where[path], where.get((*path, "id"))
    written = json.dumps(number)
    if old is not None:
        return old.start, old.end, written
    if span.kind == "scalar":
        return span.start, span.end, f"{{login: {text[span.start : span.end]}, id: {written}}}"
    if span.kind == "flow":
        return span.end - 1, span.end - 1, f", id: {written}"
    newline = "\r\n" if "\r\n" in text else "\n"
    end = text.find("\n", span.end - 1)
    at = len(text) if end < 0 else end + 1
    lead = "" if end >= 0 else newline
    return at, at, f"{lead}{' ' * span.column}id: {written}{newline}"


def comments(text: str) -> list[str]:
    """Return every comment of a text without faults, from its `#` to the end of the line."""
    found = []
    covered = sorted((span.start, span.end) for span in spans(text).values() if span.kind == "scalar")
    n = 0
    at = text.find("#")
    while at >= 0:
        while n < len(covered) and covered[n][1] <= at:
            n += 1
        if n < len(covered) and covered[n][0] <= at:
            at = text.find("#", covered[n][1])
            continue
        end = text.find("\n", at)
        found.append(text[at : end if end >= 0 else len(text)].rstrip())
        at = text.find("#", end) if end >= 0 else -1
    return found


def inner_lines(text: str) -> set[int]:
    """Return the lines, counted from 0, on which a value goes on that began above: there every blank has a meaning."""
    out: set[int] = set()
    for span in spans(text).values():
        if span.kind == "scalar" and "\n" in text[span.start : span.end]:
            first = text.count("\n", 0, span.start)
            out |= set(range(first + 1, first + 1 + text.count("\n", span.start, span.end)))
    return out
