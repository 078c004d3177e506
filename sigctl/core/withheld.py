"""What is withheld where something before it fails: nobody ever gets more than he had or shall have, whatever comes to nothing.

An order is safe where all goes well. Where a rule is refused, or a right stays that should end, what comes later can let somebody do
too much: a place in a team, a right on a group, a move, a new repository. So each action that gives is tried with what comes before
it left undone, person by person and repository by repository, and depends on exactly that without which it would give too much.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, replace
from itertools import combinations

from sigctl.core.course import END, START, Course, Facet
from sigctl.core.kinds import BranchRule, Grant, Key, Membership, Org, Repo, Resource, TeamMember
from sigctl.core.plan import Action
from sigctl.core.reach import Pair
from sigctl.core.state import State

_RIGHTS = (TeamMember, Grant, Membership, Org)
_MANY = 6
"""With more things than this that may fail, they are tried one by one and all together, no longer two by two."""


def linked(actions: Sequence[Action], seen: State, *, rules_open: bool = False) -> list[Action]:
    """Return the actions, each that would give too much if others came to nothing depending on those, all of earlier phases."""
    shutting = [a for a in actions if _shuts(a)]
    if not shutting:
        return list(actions)
    return _Withholding(actions, Trial(actions, seen, rules_open=rules_open), shutting).run()


class Trial(Course):
    """What people can do where only some of the actions have happened."""

    def __init__(self, actions: Sequence[Action], seen: State, *, rules_open: bool) -> None:
        super().__init__(actions, seen, rules_open=rules_open)
        self.done: set[int] = set()
        """`id` of each action that has happened."""
        self._bounds: dict[Pair, dict[Facet, int]] = {}
        self._known: dict[tuple[Pair, frozenset[int]], frozenset[Facet]] = {}
        self._values: dict[tuple[Key, tuple[bool, ...]], tuple[Resource | None]] = {}
        """Key and which of its changes have happened -> what the thing is then."""
        self._chains: dict[Key, list[tuple[Action, Resource | None]]] = {}

    def values(self, key: Key, phase: int) -> tuple[Resource | None, ...]:
        """Return what the thing is once that much has happened; before and after everything as ever."""
        if phase in (START, END) or key not in self._changes:
            return super().values(key, phase)
        if key not in self._chains:
            self._chains[key] = [
                (a, self._final(a.after) if a.after is not None else None)
                for a in sorted(self._changes[key], key=self.phase)
            ]
        happened = tuple(id(action) in self.done for action, _ in self._chains[key])
        if (key, happened) not in self._values:
            now = self._first.get(key)
            for (action, after), done in zip(self._chains[key], happened, strict=True):
                if done:
                    now = after if now is None or after is None else _over(now, action, after)
            self._values[key, happened] = (now,)
        return self._values[key, happened]

    def paths(self, repo: str, phase: int) -> tuple[str, ...]:
        """Return where the repository is once that much has happened."""
        if phase in (START, END):
            return super().paths(repo, phase)
        found = self._places(repo)
        moves = [a for a in self._changes.get(Key(Repo.KIND, repo), ()) if a.verb == "move" and a.before]
        return (found[0],) if all(id(a) in self.done for a in moves) else (found[-1],)

    def excess(self, pair: Pair, done: set[int]) -> frozenset[Facet]:
        """Return what somebody can do too much once that much has happened; it is asked of the same moments again and again."""
        moment = pair, frozenset(done)
        if moment not in self._known:
            self._known[moment] = self._excess(pair, done)
        return self._known[moment]

    def _excess(self, pair: Pair, done: set[int]) -> frozenset[Facet]:
        self.done = done
        if not self.level(pair, 0).most:
            return frozenset()
        branches = self.branches(pair[1])
        if pair not in self._bounds:
            ends = self.can(pair, START, branches), self.can(pair, END, branches)
            self._bounds[pair] = {facet: max(end[facet].most for end in ends) for facet in ends[0]}
        bound = self._bounds[pair]
        return frozenset(f for f, span in self.can(pair, 0, branches).items() if span.most > bound[f])


class _Withholding:
    def __init__(self, actions: Sequence[Action], trial: Trial, shutting: Iterable[Action]) -> None:
        self.trial = trial
        self.order = sorted(actions, key=lambda a: a.phase)
        self.place = {id(a): number for number, a in enumerate(self.order)}
        self.ids = {id(a): a.id for a in actions}
        self.reach: dict[int, set[int]] = {}
        """`id` of an action -> those without which it does not happen, near and far."""
        self.touched: dict[str, set[str]] = defaultdict(set)
        for action in shutting:
            for login, repo in trial.pairs_of(action):
                self.touched[login].add(repo)

    def run(self) -> list[Action]:
        known = {number: a for a, number in ((a, self.ids[id(a)]) for a in self.order)}
        out = []
        for action in self.order:
            needed = [known[one] for one in action.depends if one in known]
            self.reach[id(action)] = set().union(*({id(n)} | self.reach.get(id(n), set()) for n in needed))
            more = list(self._needed(action)) if _gives(action) else []
            if more:
                ids = {*action.depends, *(self.ids[id(one)] for one in more)}
                action = replace(action, depends=tuple(sorted(ids)))  # noqa: PLW2901  # goes on as it is now
            out.append(action)
        return out

    def _needed(self, action: Action) -> Iterator[Action]:
        """Yield what the action must depend on beside what it does."""
        for pair in sorted(self.trial.pairs_of(action)):
            if pair[1] not in self.touched.get(pair[0], ()):
                continue
            near = self.trial.relevant(pair)
            while True:
                before = [a for a in near if self._may_fail(a, action)]
                found = self._one(action, pair, near, before) if before else None
                if found is None:
                    break
                self.reach[id(action)] |= {id(found)} | self.reach[id(found)]
                yield found

    def _may_fail(self, other: Action, action: Action) -> bool:
        """Whether the other one comes before, shuts somebody out, and can come to nothing while this one happens."""
        return other.phase < action.phase and _shuts(other) and id(other) not in self.reach[id(action)]

    def _one(self, action: Action, pair: Pair, near: list[Action], before: list[Action]) -> Action | None:
        """Return one that must have happened before, None where nothing more needs to."""
        for lost in _losses(before):
            found = self._excess(action, pair, near, lost)
            if not found:
                continue
            always = self._excess(action, pair, near, [])
            found -= always
            if found and not found <= self._excess(action, pair, near, lost, without=True):
                return self._least(action, pair, near, list(lost), always)
        return None

    def _least(
        self, action: Action, pair: Pair, near: list[Action], lost: list[Action], always: frozenset[Facet]
    ) -> Action:
        """Return the one to depend on of those that fail: each is needed for the excess, the person's own place comes first."""
        for one in list(lost):
            rest = [other for other in lost if other is not one]
            if rest and self._excess(action, pair, near, rest) - always:
                lost = rest
        return min(lost, key=lambda one: (one.subject.who() != pair[0], self.place[id(one)]))

    def _excess(
        self, action: Action, pair: Pair, near: list[Action], lost: Iterable[Action], *, without: bool = False
    ) -> frozenset[Facet]:
        """Return what a person can do too much right after (or, `without`, before) the action, where those came to nothing."""
        gone = {id(one) for one in lost}
        here = self.place[id(action)]
        done = {
            id(a)
            for a in near
            if self.place[id(a)] < here
            and (a.phase < action.phase or not _shuts(a))
            and id(a) not in gone
            and gone.isdisjoint(self.reach[id(a)])
        }
        return self.trial.excess(pair, done if without else done | {id(action)})


