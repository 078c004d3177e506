"""A run that looks at a few repositories only, and at the copies of them on other forges."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

from sigctl.app.context import Context
from sigctl.app.drifting import Look, look
from sigctl.core.history import End
from sigctl.core.kinds import Key, Repo
from sigctl.core.state import Desired
from sigctl.report.effects import some

Place = tuple[str, str]
"""Forge, and path of a repository there."""


def known(context: Context, places: Collection[Place]) -> frozenset[Place]:
    """Return those of the places that the files declare, spelled as there, with all that their history comes from or goes to."""
    declared = {
        (name, key.name.casefold()): (name, key.name)
        for name, desired in context.resolved.desired.items()
        for key in desired.state
        if key.kind == Repo.KIND
    }
    found = {declared[one] for name, path in places if (one := (name, path.casefold())) in declared}
    while True:
        more = {
            place
            for hop in context.resolved.hops
            if _place(hop.source) in found or _place(hop.target) in found
            for place in (_place(hop.source), _place(hop.target))
            if place[0]
        } - found
        if not more:
            return frozenset(found)
        found |= more


def narrowed(context: Context, places: Collection[Place]) -> Context:
    """Return the run for these repositories only; forges without one of them are left out. Close the context that was given, not this."""
    names = {name for name, _ in places}
    desired = {
        name: _only(one, frozenset(path for forge, path in places if forge == name))
        for name, one in context.resolved.desired.items()
        if name in names
    }
    hops = tuple(
        hop
        for hop in context.resolved.hops
        if _place(hop.target) in places and (not hop.source.forge or _place(hop.source) in places)
    )
    return replace(
        context,
        resolved=replace(context.resolved, desired=desired, hops=hops),
        forges={name: forge for name, forge in context.forges.items() if name in names},
        set_aside=tuple(one for one in context.set_aside if one.subject in names),
        narrow=True,
    )


def of_forges(context: Context, names: Collection[str]) -> Context:
    """Return the run for these forges only, histories left out. Close the context that was given, not this."""
    return replace(
        context,
        options=replace(context.options, mirror=False),
        forges={name: forge for name, forge in context.forges.items() if name in names},
        set_aside=tuple(one for one in context.set_aside if one.subject in names),
    )


def _place(end: End) -> Place:
    return (end.forge, end.path)


def _only(desired: Desired, repos: frozenset[str]) -> Desired:
    """Return what the forge should hold of these repositories, and what that needs; nothing is said of anything else."""
    mine = {Key(Repo.KIND, path) for path in repos}
    asked = (key for key, one in desired.state.items() if key in mine or one.inside in mine)
    return replace(
        desired.only(asked),
        managed=frozenset(key for key in desired.managed if key in mine),
        undeclared={
            what: "ignore" if what in ("repos", "teams", "members") else how
            for what, how in desired.undeclared.items()
        },
        parts=frozenset(one for one in desired.parts if one.name in repos),
    )


def looked(
    context: Context, places: Collection[Place], history: Path, audit: Path
) -> Iterator[tuple[str, Look]]:
    """Look at the repositories that were touched, and yield what was found, with a name for it.

    Where one is not declared, or a whole forge is meant (""), that forge is looked at as a whole.
    """
    mine = known(context, [(forge, path) for forge, path in places if path])
    there = {(forge, path.casefold()) for forge, path in mine}
    whole = {
        forge
        for forge, path in places
        if (not path or (forge, path.casefold()) not in there) and forge in context.resolved.desired
    }
    some_of = frozenset(place for place in mine if place[0] not in whole)
    if some_of:
        name = some(sorted({path for _, path in some_of}))
        yield name, look(narrowed(context, mine), history=history, audit=audit, repos=mine)
    if whole:
        yield some(sorted(whole)), look(of_forges(context, whole), history=history, audit=audit)
