"""New repositories on a forge where rights on a group reach them at once: their rules and terms come before any right.

Terms that open do so last, when whoever loses a right there has lost it.

What a forge looks at in pushes waits until the history is there: it would refuse one that is older than it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from sigctl.core.kinds import Approvals, BranchRule, Features, Grant, Key, PushRules, Repo, TeamMember
from sigctl.core.plan import Action
from sigctl.core.state import Note

TERMS = (Features, PushRules, Approvals)
"""Settings that say what whoever has a right there can do with it."""


def ruled(actions: Sequence[Action], filled: frozenset[Key], *, phase: int) -> list[Action]:
    """Return the actions with rules and terms of new repositories in this phase, or right after the one that makes the repository."""
    made = {a.key: a.phase for a in actions if isinstance(a.subject, Repo) and a.verb == "create"}
    return [
        replace(a, phase=max(phase, made[a.subject.inside] + 1))
        if isinstance(a.subject, (BranchRule, *TERMS))
        and a.verb == "create"
        and a.subject.inside in made
        and not _waits(a, filled)
        else a
        for a in actions
    ]


def shut_first(actions: Sequence[Action], *, phase: int) -> list[Action]:
    """Return the actions, terms that shut in this phase: rights on groups may come soon after. What is made or moves waits for that."""
    later = {a.key for a in actions if a.verb in ("create", "move") and a.phase >= phase}
    return [
        replace(a, phase=min(a.phase, phase))
        if isinstance(a.subject, TERMS) and a.effect == "narrows" and a.subject.inside not in later
        else a
        for a in actions
    ]


def shut(actions: Sequence[Action], reached: Mapping[str, str], *, phase: int) -> list[Action]:
    """Return the actions, terms that shut in this phase where rights come to their repository early (old path -> new)."""
    there = set(reached.values())
    return [
        replace(a, phase=phase)
        if isinstance(a.subject, TERMS) and a.effect == "narrows" and a.subject.inside.name in there
        else a
        for a in actions
    ]


def open_last(actions: Sequence[Action]) -> list[Action]:
    """Return the actions, terms that open after whatever right ends in their repository later than that."""
    losses = [a for a in actions if isinstance(a.subject, Grant | TeamMember) and a.effect == "narrows"]
    return [
        replace(a, phase=max([a.phase, *(1 + loss.phase for loss in losses if _meets(loss, a))]))
        if isinstance(a.subject, TERMS) and a.effect == "widens"
        else a
        for a in actions
    ]


def _meets(loss: Action, terms: Action) -> bool:
    """Whether somebody may lose by it what he has in the repository; of places in teams each may count."""
    if loss.phase < terms.phase or not isinstance(loss.subject, Grant) or terms.subject.inside is None:
        return loss.phase >= terms.phase
    return f"{terms.subject.inside.name}/".startswith(f"{loss.subject.target}/")


def unchecked(actions: Iterable[Action], filled: frozenset[Key]) -> Iterator[Note]:
    """Yield a note for each repository whose push rules come after its history, and after the rights there."""
    text = (
        "{} has its push rules only after its history: until then whoever may push there is not held to them"
    )
    for action in actions:
        if action.verb == "create" and _waits(action, filled):
            where = action.subject.key.name.partition(":")[2]
            yield Note("moment", where, text.format(where), action.forge)


def _waits(action: Action, filled: frozenset[Key]) -> bool:
    return isinstance(action.subject, PushRules) and action.subject.inside in filled
