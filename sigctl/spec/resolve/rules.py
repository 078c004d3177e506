"""Rules on branches and tags, with the patterns and the people of one repository on one forge."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sigctl.core.kinds import BranchRule
from sigctl.core.kinds.branch import BRANCH, DEPLOY_KEY, TAG, key_in
from sigctl.spec.entries import SHARED, Entry, Rule, expand, rules
from sigctl.spec.layout import team_ref
from sigctl.spec.model import BranchEntry, Spec
from sigctl.spec.resolve.rights import Who, who

Name = Callable[[Who], str | None]
"""From a subject in the files to one on the forge; None for a person who has no login there."""
KeyName = Callable[[str], str | None]
"""From the title of a deploy key to the subject on the forge; None where none can stand in a rule."""
_KINDS = {"branches": BRANCH, "tags": TAG}
_WRITERS = ("write", "maintain", "admin")


def branch_rules(
    spec: Spec, entry: Entry, path: str, name: Name, key: KeyName = lambda _: None
) -> Iterator[BranchRule]:
    """Yield the rules of a repository, each pattern once: the first that is written for it decides.

    `c**` is the same pattern as `c*`: two rules of which each is the other's narrower one would hold neither.
    """
    for kind, on in _KINDS.items():
        seen: set[str] = set()
        for rule in all_rules(spec, entry, kind):
            fresh: dict[str, str] = {}
            for pattern in rule.patterns:
                fresh.setdefault(re.sub(r"\*+", "*", pattern), pattern)
            new = [pattern for plain, pattern in fresh.items() if plain not in seen]
            if new:
                seen.update(fresh)
                names = _Names(name, key, rule.sig, retired=entry.sig.status == "retired")
                yield from _resources(rule, path, new, on, names)


def all_rules(spec: Spec, entry: Entry, kind: str) -> Iterator[Rule]:
    """Yield the rules for branches or tags of a repository in the order in which they decide, the kernel's own first."""
    if _KINDS[kind] == BRANCH:
        yield from _kernel(spec, entry)
    yield from rules(spec, entry, kind)


@dataclass(frozen=True, slots=True)
class _Names:
    """Turns the subjects of one rule into those of the forge."""

    name: Name
    key: KeyName
    sig: str
    retired: bool

    def of(self, written: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if written is None:
            return None
        return tuple(sorted({found for subject in written if (found := self._one(subject))}))

    def _one(self, subject: str) -> str | None:
        title = key_in(subject)
        return self.name(who(subject, self.sig)) if title == subject else self.key(title)


def _resources(
    rule: Rule, path: str, patterns: Iterable[str], on: str, names: _Names
) -> Iterator[BranchRule]:
    """Yield the rule for each of its patterns: the same but for these."""
    one = rule.entry
    closed = names.retired or one.lifecycle != "active"

    def subjects(written: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return () if closed else names.of(written)

    push = subjects(one.push)
    merge = subjects(one.merge) if on == BRANCH else None
    create = subjects(one.create) if one.create is not None else push
    unprotect = names.of(one.unprotect) if on == BRANCH else None
    checks = None if one.checks is None else tuple(sorted(one.checks))
    for pattern in patterns:
        yield BranchRule(
            path,
            pattern,
            on,
            push=push,
            merge=merge,
            create=create,
            force=False if closed else one.force,
            delete=False if closed and one.lifecycle != "retired" else one.delete,
            reviews=one.reviews,
            checks=checks,
            code_owners=one.code_owners if on == BRANCH else None,
            unprotect=unprotect,
        )


def kernel_pushers(spec: Spec, sig: str) -> list[Who]:
    """Return who of a SIG may push its branches of the kernel: those named, else its teams that may write."""
    kernel = spec.kernel
    config = spec.sigs[sig]
    named = kernel.sigs[sig].push if kernel and sig in kernel.sigs else None
    if named is None:
        named = tuple(s for s, right in sorted(config.access.items()) if right.level in _WRITERS)
    return [who(subject, sig) for subject in named]


def kernel_writers(spec: Spec, sig: str) -> list[Who]:
    """Return everybody of a SIG who may push some branch of the kernel: to all of its namespace, or to a project's part of it."""
    part = spec.kernel.sigs[sig].branches if spec.kernel and sig in spec.kernel.sigs else ()
    own = [
        who(subject, sig)
        for branch in part
        if branch.lifecycle == "active"
        for subject in branch.push or ()
        if not subject.startswith(DEPLOY_KEY)
    ]
    return list(dict.fromkeys([*kernel_pushers(spec, sig), *own]))


def _kernel(spec: Spec, entry: Entry) -> Iterator[Rule]:
    """Yield the kernel's own rules: the SIGs' branches, the upstream ones for the release team, nothing else for anybody."""
    kernel = spec.kernel
    if kernel is None or not entry.kernel:
        return
    release_sig, release_team = team_ref(kernel.release_team, "")
    where = ("kernel",)
    mine = sorted(kernel.sigs) if entry.kernel == SHARED and kernel.layout == "shared" else [entry.sig.name]
    for sig in (name for name in mine if name in kernel.sigs and name in spec.sigs):
        yield from _namespace(spec, sig)
    upstream = (
        kernel.branches
        if kernel.branches is not None
        else (kernel.upstream.branches if kernel.upstream else None)
    )
    # a SIG's own kernel gets its upstream branches by the mirror, and by nobody else
    team = (f"{release_sig}/{release_team}",) if entry.kernel == SHARED else ()
    for branch in upstream or ():
        rule = BranchEntry(pattern=branch, push=team, force=False, delete=False)
        yield Rule(rule, where, expand(branch, spec.defaults.releases, own=False), release_sig)
    if entry.kernel == SHARED:
        yield from _left(spec, release_sig)
        yield Rule(
            BranchEntry(pattern="*", push=(), create=(), force=False, delete=False),
            where,
            ("*",),
            release_sig,
        )


def _left(spec: Spec, home: str) -> Iterator[Rule]:
    """Yield rules by which branches that have moved to the SIGs' own kernels can go: nobody may write to them meanwhile."""
    kernel = spec.kernel
    if kernel is None or kernel.layout != "per-sig" or kernel.moved_from is None:
        return
    for sig in sorted(name for name in kernel.sigs if name != home):
        space = kernel.sigs[sig].namespace
        rule = BranchEntry(pattern=space, own=True, push=(), create=(), force=False, delete=True)
        patterns = expand(space.replace("{sig}", sig), spec.defaults.releases, own=True)
        yield Rule(rule, ("kernel", "sigs", sig, "namespace"), patterns, sig)


def _namespace(spec: Spec, sig: str) -> Iterator[Rule]:
    kernel = spec.kernel
    if kernel is None:
        raise AssertionError(sig)
    part = kernel.sigs[sig]
    push = (
        ()
        if spec.sigs[sig].status == "retired"
        else tuple(_written(one) for one in kernel_pushers(spec, sig))
    )
    for number, branch in enumerate(part.branches):
        for name in expand(branch.name or branch.pattern or "", spec.defaults.releases, own=branch.own):
            rule = branch if branch.push is not None else branch.model_copy(update={"push": push})
            yield Rule(rule, ("kernel", "sigs", sig, "branches", number), (name,), sig)
    space = part.namespace.replace("{sig}", sig)
    rule = BranchEntry(pattern=part.namespace, own=True, push=push, force=False, delete=False)
    yield Rule(
        rule, ("kernel", "sigs", sig, "namespace"), expand(space, spec.defaults.releases, own=True), sig
    )


def _written(one: Who) -> str:
    return f"person:{one[2]}" if one[0] == "person" else f"{one[1]}/{one[2]}"
