"""What would be lost, and what nobody could do any more, if somebody left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from sigctl.core import levels
from sigctl.core.access_rules import Judge
from sigctl.core.access_table import Row, Side, Wanted, rows
from sigctl.core.holders import owners_of
from sigctl.core.kinds import BranchRule, TeamMember
from sigctl.core.kinds.grant import PERSON
from sigctl.core.levels import ADMIN, MAINTAIN, WRITE
from sigctl.core.state import State


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    """Something that nobody, or too few, could do without the person."""

    forge: str
    sig: str
    thing: str
    """SIG/NAME of a repository, a team or an org."""
    text: str


@dataclass(frozen=True, slots=True)
class Leaving:
    """What goes with a person."""

    person: str
    rows: tuple[Row, ...]
    """Rights that end."""
    teams: tuple[tuple[str, str], ...]
    """(forge, team) of the places that end."""
    roles: tuple[str, ...] = ()
    """What the files give him that is no right on a forge: chair, sponsor, admin."""
    gaps: tuple[Gap, ...] = ()


def leaving(
    sides: Iterable[Side],
    person: str,
    *,
    roles: Iterable[str] = (),
    owners: int = 0,
    wanted: Wanted | None = None,
) -> Leaving:
    """Return what ends and what is missing then; `owners` is the least number of owners that an org must have."""
    mine = replace(wanted or Wanted(), people=frozenset({person}))
    lost: list[Row] = []
    teams: list[tuple[str, str]] = []
    gaps: set[Gap] = set()
    for side in sides:
        logins = {login for login, account in side.names.accounts.items() if account == person} or {person}
        found = list(rows(side, mine))
        lost += found
        teams += sorted(
            (side.forge, side.names.teams.get(one.team, one.team))
            for one in side.judge.held.values()
            if isinstance(one, TeamMember) and one.login in logins
        )
        after = replace(side, judge=Judge(without(side.judge.held, logins), side.judge.traits))
        gaps.update(_gaps(after, found))
        gaps.update(_empty(side, after))
        gaps.update(_owners(side, after, owners))
    return Leaving(person, tuple(lost), tuple(teams), tuple(roles), tuple(sorted(gaps)))


def without(held: State, logins: Iterable[str]) -> State:
    """Return the state without anything that these logins have."""
    gone = set(logins)
    names: Mapping[str, str | None] = {f"{PERSON}:{login}": None for login in gone}
    return {
        key: one.with_subjects(names) if isinstance(one, BranchRule) else one
        for key, one in held.items()
        if isinstance(one, BranchRule) or one.who() not in gone
    }


def _gaps(after: Side, lost: Iterable[Row]) -> Iterator[Gap]:
    """Yield what only he could do in a repository."""
    others: dict[str, list[str]] = defaultdict(list)
    for login, path in after.judge.roads.routes:
        others[path].append(login)
    for row in lost:
        if row.archived:
            continue
        for level in (ADMIN, MAINTAIN, WRITE):
            if levels.at_least(row.level, level):
                rest = [one for one in others[row.path] if _may(after, one, row.path, level)]
                if not rest:
                    yield Gap(row.forge, row.sig, row.repo, f"nobody else has {level} or more")
                break
        alone = [name for name in row.can.push if not _pushed(after, others[row.path], row.path, name)]
        if alone:
            yield Gap(row.forge, row.sig, row.repo, f"nobody else may push {_listed(alone)}")


def _pushed(side: Side, logins: Iterable[str], path: str, name: str) -> bool:
    """Whether one of them may push; asked by name, since the names of a repository go with the grants that have them."""
    return any(side.judge.may("push", one, path, name).may for one in logins)


def _may(side: Side, login: str, path: str, level: str) -> bool:
    return levels.at_least(side.judge.level(login, path), level)


def _empty(before: Side, after: Side) -> Iterator[Gap]:
    then = {one.team for one in after.judge.held.values() if isinstance(one, TeamMember)}
    now = {one.team for one in before.judge.held.values() if isinstance(one, TeamMember)}
    for team in now - then:
        name = before.names.teams.get(team, "")
        yield Gap(before.forge, name.partition("/")[0], name or team, "nobody is left in the team")


def _owners(before: Side, after: Side, least: int) -> Iterator[Gap]:
    now, then = owners_of(before.judge.held.values()), owners_of(after.judge.held.values())
    for org, owners in now.items():
        left = len(then.get(org, ()))
        if left < len(owners) and left < max(least, 1):
            yield Gap(
                before.forge,
                "",
                org,
                f"{left} owner{' is' if left == 1 else 's are'} left, {max(least, 1)} asked for",
            )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(name or "branches without a rule" for name in names)
