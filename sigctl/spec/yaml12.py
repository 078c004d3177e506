"""YAML 1.2 (core schema) read by libyaml's event parser: fast, closed, bounded, every fault with its place.

One loop over the events builds the data. PyYAML's own loader speaks 1.1 (`no` is false there, `017` is 15) and keeps
the last of two equal keys; this one does neither, and refuses what the files have no use for: tags, merge keys,
several documents, keys that are not text.
"""

from __future__ import annotations

import re
from typing import Any

from yaml import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    YAMLError,
)

from sigctl.spec.yamlfault import CParser, Fault, Path, read_error

MAX_DEPTH = 40
MAX_ALIASED = 20_000
"""Values that aliases may stand for, all together, in one file."""

_NUMBER = re.compile(
    r"(?P<int>[-+]?[0-9]+)|(?P<oct>0o[0-7]+)|(?P<hex>0x[0-9a-fA-F]+)"
    r"|(?P<float>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)"
    r"|(?P<inf>[-+]?\.(?:inf|Inf|INF))|(?P<nan>\.(?:nan|NaN|NAN))",
    re.ASCII,
)
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMERIC = frozenset("+-.0123456789")
_LONGEST_INT = 100


def plain(text: str) -> Any:
    """Return what a plain (unquoted) scalar means in YAML 1.2's core schema."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMERIC:
        return text
    match = _NUMBER.fullmatch(text)
    if match is None:
        return text
    return _number(match.lastgroup or "", text)


def _number(kind: str, text: str) -> Any:
    if kind == "int":
        # int() refuses thousands of digits; nothing in the files is that long, and text is always refused with reason
        return int(text) if len(text) <= _LONGEST_INT else text
    if kind in ("oct", "hex"):
        return int(text, 0) if len(text) <= _LONGEST_INT else text
    if kind == "float":
        return float(text)
    return float(text.replace(".", "").lower())


class _Frame:
    """An open list or mapping."""

    __slots__ = ("anchor", "data", "key", "keyed", "mark", "seen")

    def __init__(self, data: Any, event: Any, seen: int) -> None:
        self.data = data
        self.anchor: str | None = event.anchor
        self.mark = event.start_mark
        self.seen = seen
        self.key: Any = None
        self.keyed = False


class _Stop(Exception):  # noqa: N818  # a signal within this module
    pass


class _Builder:
    def __init__(self, text: str) -> None:
        self.text = text
        self.parser = CParser(text)
        self.faults: list[Fault] = []
        self.stack: list[_Frame] = []
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.count = 0
        self.aliased = 0
        self.root: Any = None
        self.broken = False
        self.documents = 0

    def run(self) -> None:
        get = self.parser.get_event
        try:
            while True:
                event = get()
                kind = event.__class__
                if kind is ScalarEvent:
                    self._scalar(event)
                elif kind is MappingStartEvent or kind is SequenceStartEvent:
                    self._open(event, {} if kind is MappingStartEvent else [])
                elif kind is MappingEndEvent or kind is SequenceEndEvent:
                    self._close(event)
                elif kind is AliasEvent:
                    self._alias(event)
                elif kind is DocumentStartEvent:
                    self._document(event)
                elif kind is StreamEndEvent:
                    return
        except _Stop:
            self.broken = True
        except YAMLError as error:
            self.broken = True
            opened = self.stack[-1].mark if self.stack else None
            self.faults.append(read_error(error, self._path(), self.text, opened))

    def _path(self) -> Path:
        out: list[str | int] = []
        for frame in self.stack:
            if isinstance(frame.data, list):
                out.append(len(frame.data) - (frame is not self.stack[-1]))
            elif frame.keyed:
                out.append(frame.key)
        return tuple(out)

    def _fault(self, mark: Any, problem: str, hint: str = "", path: Path | None = None) -> None:
        self.faults.append(
            Fault(mark.line + 1, mark.column + 1, self._path() if path is None else path, problem, hint)
        )

    def _document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            self._fault(
                event.start_mark,
                "holds a second document",
                "take out the line `---`; one file is one document",
            )
            raise _Stop
        if event.tags or (event.version and tuple(event.version) != (1, 2)):
            self._fault(
                event.start_mark,
                "has a directive that is not understood",
                "take out the lines that begin with %",
            )

    def _scalar(self, event: Any) -> None:
        self.count += 1
        value = event.value
        if event.tag is not None:
            self._tag(event)
        elif event.implicit[0]:
            value = plain(value)
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, 1)
        stack = self.stack
        if not stack:
            self.root = value
            return
        frame = stack[-1]
        data = frame.data
        if data.__class__ is list:
            data.append(value)
        elif frame.keyed:
            data[frame.key] = value
            frame.keyed = False
        else:
            self._key(frame, value, event)

    def _key(self, frame: _Frame, value: Any, event: Any) -> None:
        mark = event.start_mark
        if not isinstance(value, str):
            self._fault(
                mark, f"the key `{event.value[:60]}` is not text", f'put it in quotes: "{event.value[:60]}"'
            )
            value = str(event.value)
        elif value == "<<" and event.implicit[0]:
            self._fault(
                mark, "merge keys (`<<`) are not understood", "write the values out, or use `defaults`"
            )
        elif value in frame.data:
            self._fault(mark, "is written twice", "keep one of the two", (*self._path(), value))
            value = (
                object()
            )  # the second is read aside and dropped, so that neither value is taken for the other
        frame.data[value] = None
        frame.key = value
        frame.keyed = True

    def _tag(self, event: Any) -> None:
        self._fault(
            event.start_mark,
            f"has the tag `{event.tag.replace('tag:yaml.org,2002:', '!!')[:60]}`",
            "take it out; the files need no tags",
        )

    def _open(self, event: Any, data: Any) -> None:
        if event.tag is not None:
            self._tag(event)
        if len(self.stack) >= MAX_DEPTH:
            self._fault(
                event.start_mark,
                f"is nested deeper than {MAX_DEPTH} levels",
                "nothing in the files is that deep",
            )
            raise _Stop
        self._put(data, event)
        self.count += 1
        self.stack.append(_Frame(data, event, self.count))

    def _put(self, value: Any, event: Any) -> None:
        if not self.stack:
            self.root = value
            return
        frame = self.stack[-1]
        if isinstance(frame.data, list):
            frame.data.append(value)
        elif frame.keyed:
            frame.data[frame.key] = value
        else:
            self._fault(
                event.start_mark,
                "a key is a list or a mapping",
                "a `{` or `[` too many, or text that needs quotes",
            )
            raise _Stop

    def _close(self, event: Any) -> None:  # noqa: ARG002  # events are handled alike
        frame = self.stack.pop()
        if frame.anchor is not None:
            self.anchors[frame.anchor] = (frame.data, self.count - frame.seen + 1)
        if isinstance(frame.data, dict):
            for key in [key for key in frame.data if not isinstance(key, str)]:
                del frame.data[key]
        if self.stack and isinstance(self.stack[-1].data, dict):
            self.stack[-1].keyed = False

    def _alias(self, event: Any) -> None:
        found = self.anchors.get(event.anchor)
        if found is None:
            self._fault(
                event.start_mark,
                f"the alias *{event.anchor[:60]} names nothing above it",
                "an anchor &name must come first",
            )
            raise _Stop
        value, size = found
        self.count += size
        self.aliased += size
        if self.aliased > MAX_ALIASED:
            self._fault(
                event.start_mark,
                f"aliases stand for more than {MAX_ALIASED} values",
                "write the values out, or use `defaults`",
            )
            raise _Stop
        frame = self.stack[-1] if self.stack else None
        if frame is not None and isinstance(frame.data, dict) and not frame.keyed:
            self._fault(event.start_mark, "a key is an alias", "write the key out")
            raise _Stop
        self._put(value, event)
        if frame is not None:
            frame.keyed = False


def parse(text: str) -> tuple[Any, list[Fault]]:
    """Return the data and what is wrong with the text.

    After a fault of meaning (two equal keys, a tag) the data is whole but for that; after one of syntax there is none.
    """
    try:
        builder = _Builder(text)
    except YAMLError as error:
        return None, [read_error(error, (), text)]
    except UnicodeEncodeError:
        return None, [Fault(1, 1, (), "holds half of a character", "save it as UTF-8")]
    builder.run()
    return (None if builder.broken else builder.root), builder.faults
