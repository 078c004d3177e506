"""By which ways people reach repositories, every step named: who is asked `why?` wants to know where to take it away."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from sigctl.core import levels
from sigctl.core.kinds import Grant, Key, Membership, Org, Repo, Team, TeamMember
from sigctl.core.kinds.grant import INHERITED, TEAM
from sigctl.core.kinds.org import ACTIVE, OWNER
from sigctl.core.state import State, Traits

OWNED, BASE, GROUP, SHARE, BY_TEAM, DIRECT, MIRROR = (
    "owner",
    "base level",
    "group",
    "share",
    "team",
    "direct",
    "mirror account",
)
"""Ways: owner of the org; what every member has; member of a group above; a team let in as a whole group; a team's grant; a person's
own; the account that brings the history."""


class Route(NamedTuple):
    """One way by which an account has a level on a repository."""

    login: str
    repo: str
    level: str
    way: str
    via: tuple[str, ...] = ()
    """What leads there, from the person's side: `team:PATH`, `org:PATH` and `url:URL`, the last one what holds the right."""
    on: str = ""
    """The org or group on which the right was given; "" for the repository itself."""
    until: str = ""
    """Last day, ISO 8601."""
    branches: tuple[str, ...] = ()
    """Patterns of the only branches it is for; () = all."""
    waiting: bool = False
    """An invitation that nobody has accepted yet: it gives nothing before."""

    @property
    def rank(self) -> int:
        """How much it allows; a native word counts as the most, since it may."""
        found = levels.rank(self.level)
        return len(levels.LADDER) if found is None else found


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody who counts as in a team, and what leads there."""

    login: str
    via: tuple[str, ...]
    cap: str = levels.ADMIN
    """The most that he gets through the team."""
    waiting: bool = False
    over: str = ""
    """The group above the team by which he is in it, "" where he is in the team itself or below it."""


@dataclass(frozen=True)
class Roads:
    """All ways of one forge's state; made once, asked often."""

    held: State
    traits: Traits

    @cached_property
    def below(self) -> dict[str, list[str]]:
        """Namespace -> the repositories below it, at any depth."""
        found: dict[str, list[str]] = defaultdict(list)
        for one in self.held.values():
            if isinstance(one, Repo):
                parts = one.path.split("/")
                for depth in range(1, len(parts)):
                    found["/".join(parts[:depth])].append(one.path)
        return found

    @cached_property
    def _children(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for one in self.held.values():
            if isinstance(one, Team) and one.parent:
                found[one.parent].append(one.path)
        return found

    @cached_property
    def _members(self) -> dict[str, list[TeamMember]]:
        found: dict[str, list[TeamMember]] = defaultdict(list)
        for one in self.held.values():
            if isinstance(one, TeamMember):
                found[one.team].append(one)
        return found

    @cached_property
    def _on_groups(self) -> dict[str, list[Grant]]:
        found: dict[str, list[Grant]] = defaultdict(list)
        for one in self.held.values():
            if isinstance(one, Grant) and one.on == Org.KIND:
                found[one.target].append(one)
        return found

    @cached_property
    def _outside(self) -> frozenset[tuple[str, str]]:
        """(org, login) of those whose membership waits: nothing that the org gives them holds before."""
        return frozenset(
            (one.org, one.login)
            for one in self.held.values()
            if isinstance(one, Membership) and one.state != ACTIVE
        )

    @cached_property
    def _seats(self) -> dict[str, list[Seat]]:
        return {}

    @cached_property
    def routes(self) -> dict[tuple[str, str], tuple[Route, ...]]:
        """(login, repository) -> its ways, the strongest first; only those who have any."""
        found: dict[tuple[str, str], set[Route]] = defaultdict(set)
        for route in self._all():
            if route.level != levels.NONE:
                found[route.login, route.repo].add(route)
        return {
            key: tuple(sorted(routes, key=lambda r: (r.waiting, -r.rank, r)))
            for key, routes in sorted(found.items())
        }

    def seats(self, team: str) -> list[Seat]:
        """Return who is in the team: its own members, those of the teams below it, and, where a team is a group, who comes from others.

        These are the members of the groups above, and of the groups that it or one above is shared with.
        """
        if team not in self._seats:
            found = list(self._own(team, ()))
            if self.traits.team_is_group:
                found += self._from_above(team)
            self._seats[team] = found
        return self._seats[team]

    def _own(self, team: str, passed: tuple[str, ...]) -> Iterator[Seat]:
        """Yield the members of the team and of all below it, the way there from the person's side."""
        here = (f"team:{team}", *passed)
        for one in self._members.get(team, ()):
            cap = self.traits.team_roles.get(one.role or "", levels.ADMIN)
            yield Seat(one.login, here, cap, one.state != ACTIVE)
        for grant in self._on_groups.get(team, ()):  # a group that is no team has people with rights on it
            if grant.subject_kind != TEAM:
                yield Seat(grant.subject_name, here, grant.level, grant.state != ACTIVE, team)
        for child in self._children.get(team, ()):
            if f"team:{child}" not in here:
                yield from self._own(child, here)

    def _from_above(self, team: str) -> Iterator[Seat]:
        """Yield those who are in the group of a team because they are in a group above it, or in one that either is shared with."""
        parts = team.split("/")
        for depth in range(1, len(parts) + 1):
            group = "/".join(parts[:depth])
            for grant in self._on_groups.get(group, ()):
                waits = grant.state != ACTIVE
                last = (f"team:{team}",) if group == team else (f"org:{group}", f"team:{team}")
                if grant.subject_kind != TEAM and group != team:
                    yield Seat(grant.subject_name, last, grant.level, waits, group)
                elif grant.subject_kind == TEAM and grant.subject_name != team:
                    for seat in self._own(grant.subject_name, ()):
                        cap = _lower(grant.level, seat.cap)
                        yield Seat(seat.login, (*seat.via, *last), cap, waits or seat.waiting, group)

    def _all(self) -> Iterator[Route]:
        for one in self.held.values():
            if isinstance(one, Grant):
                yield from self._granted(one)
            elif isinstance(one, Membership):
                yield from self._member(one)

    def _granted(self, grant: Grant) -> Iterator[Route]:
        if grant.state == INHERITED and self._given_above(grant):
            return  # the same right is found through the team above, which says more
        whole = grant.on == Org.KIND
        on = grant.target if whole else ""
        waits = grant.state not in (ACTIVE, INHERITED)
        targets = self.below.get(grant.target, []) if whole else [grant.target]
        way, until, branches = self._way(grant), grant.until or "", grant.branches or ()
        for seat in self._people(grant, whole=whole):
            level = _lower(grant.level, seat.cap)
            waiting = waits or seat.waiting or self._waits(grant, seat.login)
            for repo in targets:
                if not (
                    seat.over and repo.startswith(f"{seat.over}/")
                ):  # there he has it from the group anyway
                    yield Route(seat.login, repo, level, way, seat.via, on, until, branches, waiting)

    def _people(self, grant: Grant, *, whole: bool) -> list[Seat]:
        if grant.subject_kind != TEAM:
            return [Seat(grant.subject_name, ())]
        # a group that is shared with a group lets in its direct members only
        return list(self._own(grant.subject_name, ())) if whole else self.seats(grant.subject_name)

    def _way(self, grant: Grant) -> str:
        if grant.subject_kind == TEAM:
            return SHARE if self.traits.team_is_group else BY_TEAM
        if grant.on == Org.KIND:
            return OWNED if grant.level == levels.ADMIN else GROUP
        return DIRECT

    def _waits(self, grant: Grant, login: str) -> bool:
        """Whether the person is not yet in the org that the team belongs to; who is invited to a repository alone waits by himself."""
        org = grant.subject_name.rpartition("/")[0] if grant.subject_kind == TEAM else ""
        return (org, login) in self._outside

    def _given_above(self, grant: Grant) -> bool:
        path, passed = self._parent(grant.subject_name), {grant.subject_name}
        while path and path not in passed:
            passed.add(path)
            above = self.held.get(replace(grant, subject=f"{TEAM}:{path}").key)
            if isinstance(above, Grant) and above.level == grant.level:
                return True
            path = self._parent(path)
        return False

    def _parent(self, team: str) -> str:
        found = self.held.get(Key(Team.KIND, team))
        return (found.parent or "") if isinstance(found, Team) else ""

    def _member(self, one: Membership) -> Iterator[Route]:
        if one.role == OWNER:
            level, way = levels.ADMIN, OWNED
        else:
            org = self.held.get(Key(Org.KIND, one.org))
            level, way = (org.base_level if isinstance(org, Org) else None) or levels.NONE, BASE
        for repo in self.below.get(one.org, ()) if level != levels.NONE else ():
            yield Route(
                one.login, repo, level, way, (f"org:{one.org}",), one.org, waiting=one.state != ACTIVE
            )


def _lower(one: str, other: str) -> str:
    """Return what is allowed by both; a native word stays, since nobody knows what is below it."""
    if not levels.is_known(one) or not levels.is_known(other):
        return one if not levels.is_known(one) else other
    return one if levels.at_least(other, one) else other
