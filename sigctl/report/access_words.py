"""Ways, branches and answers in plain words, for every output."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sigctl.core.access_routes import BASE, BY_TEAM, DIRECT, GROUP, MIRROR, OWNED, SHARE, Route
from sigctl.core.access_says import Can
from sigctl.core.access_table import Row
from sigctl.report.effects import some
from sigctl.report.words import plain

NO_RULE = "branches without a rule"
EVERY, NONE = "all branches", "no branch"


def way(route: Route, level: str = "") -> str:
    """Return one way in words; with the level that it gives where that is not the given one."""
    text = _WAYS.get(route.way, _key)(route)
    if route.branches and route.way != MIRROR:
        text += f", for {some(patterns(route.branches))}"
    if route.until:
        text += f", until {route.until}"
    if level and route.level != level:
        text += f" ({route.level})"
    return plain(f"{text}, invited" if route.waiting else text)


def ways(row: Row) -> tuple[str, ...]:
    """Return all ways of a row, the strongest first."""
    return tuple(dict.fromkeys(way(route, row.level) for route in row.routes))


def _team(route: Route) -> str:
    """Return the steps to the team that holds the right: `a, in b, in c`."""
    names = [_step(one) for one in route.via]
    return ", in ".join(names)


def _step(one: str) -> str:
    kind, _, name = one.partition(":")
    return f"group {name}" if kind == "org" else f"team {name}" if kind == "team" else name


def _share(route: Route) -> str:
    where = f"group {route.on}" if route.on else "repository"
    first, *rest = route.via
    inside = f": {_step(first)}, in {', in '.join(map(_step, rest))}" if rest else ""
    return f"{where} shared with {_step(route.via[-1])}{inside}"


def _source(route: Route) -> str:
    """Return the forge that it comes from, or the address: the path is the repository's own there, too."""
    end = route.via[0].partition(":")[2]
    return end if "://" in end else end.partition(":")[0]


def _brought(route: Route) -> str:
    return EVERY if "*" in route.branches else some(patterns(route.branches)) or "tags only"


def _key(route: Route) -> str:
    return f"deploy key {route.via[0].partition(':')[2]}"


_WAYS: dict[str, Callable[[Route], str]] = {
    OWNED: lambda route: f"owner of {route.on}",
    BASE: lambda route: f"base level of {route.on}",
    GROUP: lambda route: f"member of group {route.on}",
    DIRECT: lambda _route: "direct",
    BY_TEAM: _team,
    SHARE: _share,
    MIRROR: lambda route: f"mirror account, brings {_brought(route)} from {_source(route)}",
}


def patterns(names: Iterable[str]) -> list[str]:
    """Return names of branches, a namespace once: NAME and NAME-* are written NAME[-*]."""
    found = list(names)
    out = [
        f"{one}[-*]" if f"{one}-*" in found else one
        for one in found
        if one and not (one.endswith("-*") and one.removesuffix("-*") in found)
    ]
    return [plain(one) for one in out] + ([NO_RULE] if "" in found else [])


def branches(names: Sequence[str], can: Can) -> str:
    """Return the branches for which something is allowed."""
    if not names:
        return NONE
    return EVERY if set(names) == set(can.names) else some(patterns(names))


def pushes(row: Row) -> str:
    """Return what a row may push, with what is not known and what only its owners may."""
    text = branches(row.can.push, row.can)
    if row.can.unknown:
        text += f"; not known: {some(patterns(row.can.unknown))}"
    if row.can.past:
        whole = set(row.can.past) == set(row.can.push)
        text += ", past the rules" if whole else f", past the rules: {some(patterns(row.can.past), 3)}"
    return plain(text)
