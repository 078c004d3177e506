"""Canonical layout: two blanks per level, lists indented under their key, one blank after colon and dash, tidy braces.

Texts that use YAML's rarer ways (anchors on blocks, a dash on a line of its own) are left as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sigctl.spec.blocks import indent_of
from sigctl.spec.spans import comment_starts, inner_lines
from sigctl.spec.tree import LIST, MAP, SCALAR, Entry, Node, tree, walk
from sigctl.spec.yamlfault import Path

STEP = 2
LONGEST = 120
"""Columns that a flow of several lines may take when it is put on one."""

Keys = Callable[[Path, str], object]
"""From the path of a mapping and one of its keys to what it is sorted by."""


class _OddError(Exception):
    """The text uses something that the layout is not made for."""


def reflowed(text: str, rank: Keys) -> str:
    """Return the text in canonical layout; yaml.YAMLError for one that is no YAML."""
    try:
        return _indented(_spaced(text, rank))
    except _OddError:
        return text


def _spaced(text: str, rank: Keys) -> str:
    """Return the text with one blank after each colon, and flows written anew."""
    root = tree(text)
    edits: list[tuple[int, int, str]] = []
    remarks = comment_starts(text)
    for node in walk(root):
        if node.flow and not _within_flow(root, node):
            new = _flow(text, node, remarks, rank)
            if new is not None:
                edits.append((node.start, node.end, new))
        elif not node.flow and node.kind == MAP:
            edits += [edit for entry in node.entries for edit in _gap(text, entry)]
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _within_flow(root: Node | None, node: Node) -> bool:
    """Whether the flow is a part of another, which is written anew as a whole."""
    here = root
    for step in node.path:
        if here is None:
            return False
        if here.flow:
            return True
        here = next((entry.value for entry in here.entries if entry.name == step), None)
    return False


def _gap(text: str, entry: Entry) -> Iterator[tuple[int, int, str]]:
    value = entry.value
    if value is None or value.start == value.end or value.line != entry.line:
        return
    between = text[entry.end : value.start]
    if between.strip() == ":" and between != ": ":
        yield entry.end, value.start, ": "


def _flow(text: str, node: Node, remarks: list[int], rank: Keys) -> str | None:
    """Return a flow on one line with its keys in order; None where it has to stay as it is."""
    if any(node.start < at < node.end for at in remarks):
        return None
    new = _emit(text, node, rank)
    line_start = text.rfind("\n", 0, node.start) + 1
    if (
        new is not None
        and "\n" in text[node.start : node.end]
        and node.start - line_start + len(new) > LONGEST
    ):
        return None
    return new


def _emit(text: str, node: Node, rank: Keys) -> str | None:
    source = text[node.start : node.end]
    if node.kind == SCALAR:
        return source if source and "\n" not in source else None
    if source[:1] != ("{" if node.kind == MAP else "["):
        return None
    parts = []
    entries = node.entries
    if node.kind == MAP:
        entries = sorted(entries, key=lambda entry: rank(node.path, str(entry.name)))  # type: ignore[arg-type,return-value]  # ranks compare
    for entry in entries:
        value = _emit(text, entry.value, rank) if entry.value is not None else None
        key = text[entry.start : entry.end]
        if value is None or "\n" in key or (node.kind == MAP and not key):
            return None
        parts.append(f"{key}: {value}" if node.kind == MAP else value)
    inside = ", ".join(parts)
    return f"{{{inside}}}" if node.kind == MAP else f"[{inside}]"


def _indented(text: str) -> str:
    """Return the text with every line where its level says."""
    root = tree(text)
    if root is None or root.flow or root.kind == SCALAR:
        return text
    lines = text.split("\n")
    places: dict[int, _Place] = {}
    _place(root, 0, places)
    inner = inner_lines(text) | _flow_lines(root)
    out = []
    before = _Place(0, 0)
    for number, line in enumerate(lines):
        if number in places:
            before = places[number]
            out.append(_moved(line, before))
        elif number in inner:
            out.append(_shifted(line, before.new - before.old))
        elif line.lstrip().startswith("#"):
            out.append(" " * _beside(lines, number, places, before) + line.lstrip())
        else:
            out.append(line)
    return "\n".join(out)


@dataclass(frozen=True)
class _Place:
    """The column at which a line's entry begins and the one at which it shall; with a dash, also where its value begins."""

    old: int
    new: int
    value: int | None = None


def _moved(line: str, place: _Place) -> str:
    if line[: place.old].strip():
        raise _OddError
    if place.value is None:
        return " " * place.new + line[place.old :]
    if line[place.old : place.value].strip() != "-":
        raise _OddError
    return f"{' ' * place.new}- {line[place.value :]}"


def _place(node: Node, indent: int, places: dict[int, _Place]) -> None:
    """Say for each line that begins an entry where it is and where it shall be."""
    if node.anchored:
        raise _OddError
    for entry in node.entries:
        value = entry.value
        if node.kind == LIST:
            if value is None or value.start == value.end or (value.kind == LIST and not value.flow):
                raise _OddError
            places[entry.line] = _Place(node.column, indent, entry.column)
        else:
            places.setdefault(entry.line, _Place(entry.column, indent))
        if value is not None and not value.flow and value.kind != SCALAR:
            _place(value, indent + STEP, places)


def _flow_lines(root: Node) -> set[int]:
    return {line for node in walk(root) if node.flow for line in range(node.line + 1, node.last + 1)}


def _shifted(line: str, by: int) -> str:
    if by >= 0:
        return " " * by + line if line.strip() else line
    return line[-by:] if not line[:-by].strip() else line


def _beside(lines: list[str], number: int, places: dict[int, _Place], before: _Place) -> int:
    """Return the column of a comment: that of the entry it stands above, or of what it stands below when it is further in."""
    old = indent_of(lines[number])
    following = next((places[n] for n in range(number + 1, len(lines)) if n in places), _Place(0, 0))
    if old <= following.old:
        return following.new
    return before.new if before.old > following.old else following.new + STEP
