"""Rules of branches on a forge that has none: they become part of the grants, since there a grant may name its branches.

Such a forge can't keep a branch from anybody who may push everywhere. So whoever a rule leaves out gets no more than the branches
that rules give him, and of these only such as reach into no branch that is kept from him. Nobody ever gets more than declared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from sigctl.core import levels
from sigctl.core.globs import covers, overlap
from sigctl.core.kinds import BranchRule, Grant, Key, Repo, Resource
from sigctl.core.kinds.branch import BRANCH
from sigctl.core.state import Note

_ASKED = {"force": False, "delete": False}


def by_pattern(wanted: Iterable[Resource], notes: list[Note]) -> list[Resource]:
    """Return what is wanted with every grant saying its branches, and without rules; what is lost by it is noted."""
    resources = list(wanted)
    rules: dict[Key, list[BranchRule]] = defaultdict(list)
    for one in resources:
        if isinstance(one, BranchRule):
            rules[one.inside].append(one)
    out: list[Resource] = []
    for one in resources:
        if isinstance(one, Grant) and one.on == Repo.KIND:
            out.append(_bounded(one, rules[one.inside], notes))
        elif isinstance(one, BranchRule):
            _lost(one, notes)
        else:
            out.append(one)
    return out


def without_patterns(
    wanted: Iterable[Resource], seen: Iterable[Resource]
) -> tuple[list[Resource], list[Resource]]:
    """Return both sides without the rights on single branches that are declared: the server works these out itself."""
    ours = list(wanted)
    computed = {one.key for one in ours if isinstance(one, Grant) and one.branches}
    return [one for one in ours if one.key not in computed], [
        one for one in seen if one.key not in computed or not (isinstance(one, Grant) and one.branches)
    ]


def _bounded(grant: Grant, rules: Iterable[BranchRule], notes: list[Note]) -> Grant:
    deciding = [rule for rule in rules if rule.on == BRANCH and rule.push is not None]
    kept = [rule for rule in deciding if grant.subject not in (rule.push or ())]
    if not levels.is_known(grant.level) or not levels.at_least(grant.level, levels.WRITE) or not kept:
        return replace(grant, branches=())
    if grant.level == levels.ADMIN:
        text = (
            f"{grant.subject} has admin, so may push to every branch: this forge can't keep one from an admin"
        )
        notes.append(Note("unsupported", grant.target, text))
        return replace(grant, branches=())
    mine = [rule.pattern for rule in deciding if grant.subject in (rule.push or ())]
    safe = [
        pattern
        for pattern in mine
        if not (into := _into(pattern, kept)) or _told(grant, pattern, into, notes)
    ]
    if not safe:
        text = f"{grant.subject} gets triage, not {grant.level}: no branch can be given that is not also kept from it"
        notes.append(Note("rounded", grant.target, text))
        return replace(grant, level=levels.TRIAGE, branches=())
    return replace(grant, level=levels.WRITE, branches=tuple(sorted(set(safe))))


def _into(pattern: str, kept: Iterable[BranchRule]) -> str:
    """Return a pattern of the others that this one reaches into; a wider one of theirs gives way to it."""
    for rule in kept:
        if overlap(pattern, rule.pattern) and not (covers(rule.pattern, pattern) and rule.pattern != pattern):
            return rule.pattern
    return ""


def _told(grant: Grant, pattern: str, into: str, notes: list[Note]) -> bool:
    text = f"{grant.subject} may not push {pattern}: it reaches into {into}, which is kept from it, and this forge knows no exceptions"
    notes.append(Note("unsupported", grant.target, text))
    return False


def _lost(rule: BranchRule, notes: list[Note]) -> None:
    lost = [f"no {word}" for word, value in _ASKED.items() if getattr(rule, word) is value]
    lost += [word for word in ("reviews", "checks") if getattr(rule, word)]
    if rule.on != BRANCH:
        lost = ["who may push tags: whoever may push every branch, and nobody else"]
    if rule.on == BRANCH and (rule.merge or rule.create) and rule.push is None:
        lost.append("who may merge or create")
    notes += [
        Note("unsupported", "branch rules", f"{what} can't be kept by rules on this forge") for what in lost
    ]
