"""What happens to each difference: it is told of, waits for the end of its grace, or is taken back; pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from sigctl.core.guard import GROUPS
from sigctl.core.kinds import Repo
from sigctl.core.plan import Action
from sigctl.watch.finding import grouped
from sigctl.watch.record import HISTORY, PERSON, Entry

Word = Literal["report", "grace", "revert"]
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Mode:
    """One way to treat differences; `days` counts with grace only."""

    word: Word = "report"
    days: int = 0


@dataclass(frozen=True, slots=True)
class Modes:
    """The ways by forge and kind, in the words of policy.yaml."""

    usual: Mode = Mode()
    by_forge: Mapping[str, Mapping[str, Mode]] = field(default_factory=dict)

    def of(self, forge: str, kind: str) -> Mode:
        """Return how differences of this kind of resource are treated there; histories and people are only told of."""
        if kind in (HISTORY, PERSON):
            return Mode()
        word = GROUPS.get(kind, kind)
        for name in (forge, DEFAULT):
            words = self.by_forge.get(name, {})
            found = words.get(word) or words.get(DEFAULT)
            if found is not None:
                return found
        return self.usual


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one difference."""

    word: Literal["report", "waits", "revert"]
    on: str = ""
    """With waits: the ISO time from which it is taken back."""
    why: str = ""
    """Why it is not taken back though its mode says so."""


def decide(entry: Entry, modes: Modes, now: str) -> Decision:
    """Return what becomes of an open difference at a time; taken back at once is only what narrows."""
    mode = modes.of(entry.forge, entry.kind)
    if entry.weight != "drift" or mode.word == "report":
        return Decision("report")
    if entry.cause.why in ("files", "ended", "invitation"):
        return Decision("report", why="it was not done by hand: `sigctl apply` makes it so")
    if mode.word == "grace":
        end = datetime.fromisoformat(entry.since) + timedelta(days=mode.days)
        if datetime.fromisoformat(now) < end:
            return Decision("waits", end.isoformat(timespec="seconds"))
        return Decision("revert")
    if entry.effect != "narrows":
        return Decision(
            "report", why="taking it back takes nothing away from anybody, or gives somebody more"
        )
    return Decision("revert")


def to_revert(
    actions: Sequence[Action], decisions: Mapping[tuple[str, str, str], Decision], modes: Modes
) -> tuple[list[Action], dict[tuple[str, str, str], str]]:
    """Return the actions that take differences back, in order, and why others that should be can't be.

    Nothing is done in part: where an action needs another one that is not to be done, neither is, nor what an archive locks.
    """
    groups = grouped(actions)
    opened = {(a.forge, a.key) for a in actions if _opens(a)}
    wanted: dict[str, tuple[str, str, str]] = {}
    refused: dict[tuple[str, str, str], str] = {}
    for name, found in groups.items():
        if decisions.get(name, Decision("report")).word != "revert":
            continue
        narrow = modes.of(name[0], name[1]).word == "revert"
        chosen = [one for one in found if not narrow or one.effect == "narrows"]
        if any((one.forge, one.subject.inside or one.key) in opened for one in chosen) and not all(
            (one.forge, one.key) in opened for one in chosen
        ):
            refused[name] = "its repository is archived, and would have to be opened for it"
            continue
        wanted.update((one.id, name) for one in chosen)
    while True:
        lost = [one for one in actions if one.id in wanted and _waits(one, wanted, actions)]
        if not lost:
            break
        for one in lost:
            refused[wanted.pop(one.id)] = "it needs another change, which is not to be made by itself"
    return [one for one in actions if one.id in wanted], refused


def _waits(action: Action, wanted: Collection[str], actions: Iterable[Action]) -> bool:
    there = {one.id for one in actions}
    return any(other in there and other not in wanted for other in action.depends)


def _opens(action: Action) -> bool:
    return isinstance(action.subject, Repo) and action.changed().get("archived") == (True, False)
