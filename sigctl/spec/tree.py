"""A YAML text as a tree of places: where each key and value begins and ends, so that text can be moved or changed in place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
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

MAP, LIST, SCALAR = "map", "list", "scalar"


@dataclass
class Node:
    """A value; offsets count characters of the text from 0, lines and columns too; `end` is behind its last character."""

    kind: str
    flow: bool
    path: Path
    start: int
    line: int
    column: int
    anchored: bool = False
    end: int = 0
    last: int = 0
    """The last line with something of it."""
    entries: list[Entry] = field(default_factory=list)


@dataclass
class Entry:
    """A key with its value, or an item of a list; its place is that of the key, or of the item's value."""

    name: str | int
    start: int
    end: int
    line: int
    column: int
    value: Node | None = None

    @property
    def last(self) -> int:
        """The last line with something of it."""
        return self.line if self.value is None else max(self.line, self.value.last)


def tree(text: str) -> Node | None:
    """Return the outermost value of a text without faults; yaml.YAMLError for one that is no YAML."""
    return _Grower(text).run()


def walk(node: Node | None) -> Iterator[Node]:
    """Yield the value and every one within it."""
    if node is not None:
        yield node
        for entry in node.entries:
            yield from walk(entry.value)


class _Grower:
    def __init__(self, text: str) -> None:
        self.text = text
        self.parser = CParser(text)
        self.root: Node | None = None
        self.stack: list[Node] = []

    def run(self) -> Node | None:
        while True:
            event: Any = self.parser.get_event()
            if isinstance(event, StreamEndEvent):
                return self.root
            if isinstance(event, ScalarEvent | AliasEvent):
                self._leaf(event)
            elif isinstance(event, MappingStartEvent | SequenceStartEvent):
                kind = MAP if isinstance(event, MappingStartEvent) else LIST
                self.stack.append(self._put(event, kind, flow=bool(event.flow_style)))
            elif isinstance(event, MappingEndEvent | SequenceEndEvent):
                self._close(event)

    def _leaf(self, event: Any) -> None:
        mark = event.start_mark
        top = self.stack[-1] if self.stack else None
        if top is not None and top.kind == MAP and (not top.entries or top.entries[-1].value is not None):
            name = getattr(event, "value", "")
            top.entries.append(Entry(name, mark.index, event.end_mark.index, mark.line, mark.column))
            return
        node = self._put(event, SCALAR, flow=False)
        # a block scalar ends where the next thing begins: the blank lines and comments between are not its own
        end = mark.index + len(self.text[mark.index : event.end_mark.index].rstrip())
        node.end = max(end, mark.index)
        node.last = mark.line + self.text.count("\n", mark.index, node.end)

    def _put(self, event: Any, kind: str, *, flow: bool) -> Node:
        mark = event.start_mark
        parent = self.stack[-1] if self.stack else None
        name: str | int = 0
        if parent is not None and parent.kind == LIST:
            name = len(parent.entries)
            parent.entries.append(Entry(name, mark.index, mark.index, mark.line, mark.column))
        elif parent is not None:
            name = parent.entries[-1].name
        path = () if parent is None else (*parent.path, name)
        anchored = getattr(event, "anchor", None) is not None and kind != SCALAR
        node = Node(kind, flow, path, mark.index, mark.line, mark.column, anchored, mark.index, mark.line)
        if parent is None:
            self.root = node
        else:
            parent.entries[-1].value = node
        return node

    def _close(self, event: Any) -> None:
        node = self.stack.pop()
        if node.flow:
            node.end, node.last = event.end_mark.index, event.end_mark.line
        elif node.entries:
            # libyaml ends a block where the next thing begins
            inner = node.entries[-1].value
            node.end = inner.end if inner is not None else node.entries[-1].end
            node.last = max(entry.last for entry in node.entries)
