"""Which refs go where, and what each needs to get there; pure, so that the laws can be tested.

Nothing here can delete or force: a ref that only the target has is counted and left alone (see `policy`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Literal

from sigctl.core.history import ALWAYS_EXCLUDED, Hop, renamed

HEADS, TAGS = "refs/heads/", "refs/tags/"
Tips = Mapping[str, str]
"""Full ref name -> object id."""

Reason = Literal[
    "diverged",
    "ahead",
    "unknown",
    "tag",
    "conflict",
    "name",
    "twice",
    "gone",
    "start",
    "kept",
    "default",
    "absent",
    "apart",
]
IsAncestor = Callable[[str, str], bool | None]
"""(older, newer) -> whether the newer contains the older; None when that can't be known."""

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Refs:
    """What a repository says it holds, peeled entries and HEAD itself aside."""

    tips: Tips = field(default_factory=dict)
    head: str = ""
    """Full name of the branch that HEAD names; "" when HEAD is detached or its branch doesn't exist."""
    shallow: bool = False
    url: str = ""
    """Where the answer came from, when that is elsewhere than asked (a renamed repository)."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A ref that should be at the target: its name at the source, and the object it names there."""

    source: str
    sha: str


@dataclass(frozen=True, slots=True)
class Selection:
    """The refs of a source that go to a target, by their name there, and what kept others back."""

    wanted: Mapping[str, Wanted]
    held: tuple[Held, ...] = ()
    colliding: tuple[tuple[str, ...], ...] = ()
    """Groups of names that differ only by case: copied, but a checkout on some systems sees one of them."""
    head: str = ""
    """The target's default branch by the source's HEAD, when it is among the wanted."""


@dataclass(frozen=True, slots=True)
class Change:
    """A ref to create (`old` is "") or to move forward at the target; to delete (`new` is "") only where a policy says so."""

    ref: str
    source: str
    old: str
    new: str
    forced: bool = False
    """The target's commits don't all stay: a policy says so, and the old tip is kept in the cache first."""
    why: str = ""
    """For a forced one that loses nothing, since it is elsewhere: retired or moved."""


