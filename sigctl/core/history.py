"""Where a repository's history comes from and goes to, as the files declare it."""

from __future__ import annotations

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
class Hop:
    """One step of upstream -> primary -> replica."""

    sig: str
    repo: str
    """The repository's name in the files."""
    source: End
    target: End
    mode: str = "follow"
    """One of import (once, into an empty repository), follow (the source's refs, others stay), mirror (exact)."""
    include: tuple[str, ...] = ("refs/heads/*", "refs/tags/*")
    exclude: tuple[str, ...] = ()
    stage: int = 0
    """Hops of a lower stage come first: 0 upstream to primary, 1 primary to replica."""
    rename: tuple[tuple[str, str], ...] = ()
    """(pattern at the source, name at the target), full ref names with at most one `*` each; the first that fits counts."""
    on_divergence: tuple[tuple[str, str], ...] = ()
    """(pattern of the ref at the target, hold | overwrite | ignore); the first that fits counts, hold where none does."""
    delete_refs: tuple[tuple[str, str], ...] = ()
    """(pattern, hold | delete | ignore) for refs that only the target has, in mode mirror; hold where none fits."""
