"""Repositories that go from one group to another on a forge where rights on a group reach everything below it.

In the new group they meet the rights that are given there. So whoever is about to lose something is out before, and what the new
group gives is given before, while nothing is in it: then the move itself neither gives nor takes what it should not. What is in it
all the same, since a run before this one ended on the way, has its rules before; and what comes to it is shut where it was. What is
given on a group that another repository leaves waits until that one is out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sigctl.core.kinds import Grant, Org, Repo, Resource, TeamMember
from sigctl.core.plan import Action
from sigctl.core.reach import groups_of
from sigctl.core.state import State


def across(actions: Iterable[Action], seen: State) -> dict[str, str]:
    """Return old path -> new path of the repositories that change their group while somebody has rights on groups."""
    actions = list(actions)
    if not any(_on_group(one) for one in (*seen.values(), *(a.subject for a in actions))):
        return {}
    return {
        action.before.path: action.after.path
        for action in actions
        if action.verb == "move"
        and isinstance(action.before, Repo)
        and isinstance(action.after, Repo)
        and _group(action.before.path) != _group(action.after.path)
    }


def ahead(actions: Sequence[Action], seen: State, *, early: int) -> list[Action]:
    """Return the actions with the moves after the removals and the new groups' rights that they need, all of it early."""
    moved = across(actions, seen)
    if not moved:
        return list(actions)
    teams = _teams(actions, seen, moved)
    return [replace(action, phase=_phase(action, moved, teams, early)) for action in actions]


def reached(actions: Iterable[Action], seen: State, moved: dict[str, str], *, shut: int) -> dict[str, str]:
    """Return old path -> new path of the repositories that rights on groups reach before this phase: those that move, or are there."""
    groups = {
        a.subject.target
        for a in actions
        if isinstance(a.subject, Grant) and _on_group(a.subject) and a.effect == "widens" and a.phase < shut
    }
    there = (one.path for one in seen.values() if isinstance(one, Repo) and groups)
    return {
        **{path: path for path in there if any(path.startswith(f"{group}/") for group in groups)},
        **moved,
    }


def shrinking(actions: Sequence[Action], seen: State) -> set[str]:
    """Return the groups on which somebody has rights and loses them, or leaves a team that has."""
    smaller = {a.subject.team for a in actions if isinstance(a.subject, TeamMember) and a.effect == "narrows"}
    names = {
        a.before.key.name: a.key.name for a in actions if a.verb == "move" and a.kind == "team" and a.before
    }
    found = {
        a.subject.target
        for a in actions
        if isinstance(a.subject, Grant) and a.effect == "narrows" and _on_group(a.subject)
    }
    for one in seen.values():
        if (
            isinstance(one, Grant)
            and _on_group(one)
            and names.get(one.subject_name, one.subject_name) in smaller
        ):
            found.add(one.target)
    return found


def linked(actions: Sequence[Action], seen: State) -> list[Action]:
    """Return the actions, each move across groups depending on what must come before it."""
    moved = across(actions, seen)
    out = []
    for action in actions:
        if action.verb == "move" and isinstance(action.before, Repo) and action.before.path in moved:
            one = {action.before.path: moved[action.before.path]}
            teams = _teams(actions, seen, one)
            wanted = {a.id for a in actions if a.phase < action.phase and _matters(a, one, teams)}
            out.append(replace(action, depends=tuple(sorted({*action.depends, *wanted}))))
        else:
            out.append(action)
    return out


def _phase(action: Action, moved: dict[str, str], teams: set[str], early: int) -> int:
    subject = action.subject
    if action.verb == "move" and isinstance(action.before, Repo) and action.before.path in moved:
        return early + 2
    if not _matters(action, moved, teams) or (action.effect == "widens" and _is_left(subject, moved)):
        return action.phase
    return early if isinstance(subject, TeamMember) or action.effect == "narrows" else early + 1


def _is_left(subject: Resource, moved: dict[str, str]) -> bool:
    """Whether it is a right on a group that some repository leaves: given before, it would reach that one, too."""
    return isinstance(subject, Grant) and any(
        subject.target in set(groups_of(old)) - set(groups_of(new)) for old, new in moved.items()
    )


def _matters(action: Action, moved: dict[str, str], teams: set[str]) -> bool:
    """Whether it takes someone out of a team that has rights there, or settles rights on a group that a repository comes to."""
    subject = action.subject
    if isinstance(subject, TeamMember):
        return subject.team in teams and action.effect == "narrows"
    return (
        isinstance(subject, Grant)
        and _on_group(subject)
        and any(new.startswith(f"{subject.target}/") for new in moved.values())
    )


def _teams(actions: Iterable[Action], seen: State, moved: dict[str, str]) -> set[str]:
    """Return the teams with rights on a group above an old or a new place, by the paths they have in the end."""
    names = {
        a.before.key.name: a.key.name for a in actions if a.verb == "move" and a.kind == "team" and a.before
    }
    paths = (*moved, *moved.values())
    found = set()
    for one in (*seen.values(), *(a.subject for a in actions)):
        if (
            isinstance(one, Grant)
            and _on_group(one)
            and one.subject_kind == "team"
            and any(path.startswith(f"{one.target}/") for path in paths)
        ):
            found.add(names.get(one.subject_name, one.subject_name))
    return found


def _on_group(one: Resource) -> bool:
    return isinstance(one, Grant) and one.on == Org.KIND


def _group(path: str) -> str:
    return path.rpartition("/")[0]
