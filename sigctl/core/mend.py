"""Betters an order by phases: nobody can do too much at any moment, and whoever keeps a right has it all through, where both can be had.

The order is looked at as it will run (see `course`). Where somebody could do too much, what gives it to him waits for what takes it
away; where somebody is without what he keeps, an addition comes before the loss that it makes up for, or the loss after it. A change
of places is kept only where it betters the one and does no harm to the other; no right beyond what was or is declared goes before no
gap. What stays open is returned, and named in the plan.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sigctl.core.course import START, Course, Facet, Trouble
from sigctl.core.kinds import BranchRule, Grant, Key, Org, Repo, TeamMember
from sigctl.core.links import team_of
from sigctl.core.plan import Action
from sigctl.core.reach import Pair
from sigctl.core.state import State

LOWEST, HIGHEST, LAST = 29, 69, 89
"""After making things; before the histories; before whole things are deleted. Nothing is put elsewhere."""
_PATIENCE = 20_000
"""Pairs of person and repository that are judged to find better places; a plan with more conflicts than that is named as it is."""
Moves = list[tuple[Action, int]]
Judged = tuple[list[Trouble], list[Trouble]]
Found = frozenset[tuple[Pair, Facet]]


@dataclass(frozen=True, slots=True)
class Mended:
    """The actions with their phases, and what could not be had."""

    actions: list[Action]
    gaps: list[Trouble]
    waits: Mapping[str, frozenset[str]]
    """Id of an action that gives -> ids of those that must have happened before."""


def mend(
    actions: Sequence[Action],
    seen: State,
    *,
    early: int,
    natural: Mapping[str, int],
    rules_open: bool = False,
) -> Mended:
    """Return the actions with less excess and fewer gaps, and the gaps that remain.

    `rules_open` says that of several rules of a branch the most permissive decides. `early` is the phase of removals that must come
    first, `natural` the phase that each addition has where nothing stands against it.
    """
    if not any(_takes(action) for action in actions):
        return Mended(list(actions), [], {})
    return _Mending(actions, Course(actions, seen, rules_open=rules_open), early, natural).run()


class _Mending:
    def __init__(
        self, actions: Sequence[Action], course: Course, early: int, natural: Mapping[str, int]
    ) -> None:
        self.actions = list(actions)
        self.course = course
        self.early = early
        self.natural = natural
        self.patience = _PATIENCE
        self.waits: dict[int, tuple[Action, list[Action]]] = {}
        self.found: dict[Pair, Judged] = {}
        self.against: Counter[Pair] = Counter()
        """How often a change of places was no good because of a pair."""
        self.sinking: dict[str, int] = {}
        """Who has a right on a group that ends or becomes less -> when the last of them has; these stay where they are."""
        self.makers: dict[Key, int] = {}
        self.shut: dict[Key, int] = {}
        self.of_team: dict[str, list[Action]] = defaultdict(list)
        for action in actions:
            if action.verb in ("create", "move"):
                self.makers[action.key] = max(action.phase, self.makers.get(action.key, 0))
            if action.changed().get("archived", (None, False))[1] is True:
                self.shut[action.key] = action.phase
            if team := team_of(action.subject):
                self.of_team[team].append(action)
            one = action.subject
            if isinstance(one, Grant) and one.on == Org.KIND and action.effect == "narrows":
                self.sinking[one.subject] = max(action.phase, self.sinking.get(one.subject, 0))

    def run(self) -> Mended:
        touched = sorted({p for a in self.actions if _takes(a) for p in self.course.pairs_of(a)})
        for pair in touched:
            while (found := self._judged(pair)[1]) and any(map(self._close_excess, found)):
                pass
        for pair in touched:
            while (found := self._judged(pair)[0]) and any(map(self._close_gap, found)):
                pass
        gaps = [gap for pair in touched for gap in self._judged(pair)[0]]
        done = [replace(a, phase=self.course.phase(a)) for a in self.actions]
        waits = {a.id: frozenset(o.id for o in found) for a, found in self.waits.values()}
        return Mended(done, gaps, waits)

    def _close_excess(self, one: Trouble) -> bool:
        """Let what gives too much wait, or take away before; say whether that was possible."""
        near = self._near(one, LAST)
        taking = [a for a in self._relevant(one) if a.effect == "narrows" or a.verb == "move"]
        wider = [(a, one.until + 1) for a in near if a.effect == "widens"]
        narrower = [(a, one.since - 1) for a in near if a.effect == "narrows"]
        for better in (_less_excess_and_no_more_gaps, _less_excess):
            for moves in (*_each(wider), *_each(narrower)):
                if self._try(one, moves, better):
                    for action, _ in moves:
                        if action.effect == "widens":
                            before = self.waits.get(id(action), (action, []))[1]
                            self.waits[id(action)] = (action, [*before, *taking])
                    return True
        return False

    def _close_gap(self, one: Trouble) -> bool:
        """Close the gap, and say whether that was possible."""
        near = self._near(one, HIGHEST)
        wider = [(a, one.since - 1) for a in near if a.effect == "widens" and self._bound(a) < one.since - 1]
        narrower = [(a, one.until + 1) for a in near if a.effect == "narrows"]
        early = [self._early(team) for team in sorted({team_of(action.subject) for action in near} - {""})]
        return any(self._try(one, moves, _fewer_gaps) for moves in (*_each(wider), *_each(narrower), *early))

    def _relevant(self, one: Trouble) -> list[Action]:
        found = self.course.relevant((one.login, one.repo))
        return [a for a in found if one.since <= self.course.phase(a) <= one.until]

    def _near(self, one: Trouble, highest: int) -> list[Action]:
        return [action for action in self._relevant(one) if self._free(action, highest)]

    def _early(self, team: str) -> Moves:
        """Take first what a team loses, and give then what it gets."""
        return [
            (action, self.early if action.effect == "narrows" else self.natural[action.id])
            for action in self.of_team[team]
            if self._free(action, HIGHEST) and self._bound(action) < self.early
        ]

    def _free(self, action: Action, highest: int) -> bool:
        """Whether the action may be elsewhere: nothing else needs it, and no right above it stands against it."""
        subject = action.subject
        if not LOWEST <= self.course.phase(action) <= highest or action.effect == "neutral":
            return False
        if isinstance(subject, Grant):
            later = subject.on == Repo.KIND or (highest == LAST and action.effect == "widens")
            return later and (action.effect == "widens" or subject.subject not in self.sinking)
        if isinstance(subject, BranchRule):
            return highest == LAST and action.effect == "widens"
        return isinstance(subject, TeamMember) or (isinstance(subject, Org) and action.verb == "update")

    def _bound(self, action: Action) -> int:
        """Return the phase after which the action must come: who has more on a group above gets no less below it before that has gone."""
        subject = action.subject
        if action.effect != "widens" or not isinstance(subject, Grant | TeamMember):
            return START
        who = subject.subject if isinstance(subject, Grant) else f"person:{subject.login}"
        return self.sinking.get(who, START)

    def _try(self, trouble: Trouble, moves: Moves, better: Better) -> bool:
        """Put actions elsewhere where that betters all that they touch, first of all the trouble."""
        moves = [(a, phase) for a, phase in moves if phase != self.course.phase(a)]
        if not moves or self.patience <= 0 or not all(self._possible(a, phase) for a, phase in moves):
            return False
        places = [(a, self.course.phase(a)) for a, _ in moves]
        pairs = self._touched((trouble.login, trouble.repo), [a for a, _ in moves])
        old = {pair: self._judged(pair) for pair in pairs}
        self._move(moves)
        new = self._bettered(old, better)
        if new is None:
            self._move(places)
            return False
        self.found.update(new)
        return True

    def _touched(self, first: Pair, moved: Iterable[Action]) -> list[Pair]:
        """Return whom it concerns: the one in trouble, and soon those who stood against it before, since few of many do."""
        touched = {p for a in moved for p in self.course.pairs_of(a)} - {first}
        return [first, *sorted(touched, key=lambda pair: (-self.against[pair], pair))]

    def _bettered(self, old: Mapping[Pair, Judged], better: Better) -> Mapping[Pair, Judged] | None:
        """Return what is found now, where that is better for the first and for all; no better lets anybody do more."""
        new: dict[Pair, Judged] = {}
        for pair, before in old.items():
            self.patience -= 1
            new[pair] = self.course.judged(pair)
            one = _facets([before]), _facets([new[pair]])
            if one[1][1] - one[0][1] or (len(new) == 1 and not better(*one)):
                self.against[pair] += 1
                return None
        return new if better(_facets(old.values()), _facets(new.values())) else None

    def _move(self, moves: Moves) -> None:
        for action, phase in moves:
            self.course.move(action, phase)

    def _possible(self, action: Action, phase: int) -> bool:
        inside = action.subject.inside
        if inside is not None and phase >= self.shut.get(inside, LAST + 1):
            return False
        return max(LOWEST - 1, self._bound(action)) < phase <= LAST and all(
            self.makers.get(need, LOWEST - 1) < phase for need in action.subject.needs()
        )

    def _judged(self, pair: Pair) -> Judged:
        if pair not in self.found:
            self.found[pair] = self.course.judged(pair)
        return self.found[pair]


Better = Callable[[tuple[Found, Found], tuple[Found, Found]], bool]
"""Told gaps and excess before and after a change of places."""


def _less_excess(old: tuple[Found, Found], new: tuple[Found, Found]) -> bool:
    return new[1] < old[1]


def _less_excess_and_no_more_gaps(old: tuple[Found, Found], new: tuple[Found, Found]) -> bool:
    return new[1] < old[1] and new[0] <= old[0]


def _fewer_gaps(old: tuple[Found, Found], new: tuple[Found, Found]) -> bool:
    return new[1] <= old[1] and len(new[0]) < len(old[0])


def _facets(judged: Iterable[Judged]) -> tuple[Found, Found]:
    found = list(judged)
    gaps = frozenset(((one.login, one.repo), one.facet) for less, _ in found for one in less)
    return gaps, frozenset(((one.login, one.repo), one.facet) for _, more in found for one in more)


def _each(moves: Moves) -> Iterator[Moves]:
    """Yield each by itself, then all together, then all but one: of what lets in and what shuts out the one may have to stay."""
    yield from ([move] for move in moves)
    if len(moves) > 1:
        yield moves
    if len(moves) > 2:  # noqa: PLR2004  # of two, all but one is each by itself
        yield from ([other for other in moves if other is not move] for move in moves)


def _takes(action: Action) -> bool:
    """Whether somebody may lose something by the action, for good or for a moment."""
    if isinstance(action.subject, BranchRule) or action.verb == "move":
        return True
    return action.effect == "narrows" or "visibility" in action.changed()
