"""What a run of the mirror hands over: a plan as data, outcomes, and what it tells on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from sigctl.core.history import End, Hop
from sigctl.core.kinds.ref import FORCED, GONE, Ref
from sigctl.core.plan import Action, Verb
from sigctl.core.state import Note, SetAside
from sigctl.forges.base import Remote
from sigctl.mirror.refs import Change, Refs

PHASE = 70
"""Refs move after repositories, rights and rules are there, and before a default branch is set."""

RemoteOf = Callable[[End], Remote]
Status = Literal["equal", "behind", "held", "aside"]


@dataclass(frozen=True, slots=True)
class Step:
    """Where a run is: a repository, what is done with it, and how much of that; `total` 0 = not known.

    Of read, compared and brought the numbers count repositories, and families of them, in the whole run; after done nothing more comes.
    """

    repo: str
    phase: Literal["read", "fetch", "compare", "push", "check", "done", "compared", "brought"]
    done: int = 0
    total: int = 0
    what: str = ""


OnStep = Callable[[Step], None]


@dataclass(frozen=True, slots=True)
class HopState:
    """How one target stands to its source."""

    hop: Hop
    status: Status
    behind: int = 0
    """Refs to create or to move forward."""
    held: int = 0
    extra: int = 0
    """Refs that only the target has; they stay."""
    equal: int = 0
    commits: int | None = None
    """Commits that the target lacks, where `check` counted them."""
    since: int | None = None
    """When the oldest of those was made, in seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """What goes over one hop."""

    hop: Hop
    actions: tuple[Action, ...]
    head: str = ""
    """The full name of the default branch at the target."""
    changes: Mapping[str, Change] = field(default_factory=dict)
    """Action id -> the change of which it was made."""


@dataclass(frozen=True, slots=True)
class Family:
    """Repositories that hang together by hops, with what they held when the plan was made."""

    name: str
    observed: Mapping[End, Refs]
    transfers: tuple[Transfer, ...] = ()
    kin: tuple[str, ...] = ()
    """Names of families that share history with this one."""


@dataclass(frozen=True, slots=True)
class MirrorPlan:
    """All ref changes, sorted as hops run, and what was learned on the way."""

    actions: tuple[Action, ...] = ()
    held: tuple[Note, ...] = ()
    """What waits for somebody's decision; never empty in silence: `check` and the exit code know of it."""
    notes: tuple[Note, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    default_branches: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(forge, repository path) -> the branch that the source's HEAD names; it exists once the plan is done."""
    states: tuple[HopState, ...] = ()
    families: tuple[Family, ...] = ()
    reads: int = 0
    present: Mapping[str, int] = field(default_factory=dict)
    """Forge -> refs at its targets, for the guards."""

    @property
    def checked(self) -> int:
        """How many hops were compared."""
        return sum(state.status != "aside" for state in self.states)

    @property
    def equal(self) -> int:
        """How many of them need nothing."""
        return sum(state.status == "equal" for state in self.states)


@dataclass(frozen=True, slots=True)
class Kept:
    """The old tip of a ref that was overwritten or deleted because the files say so."""

    time: str
    """UTC, as in 2026-01-31T235959.000000Z."""
    end: End
    ref: str
    sha: str


@dataclass(frozen=True, slots=True)
class RefOutcome:
    """What became of one action."""

    action: Action
    status: Literal["done", "failed", "skipped"]
    reason: str = ""
    hint: str = ""


OnOutcome = Callable[[RefOutcome], None]


def action_of(hop: Hop, change: Change) -> Action:
    """Return the change as an action of the forge that holds the target."""
    repo = hop.target.path or hop.target.url
    why = change.why or (FORCED if change.new else GONE) if change.forced else ""
    before = Ref(repo, change.ref, change.old, "" if change.new else why) if change.old else None
    after = Ref(repo, change.ref, change.new, why) if change.new else None
    verb: Verb = "delete" if after is None else "update" if before else "create"
    return Action(hop.target.forge, verb, before, after, hop.sig, PHASE)