def _losses(before: list[Action]) -> Iterator[Sequence[Action]]:
    """Yield what may come to nothing: each by itself, a few two by two, then all."""
    yield from ([one] for one in before)
    if len(before) <= _MANY:
        yield from combinations(before, 2)
    if before[2:]:
        yield before


def _over(now: Resource, action: Action, after: Resource) -> Resource:
    """Return what a thing is after a write of the fields that change; what failed before is as it was."""
    if not isinstance(now, Repo | Org) or action.before is None or now == action.before:
        return after
    names = (
        f.name for f in fields(now) if getattr(action.before, f.name) != getattr(action.after, f.name, None)
    )
    return replace(now, **{name: getattr(after, name) for name in names})


def _shuts(action: Action) -> bool:
    """Whether it can take something from somebody; of several rules for a branch, each can."""
    if isinstance(action.subject, _RIGHTS):
        return action.effect == "narrows"
    return isinstance(action.subject, BranchRule) or (_of_repo(action) and action.effect != "widens")


def _gives(action: Action) -> bool:
    """Whether it can give something to somebody."""
    if isinstance(action.subject, _RIGHTS):
        return action.effect == "widens"
    return isinstance(action.subject, BranchRule) or _of_repo(action)


def _of_repo(action: Action) -> bool:
    """Whether it makes, moves, opens or shuts a repository."""
    return isinstance(action.subject, Repo) and (
        action.verb in ("create", "move") or bool({"archived", "visibility"} & set(action.changed()))
    )
