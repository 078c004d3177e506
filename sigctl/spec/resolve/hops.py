"""Where history goes: upstream -> primary -> replicas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sigctl.core.history import End, Hop
from sigctl.spec.entries import Entry, entries, on_forge
from sigctl.spec.layout import Layout
from sigctl.spec.model import Spec, Upstream
from sigctl.spec.resolve.rules import all_rules

UPSTREAM, REPLICA = 0, 1
_ALL = ("refs/heads/*", "refs/tags/*")


def hops(spec: Spec, layouts: Mapping[str, Layout]) -> Iterator[Hop]:
    """Yield every step of every repository of a SIG that is active."""
    for entry in entries(spec):
        if entry.sig.status == "active":
            yield from _of(entry, layouts)


@dataclass(frozen=True, slots=True)
class DeclaredBranch:
    """A branch that the files name: where it is, what it starts from, what is done with it."""

    sig: str
    """The SIG that declares it; in the shared kernel not the one that the repository belongs to."""
    repo: str
    at: End
    """The repository on the primary."""
    name: str
    start: str
    """Branch it starts from where it is not there yet; "" = it comes by a push."""
    lifecycle: str
    """One of active, readonly, retired."""


def declared_branches(spec: Spec, layouts: Mapping[str, Layout]) -> Iterator[DeclaredBranch]:
    """Yield every branch that is declared by name, once, on the primary."""
    for name, layout in layouts.items():
        if layout.forge.role != "primary":
            continue
        for entry in entries(spec):
            at = End(name, layout.repo(entry.sig.name, entry.name, entry.project))
            found: dict[str, DeclaredBranch] = {}
            for rule in all_rules(spec, entry, "branches") if on_forge(entry, name) else ():
                one = rule.entry
                for branch in rule.patterns if one.name is not None else ():
                    retired = "readonly" if spec.sigs[rule.sig].status == "retired" else one.lifecycle
                    lifecycle = one.lifecycle if one.lifecycle != "active" else retired
                    found.setdefault(
                        branch, DeclaredBranch(rule.sig, entry.name, at, branch, one.from_ or "", lifecycle)
                    )
            yield from found.values()


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
