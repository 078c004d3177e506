"""Values written, added and taken out in place in a text: everything else, and every comment beside it, stays as people wrote it."""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from typing import Any

import yaml

from sigctl.errors import SigctlError
from sigctl.spec.edit import format_text
from sigctl.spec.spans import comments
from sigctl.spec.tree import LIST, MAP, SCALAR, Entry, Node, tree, walk
from sigctl.spec.yaml12 import parse
from sigctl.spec.yamlfault import Path

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./+-]*(?: [A-Za-z0-9_.(][A-Za-z0-9_./+()-]*)*")
_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf"}


class _Dumper(yaml.SafeDumper):
    """Puts in quotes whatever some reader of YAML could take for something else than text."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  # yaml's signature
        """Write everything out."""
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    plain = (
        _PLAIN.fullmatch(value) and value.lower() not in _WORDS and not re.fullmatch(r"[0-9.eE+_-]+", value)
    )
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if plain else '"')


_Dumper.add_representer(str, _text)


def dumped(data: Any) -> str:
    """Return the data as a file, in canonical layout."""
    text = yaml.dump(
        data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1_000_000, default_flow_style=False
    )
    return format_text(text)


def _flow(value: Any) -> str:
    text = yaml.dump(
        value,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=1_000_000_000,
        default_flow_style=True,
    )
    return text.removesuffix("\n").removesuffix("\n...").strip()


def set_value(text: str, path: Path, value: Any) -> str:
    """Return the text with the value at a path; SigctlError where that can't be done in place."""
    return _checked(text, _set(text, path, value), _data_set(_data(text), path, value), path)


def add_item(text: str, path: Path, item: Any) -> str:
    """Return the text with an item more at the end of the list at a path, which is made where there is none."""
    data = _data(text)
    old = _at(data, path)
    if not old:
        return set_value(text, path, [item])
    node = _nodes(text)[path]
    last = node.entries[-1]
    if node.flow:
        after = _into_flow(text, node, _flow(item))
    else:
        dash = text.split("\n")[last.line][: last.column].rfind("-")
        after = _line_after(text, node.last, f"{' ' * dash}- {_flow(item)}")
    return _checked(text, after, _data_set(data, path, [*old, item]), path)


def drop(text: str, path: Path) -> str:
    """Return the text without what is at a path, a comment on its own lines included; a mapping or list that it leaves empty goes, too."""
    data = _data(text)
    parent = path[:-1]
    if len(_at(data, parent) or ()) == 1 and len(parent) > 1:
        return drop(text, parent)
    node = _nodes(text).get(parent)
    if node is None:
        raise SigctlError(f"there is nothing at {_shown(path)}")
    place = next((n for n, one in enumerate(node.entries) if one.name == path[-1]), None)
    if place is None:
        raise SigctlError(f"there is nothing at {_shown(path)}")
    after = _out_of_flow(text, node, place) if node.flow else _without_lines(text, node.entries[place])
    left = copy.deepcopy(data)
    del _at(left, parent)[path[-1]]
    return _checked(text, after, left, path, gone=True)


def _set(text: str, path: Path, value: Any) -> str:
    nodes = _nodes(text)
    if path in nodes:
        node = nodes[path]
        if node.kind == SCALAR or node.flow:
            gap = " " if node.end == node.start and text[node.start - 1 : node.start] != " " else ""
            return f"{text[: node.start]}{gap}{_flow(value)}{text[node.end :]}"
        return _set(drop(text, path), path, value)
    parent, key = path[:-1], path[-1]
    above = nodes.get(parent)
    if above is None:
        return _set(text, parent, {key: value})
    if above.kind == SCALAR:
        gap = " " if above.end == above.start else ""
        return f"{text[: above.start]}{gap}{_flow({key: value})}{text[above.end :]}"
    if above.kind == LIST:
        raise SigctlError(f"{_shown(path)} is within a list")
    if above.flow:
        return _into_flow(text, above, _flow({key: value})[1:-1])
    return _line_after(text, above.last, f"{' ' * above.entries[0].column}{_flow({key: value})[1:-1]}")


def _into_flow(text: str, node: Node, new: str) -> str:
    """Put something before the bracket that closes a flow mapping or list."""
    close = node.end - 1
    inner = text[node.start + 1 : close]
    kept = len(inner.rstrip())
    at = node.start + 1 + kept
    if "\n" in inner[kept:] or "#" in inner:
        raise SigctlError("a flow mapping over several lines can't be added to in place")
    comma = "" if not inner.strip() else " " if inner.rstrip().endswith(",") else ", "
    return f"{text[:at]}{comma}{new}{text[at:]}"


def _out_of_flow(text: str, node: Node, place: int) -> str:
    entry = node.entries[place]
    start = entry.start
    if place + 1 < len(node.entries):
        end = node.entries[place + 1].start
    else:
        end = entry.value.end if entry.value is not None else entry.end
        if place:
            before = node.entries[place - 1]
            start = before.value.end if before.value is not None else before.end
    return text[:start] + text[end:]


def _without_lines(text: str, entry: Entry) -> str:
    lines = text.split("\n")
    first = lines[entry.line][: entry.column].strip()
    if first not in ("", "-"):
        raise SigctlError("it shares its line with something else")
    return "\n".join([*lines[: entry.line], *lines[entry.last + 1 :]])


def _line_after(text: str, line: int, new: str) -> str:
    lines = text.split("\n")
    return "\n".join([*lines[: line + 1], new, *lines[line + 1 :]])


def _nodes(text: str) -> dict[Path, Node]:
    return {node.path: node for node in walk(tree(text))}


def _data(text: str) -> Any:
    data, faults = parse(text)
    if faults:
        raise SigctlError("the file has faults")
    return data


def _at(data: Any, path: Path) -> Any:
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _data_set(data: Any, path: Path, value: Any) -> Any:
    out = copy.deepcopy(data)
    inner = out
    for step in path[:-1]:
        if isinstance(inner, dict) and inner.get(step) is None:
            inner[step] = {}
        inner = inner[step]
    inner[path[-1]] = value
    return out


def _checked(text: str, after: str, wanted: Any, path: Path, *, gone: bool = False) -> str:
    """Return the new text, in canonical form where the old one was; SigctlError where it does not mean what it should."""
    if format_text(text) == text:
        after = format_text(after)
    again, faults = parse(after)
    same = not faults and json.dumps(again, sort_keys=True, default=str) == json.dumps(
        wanted, sort_keys=True, default=str
    )
    if not same or (not gone and Counter(comments(after)) != Counter(comments(text))):
        raise SigctlError(f"{_shown(path)} can't be changed in place", "change it by hand")
    return after


def _shown(path: Path) -> str:
    return ".".join(map(str, path)) or MAP
