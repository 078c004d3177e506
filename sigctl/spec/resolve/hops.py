"""Where history goes: upstream -> primary -> replicas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sigctl.core.history import End, Hop
from sigctl.spec.entries import Entry, entries, on_forge
from sigctl.spec.layout import Layout
from sigctl.spec.model import Spec, Upstream

UPSTREAM, REPLICA = 0, 1
_ALL = ("refs/heads/*", "refs/tags/*")


def hops(spec: Spec, layouts: Mapping[str, Layout]) -> Iterator[Hop]:
    """Yield every step of every repository of a SIG that is active."""
    for entry in entries(spec):
        if entry.sig.status == "active":
            yield from _of(entry, layouts)


def _of(entry: Entry, layouts: Mapping[str, Layout]) -> Iterator[Hop]:
    ends = {
        name: End(name, layout.repo(entry.sig.name, entry.name, entry.project))
        for name, layout in layouts.items()
        if on_forge(entry, name)
    }
    primary = next((end for name, end in ends.items() if layouts[name].forge.role == "primary"), None)
    upstream = entry.config.upstream
    if primary is not None and upstream is not None:
        yield Hop(
            entry.sig.name,
            entry.name,
            source=End(url=upstream.url),
            target=primary,
            mode=upstream.mode,
            include=_include(upstream),
            exclude=tuple(map(_full, upstream.exclude)),
            stage=UPSTREAM,
            rename=tuple(
                (_full(old), _full(new)) for old, new in sorted(upstream.rename.items(), key=_narrow_first)
            ),
        )
    if primary is not None:
        for name, end in ends.items():
            if layouts[name].forge.role == "replica":
                yield Hop(entry.sig.name, entry.name, primary, end, "follow", stage=REPLICA)


def _narrow_first(item: tuple[str, str]) -> tuple[bool, int, str]:
    """Sort exact names before patterns, and longer patterns before shorter ones, since the first that fits counts."""
    return ("*" in item[0], -len(item[0]), item[0])


def _include(upstream: Upstream) -> tuple[str, ...]:
    if upstream.include is not None:
        return tuple(map(_full, upstream.include))
    if upstream.branches is not None:
        return (*map(_full, upstream.branches), "refs/tags/*")
    return _ALL


def _full(ref: str) -> str:
    """Return the full name of a ref; a bare one is a branch."""
    return ref if ref.startswith("refs/") else f"refs/heads/{ref}"
