"""Declared branches: made where they are missing, kept as a tag when they retire; and branches that leave a repository."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from sigctl.core.history import RETIRED_TAGS, Hop, Start
from sigctl.core.kinds.ref import MOVED, RETIRED
from sigctl.mirror.objects import Objects
from sigctl.mirror.refs import (
    HEADS,
    TAGS,
    Change,
    Held,
    Reason,
    RefPlan,
    Refs,
    Selection,
    Wanted,
    chosen,
    compare,
    visible,
)

_COMMIT = re.compile(r"[0-9a-f]{7,64}\Z")
Decision = Callable[[Hop, Refs, Refs, Objects], RefPlan]


def start(hop: Hop, _source: Refs, target: Refs, objects: Objects) -> RefPlan:
    """Return what the declared branches of a repository need; one that is there is never moved.

    Costs no request and no git process unless one is missing that starts from a tag or a commit, or one retires. Raises as
    `Objects.ensure`.
    """
    work = _Declared(hop, objects, dict(target.tips), target.head)
    missing = [
        one for one in hop.starts if one.lifecycle != "retired" and one.start and one.ref not in work.tips
    ]
    while made := [one for one in missing if work.make(one)]:  # one may start from another
        missing = [one for one in missing if one not in made]
    for one in missing:
        work.wait(one)
    for one in hop.starts:
        if one.lifecycle == "retired":
            work.retire(one)
    return RefPlan(tuple(work.changes), tuple(work.held))


def leave(hop: Hop, source: Refs, target: Refs, objects: Objects) -> RefPlan:
    """Return which branches of the target go, since the source has them by now, with all their commits."""
    changes: list[Change] = []
    held: list[Held] = []
    for ref, old in sorted(visible(target.tips).items()):
        if not chosen(ref, hop.include, hop.exclude):
            continue
        there = source.tips.get(ref, "")
        reason: Reason | None = None
        if not there:
            reason = "absent"
        elif ref == target.head:
            reason = "default"
        elif there != old and not _contains(objects, hop, old, there):
            reason = "apart"
        if reason:
            held.append(Held(ref, ref, old, there, reason))
        else:
            changes.append(Change(ref, ref, old, "", forced=True, why=MOVED))
    return RefPlan(tuple(changes), tuple(held))


@dataclass(slots=True)
class _Declared:
    """The declared branches of one repository, one after the other."""

    hop: Hop
    objects: Objects
    tips: dict[str, str]
    """What the repository holds, with what is made in this plan."""
    head: str
    changes: list[Change] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)

    def make(self, one: Start) -> bool:
        """Make the branch, and return whether that could be decided: it could not where its origin is not there yet."""
        source, sha = self._origin(one.start)
        if sha:
            found = compare(Selection({one.ref: Wanted(source, sha)}), self.tips)
            self.changes += found.create
            self.held += found.held
            self.tips |= {change.ref: change.new for change in found.create}
        return bool(sha)

    def wait(self, one: Start) -> None:
        """Say that the branch's origin is not there."""
        self.held.append(Held(one.ref, "", "", "", "start", one.start))

    def retire(self, one: Start) -> None:
        """Keep the branch as a tag, and let it go where that is asked."""
        tip = self.tips.get(one.ref, "")
        tag = RETIRED_TAGS + one.ref.removeprefix(HEADS)
        kept = self.tips.get(tag, "")
        if not tip:
            return
        if kept and kept != tip and not _contains(self.objects, self.hop, tip, kept):
            self.held.append(Held(one.ref, one.ref, tip, kept, "kept", tag))
            return
        if not kept:
            self.changes.append(Change(tag, one.ref, "", tip))
        if one.delete and one.ref == self.head:
            self.held.append(Held(one.ref, one.ref, tip, "", "default"))
        elif one.delete:
            self.changes.append(Change(one.ref, tag, tip, "", forced=True, why=RETIRED))

    def _origin(self, name: str) -> tuple[str, str]:
        """Return the ref and the commit that a declared branch starts from; "" for the commit where there is none."""
        tips, source, objects = self.tips, self.hop.source, self.objects
        if HEADS + name in tips:
            return HEADS + name, tips[HEADS + name]
        for ref in (TAGS + name, name):
            if ref in tips:
                objects.ensure([tips[ref]], source)  # a tag may be an object of its own: its commit is meant
                return ref, objects.entry.commit(tips[ref])
        if not _COMMIT.match(name):
            return "", ""
        objects.ensure((sha for ref, sha in tips.items() if ref.startswith((HEADS, TAGS))), source)
        sha = objects.entry.commit(name)
        return "", sha if sha and objects.entry.reaches(sha) else ""


def _contains(objects: Objects, hop: Hop, older: str, newer: str) -> bool:
    objects.ensure([older], hop.target)
    objects.ensure([newer], hop.source)
    return bool(objects.entry.contains(older, newer))


DECISIONS: dict[str, Decision] = {"start": start, "leave": leave}
"""Mode of a hop that brings nothing along -> what decides on it."""
