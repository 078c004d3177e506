"""What became of each source: for status, verify and fetch alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sigctl.lookaside.formats import Source
from sigctl.lookaside.package import Package

State = Literal[
    "present",
    "cached",
    "missing",
    "good",
    "differs",
    "unknown",
    "kept",
    "copied",
    "made",
    "fetched",
    "failed",
    "stale",
]
BAD: frozenset[State] = frozenset({"differs", "failed"})
OPEN: frozenset[State] = frozenset({"cached", "missing", "unknown", "stale"})
"""States in which there is something to do."""


@dataclass(frozen=True, slots=True)
class Item:
    """One source and what is known of it.

    `status` says present (there, content not read), cached (in the local cache alone), missing or stale (no spec names it).
    `verify` says good, differs, unknown (a commit that was never packed here), missing or stale. `fetch` says kept, copied (from
    the cache), made (an empty file, a packed commit), fetched, failed or stale (not fetched).
    """

    source: Source
    state: State
    reason: str = ""
    hint: str = ""
    url: str = ""
    """Where it came from."""


@dataclass(frozen=True, slots=True)
class Looked:
    """One package and its items, in the order of its lines."""

    package: Package
    items: tuple[Item, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        manifest = self.package.manifest
        return {
            "where": self.package.where,
            "package": self.package.name,
            "branches": list(self.package.branches),
            "sources": [_item(item) for item in self.items],
            "problems": [asdict(problem) for problem in manifest.problems],
            "duplicates": [_line(source) for source in manifest.duplicates],
            "overridden": [_line(source) for source in manifest.overridden],
        }


@dataclass(frozen=True, slots=True)
class Survey:
    """All packages of a run, and what could not be looked at."""

    verb: Literal["status", "verify", "fetch"]
    looked: tuple[Looked, ...]
    set_aside: tuple[tuple[str, str, str], ...] = ()
    """(what, reason, hint)."""

    def counts(self) -> dict[str, int]:
        """Return the number of items by state, and of problems and duplicates."""
        found: Counter[str] = Counter(item.state for one in self.looked for item in one.items)
        found["problems"] = sum(len(one.package.manifest.problems) for one in self.looked)
        found["duplicates"] = sum(len(one.package.manifest.duplicates) for one in self.looked)
        return {name: count for name, count in sorted(found.items()) if count}

    @property
    def exit_code(self) -> int:
        """0 as it should be, 1 something is wrong, 2 (not of fetch) there is something to do."""
        states = {item.state for one in self.looked for item in one.items}
        counts = self.counts()
        if self.set_aside or counts.get("problems") or states & BAD:
            return 1
        if self.verb == "fetch":
            return 0
        left = OPEN if self.verb == "status" else OPEN - {"stale"}
        return 2 if states & left or (self.verb == "status" and counts.get("duplicates")) else 0

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "format": "sigctl/sources/1",
            "verb": self.verb,
            "packages": [one.as_json() for one in self.looked],
            "counts": self.counts(),
            "set_aside": [
                dict(zip(("subject", "reason", "hint"), one, strict=True)) for one in self.set_aside
            ],
        }


def stale_first(items: Iterable[Item]) -> list[Item]:
    """Return the items with what needs somebody's attention first."""
    rank = {"differs": 0, "failed": 0, "missing": 1, "unknown": 1, "stale": 2}
    return sorted(items, key=lambda item: (rank.get(item.state, 3), item.source.path))


def _item(item: Item) -> dict[str, Any]:
    return {
        "path": item.source.path,
        "algorithm": item.source.checksum.algorithm if item.source.checksum else None,
        "hash": item.source.checksum.value if item.source.checksum else None,
        "remote": item.source.remote,
        "state": item.state,
        "reason": item.reason,
        "hint": item.hint,
        "from": item.url,
        "file": item.source.file,
        "line": item.source.line,
    }


def _line(source: Source) -> dict[str, Any]:
    return {"path": source.path, "file": source.file, "line": source.line}
