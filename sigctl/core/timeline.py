"""All facts over the course of a plan: which values each may have in a phase; `move` puts an action elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from sigctl.core.kinds import Key, Repo, Resource, TeamMember
from sigctl.core.plan import Action
from sigctl.core.reach import Pair, Reach
from sigctl.core.state import State

Sides = tuple[int, ...]
"""For each action that touches a pair whether it is before a phase, in it or after it; where it is not the only one of its thing, when."""


class Timeline(Reach):
    """All facts with the phases in which they change."""

    def __init__(self, actions: Sequence[Action], seen: State) -> None:
        super().__init__(actions, seen)
        self._phases = {id(action): action.phase for action in actions}
        """An action's own id takes long to work out."""
        self._lines: dict[Key, list[tuple[int, Resource | None]]] = {}
        self._near: dict[Pair, list[Action]] = {}
        self._single: set[Pair] = set()
        """Pairs of which everything that touches them changes but once."""

    def phase(self, action: Action) -> int:
        """Return when the action runs."""
        return self._phases[id(action)]

    def move(self, action: Action, phase: int) -> None:
        """Put an action elsewhere."""
        self._phases[id(action)] = phase
        self._lines.pop(self._final(action.subject).key, None)

    def relevant(self, pair: Pair) -> list[Action]:
        """Return the actions that touch what the pair can do."""
        if pair not in self._near:
            found = [self._changes[key] for key in dict.fromkeys(self._keys(pair)) if key in self._changes]
            self._near[pair] = [action for actions in found for action in actions]
            if all(len(actions) == 1 for actions in found):
                self._single.add(pair)
        return self._near[pair]

    def sides(self, pair: Pair, phase: int) -> Sides:
        """Return all that the values of what touches the pair depend on in a phase."""
        when = [self._phases[id(action)] for action in self.relevant(pair)]
        sides = tuple((one > phase) - (one < phase) for one in when)
        return sides if pair in self._single else (*sides, *when)

    # one fact at a phase

    def _line(self, key: Key) -> list[tuple[int, Resource | None]]:
        """Return what the thing is from each of its changes on."""
        line = self._lines.get(key)
        if line is None:
            found = sorted(self._changes[key], key=self.phase)
            line = [(self.phase(a), self._final(a.after) if a.after is not None else None) for a in found]
            self._lines[key] = line
        return line

    def values(self, key: Key, phase: int) -> tuple[Resource | None, ...]:
        """Return what the thing may be at some moment of the phase."""
        found: tuple[Resource | None, ...] = (self._first.get(key),)
        if key in self._changes:
            for when, now in self._line(key):
                if when > phase:
                    break
                found = (*found, now) if when == phase else (now,)
        return found

    def places(self, team: str, login: str, phase: int) -> tuple[Resource | None, ...]:
        """Return what somebody's place in the team, or in one within it, may be."""
        found = self.values(Key(TeamMember.KIND, f"{team}:{login}"), phase)
        for one in self._below_team.get(team, ()):
            here = self.values(Key(TeamMember.KIND, f"{one}:{login}"), phase)
            found = tuple(dict.fromkeys(now or there for now in found for there in here))
        return found

    def paths(self, repo: str, phase: int) -> tuple[str, ...]:
        """Return where the repository may be."""
        moves = [a for a in self._changes.get(Key(Repo.KIND, repo), ()) if a.verb == "move" and a.before]
        found: tuple[str, ...] = (moves[0].before.key.name if moves and moves[0].before else repo,)
        for action in moves:
            when = self.phase(action)
            if when > phase:
                break
            found = (*found, action.key.name) if when == phase else (action.key.name,)
        return found
