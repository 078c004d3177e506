"""Where a file may be found: the paths within a store, and the branches in whose name it may have been stored."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from sigctl.lookaside.formats import Source

BRANCH, FILE = "branch", "file"


@dataclass(frozen=True, slots=True)
class Store:
    """A store of files by package and hash."""

    url: str
    layouts: tuple[str, ...] = (BRANCH, FILE)
    branches: tuple[str, ...] = ()
    """Patterns of the branches it is for; empty = all."""

    def paths(self, package: str, source: Source, branches: Sequence[str]) -> Iterator[str]:
        """Yield the URLs under which the store may have the file, the likeliest first; none for what has no hash."""
        if source.checksum is None:
            return
        mine = [b for b in branches if self._is_for(b)]
        if self.branches and not mine:
            return
        base = f"{self.url.rstrip('/')}/{quote(package, safe='')}"
        for layout in self.layouts:
            if layout == BRANCH:
                yield from (f"{base}/{quote(branch, safe='/')}/{source.checksum.value}" for branch in mine)
            else:
                name = quote(source.name, safe="")
                yield f"{base}/{name}/{source.checksum.algorithm}/{source.checksum.value}/{name}"

    def _is_for(self, branch: str) -> bool:
        return not self.branches or any(fnmatch.fnmatchcase(branch, one) for one in self.branches)


def candidates(stores: Iterable[Store], package: str, source: Source, branches: Sequence[str]) -> list[str]:
    """Return every URL to try, in order and each once: the stores, then the address that the line itself names."""
    found = [url for store in stores for url in store.paths(package, source, branches)]
    own = [source.url] if source.url and not source.commit else []
    return list(dict.fromkeys([*found, *own]))


def remote_branches(listed: Iterable[str], remotes: Iterable[str], current: str = "") -> list[str]:
    """Return the names of remote branches, each once: that of the current branch first, the others in order.

    `listed` has the lines of `git branch -r` or full names of refs. A line `origin/HEAD -> origin/x` names no branch of its own.
    """
    names = sorted(remotes, key=len, reverse=True)
    found = set()
    for line in listed:
        ref, arrow, _ = line.strip().partition(" -> ")
        ref = ref.removeprefix("refs/remotes/")
        remote = next((name for name in names if ref.startswith(f"{name}/")), "")
        branch = ref.removeprefix(f"{remote}/") if remote else ""
        if branch and not arrow and branch != "HEAD":
            found.add(branch)
    return sorted(found, key=lambda branch: (branch != current, branch))
