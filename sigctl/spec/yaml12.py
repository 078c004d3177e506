"""YAML 1.2 (core schema) read by libyaml's event parser: fast, closed, bounded, every fault with its place.

One loop over the events builds the data. PyYAML's own loader speaks 1.1 (`no` is false there, `017` is 15) and keeps
the last of two equal keys; this one does neither, and refuses what the files have no use for: tags, merge keys,
several documents, keys that are not text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from yaml import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    Mark,
    ScalarEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from yaml import MappingEndEvent, SequenceEndEvent, YAMLError
from yaml.cyaml import CParser
from yaml.error import MarkedYAMLError
from yaml.reader import ReaderError

MAX_DEPTH = 40
MAX_ALIASED = 20_000
"""Values that aliases may stand for, all together, in one file."""

Path = tuple[str | int, ...]

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


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in the text that is not in the language; `path` is where in the data."""

    line: int
    column: int
    path: Path
    problem: str
    hint: str = ""


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

    __slots__ = ("anchor", "data", "key", "keyed", "seen")

    def __init__(self, data: Any, anchor: str | None, seen: int) -> None:
        self.data = data
        self.anchor = anchor
        self.seen = seen
        self.key: Any = None
        self.keyed = False


class _Stop(Exception):  # noqa: N818  # a signal within this module
    pass


class _Builder:
    def __init__(self, text: str) -> None:
        self.parser = CParser(text)
        self.faults: list[Fault] = []
        self.stack: list[_Frame] = []
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.count = 0
        self.aliased = 0
        self.root: Any = None
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
            return
        except YAMLError as error:
            self.faults.append(_read(error, self._path()))

    def _path(self) -> Path:
        out: list[str | int] = []
        for frame in self.stack:
            if isinstance(frame.data, list):
                out.append(len(frame.data) - (frame is not self.stack[-1]))
            elif frame.keyed:
                out.append(frame.key)
        return tuple(out)

    def _fault(self, mark: Mark, problem: str, hint: str = "", path: Path | None = None) -> None:
        self.faults.append(
            Fault(mark.line + 1, mark.column + 1, self._path() if path is None else path, problem, hint)
        )

    def _document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            self._fault(
                event.start_mark, "is a second document", "take out the line `---`; one file is one document"
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
        if value in frame.data:
            self._fault(mark, "is written twice", "keep one of the two", (*self._path(), value))
            value = (
                object()
            )  # the second is read aside and dropped, so that neither value is taken for the other
        frame.data[value] = None
        frame.key = value
        frame.keyed = True

    def _tag(self, event: Any) -> None:
        self._fault(
            event.start_mark, f"has the tag `{event.tag[:60]}`", "take it out; the files need no tags"
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
        self.stack.append(_Frame(data, event.anchor, self.count))

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


def _read(error: YAMLError, path: Path) -> Fault:
    if isinstance(error, ReaderError) or not isinstance(error, MarkedYAMLError):
        return Fault(
            1, 1, path, "holds a character that YAML does not allow", "control characters have no place here"
        )
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    problem = (error.problem or "can't be read as YAML").rstrip(".")
    for words, better, hint in _KNOWN:
        if words in problem or words in (error.context or ""):
            return Fault(line, column, path, better, hint)
    context = f" {error.context}" if error.context else ""
    return Fault(
        line,
        column,
        path,
        f"is not YAML: {problem}{context}",
        "look at this line and the one above: colon, dash, indent, quote, bracket",
    )


_KNOWN = (
    (
        "found character that cannot start any token",
        "a character here can't begin a value",
        "indent with spaces, not tabs; put text that begins with @, ` or % in quotes",
    ),
    ("found a tab character", "a tab where spaces are needed", "indent with spaces"),
    (
        "control characters are not allowed",
        "holds a character that YAML does not allow",
        "control characters have no place here",
    ),
    (
        "mapping values are not allowed",
        "a second colon on the line, or a line that is indented too far",
        "put text that holds `: ` in quotes, or fix the indent",
    ),
    (
        "did not find expected key",
        "the indent does not fit the lines above",
        "entries of one mapping begin in the same column",
    ),
    (
        "did not find expected '-' indicator",
        "the indent does not fit the list above",
        "entries of one list begin with `-` in the same column",
    ),
    ("could not find expected ':'", "a key without a colon", "write `key: value`"),
    ("while scanning a quoted scalar", "a quote that is not closed", "close it, or take it out"),
    (
        "did not find expected node content",
        "a `[` or `{` that is not closed, or a comma without a value",
        "close the list with `]`, the mapping with `}`",
    ),
    (
        "did not find expected ',' or ']'",
        "a `[` that is not closed",
        "close the list with `]`, with commas between its parts",
    ),
    (
        "did not find expected ',' or '}'",
        "a `{` that is not closed",
        "close the mapping with `}`, with commas between its parts",
    ),
    (
        "found undefined tag handle",
        "has a tag that is not understood",
        "put text that begins with ! in quotes",
    ),
    (
        "found undefined alias",
        "an alias that names nothing above it",
        "put text that begins with * in quotes",
    ),
    ("while scanning an alias", "an alias without a name", "put text that begins with * in quotes"),
    ("while scanning an anchor", "an anchor without a name", "put text that begins with & in quotes"),
)


def parse(text: str) -> tuple[Any, list[Fault]]:
    """Return the data and what is wrong with the text; the data can be used only when nothing is.

    After a fault of meaning (two equal keys, a tag) the data is still whole; after one of syntax it is what came before.
    """
    try:
        builder = _Builder(text)
    except YAMLError as error:
        return None, [_read(error, ())]
    except UnicodeEncodeError:
        return None, [
            Fault(1, 1, (), "holds a character that is no character", "half of a surrogate pair, say")
        ]
    builder.run()
    return builder.root, builder.faults


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
                elif kind is ScalarEvent or kind is AliasEvent:
                    if not self.off:
                        self._leaf(event)
        except YAMLError:
            return

    def _start(self, event: Event, *, is_list: bool) -> None:
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

    def _step(self, mark: Mark, *, scalar: bool) -> Any:
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
