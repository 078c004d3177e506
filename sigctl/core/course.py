"""What people can do over the course of a plan: at every phase, the least and the most that any order within it lets them.

Facts change one by one and on their own; so within a phase each may be as it was or as it will be. The least somebody can do is what he
can with every fact at its worse value, the most with every fact at its better one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from itertools import product
from typing import NamedTuple

from sigctl.core import levels
from sigctl.core.globs import covers
from sigctl.core.kinds import BranchRule, Features, Grant, Key, Membership, Org, Repo, Resource
from sigctl.core.kinds.features import MEMBERS, OFF
from sigctl.core.kinds.grant import TEAM
from sigctl.core.kinds.org import OWNER, PUBLIC
from sigctl.core.plan import Action
from sigctl.core.reach import ADMIN, ALL, WRITE, Pair, groups_of, pattern_of, rank_of
from sigctl.core.state import State
from sigctl.core.timeline import Sides, Timeline

START, END = -1, 10**6
"""Phases before and after all others."""
_TOO_MANY = 4
"""Rules of one branch that change in one phase; with more of them nothing is taken for certain."""
LEVEL, MEMBER = "level", "member"
DEEDS = ("push", "create", "force", "delete")
_EVERYTHING, _NOTHING = frozenset(DEEDS), frozenset[str]()

Facet = tuple[str, str]
"""`level` or `member` and nothing, or a deed and a branch."""

Ways = tuple[list[Key], list[tuple[str, list[Key]]], list[str]]
"""Grants of one's own, teams with the grants that they have, groups that one is a member of."""


class Span(NamedTuple):
    """The least and the most, as ranks; a deed on a branch is 0 or 1."""

    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """Somebody can do for a moment what he may neither before nor after, or can't what he may both times."""

    login: str
    repo: str
    facet: Facet
    since: int
    """The phase in which it begins."""
    until: int
    """The phase in which it ends."""
    bare: bool = False
    """Nothing at all is left of what he may do there."""


