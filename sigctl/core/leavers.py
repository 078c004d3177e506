"""People who come into or out of a team that a branch rule names, while they gain or lose something elsewhere.

The rule lets them push as long as they are in the team. So what they gain waits until they are out of one team, and they come into
another only when they have lost what they shall lose.
"""

from __future__ import annotations

from collections.abc import Sequence

from sigctl.core.kinds import BranchRule, Grant, Key, Membership, Org, Repo, TeamMember
from sigctl.core.kinds.base import Effect
from sigctl.core.plan import Action
from sigctl.core.state import State


def early(actions: Sequence[Action], seen: State) -> frozenset[Key]:
    """Return the keys of those places in teams that end, and must end before anything is given."""
    return _risky(actions, seen, "narrows", "widens")


def late(actions: Sequence[Action], seen: State) -> frozenset[Key]:
    """Return the keys of those places in teams that are given, and must be given after all else is taken away."""
    return _risky(actions, seen, "widens", "narrows")


def _risky(actions: Sequence[Action], seen: State, effect: Effect, other: Effect) -> frozenset[Key]:
    ruled = _ruled(actions, seen)
    found = [
        a.subject
        for a in actions
        if isinstance(a.subject, TeamMember) and a.effect == effect and a.subject.team in ruled
    ]
    if any(a.verb == "update" and isinstance(a.subject, Org | Repo) and a.effect == other for a in actions):
        return frozenset(
            one.key for one in found
        )  # a base level, or a repository that opens or shuts, concerns everybody
    touched = _touched(actions, seen, other) if found else set()
    return frozenset(one.key for one in found if one.login in touched)


def _ruled(actions: Sequence[Action], seen: State) -> set[str]:
    rules = [one for one in (*seen.values(), *(a.subject for a in actions)) if isinstance(one, BranchRule)]
    subjects = {s for rule in rules for side in (rule.push, rule.merge, rule.create) for s in side or ()}
    moves = _moves(actions)
    names = {subject.removeprefix("team:") for subject in subjects if subject.startswith("team:")}
    return {moves.get(name, name) for name in names}


def _touched(actions: Sequence[Action], seen: State, effect: Effect) -> set[str]:
    """Return who may do more (or less) somewhere, or is in a team that may."""
    moves = _moves(actions)
    teams: set[str] = set()
    people: set[str] = set()
    for action in actions:
        one = action.subject
        if action.effect != effect or not isinstance(one, TeamMember | Grant | Membership):
            continue
        if isinstance(one, Grant) and one.subject_kind == "team":
            teams.add(one.subject_name)
        else:
            people.add(one.who())
    return people | {
        one.login
        for one in seen.values()
        if isinstance(one, TeamMember) and moves.get(one.team, one.team) in teams
    }


def _moves(actions: Sequence[Action]) -> dict[str, str]:
    return {
        a.before.key.name: a.key.name for a in actions if a.verb == "move" and a.kind == "team" and a.before
    }
