"""Who has which level on a repository, person by person, for rules that can only be said by level; and who owns an org."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sigctl.core import levels
from sigctl.core.kinds import Grant, Key, Membership, Org, Repo, Resource, TeamMember
from sigctl.core.kinds.grant import PERSON, TEAM
from sigctl.core.kinds.org import ACTIVE, OWNER


@dataclass(slots=True)
class People:
    """Who has which level on which repository once the plan is done."""

    teams: Mapping[str, frozenset[str]]
    grants: Mapping[Key, list[Grant]]
    _having: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict, init=False, repr=False)
    """What `having` found: each rule of a repository asks the same."""

    @classmethod
    def of(cls, wanted: Iterable[Resource], seen: Iterable[Resource], told: Collection[Key]) -> People:
        """Return what the wanted side says of people; of a team of which it does not tell who is in it, what was seen."""
        teams: dict[str, set[str]] = defaultdict(set)
        grants: dict[Key, list[Grant]] = defaultdict(list)
        for one in wanted:
            if isinstance(one, TeamMember):
                teams[one.team].add(one.login)
            elif isinstance(one, Grant):
                grants[one.inside].append(one)
        for one in seen:
            if isinstance(one, TeamMember) and one.inside not in told:
                teams[one.team].add(one.login)
        return cls({team: frozenset(logins) for team, logins in teams.items()}, grants)

    def having(self, repo: str, floor: str) -> frozenset[str]:
        """Return the subjects with at least this level; owners of a group above are left out: no rule keeps them away."""
        if (repo, floor) not in self._having:
            self._having[repo, floor] = frozenset(
                grant.subject
                for grant in self._on(repo)
                if levels.is_known(grant.level) and levels.at_least(grant.level, floor)
            )
        return self._having[repo, floor]

    def level_above(self, repo: str, subject: str) -> str:
        """Return the strongest level of a subject on the groups above, `none` for none."""
        found = [g.level for g in self._above(repo) if g.subject == subject and levels.is_known(g.level)]
        return max(found, key=lambda level: levels.rank(level) or 0, default=levels.NONE)

    def _on(self, repo: str) -> Iterator[Grant]:
        yield from self.grants.get(Key(Repo.KIND, repo), ())
        yield from self._above(repo)

    def _above(self, repo: str) -> Iterator[Grant]:
        parts = repo.split("/")
        for depth in range(1, len(parts)):
            for grant in self.grants.get(Key(Org.KIND, "/".join(parts[:depth])), ()):
                if grant.subject_kind != PERSON or grant.level != levels.ADMIN:
                    yield grant

    def logins(self, subjects: Iterable[str]) -> set[str]:
        """Return who is meant: people by login, teams by their members and, by their own name, as such."""
        found: set[str] = set()
        for subject in subjects:
            kind, _, name = subject.partition(":")
            found |= {name} if kind == PERSON else {subject, *self.teams.get(name, ())}
        return found

    def outside(self, subjects: Iterable[str], among: Collection[str]) -> set[str]:
        """Return those subjects with anybody in them who is not among the others."""
        inside = self.logins(among)
        return {
            one
            for one in subjects
            if one not in among and not (self._members(one) and self._members(one) <= inside)
        }

    def _members(self, subject: str) -> frozenset[str]:
        kind, _, name = subject.partition(":")
        return frozenset({name}) if kind == PERSON else self.teams.get(name, frozenset())


def owners_of(resources: Iterable[Resource]) -> dict[str, set[str]]:
    """Return org -> logins of those who own it and have accepted, by themselves or in a team; groups below have owners of their own."""
    found = list(resources)
    teams: dict[str, set[str]] = defaultdict(set)
    for one in found:
        if isinstance(one, TeamMember) and one.state == ACTIVE:
            teams[one.team].add(one.login)
    out: dict[str, set[str]] = defaultdict(set)
    for one in found:
        if isinstance(one, Membership) and one.role == OWNER and one.state == ACTIVE:
            out[one.org].add(one.login)
        elif isinstance(one, Grant) and _owns(one):
            kind, _, name = one.subject.partition(":")
            out[one.target] |= teams[name] if kind == TEAM else {name}
    return out


def _owns(grant: Grant) -> bool:
    top = grant.on == Org.KIND and "/" not in grant.target
    return top and grant.level == levels.ADMIN and grant.state == ACTIVE
