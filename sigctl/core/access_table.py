"""Everybody's rights as rows, by repository and account; and which of the rows somebody asked for."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cached_property
from typing import NamedTuple

from sigctl.core import levels
from sigctl.core.access_routes import MIRROR, Route
from sigctl.core.access_rules import Judge
from sigctl.core.access_says import ELSEWHERE, VERBS, Can, Says, Verb
from sigctl.core.globs import covers
from sigctl.core.history import Hop, renamed
from sigctl.core.kinds import DeployKey, Repo

_TEAM = re.compile(r"team:([\w./+-]+)")
_HEADS = "refs/heads/"
PERSON, STRANGER, MIRRORER, KEY = "person", "stranger", "mirror", "key"
"""Who a row is about: somebody in the files, an account that the files don't know, the account that brings histories, a deploy key."""


@dataclass(frozen=True)
class Names:
    """What the files call the things of a forge."""

    repos: Mapping[str, str] = field(default_factory=dict)
    """Path -> SIG/NAME."""
    teams: Mapping[str, str] = field(default_factory=dict)
    """Path -> SIG/NAME."""
    accounts: Mapping[str, str] = field(default_factory=dict)
    """Login -> account."""
    chains: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """(SIG/TEAM, account) -> the teams by which he is in it, from his side, where he is not in it himself."""

    def repo(self, path: str) -> str:
        """Return the repository's name, its path where the files have none."""
        return self.repos.get(path, path)

    @cached_property
    def _known(self) -> dict[tuple[tuple[str, ...], str], tuple[str, ...]]:
        return {}

    def steps(self, via: tuple[str, ...], account: str) -> tuple[str, ...]:
        """Return the steps of a way as the files call them."""
        if (via, account) not in self._known:
            found = (step for one in via for step in self.subject(one, account))
            self._known[via, account] = tuple(dict.fromkeys(found))
        return self._known[via, account]

    def subject(self, one: str, account: str) -> tuple[str, ...]:
        """Return a step of a way as the files call it, and the teams within a team that lead there."""
        kind, _, path = one.partition(":")
        if kind != "team":
            return (one,)
        team = self.teams.get(path, path)
        return (*(f"team:{part}" for part in self.chains.get((team, account), ())), f"team:{team}")


@dataclass(frozen=True)
class Side:
    """One forge as it is looked at: as declared, or as observed."""

    forge: str
    judge: Judge
    names: Names
    hops: tuple[Hop, ...] = ()
    """Those that bring history to it."""
    me: str = ""
    """The login that brings it, "" where that is not known."""


class Row(NamedTuple):
    """What one account may do in one repository of one forge, and by which ways."""

    forge: str
    sig: str
    repo: str
    """SIG/NAME, or the path of one that the files don't know."""
    path: str
    kind: str
    who: str
    """Account name in the files, or the login."""
    login: str
    level: str
    pending: str
    """A stronger level that waits for an invitation to be accepted, "" for none."""
    routes: tuple[Route, ...]
    can: Can
    archived: bool = False
    visibility: str = ""
    says: tuple[tuple[str, Verb, Says], ...] = ()
    """(branch, verb, answer) for each branch that was asked for."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows are asked for; an empty set is everything, `*` in a name stands for anything."""

    people: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()
    repos: frozenset[str] = frozenset()
    branches: tuple[str, ...] = ()
    sigs: frozenset[str] = frozenset()


def rows(side: Side, wanted: Wanted) -> Iterator[Row]:
    """Yield the rows that are asked for, by repository and name."""
    found = [*_people(side, wanted), *_mirrors(side, wanted), *_keys(side, wanted)]
    yield from sorted(found, key=lambda row: (row.sig, row.repo, row.forge, row.path, row.kind, row.who))


def wants_repo(wanted: Wanted, sig: str, name: str, path: str) -> bool:
    """Whether a repository is asked for: by SIG/NAME, by NAME, or by its path."""
    if not wanted.sigs and not wanted.repos:
        return True
    if wanted.sigs and sig not in wanted.sigs:
        return False
    known = (name, name.rpartition("/")[2], path) if sig else (path,)
    return not wanted.repos or any(fnmatchcase(one, glob) for glob in wanted.repos for one in known)


def _people(side: Side, wanted: Wanted) -> Iterator[Row]:
    every = side.judge.roads.routes
    asked = {
        path for path in {path for _, path in every} if _asked(wanted, side, side.names.repo(path), path)
    }
    for (login, path), routes in every.items():
        who = side.names.accounts.get(login, login)
        if path not in asked or (wanted.people and not wanted.people & {who, login}):
            continue
        named = tuple(_named(route, side.names, who) for route in routes)
        if wanted.teams and not any(f"team:{team}" in r.via for r in named for team in wanted.teams):
            continue
        kind = PERSON if login in side.names.accounts else STRANGER
        level = side.judge.level(login, path)
        says = tuple(
            (branch, verb, _spoken(side.judge.may(verb, login, path, branch), side.names))
            for branch in wanted.branches
            for verb in VERBS
        )
        yield _row(
            side,
            path,
            kind,
            who,
            login=login,
            level=level,
            routes=named,
            can=side.judge.can(login, path),
            says=says,
            pending=_pending(level, routes),
        )


