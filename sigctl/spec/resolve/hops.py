"""Where history goes: upstream -> primary -> replicas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from sigctl.core.history import CARRY, LEAVE, MOVE, REPLICA, START, UPSTREAM, End, Hop, Start
from sigctl.spec.entries import Entry, entries, expand, on_forge, rules
from sigctl.spec.layout import Layout, team_ref
from sigctl.spec.model import Spec, Upstream
from sigctl.spec.resolve.rules import all_rules

HOLD = "hold"
_ALL = ("refs/heads/*", "refs/tags/*")


def hops(spec: Spec, layouts: Mapping[str, Layout], declared: Iterable[DeclaredBranch] = ()) -> Iterator[Hop]:
    """Yield every step of every repository of a SIG that is active."""
    starts: dict[End, list[Start]] = {}
    for one in declared:
        if one.start or one.lifecycle != "active":
            starts.setdefault(one.at, []).append(Start(_full(one.name), one.start, one.lifecycle, one.delete))
    for entry in entries(spec):
        if entry.sig.status == "active":
            yield from _of(spec, entry, layouts, starts)
    yield from kernel_hops(spec, layouts)


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
    """Branch, tag or commit it starts from where it is not there yet; "" = it comes by a push."""
    lifecycle: str
    """One of active, readonly, retired."""
    delete: bool = False
    """Whether a retired one goes, once it is kept as a tag."""


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
                    start, goes = one.from_ or "", bool(one.delete) and lifecycle == "retired"
                    found.setdefault(
                        branch, DeclaredBranch(rule.sig, entry.name, at, branch, start, lifecycle, goes)
                    )
            yield from found.values()


def _of(
    spec: Spec, entry: Entry, layouts: Mapping[str, Layout], starts: Mapping[End, list[Start]]
) -> Iterator[Hop]:
    ends = {
        name: End(name, layout.repo(entry.sig.name, entry.name, entry.project))
        for name, layout in layouts.items()
        if on_forge(entry, name)
    }
    primary = next((end for name, end in ends.items() if layouts[name].forge.role == "primary"), None)
    upstream = entry.config.upstream
    declared = tuple(starts.get(primary, ())) if primary is not None else ()
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
            on_divergence=(*held_back(spec, entry), *words(spec, entry, "on_divergence")),
            delete_refs=(*held_back(spec, entry), *words(spec, entry, "delete_refs")),
            still=tuple(one.ref for one in declared if one.lifecycle != "retired"),
            closed=tuple(one.ref for one in declared if one.lifecycle == "retired"),
        )
    if declared and primary is not None:
        yield _starting(entry, primary, declared)
    if primary is not None:
        retired = tuple(one for one in declared if one.lifecycle == "retired" and one.delete)
        for name, end in ends.items():
            if layouts[name].forge.role == "replica":
                gone = words(spec, entry, "delete_refs")
                watched = layouts[name].forge.replicated_by == "primary"
                yield Hop(
                    entry.sig.name,
                    entry.name,
                    primary,
                    end,
                    "mirror" if any(word == "delete" for _, word in gone) else "follow",
                    stage=REPLICA,
                    on_divergence=words(spec, entry, "on_divergence"),
                    delete_refs=gone,
                    watched=watched,
                )
                if retired and not watched:
                    yield _starting(entry, end, retired, stage=LEAVE)


def _starting(entry: Entry, at: End, starts: tuple[Start, ...], stage: int = START) -> Hop:
    return Hop(entry.sig.name, entry.name, at, at, "start", stage=stage, starts=starts)


def kernel_hops(spec: Spec, layouts: Mapping[str, Layout]) -> Iterator[Hop]:
    """Yield the steps between the shared kernel and the SIGs' own: what is carried, and what moves since the layout changed."""
    kernel = spec.kernel
    home = team_ref(kernel.release_team, "")[0] if kernel is not None else ""
    if kernel is None or home not in spec.sigs:
        return
    for sig in sorted(kernel.sigs):
        if sig == home or sig not in spec.sigs or spec.sigs[sig].status != "active":
            continue
        space = kernel.sigs[sig].namespace.replace("{sig}", sig)
        include = tuple(map(_full, expand(space, spec.defaults.releases, own=True)))
        for name, layout in layouts.items():
            shared = End(name, layout.repo(home, kernel.repo))
            own = End(name, layout.repo(sig, kernel.repo))
            primary = layout.forge.role == "primary"
            if layout.forge.replicated_by == "primary":
                continue
            yield from _between(spec, Hop(sig, kernel.repo, own, shared, include=include), primary=primary)


def _between(spec: Spec, carry: Hop, *, primary: bool) -> Iterator[Hop]:
    """Yield the steps for one SIG on one forge; `carry` is the one from its own kernel to the shared one."""
    layout, before = (spec.kernel.layout, spec.kernel.moved_from) if spec.kernel else ("", None)
    back = replace(carry, source=carry.target, target=carry.source)
    if primary and layout == "carried":
        yield replace(carry, stage=CARRY, optional=True)
    if primary and before == "per-sig" and layout == "shared":
        yield replace(carry, mode="seed", stage=MOVE, optional=True)
    if primary and before == "shared" and layout != "shared":
        yield replace(back, mode="seed", stage=MOVE, optional=True)
    if before in ("shared", "carried") and layout == "per-sig":
        yield replace(carry, mode="leave", stage=LEAVE)


def words(spec: Spec, entry: Entry, field: str) -> tuple[tuple[str, str], ...]:
    """Return (pattern, word) of the policy for a repository; a word for all is one for branches, unless it is to ignore."""
    policy = spec.policy.mirror
    found = [
        (_full(one.pattern), str(word))
        for one in policy.refs
        if (word := getattr(one, field)) is not None and _fits(entry, one.repos)
    ]
    word = getattr(policy, field)
    if word != HOLD:
        found.append(("refs/*" if word == "ignore" else "refs/heads/*", word))
    return tuple(found)


def _fits(entry: Entry, repos: tuple[str, ...] | None) -> bool:
    return repos is None or any(fnmatchcase(f"{entry.sig.name}/{entry.name}", one) for one in repos)


def held_back(spec: Spec, entry: Entry) -> tuple[tuple[str, str], ...]:
    """Return (pattern, hold) for the branches that belong to SIGs: whatever the policy says, no upstream takes them away."""
    own = [p for rule in rules(spec, entry, "branches") if rule.entry.own for p in rule.patterns]
    kernel = spec.kernel
    for sig, part in kernel.sigs.items() if kernel is not None and entry.kernel else ():
        own += expand(part.namespace.replace("{sig}", sig), spec.defaults.releases, own=True)
    return tuple((_full(pattern), HOLD) for pattern in dict.fromkeys(own))


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
