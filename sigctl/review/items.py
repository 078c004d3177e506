"""Two versions of the files as values at paths, and the values that differ: layout, order and comments are no values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sigctl.spec import Spec

Place = tuple[str, ...]
_NAMES = ("person", "team", "name", "pattern", "login", "url")
"""Fields by which an entry of a list is known, the first that it has."""
_ORDERED = ("branches", "tags", "refs")
"""Lists in which the first entry that fits decides."""
ORDER = "(order)"


@dataclass(frozen=True, slots=True)
class Item:
    """One value that is not as it was; entries of lists are known by their names, not by their numbers."""

    path: Place
    verb: Literal["added", "removed", "changed"]
    before: Any = None
    after: Any = None

    @property
    def sig(self) -> str:
        """The SIG in whose part of the files it stands, "" for what is everyone's."""
        return self.path[1] if self.path[0] == "sigs" and len(self.path) > 1 else ""

    def __str__(self) -> str:
        return "/".join(self.path)


def items(before: Spec, after: Spec) -> tuple[Item, ...]:
    """Return every value that differs, sorted by path; empty when the two mean the same."""
    old, new = dict(_flat(_dump(before))), dict(_flat(_dump(after)))
    out = []
    for path in sorted(old.keys() | new.keys()):
        if path not in new:
            out.append(Item(path, "removed", old[path], None))
        elif path not in old:
            out.append(Item(path, "added", None, new[path]))
        elif old[path] != new[path]:
            out.append(Item(path, "changed", old[path], new[path]))
    return tuple(out)


def _dump(spec: Spec) -> dict[str, Any]:
    return spec.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _flat(node: Any, path: Place = ()) -> Iterator[tuple[Place, Any]]:
    if isinstance(node, Mapping) and node:
        for key, value in node.items():
            yield from _flat(value, (*path, str(key)))
    elif isinstance(node, list) and node:
        yield from _list(node, path)
    else:
        yield path, node


def _list(node: list[Any], path: Place) -> Iterator[tuple[Place, Any]]:
    names: list[str] = []
    for value in node:
        name = _name(value)
        while name in names:
            name += "'"
        names.append(name)
        if isinstance(value, Mapping):
            yield from _flat(value, (*path, name))
        else:
            yield (*path, name), True
    if path and path[-1] in _ORDERED:
        yield (*path, ORDER), tuple(names)


def _name(value: Any) -> str:
    if isinstance(value, Mapping):
        return next((str(value[name]) for name in _NAMES if name in value), "entry")
    return str(value)
