"""Repositories and teams that nobody declared, written into the files one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sigctl.adopt.build import Builder
from sigctl.adopt.editing import Edit
from sigctl.adopt.model import Leave, Said, Source
from sigctl.app.context import resolve_for
from sigctl.core.kinds import Key, Repo, Team

if TYPE_CHECKING:
    from sigctl.app.adopting_drift import Merger


def undeclared(merger: Merger, said: Said) -> None:
    """Write down the repositories and teams that nobody declared, one by one."""
    spec = merger.config.spec
    people = {
        account: {forge: login.login for forge, login in one.logins.items()}
        for account, one in spec.people.items()
    }
    known = replace(said, people={**people, **said.people})
    for kind in (Team.KIND, Repo.KIND):
        for forge, observation in merger.seen.items():
            declared = (
                resolve_for(merger.config, merger.context.options, merger.context.today).desired[forge].state
            )
            for key in sorted(key for key in observation.state if key.kind == kind and key not in declared):
                ours = key.name.partition("/")[0] in merger.context.resolved.desired[forge].orgs
                if ours and key not in observation.unread:
                    _one(merger, forge, key, known)


def _one(merger: Merger, forge: str, key: Key, said: Said) -> None:
    """Declare one thing that nobody declared."""
    name = (forge, key.kind, key.name)
    sources = _sources(merger)
    builder = Builder(sources, said, Leave())
    draft = builder.draft()
    place = draft.places.get((forge, key))
    layout = draft.data["forges"][forge].get("layouts") or {}
    known = merger.config.spec.forges[forge].layouts
    if place is None or (place[0] in layout and place[0] not in known):
        merger.leave(
            name, "no template of the files fits it: give it a SIG with --map, and that SIG a layout"
        )
        return
    sig, called = place
    list_ = "repos" if key.kind == Repo.KIND else "teams"
    value: Any = draft.data["sigs"][sig].get(list_, {}).get(called)
    if list_ == "repos":
        here = [
            name for (name, other), mine in draft.places.items() if mine == place and other.kind == Repo.KIND
        ]
        shared = draft.data["sigs"][sig].get("access") or {}
        value = _in_sig(merger, sig, dict(value or {}), shared)
        if len(here) < len(merger.config.spec.forges):
            value["forges"] = sorted(here)
    edits = [
        Edit("set", ("people", account), {"logins": dict(logins)})
        for account, logins in builder.accounts.made.items()
        if account in repr(value) and account not in merger.config.spec.people
    ]
    edits.append(Edit("set", ("sigs", sig, list_, called), value or {}))
    merger.attempt(name, edits, f"{key.kind} {key.name} on {forge}", whole=True)


def _in_sig(merger: Merger, sig: str, value: dict[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    """Return a repository's entry with the rights that it has beside those that the SIG's file gives on all."""
    has = {**shared, **(value.get("access") or {})}
    has = {subject: right for subject, right in has.items() if right != "none"}
    known = merger.config.spec.sigs.get(sig)
    given = {subject: right.level for subject, right in known.access.items()} if known else {}
    own = {subject: right for subject, right in has.items() if given.get(subject) != right}
    own |= {subject: "none" for subject in given if subject not in has}
    rest = {name: one for name, one in value.items() if name != "access"}
    return {**rest, "access": dict(sorted(own.items()))} if own else rest


def _sources(merger: Merger) -> list[Source]:
    spec = merger.config.spec
    out = []
    for name, observation in merger.seen.items():
        settings = spec.forges[name].model_dump(mode="json", exclude_defaults=True)
        settings |= {"repo": str(spec.forges[name].repo), "team": str(spec.forges[name].team)}
        orgs = merger.context.resolved.desired[name].orgs
        out.append(Source(name, settings, merger.context.forges[name].traits, observation, orgs))
    return out
