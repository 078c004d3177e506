"""Entries of block mappings change places with their comments.

Only whole lines are moved, so nothing within a line, and no comment, can be lost.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from sigctl.spec.tree import LIST, MAP, Entry, Node, tree
from sigctl.spec.yamlfault import Path

Rank = Callable[[Path, str], Any]
"""From the path of a mapping and one of its keys to what it is sorted by."""


def rearranged(text: str, rank: Rank) -> str:
    """Return the text with the entries of every block mapping in the order of their ranks, each with the comments above it."""
    root = tree(text)
    if root is None or root.kind != MAP or root.flow or not root.entries:
        return text
    lines = text.split("\n")
    start = _header(lines, root.entries[0].line)
    return "\n".join([*lines[:start], *_arrange(lines, root, (start, len(lines)), rank)])


def _header(lines: list[str], first: int) -> int:
    """Return the first line that belongs to the first key: what stands above a blank line there is about the whole file."""
    start = first
    while start > 0 and lines[start - 1].lstrip().startswith("#"):
        start -= 1
    return start if start > 0 and not lines[start - 1].strip() else first


def _arrange(lines: list[str], node: Node, span: tuple[int, int], rank: Rank) -> list[str]:
    """Return the lines of a span with the entries in order, and those of what is within them."""
    starts = _starts(lines, node, span)
    ends = [*starts[1:], span[1]]
    chunks = []
    for entry, start, end in zip(node.entries, starts, ends, strict=True):
        chunks.append((entry, _inner(lines, node, entry, (start, end), rank)))
    if node.kind == MAP:
        return [line for body in _sorted(node, chunks, rank) for line in body]
    return [line for _, body in chunks for line in body]


def _inner(lines: list[str], node: Node, entry: Entry, span: tuple[int, int], rank: Rank) -> list[str]:
    start, end = span
    inner = entry.value
    if inner is None or inner.flow or not inner.entries:
        return lines[start:end]
    if inner.entries[0].line > entry.line:
        begin = inner.entries[0].line
        while begin > entry.line + 1 and _is_aside(lines[begin - 1]):
            begin -= 1
        return [*lines[start:begin], *_arrange(lines, inner, (begin, end), rank)]
    if node.kind == LIST and inner.kind == MAP:
        return _dashed(lines, inner, span, rank)
    return lines[start:end]


def _sorted(node: Node, chunks: list[tuple[Entry, list[str]]], rank: Rank) -> list[list[str]]:
    found = sorted(chunks, key=lambda chunk: rank(node.path, str(chunk[0].name)))
    if found == chunks:
        return [body for _, body in chunks]
    # what stands below the last entry, no further in than its key, stays at the end
    *_, (entry, last) = chunks
    tail: list[str] = []
    while len(last) > 1 and _is_aside(last[-1]) and indent_of(last[-1]) <= entry.column:
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
    if not body or body[0][: entry.column].strip() or body[0].lstrip().startswith("#") or not body[0].strip():
        return lines[start:end]
    return [*above, dash + body[0][entry.column :], *body[1:]]


def _starts(lines: list[str], node: Node, span: tuple[int, int]) -> list[int]:
    """Return the line at which each entry's part begins, with the comments and blank lines that stand above it."""
    starts = [span[0]]
    for before, entry in pairwise(node.entries):
        line = entry.line
        while line - 1 > before.last and _is_aside(lines[line - 1]):
            line -= 1
        # comments that are indented further than the key end what came before
        for number in range(entry.line - 1, line - 1, -1):
            if lines[number].strip() and indent_of(lines[number]) > entry.column:
                line = number + 1
                break
        starts.append(line)
    return starts


def _is_aside(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def indent_of(line: str) -> int:
    """Return how many blanks a line begins with."""
    return len(line) - len(line.lstrip(" "))
