"""Where a repository's history comes from and goes to, as the files declare it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

ALWAYS_EXCLUDED = (
    "refs/pull/*",
    "refs/merge-requests/*",
    "refs/keep-around/*",
    "refs/pipelines/*",
    "refs/heads/HEAD",
)
"""Never copied: a forge makes the first four itself and refuses them; a branch named HEAD breaks every clone."""


@dataclass(frozen=True, slots=True)
class End:
    """One end of a hop: a repository on a declared forge, or a URL anywhere (then `forge` is empty)."""

    forge: str = ""
    path: str = ""
    url: str = ""

    def __str__(self) -> str:
        return f"{self.forge}:{self.path}" if self.forge else self.url


@dataclass(frozen=True, slots=True)
class Start:
    """A branch that the files declare by name."""

    ref: str
    start: str = ""
    """What it is made from where it is missing: a branch, a tag or a commit; "" = it comes by a push."""
    lifecycle: str = "active"
    """One of active, readonly, retired (kept as a tag, see RETIRED_TAGS)."""
    delete: bool = False
    """Whether a retired one goes, once its tag is there."""


UPSTREAM, MOVE, START, CARRY, REPLICA, LEAVE = range(6)
"""Stages, in the order in which hops run."""
RETIRED_TAGS = "refs/tags/retired/"
"""Where the last state of a retired branch is kept, under its own name."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of upstream -> primary -> replica."""

    sig: str
    repo: str
    """The repository's name in the files."""
    source: End
    target: End
    mode: str = "follow"
    """One of import (once, into an empty repository), follow (the source's refs, others stay), mirror (exact), seed (what is missing is
    made, nothing is moved), start (`starts` at one repository, source and target alike), leave (refs go that the source has by now)."""
    include: tuple[str, ...] = ("refs/heads/*", "refs/tags/*")
    exclude: tuple[str, ...] = ()
    stage: int = 0
    """Hops of a lower stage come first; see UPSTREAM to LEAVE."""
    rename: tuple[tuple[str, str], ...] = ()
    """(pattern at the source, name at the target), full ref names with at most one `*` each; the first that fits counts."""
    on_divergence: tuple[tuple[str, str], ...] = ()
    """(pattern of the ref at the target, hold | overwrite | ignore); the first that fits counts, hold where none does."""
    delete_refs: tuple[tuple[str, str], ...] = ()
    """(pattern, hold | delete | ignore) for refs that only the target has, in mode mirror; hold where none fits."""
    still: tuple[str, ...] = ()
    """Refs at the target that come once and never move, whatever the source does."""
    closed: tuple[str, ...] = ()
    """Refs at the target that don't come at all."""
    starts: tuple[Start, ...] = ()
    optional: bool = False
    """The source may be missing, or have none of the refs; that is no more than nothing to do."""
    watched: bool = False
    """The source's forge pushes it by itself: it is compared, and never pushed by us."""

    @property
    def rewrites(self) -> bool:
        """Whether refs that are at the target may be overwritten or deleted."""
        words = {word for _, word in (*self.on_divergence, *self.delete_refs)}
        return bool(words & {"overwrite", "delete"}) or self.stage in (MOVE, LEAVE)


def renamed(name: str, rules: Iterable[tuple[str, str]]) -> str:
    """Return the ref's name at the target: the first rule that fits, its `*` carried over; else the same name."""
    for pattern, replacement in rules:
        before, star, after = pattern.partition("*")
        if not star:
            if name == pattern:
                return replacement
        elif name.startswith(before) and name.endswith(after) and len(name) >= len(before) + len(after):
            return replacement.replace("*", name[len(before) : len(name) - len(after)], 1)
    return name