class Course(Timeline):
    """What people can do in each phase; `move` puts an action elsewhere."""

    def __init__(self, actions: Sequence[Action], seen: State, *, rules_open: bool = False) -> None:
        super().__init__(actions, seen)
        self._rules_open = rules_open
        self._spans: dict[tuple[Pair, Sides], tuple[Span, ...]] = {}
        self._fits: dict[tuple[str, str], list[Key]] = {}
        self._known_ways: dict[tuple[str, str, str], Ways] = {}

    def can(self, pair: Pair, phase: int, branches: Iterable[str]) -> dict[Facet, Span]:
        """Return the level and the deeds on branches that somebody has at least and at most in a phase."""
        login, repo = pair
        given = self._given(login, repo, phase)
        level = self._level(given, repo, phase)
        member = Span(int(min(given.least, level.least) > 0), int(min(given.most, level.most) > 0))
        out = {(LEVEL, ""): level, (MEMBER, ""): member}
        found = self.values(Key(Repo.KIND, repo), phase)
        shut = [isinstance(one, Repo) and bool(one.archived) for one in found]
        for branch in branches:
            least, most = self._deeds(login, repo, phase, branch, level)
            spans = _deed_spans(_NOTHING if any(shut) else least, _NOTHING if all(shut) else most)
            out.update({(deed, branch): span for deed, span in spans})
        return out

    def _given(self, login: str, repo: str, phase: int) -> Span:
        """Return the level that somebody is given: as a member he has what is for members only, also where everybody reads."""
        spans = [self._level_at(login, repo, path, phase) for path in self.paths(repo, phase)]
        return Span(min(s.least for s in spans), max(s.most for s in spans))

    def level(self, pair: Pair, phase: int) -> Span:
        """Return the level that somebody has at least and at most in a phase, given to him or to everybody."""
        return self._level(self._given(*pair, phase), pair[1], phase)

    def _level(self, given: Span, repo: str, phase: int) -> Span:
        here = self.values(Key(Repo.KIND, repo), phase)
        open_ = [isinstance(one, Repo) and one.visibility == PUBLIC for one in here]
        kept = [_for_members(one) for one in self.values(Key(Features.KIND, repo), phase)]
        least = max(given.least, int(all(open_) and not any(kept)))
        most = max(given.most, int(any(open_) and not all(kept)))
        if repo.endswith(f"/{ALL}"):
            return Span(least, most)
        return Span(0 if None in here else least, 0 if set(here) == {None} else most)

    def _level_at(self, login: str, repo: str, path: str, phase: int) -> Span:
        own, teams, groups = self._ways(login, repo, path)
        spans = [self._by_grant(key, phase) for key in own]
        for team, keys in teams:
            there = self.places(team, login, phase)
            spans += [_while(self._by_grant(key, phase), there) for key in keys]
        spans += [self._by_membership(login, group, phase) for group in groups]
        return Span(max((s.least for s in spans), default=0), max((s.most for s in spans), default=0))

    def _ways(self, login: str, repo: str, path: str) -> Ways:
        """Return by which grants, teams and groups somebody can get a level at some time, where the repository is at a path."""
        known = self._known_ways.get((login, repo, path))
        if known is None:
            groups = groups_of(path)
            targets = [f"repo:{repo}", *(f"org:{group}" for group in groups)]
            teams = ((team, self.granted(f"{TEAM}:{team}", targets)) for team in self.teams_of.get(login, ()))
            known = (
                self.granted(f"person:{login}", targets),
                [(team, keys) for team, keys in teams if keys],
                [group for group in groups if login in self.members.get(group, ())],
            )
            self._known_ways[login, repo, path] = known
        return known

    def _by_grant(self, key: Key, phase: int) -> Span:
        ranks = [rank_of(one.level) if isinstance(one, Grant) else 0 for one in self.values(key, phase)]
        return Span(min(ranks), max(ranks))

    def _by_membership(self, login: str, org: str, phase: int) -> Span:
        base = [
            rank_of(one.base_level or levels.NONE) if isinstance(one, Org) else 0
            for one in self.values(Key(Org.KIND, org), phase)
        ]
        ranks = []
        for one in self.values(Key(Membership.KIND, f"{org}:{login}"), phase):
            if isinstance(one, Membership):
                ranks += [ADMIN] if one.role == OWNER else base
            else:
                ranks.append(0)
        return Span(min(ranks), max(ranks))

    def _deeds(
        self, login: str, repo: str, phase: int, branch: str, level: Span
    ) -> tuple[frozenset[str], frozenset[str]]:
        """Return what rules let somebody with these levels do to a branch, at least and at most."""
        passing = ADMIN - 1 if self._rules_open else ADMIN  # who may change the rules may do all
        if level.least >= passing:
            return _EVERYTHING, _EVERYTHING
        if level.most < WRITE:
            return _NOTHING, _NOTHING
        options = [self.values(key, phase) for key in self._fitting(repo, branch)]
        if sum(len(one) > 1 for one in options) > _TOO_MANY:
            return _NOTHING, _EVERYTHING
        low = _EVERYTHING if level.least >= WRITE else _NOTHING
        high = _EVERYTHING if level.most >= passing else _NOTHING
        for chosen in product(*options):
            rules = [one for one in chosen if isinstance(one, BranchRule)]
            deciding = rules if self._rules_open and rules else [decides(rules, branch)]
            if low:
                low &= self._any(deciding, login, level.least, phase, sure=True)
            if len(high) < len(DEEDS):
                high |= self._any(deciding, login, level.most, phase, sure=False)
        return low, high

    def _fitting(self, repo: str, branch: str) -> list[Key]:
        """Return the rules that speak of a branch at some time."""
        if (repo, branch) not in self._fits:
            found = [key for key in self.rules.get(repo, ()) if fnmatchcase(branch, pattern_of(key))]
            self._fits[repo, branch] = found
        return self._fits[repo, branch]

    def _any(
        self, rules: Iterable[BranchRule | None], login: str, rank: int, phase: int, *, sure: bool
    ) -> frozenset[str]:
        return frozenset().union(*(self._allowed(rule, login, rank, phase, sure=sure) for rule in rules))

    def _allowed(
        self, rule: BranchRule | None, login: str, rank: int, phase: int, *, sure: bool
    ) -> frozenset[str]:
        if rule is None:
            return _EVERYTHING
        found = set()
        if self._admitted(rule.push, login, rank, phase, sure=sure):
            found |= {"push", *(("force",) if rule.force is not False else ())}
            found |= {"delete"} if rule.delete is not False else set()
        creators = rule.push if rule.create is None else rule.create
        if self._admitted(creators, login, rank, phase, sure=sure):
            found.add("create")
        return frozenset(found)

    def _admitted(
        self, subjects: tuple[str, ...] | None, login: str, rank: int, phase: int, *, sure: bool
    ) -> bool:
        if subjects is None:
            return True
        for subject in subjects:
            kind, _, name = subject.partition(":")
            if subject == f"person:{login}" or (kind == "level" and rank >= rank_of(name)):
                return True
            if kind == TEAM:
                name = self.name_of(name)
                if login in self.people_of.get(name, ()):
                    there = self.places(name, login, phase)
                    if (None not in there) if sure else any(there):
                        return True
        return False

    def judged(self, pair: Pair) -> tuple[list[Trouble], list[Trouble]]:
        """Return the gaps of a pair, and what it has in excess."""
        gaps: list[Trouble] = []
        excess: list[Trouble] = []
        for one, word in self._troubles(pair):
            (gaps if word == "gap" else excess).append(one)
        return gaps, excess

    def _troubles(self, pair: Pair) -> Iterator[tuple[Trouble, str]]:
        phases = sorted({self.phase(action) for action in self.relevant(pair)})
        if not phases:
            return
        before, after = self._all(pair, START), self._all(pair, END)
        moments = [self._all(pair, phase) for phase in phases]
        for facet, first, last, *now in zip(self._facets(pair[1]), before, after, *moments, strict=True):
            kept, bound = min(first.least, last.least), max(first.most, last.most)
            low = [(phase, span.least) for phase, span in zip(phases, now, strict=True) if span.least < kept]
            high = [phase for phase, span in zip(phases, now, strict=True) if span.most > bound]
            if low:
                bare = facet[0] == LEVEL and min(rank for _, rank in low) == 0
                yield Trouble(*pair, facet, low[0][0], low[-1][0], bare), "gap"
            if high:
                yield Trouble(*pair, facet, high[0], high[-1]), "excess"

    def _facets(self, repo: str) -> list[Facet]:
        """Return all that is told of somebody and a repository."""
        return [(LEVEL, ""), (MEMBER, ""), *((deed, one) for one in self.branches(repo) for deed in DEEDS)]

    def _all(self, pair: Pair, phase: int) -> tuple[Span, ...]:
        """Return the spans of all facets in a phase; they are worked out once for each place of what touches the pair."""
        key = pair, self.sides(pair, phase)
        if key not in self._spans:
            self._spans[key] = tuple(self.can(pair, phase, self.branches(pair[1])).values())
        return self._spans[key]


@cache
def _deed_spans(least: frozenset[str], most: frozenset[str]) -> tuple[tuple[str, Span], ...]:
    """Return each deed with the span that it has; there are few of them, and they are asked for all the time."""
    return tuple((deed, Span(int(deed in least), int(deed in most))) for deed in DEEDS)


def decides(rules: Iterable[BranchRule], branch: str) -> BranchRule | None:
    """Return the narrowest rule that matches: the one whose pattern has no other matching one within it."""
    fits = [rule for rule in rules if fnmatchcase(branch, rule.pattern)]
    for rule in fits:
        if not any(other is not rule and covers(rule.pattern, other.pattern) for other in fits):
            return rule
    return fits[0] if fits else None


def _for_members(one: Resource | None) -> bool:
    """Whether only the members of a repository read it, also where it is public."""
    return isinstance(one, Features) and one.given().get("repository") in (MEMBERS, OFF)


def _while(span: Span, there: tuple[Resource | None, ...]) -> Span:
    return Span(0 if None in there else span.least, span.most if any(there) else 0)
