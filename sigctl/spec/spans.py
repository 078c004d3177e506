"""Something written in place in a text; and its comments."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from sigctl.spec.tree import SCALAR, Node, tree, walk
from sigctl.spec.yamlfault import Path


def splices(text: str, ids: Mapping[Path, int | str]) -> str:
    """Return the text with an `id` in each mapping at a path; a bare login becomes {login: ..., id: ...}."""
    where = {node.path: node for node in walk(tree(text))}
    edits = [_splice(text, where, path, number) for path, number in ids.items() if path in where]
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _splice(text: str, where: Mapping[Path, Node], path: Path, number: int | str) -> tuple[int, int, str]:
    node, old = where[path], where.get((*path, "id"))
    written = json.dumps(number)
    if old is not None:
        return old.start, old.end, written
    if node.kind == SCALAR:
        return node.start, node.end, f"{{login: {text[node.start : node.end]}, id: {written}}}"
    if node.flow:
        end = node.end - 1 - (len(text[: node.end - 1]) - len(text[: node.end - 1].rstrip()))
        comma = "" if text[end - 1] == "," else ","
        return end, end, f"{comma} id: {written}"
    newline = "\r\n" if "\r\n" in text else "\n"
    at = text.find("\n", node.end)
    at = len(text) if at < 0 else at + 1
    lead = "" if text[at - 1] == "\n" else newline
    return at, at, f"{lead}{' ' * node.entries[0].column}id: {written}{newline}"


def comment_starts(text: str) -> list[int]:
    """Return where each comment of a text without faults begins."""
    found = []
    covered = sorted(_single(text))
    n = 0
    at = text.find("#")
    while at >= 0:
        while n < len(covered) and covered[n][1] <= at:
            n += 1
        if n < len(covered) and covered[n][0] <= at:
            at = text.find("#", covered[n][1])
            continue
        found.append(at)
        end = text.find("\n", at)
        at = text.find("#", end) if end >= 0 else -1
    return found


def comments(text: str) -> list[str]:
    """Return every comment of a text without faults, from its `#` to the end of the line."""
    return [text[at:].partition("\n")[0].rstrip() for at in comment_starts(text)]


def _single(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each key and each single value begins and ends."""
    for node in walk(tree(text)):
        if node.kind == SCALAR:
            yield node.start, node.end
        yield from ((entry.start, entry.end) for entry in node.entries if entry.end > entry.start)


def inner_lines(text: str) -> set[int]:
    """Return the lines, counted from 0, on which a single value goes on that began above: there every blank has a meaning."""
    found = (node for node in walk(tree(text)) if node.kind == SCALAR and node.last > node.line)
    return {line for node in found for line in range(node.line + 1, node.last + 1)}
