"""Walks over the config that several checks share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sigctl.core.kinds.branch import DEPLOY_KEY, SIDES
from sigctl.spec.entries import Entry
from sigctl.spec.model import BranchEntry, Group, Spec
from sigctl.spec.yamlfault import Path


def groups(spec: Spec) -> Iterator[tuple[str, Path, Group]]:
    """Yield every SIG and every project: the SIG's name, its place, what it holds."""
    for name, sig in spec.sigs.items():
        yield name, ("sigs", name), sig
        yield from ((name, ("sigs", name, "projects", p), project) for p, project in sig.projects.items())


def subjects(spec: Spec, entries: Iterable[Entry]) -> Iterator[tuple[str, str, Path]]:
    """Yield every subject of a right or a rule: as written, the SIG in whose file it is, its place."""
    for kind in ("branches", "tags"):
        yield from _in_rules(getattr(spec.defaults, kind), "", ("defaults", kind))
    for name, path, group in groups(spec):
        yield from ((s, name, (*path, "access", s)) for s in group.access)
        for kind in ("branches", "tags"):
            yield from _in_rules(getattr(group, kind), name, (*path, kind))
    for entry in entries:
        if not entry.kernel:
            yield from ((s, entry.sig.name, (*entry.path, "access", s)) for s in entry.config.access)
            for kind in ("branches", "tags"):
                yield from _in_rules(getattr(entry.config, kind), entry.sig.name, (*entry.path, kind))
    kernel = spec.kernel
    for name, part in kernel.sigs.items() if kernel else ():
        yield from ((s, name, ("kernel", "sigs", name, "push", n)) for n, s in enumerate(part.push or ()))
        yield from _in_rules(part.branches, name, ("kernel", "sigs", name, "branches"))


def _in_rules(rules: Iterable[BranchEntry], sig: str, path: Path) -> Iterator[tuple[str, str, Path]]:
    for number, rule in enumerate(rules):
        for field in SIDES:
            for n, subject in enumerate(getattr(rule, field) or ()):
                if not subject.startswith(DEPLOY_KEY):
                    yield subject, sig, (*path, number, field, n)