@dataclass(frozen=True, slots=True)
class Held:
    """A ref that is not touched until somebody decides; `other` names the ref that is in the way."""

    ref: str
    source: str
    old: str
    new: str
    reason: Reason
    other: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Wanted and present refs side by side; `differ` needs ancestry before it is a change or held."""

    create: tuple[Change, ...] = ()
    differ: tuple[Change, ...] = ()
    held: tuple[Held, ...] = ()
    equal: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()

    @property
    def quiet(self) -> bool:
        """Whether there is nothing to do and nothing to ask."""
        return not (self.create or self.differ or self.held)


@dataclass(frozen=True, slots=True)
class RefPlan:
    """What to do at a target, sorted by ref."""

    changes: tuple[Change, ...] = ()
    held: tuple[Held, ...] = ()


def select(source: Refs, hop: Hop) -> Selection:
    """Return the refs of the source that the hop takes along, under their names at the target."""
    wanted: dict[str, Wanted] = {}
    held: list[Held] = []
    for name, sha in sorted(source.tips.items()):
        if not chosen(name, hop.include, hop.exclude):
            continue
        target = renamed(name, hop.rename)
        if target in hop.closed:
            continue
        if not valid(name) or not valid(target) or fixed_out(target):
            held.append(Held(target, name, "", sha, "name"))
        elif target in wanted:
            held.append(Held(target, name, "", sha, "twice", wanted[target].source))
        else:
            wanted[target] = Wanted(name, sha)
    head = renamed(source.head, hop.rename) if source.head else ""
    return Selection(wanted, tuple(held), colliding(wanted), head if head in wanted else "")


def chosen(name: str, include: Iterable[str], exclude: Iterable[str]) -> bool:
    """Whether patterns take this ref; `*` also spans slashes, case counts, an exclusion always wins."""
    return (
        any(fnmatchcase(name, pattern) for pattern in include)
        and not any(fnmatchcase(name, pattern) for pattern in exclude)
        and not fixed_out(name)
    )


def fixed_out(name: str) -> bool:
    """Whether the ref is one that is never copied, whatever the files say."""
    return any(fnmatchcase(name, pattern) for pattern in ALWAYS_EXCLUDED)


def visible(tips: Tips) -> dict[str, str]:
    """Return the refs that people made, without those a forge makes itself."""
    return {name: sha for name, sha in tips.items() if not fixed_out(name)}


def valid(name: str) -> bool:
    """Whether git would accept the full ref name; what is not valid could be read as something else in a refspec."""
    parts = name.split("/")
    return (
        len(parts) > 2  # noqa: PLR2004  # refs/<kind>/<name>
        and parts[0] == "refs"
        and not _FORBIDDEN.search(name)
        and all(part and not part.startswith(".") and not part.endswith((".lock", ".")) for part in parts)
    )


def colliding(names: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Return the groups of names that differ only by case, sorted."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(name.casefold(), []).append(name)
    return tuple(sorted(tuple(sorted(group)) for group in groups.values() if len(group) > 1))


def compare(selection: Selection, target: Tips) -> Comparison:
    """Return what each wanted ref needs at the target, without knowing history yet."""
    present = visible(target)
    taken = _Names(present)
    create: list[Change] = []
    differ: list[Change] = []
    held = [Held(h.ref, h.source, present.get(h.ref, ""), h.new, h.reason, h.other) for h in selection.held]
    equal: list[str] = []
    for ref, wanted in sorted(selection.wanted.items()):
        old = present.get(ref, "")
        if old == wanted.sha:
            equal.append(ref)
        elif not old:
            other = taken.in_the_way(ref)
            if other:
                held.append(Held(ref, wanted.source, "", wanted.sha, "conflict", other))
            else:
                create.append(Change(ref, wanted.source, "", wanted.sha))
                taken.add(ref)
        elif ref.startswith(TAGS):  # a tag says "this is it for ever"; whoever moves one decides that by hand
            held.append(Held(ref, wanted.source, old, wanted.sha, "tag"))
        else:
            differ.append(Change(ref, wanted.source, old, wanted.sha))
    extra = tuple(sorted(set(present) - set(selection.wanted)))
    return Comparison(tuple(create), tuple(differ), tuple(held), tuple(equal), extra)


def once(comparison: Comparison, hop: Hop) -> Comparison:
    """Return the comparison without what would move refs that come once and then stay as they are."""

    def stays(ref: str) -> bool:
        return hop.mode == "seed" or ref in hop.still

    return replace(
        comparison,
        differ=tuple(change for change in comparison.differ if not stays(change.ref)),
        held=tuple(item for item in comparison.held if not (item.reason == "tag" and stays(item.ref))),
    )


def decide(comparison: Comparison, is_ancestor: IsAncestor) -> RefPlan:
    """Return what will be done: creations, fast-forwards, and the rest held with its reason."""
    changes = list(comparison.create)
    held = list(comparison.held)
    for change in comparison.differ:
        forward = is_ancestor(change.old, change.new)
        if forward:
            changes.append(change)
            continue
        backward = is_ancestor(change.new, change.old) if forward is False else None
        reason: Reason = "unknown" if forward is None else "ahead" if backward else "diverged"
        held.append(Held(change.ref, change.source, change.old, change.new, reason))
    return RefPlan(tuple(sorted(changes, key=_by_ref)), tuple(sorted(held, key=_by_ref)))


def after(target: Tips, changes: Iterable[Change]) -> dict[str, str]:
    """Return the target's refs once the changes are made."""
    then = {**target, **{change.ref: change.new for change in changes}}
    return {ref: sha for ref, sha in then.items() if sha}


def finished_import(selection: Selection, target: Tips) -> bool:
    """Whether a one-time import is done: the target has refs, and not merely the first part of an interrupted import.

    The default branch is pushed last, so a target without it that holds nothing but the source's own refs was cut short.
    """
    present = visible(target)
    if not present:
        return False
    only_ours = all(
        ref in selection.wanted and selection.wanted[ref].sha == sha for ref, sha in present.items()
    )
    return not (only_ours and selection.head and selection.head not in present)


def _by_ref(item: Change | Held) -> tuple[str, str]:
    return (item.ref, item.source)


class _Names:
    """Ref names as files and folders: `a` and `a/b` can't both be."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names: set[str] = set()
        self._folders: dict[str, str] = {}
        for name in sorted(names):
            self.add(name)

    def add(self, name: str) -> None:
        self._names.add(name)
        for folder in _folders(name):
            self._folders.setdefault(folder, name)

    def in_the_way(self, name: str) -> str:
        """Return a name that can't be beside this one, or ""."""
        if name in self._folders:
            return self._folders[name]
        return next((folder for folder in _folders(name) if folder in self._names), "")


def _folders(name: str) -> list[str]:
    parts = name.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts))]
