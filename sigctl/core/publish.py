"""What of an observation may be shown to anyone: nothing that is not public, unless the files, which anyone may read, name it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from sigctl.core.kinds import BranchRule, Grant, Key, Org, Repo, Resource, Team, Webhook
from sigctl.core.kinds.branch import SIDES
from sigctl.core.kinds.org import PUBLIC
from sigctl.core.snapshot import Coverage, Seen, plain, scrubbed
from sigctl.core.state import Desired, Observation, State

NAMELESS = "team:(not public)"
"""Stands in a rule for each team that is not told of."""
_TEAM = "team:"


def published(
    observation: Observation, desired: Desired, coverage: Coverage, *, open_teams: bool = False
) -> Seen:
    """Return what may be shown to anyone: no addresses, and of what is not public only what the files name anyway.

    `open_teams` says that everybody sees every team of the forge, those that were not read among them.
    """
    named = _named(desired.state)
    hidden = _hidden(observation.state, named)
    strangers = set() if open_teams else _strangers(observation.state, named)
    names: dict[str, str | None] = {
        f"{_TEAM}{key.name}": NAMELESS for key in hidden | strangers if key.kind != Repo.KIND
    }
    kept = {
        key: _shown(one, observation.state, hidden, names)
        for key, one in observation.state.items()
        if key not in hidden
        and one.inside not in hidden
        and getattr(one, "subject", "") not in names
        and "@" not in one.who()
        and (key in desired.state or not isinstance(one, Webhook))
    }
    speaks = {one.who() for one in kept.values()} | coverage.logins | {observation.me}
    pinned = {str(one) for one in desired.pins.values()}
    said = tuple(
        note
        for note in observation.notes
        if not any(key.name in note.subject or key.name in note.text for key in hidden)
    )
    told = replace(
        observation,
        state=kept,
        accounts={
            login: one
            for login, one in observation.accounts.items()
            if "@" not in login and (one.login in speaks or str(one.id) in pinned or one.status != "active")
        },
        notes=tuple(replace(note, text=scrubbed(note.text), subject=scrubbed(note.subject)) for note in said),
        unread={
            key: replace(one, reason=scrubbed(one.reason), hint=scrubbed(one.hint))
            for key, one in observation.unread.items()
            if key in kept or key in desired.state
        },
    )
    return Seen(told, replace(coverage, hidden=len(hidden | strangers)))


def _named(wanted: State) -> set[Key]:
    """Return what the files name, by older names, too."""
    older = (
        Key(one.KIND, path)
        for one in wanted.values()
        if isinstance(one, Repo | Team)
        for path in one.previously or ()
    )
    return {*wanted, *older}


def _hidden(seen: State, named: set[Key]) -> set[Key]:
    """Return the repositories, teams and orgs that are not public, or below such an org, and that no file names."""
    closed = {key for key, one in seen.items() if key not in named and _is_closed(one)}
    groups = tuple(f"{key.name}/" for key in closed if key.kind == Org.KIND)
    whole = (Repo.KIND, Team.KIND, Org.KIND)
    return closed | {
        key for key in seen if key.kind in whole and key not in named and key.name.startswith(groups)
    }


def _strangers(seen: State, named: set[Key]) -> set[Key]:
    """Return the teams that have rights, or stand in rules, and of which nothing is known: they may be secret."""
    found = {Key(Team.KIND, one.removeprefix(_TEAM)) for one in _subjects(seen) if one.startswith(_TEAM)}
    return {key for key in found if not {key, Key(Org.KIND, key.name)} & {*seen, *named}}


def _subjects(seen: State) -> Iterator[str]:
    for one in seen.values():
        if isinstance(one, Grant):
            yield one.subject
        elif isinstance(one, BranchRule):
            yield from (subject for side in SIDES for subject in getattr(one, side) or ())


def _shown(one: Resource, seen: State, hidden: set[Key], names: Mapping[str, str | None]) -> Resource:
    """Return the resource without addresses, and without the names of what is hidden."""
    if isinstance(one, BranchRule):
        return one.with_subjects(names)
    if isinstance(one, Repo) and one.fork_of:
        origin = Key(Repo.KIND, one.fork_of)
        if origin in hidden or (origin not in seen and _is_closed(one)):
            one = replace(one, fork_of=None)
    return plain(one)


def _is_closed(one: Resource) -> bool:
    if isinstance(one, Repo | Org):
        return one.visibility not in (None, PUBLIC)
    return isinstance(one, Team) and bool(one.secret)
