"""What opens a repository, or a branch of it, waits for all that shuts somebody out there: that may fail, and then the door stays shut."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from sigctl.core.kinds import BranchRule, Features, Grant, Repo, Resource, TeamMember
from sigctl.core.kinds.grant import TEAM
from sigctl.core.plan import Action
from sigctl.core.state import State


def linked(actions: Sequence[Action], seen: State) -> list[Action]:
    """Return the actions, each that opens depending on what shuts out before it: rules, rights, and places in teams that have rights."""
    if not any(opens(action) for action in actions):
        return list(actions)
    reach = _reach(actions, seen)
    shut: dict[str, list[Action]] = defaultdict(list)
    for action in actions:
        if action.effect == "narrows":
            for place in _places(action.subject, reach):
                shut[place].append(action)
    return [_waiting(action, shut) if opens(action) else action for action in actions]


def opens(action: Action) -> bool:
    """Whether it takes a rule away or widens it, takes a repository out of the archive, or shows it or a part of it to more people."""
    before, after = action.before, action.after
    if isinstance(action.subject, BranchRule | Features):
        return action.effect == "widens"
    if not isinstance(before, Repo) or not isinstance(after, Repo):
        return False
    return bool(before.archived and after.archived is False) or action.effect == "widens"


def _waiting(action: Action, shut: dict[str, list[Action]]) -> Action:
    paths = {_path(one) for one in (action.before, action.after) if one is not None}
    wanted = {
        one.id
        for path in paths
        for place in (path, *_above(path))
        for one in shut.get(place, ())
        if one.phase < action.phase
    }
    return (
        replace(action, depends=tuple(sorted({*action.depends, *wanted} - {action.id}))) if wanted else action
    )


def _reach(actions: Sequence[Action], seen: State) -> dict[str, set[str]]:
    """Return team -> the repositories and groups on which it has rights, by the path it has in the end."""
    names = {
        a.before.key.name: a.key.name for a in actions if a.verb == "move" and a.kind == "team" and a.before
    }
    found: dict[str, set[str]] = defaultdict(set)
    for one in (*seen.values(), *(a.subject for a in actions)):
        if isinstance(one, Grant) and one.subject_kind == TEAM:
            found[names.get(one.subject_name, one.subject_name)].add(one.target)
    return found


def _places(subject: Resource, reach: dict[str, set[str]]) -> Iterator[str]:
    """Yield the repositories and groups where somebody can do less by it, whoever it is where it is shut or hidden itself."""
    if isinstance(subject, TeamMember):
        yield from sorted(reach.get(subject.team, ()))
    elif isinstance(subject, Grant):
        yield subject.target
    elif isinstance(subject, Repo):
        yield subject.path
    elif isinstance(subject, BranchRule | Features):
        yield subject.repo


def _path(one: Resource) -> str:
    return one.repo if isinstance(one, BranchRule | Features) else one.key.name


def _above(path: str) -> Iterator[str]:
    """Yield the groups that a path lies in."""
    while path := path.rpartition("/")[0]:
        yield path