def _asked(wanted: Wanted, side: Side, name: str, path: str) -> bool:
    return wants_repo(wanted, sig_of(side, path), name, path)


def sig_of(side: Side, path: str) -> str:
    """Return the SIG of a repository, "" for one that the files don't know."""
    return side.names.repos.get(path, "").partition("/")[0]


def _named(route: Route, names: Names, who: str) -> Route:
    if not route.via:
        return route
    via = names.steps(route.via, who)
    return Route(
        route.login, route.repo, route.level, route.way, via, route.on, route.until,
        route.branches, route.waiting,
    )  # fmt: skip


def _spoken(says: Says, names: Names) -> Says:
    """Return the answer with teams as the files call them."""
    text = _TEAM.sub(lambda found: f"team {names.teams.get(found[1], found[1])}", says.why)
    return replace(says, why=text)


def _pending(level: str, routes: Iterable[Route]) -> str:
    best = next((route.level for route in routes if route.waiting), level)  # the strongest comes first
    return best if levels.widens(level, best) else ""


def _row(
    side: Side,
    path: str,
    kind: str,
    who: str,
    *,
    level: str,
    routes: tuple[Route, ...],
    can: Can,
    login: str = "",
    says: tuple[tuple[str, Verb, Says], ...] = (),
    pending: str = "",
) -> Row:
    repo = side.judge.repo(path)
    name = side.names.repo(path)
    return Row(
        side.forge, sig_of(side, path), name, path, kind, who, login, level, pending, routes, can,
        bool(repo and repo.archived), (repo.visibility if repo else None) or "", says,
    )  # fmt: skip


def _mirrors(side: Side, wanted: Wanted) -> Iterator[Row]:
    """Yield the account that brings histories, for each repository that it pushes to."""
    who = side.names.accounts.get(side.me, side.me)
    if wanted.teams or (wanted.people and not wanted.people & {who, side.me}):
        return
    by_path: dict[str, list[Hop]] = defaultdict(list)
    for hop in side.hops:
        by_path[hop.target.path].append(hop)
    for path, hops in sorted(by_path.items()):
        repo = side.judge.repo(path)
        if repo is None or not _asked(wanted, side, side.names.repo(path), path):
            continue
        routes = tuple(
            sorted(
                {
                    Route(side.me, path, levels.WRITE, MIRROR, (f"from:{hop.source}",), branches=_heads(hop))
                    for hop in hops
                }
            )
        )
        names = tuple(sorted({head for route in routes for head in route.branches}))
        whole = names if "*" in names else (*names, ELSEWHERE)
        can = Can(whole, push=() if repo.archived else names)
        name = who or "(mirror account)"
        yield _row(side, path, MIRRORER, name, login=side.me, level=levels.WRITE, routes=routes, can=can)


def _heads(hop: Hop) -> tuple[str, ...]:
    """Return the branches that it brings, by their names at the target."""
    refs: Iterable[str] = (one.ref for one in hop.starts)
    if hop.mode != "start":
        within = (new for old, new in hop.rename if any(covers(ref, old) for ref in hop.include))
        refs = (*(renamed(ref, hop.rename) for ref in hop.include), *within)
    found = (ref.removeprefix(_HEADS) for ref in refs if ref.startswith(_HEADS))
    return tuple(dict.fromkeys(found))


def _keys(side: Side, wanted: Wanted) -> Iterator[Row]:
    """Yield the deploy keys: whoever holds one reads, and may push where the key says so."""
    if wanted.teams or wanted.people:
        return
    for one in side.judge.held.values():
        if isinstance(one, DeployKey) and _asked(wanted, side, side.names.repo(one.repo), one.repo):
            level = levels.WRITE if one.write else levels.READ
            route = Route("", one.repo, level, "deploy key", (f"key:{one.fingerprint}",))
            who, can = one.title or one.fingerprint, _opened(side, one)
            yield _row(side, one.repo, KEY, who, level=level, routes=(route,), can=can)


def _opened(side: Side, key: DeployKey) -> Can:
    """Return what whoever holds the key may push: what no rule speaks of; what forges make of keys under rules can't be known."""
    names, repo = side.judge.patterns(key.repo), side.judge.repo(key.repo)
    if not key.write or (repo and repo.archived):
        return Can(names)
    ruled = {rule.pattern for rule in side.judge.rules.get(key.repo, ())}
    free, rest = (tuple(name for name in names if (name in ruled) is under) for under in (False, True))
    return Can(names, push=free, unknown=rest)


def repos_of(side: Side) -> Iterator[Repo]:
    """Yield every repository of the side, by path."""
    found = [one for one in side.judge.held.values() if isinstance(one, Repo)]
    yield from sorted(found, key=lambda one: one.path)
