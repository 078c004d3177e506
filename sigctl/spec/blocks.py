"""The lines of a YAML text as a tree of block mappings, so that entries can change places with their comments.

Only whole lines are moved, so nothing within a line, and no comment, can be lost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from yaml import (
    AliasEvent,
    DocumentEndEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from sigctl.spec.yamlfault import CParser, Path

Rank = Callable[[Path, str], Any]
"""From the path of a mapping and one of its keys to what it is sorted by."""


@dataclass
class Node:
    """A mapping or a list; lines count from 0, and `last` is the last one with content."""

    kind: str
    flow: bool
    path: Path
    entries: list[Entry] = field(default_factory=list)
    last: int = 0


@dataclass
class Entry:
    """One key, or one item, with the line and column it begins at."""

    name: str | int
    line: int
    column: int
    last: int = 0
    node: Node | None = None


def tree(text: str) -> Node | None:
    """Return the outermost mapping or list of a text without faults."""
    return _Grower(text).run()


class _Grower:
    def __init__(self, text: str) -> None:
        self.parser = CParser(text)
        self.stack: list[Node] = []
        self.root: Node | None = None
        self.key: list[Entry | None] = []

    def run(self) -> Node | None:
        while True:
            event = self.parser.get_event()
            if isinstance(event, MappingStartEvent | SequenceStartEvent):
                self._open(event)
            elif isinstance(event, MappingEndEvent | SequenceEndEvent):
                self._close(event)
            elif isinstance(event, ScalarEvent | AliasEvent):
                self._leaf(event)
            elif isinstance(event, DocumentEndEvent | StreamEndEvent):
                return self.root

    def _entry(self, event: Any) -> Entry | None:
        """Return the entry that a value belongs to; None for the outermost."""
        if not self.stack:
            return None
        top = self.stack[-1]
        if top.kind == "map":
            return self.key[-1]
        entry = Entry(len(top.entries), event.start_mark.line, event.start_mark.column)
        top.entries.append(entry)
        return entry

    def _open(self, event: Any) -> None:
        entry = self._entry(event)
        path = () if entry is None else (*self.stack[-1].path, entry.name)
        kind = "map" if isinstance(event, MappingStartEvent) else "list"
        node = Node(kind, bool(event.flow_style), path, last=event.start_mark.line)
        if entry is None:
            self.root = node
        else:
            entry.node = node
        self.stack.append(node)
        self.key.append(None)

    def _close(self, event: Any) -> None:
        node = self.stack.pop()
        self.key.pop()
        # the end of a block is told where the next thing begins; the end of a flow is where its bracket is
        self._done(
            event.end_mark.line if node.flow else max((e.last for e in node.entries), default=node.last)
        )

    def _leaf(self, event: Any) -> None:
        if self.stack and self.stack[-1].kind == "map" and self.key[-1] is None:
            mark = event.start_mark
            entry = Entry(getattr(event, "value", ""), mark.line, mark.column, event.end_mark.line)
            self.stack[-1].entries.append(entry)
            self.key[-1] = entry
            return
        self._entry(event)
        end = event.end_mark
        self._done(end.line - 1 if end.column == 0 and end.line > event.start_mark.line else end.line)

    def _done(self, last: int) -> None:
        if not self.stack:
            return
        top = self.stack[-1]
        entry = top.entries[-1]
        entry.last = max(entry.last, last)
        if top.kind == "map":
            self.key[-1] = None


def rearranged(text: str, rank: Rank) -> str:
    """Return the text with the entries of every block mapping in the order of their ranks, comments with what they stand above."""
    root = tree(text)
    if root is None or root.kind != "map" or root.flow:
        return text
    lines = text.split("\n")
    start = _header(lines, root)
    return "\n".join([*lines[:start], *_arrange(lines, root, (start, len(lines)), rank)])


def _header(lines: list[str], root: Node) -> int:
    """Return the first line that belongs to the first key: what stands above a blank line there is about the whole file."""
    first = root.entries[0].line if root.entries else 0
    start = first
    while start > 0 and lines[start - 1].lstrip().startswith("#"):
        start -= 1
    return start if start > 0 and not lines[start - 1].strip() else first


def _arrange(lines: list[str], node: Node, span: tuple[int, int], rank: Rank) -> list[str]:
    """Return the lines of a span with the mapping's (or list's) entries in order, and those of what is within them."""
    starts = _starts(lines, node, span)
    ends = [*starts[1:], span[1]]
    chunks = []
    for entry, start, end in zip(node.entries, starts, ends, strict=True):
        inner = entry.node
        body = lines[start:end]
        if inner is not None and not inner.flow and inner.entries and inner.entries[0].line > entry.line:
            begin = _first_of(lines, inner, entry.line + 1)
            body = [*lines[start:begin], *_arrange(lines, inner, (begin, end), rank)]
        elif inner is not None and not inner.flow and node.kind == "list" and inner.kind == "map":
            body = _dashed(lines, inner, (start, end), rank)
        chunks.append((entry, body))
    if node.kind == "map":
        return [line for body in _sorted(node, chunks, rank) for line in body]
    return [line for _, body in chunks for line in body]


def _sorted(node: Node, chunks: list[tuple[Entry, list[str]]], rank: Rank) -> list[list[str]]:
    found = sorted(chunks, key=lambda chunk: rank(node.path, str(chunk[0].name)))
    if found == chunks:
        return [body for _, body in chunks]
    # what stands below the last entry, no further in than its key, stays at the end
    *_, (entry, last) = chunks
    tail: list[str] = []
    while len(last) > 1 and _is_aside(last[-1]) and _indent(last[-1]) <= entry.column:
        tail.insert(0, last.pop())
    return [*(body for _, body in found), tail]


def _dashed(lines: list[str], node: Node, span: tuple[int, int], rank: Rank) -> list[str]:
    """Arrange a mapping whose first key stands behind the dash of a list."""
    start, end = span
    entry = node.entries[0]
    above, first = lines[start : entry.line], lines[entry.line]
    dash = first[: entry.column]
    bare = [*lines]
    bare[entry.line] = " " * entry.column + first[entry.column :]
    body = _arrange(bare, node, (entry.line, end), rank)
    if not body or body[0][: entry.column].strip() or body[0].lstrip().startswith("#") or not dash.strip():
        return lines[start:end]
    return [*above, dash + body[0][entry.column :], *body[1:]]


def _first_of(lines: list[str], node: Node, floor: int) -> int:
    """Return the first line of a block: its first entry, with the comments above that."""
    line = node.entries[0].line
    while line > floor and _is_aside(lines[line - 1]):
        line -= 1
    return line


def _starts(lines: list[str], node: Node, span: tuple[int, int]) -> list[int]:
    """Return the line at which each entry's part begins, with the comments and blank lines that stand above it."""
    starts = [span[0]]
    for before, entry in zip(node.entries, node.entries[1:], strict=False):
        line = entry.line
        while line - 1 > before.last and _is_aside(lines[line - 1]):
            line -= 1
        # comments that are indented further than the key end what came before
        while line < entry.line and lines[line].strip() and _indent(lines[line]) > entry.column:
            line += 1
        starts.append(line)
    return starts


def _is_aside(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
