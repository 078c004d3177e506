"""All facts of a plan, as they are before, after and in between: who can reach what at some time, and whom a change concerns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from sigctl.core import levels
from sigctl.core.kinds import (
    BranchRule,
    Features,
    Grant,
    Key,
    Membership,
    Org,
    Repo,
    Resource,
    Team,
    TeamMember,
)
from sigctl.core.kinds.grant import TEAM
from sigctl.core.kinds.org import OWNER
from sigctl.core.plan import Action
from sigctl.core.state import State

Pair = tuple[str, str]
"""A login and the path that a repository has in the end."""
READ, WRITE, ADMIN = 1, 3, 5
"""Ranks."""
ALL = "*"
"""Stands, in a group with rights of its own, for what is in it and nobody declared."""


class Reach:
    """Who and what is where at some time in the course of a plan, whenever that is."""

    def __init__(self, actions: Sequence[Action], seen: State) -> None:
        self._names = {a.before.key: a.key.name for a in actions if a.verb == "move" and a.before is not None}
        self._team_names = {old.name: new for old, new in self._names.items() if old.kind == Team.KIND}
        self._first = {one.key: one for r in seen.values() for one in [self._final(r)]}
        self._changes: dict[Key, list[Action]] = defaultdict(list)
        self._samples: dict[str, list[str]] = {}
        for action in actions:
            self._changes[self._final(action.subject).key].append(action)
        subjects = (self._final(a.subject) for found in self._changes.values() for a in found)
        self._index([*self._first.values(), *subjects])

    def _final(self, one: Resource) -> Resource:
        return one.renamed(self._names) if self._names else one

    def _index(self, facts: Iterable[Resource]) -> None:
        self.teams_of: dict[str, set[str]] = defaultdict(set)
        self.people_of: dict[str, set[str]] = defaultdict(set)
        self.grants_to: dict[str, set[Key]] = defaultdict(set)
        self.subjects_on: dict[str, set[str]] = defaultdict(set)
        self.members: dict[str, set[str]] = defaultdict(set)
        self.rules: dict[str, set[Key]] = defaultdict(set)
        self._most: dict[Key, int] = {}
        """The highest level that a grant, a membership or what every member has gives at some time."""
        repos: set[str] = set()
        facts = list(facts)
        self._nest(facts)
        for one in facts:
            if isinstance(one, TeamMember):
                for team in self.with_above(one.team):
                    self.teams_of[one.login].add(team)
                    self.people_of[team].add(one.login)
            elif isinstance(one, Grant):
                self.grants_to[one.subject].add(one.key)
                self._gives(one.key, one.level)
                self.subjects_on[f"{one.on}:{one.target}"].add(one.subject)
            elif isinstance(one, Membership):
                self.members[one.org].add(one.login)
                self._gives(one.key, levels.ADMIN if one.role == OWNER else levels.NONE)
            elif isinstance(one, BranchRule):
                self.rules[one.repo].add(one.key)
            elif isinstance(one, Org):
                self._gives(one.key, one.base_level or levels.NONE)
            if isinstance(one, Repo):
                repos.add(one.path)
            elif isinstance(one, Grant) and one.on == Org.KIND:
                repos.add(f"{one.target}/{ALL}")
        self.repos = frozenset(repos)
        self._index_places()

    def _nest(self, facts: Iterable[Resource]) -> None:
        """Take note of teams within teams: who is in the one has all that the other has."""
        self._above_team: dict[str, set[str]] = defaultdict(set)
        self._below_team: dict[str, set[str]] = defaultdict(set)
        for one in facts:
            if isinstance(one, Team) and one.parent:
                self._above_team[one.path].add(one.parent)
        for team in list(self._above_team):
            for above in self.with_above(team) - {team}:
                self._below_team[above].add(team)

    def with_above(self, team: str) -> set[str]:
        """Return the team and those that it is in at some time."""
        found, left = set[str](), [team]
        while left:
            one = left.pop()
            if one not in found:
                found.add(one)
                left += self._above_team.get(one, ())
        return found

    def _gives(self, key: Key, level: str) -> None:
        self._most[key] = max(self._most.get(key, 0), rank_of(level))

    def _index_places(self) -> None:
        self.ruled: dict[str, set[str]] = defaultdict(set)
        for repo, keys in self.rules.items():
            for team in {name for key in keys for name in self._named(key)}:
                self.ruled[team].add(repo)
        self.below: dict[str, set[str]] = defaultdict(set)
        for repo in self.repos:
            for group in self.above(repo):
                self.below[group].add(repo)

    def _places(self, repo: str) -> tuple[str, ...]:
        """Return the paths that a repository has in the course of the plan."""
        moves = (a for a in self._changes.get(Key(Repo.KIND, repo), ()) if a.verb == "move" and a.before)
        return (repo, *(a.before.key.name for a in moves if a.before))

    # what there is at some time

    def name_of(self, team: str) -> str:
        """Return the path that a team has in the end."""
        return self._team_names.get(team, team)

    def above(self, repo: str) -> list[str]:
        """Return the groups that the repository is in at some time."""
        return list(dict.fromkeys(group for path in self._places(repo) for group in groups_of(path)))

    def granted(self, subject: str, targets: Iterable[str]) -> list[Key]:
        """Return the grants that a subject has on these targets at some time."""
        return [
            Key(Grant.KIND, f"{target}:{subject}")
            for target in targets
            if subject in self.subjects_on.get(target, ())
        ]

    def branches(self, repo: str) -> list[str]:
        """Return names of branches that stand for all: one in each pattern of the repository, and one in none."""
        if repo not in self._samples:
            found = {pattern_of(key).replace("*", "~") for key in self.rules.get(repo, ()) if _is_branch(key)}
            self._samples[repo] = sorted({*found, "~"})
        return self._samples[repo]

    def _named(self, rule: Key) -> Iterator[str]:
        """Yield the teams that a rule names at some time."""
        for one in (self._first.get(rule), *(a.after for a in self._changes.get(rule, ()))):
            if isinstance(one, BranchRule):
                for subject in (*(one.push or ()), *(one.create or ())):
                    name = subject.removeprefix(f"{TEAM}:")
                    if name != subject:
                        yield self.name_of(name)

    # whom an action touches, and what touches a pair

    def _keys(self, pair: Pair) -> Iterator[Key]:
        login, repo = pair
        groups = self.above(repo)
        targets = [f"repo:{repo}", *(f"org:{group}" for group in groups)]
        yield Key(Repo.KIND, repo)
        yield Key(Features.KIND, repo)
        yield from sorted(self.rules.get(repo, ()))
        for group in groups:
            if login in self.members.get(group, ()):
                yield Key(Org.KIND, group)
                yield Key(Membership.KIND, f"{group}:{login}")
        yield from self.granted(f"person:{login}", targets)
        named = {s for key in self.rules.get(repo, ()) for s in self._named(key)}
        for team in sorted(self.teams_of.get(login, ())):
            granted = self.granted(f"{TEAM}:{team}", targets)
            if granted or team in named:
                yield from granted
                for one in (team, *sorted(self._below_team.get(team, ()))):
                    yield Key(TeamMember.KIND, f"{one}:{login}")

    def pairs_of(self, action: Action) -> set[Pair]:
        """Return the pairs that an action can matter for."""
        one = self._final(action.subject)
        if isinstance(one, TeamMember):
            return {(one.login, repo) for team in self.with_above(one.team) for repo in self._reach(team)}
        if isinstance(one, Grant):
            repos = [one.target] if one.on == Repo.KIND else self.below[one.target]
            people = (
                self.people_of.get(one.subject_name, ()) if one.subject_kind == TEAM else [one.subject_name]
            )
            return {(login, repo) for login in people for repo in repos}
        if isinstance(one, Membership):
            return {(one.login, repo) for repo in self.below.get(one.org, ())}
        if isinstance(one, Org):
            return {
                (login, repo)
                for repo in self.below.get(one.path, ())
                for login in self.members.get(one.path, ())
            }
        if isinstance(one, BranchRule):  # it concerns only those who may write at some time
            return {(login, one.repo) for login in self._at(one.repo, WRITE)}
        path = one.path if isinstance(one, Repo) else one.repo if isinstance(one, Features) else ""
        return {(login, path) for login in self._at(path, READ)} if path else set()

    def _reach(self, team: str) -> set[str]:
        """Return the repositories on which a team has a grant at some time, or is named by a rule."""
        found: set[str] = set()
        for key in self.grants_to.get(f"{TEAM}:{team}", ()):
            on, _, rest = key.name.partition(":")
            target = rest[: -len(f":{TEAM}:{team}")]
            found |= {target} if on == Repo.KIND else self.below[target]
        return (found | self.ruled[team]) & self.repos

    def _at(self, repo: str, least: int) -> set[str]:
        """Return everybody who has some way to the repository at some time, that gives at least so much."""
        groups = self.above(repo)
        found: set[str] = set()
        for group in groups:
            people = self.members.get(group, ())
            if self._most.get(Key(Org.KIND, group), 0) >= least:
                found.update(people)
            else:
                found |= {p for p in people if self._most[Key(Membership.KIND, f"{group}:{p}")] >= least}
        for target in (f"repo:{repo}", *(f"org:{group}" for group in groups)):
            for subject in self.subjects_on.get(target, ()):
                if self._most[Key(Grant.KIND, f"{target}:{subject}")] >= least:
                    kind, _, name = subject.partition(":")
                    found |= self.people_of.get(name, set()) if kind == TEAM else {name}
        return found


def groups_of(path: str) -> list[str]:
    """Return the groups above a path, the widest first."""
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]


def rank_of(level: str) -> int:
    """Return the rank of a level; a native word may be anything."""
    rank = levels.rank(level)
    return ADMIN if rank is None else rank


def pattern_of(rule: Key) -> str:
    """Return the pattern in a rule's key."""
    return rule.name.split(":", 2)[2]


def _is_branch(rule: Key) -> bool:
    return rule.name.split(":", 2)[1] == "branch"
