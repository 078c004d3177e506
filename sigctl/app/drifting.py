"""Looking for drift: what differs, why, since when, and what becomes of it."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import platformdirs

from sigctl.app.context import Context
from sigctl.app.evidence import Witness
from sigctl.app.planning import Planned, make_plan
from sigctl.core.compare import Compared
from sigctl.core.kinds import KINDS, Key, Resource
from sigctl.report.words import describe
from sigctl.spec.model import DriftMode, DriftPolicy
from sigctl.watch import finding
from sigctl.watch.modes import Mode, Modes, decide
from sigctl.watch.record import HISTORY, Entry, Found
from sigctl.watch.store import Recorded, Run, Store, read_history
from sigctl.watch.view import Mirrored, View

Place = tuple[str, str]
"""Forge, and path of a repository there."""


def default_folder() -> Path:
    """Return where the history is when nobody says otherwise: in the user's state folder."""
    return platformdirs.user_state_path("sigctl") / "drift"


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found."""

    planned: Planned
    view: View


def now() -> str:
    """Return the time as the history has it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def look(context: Context, *, history: Path, audit: Path, repos: Collection[Place] | None = None) -> Look:
    """Read all in scope, have it in the history, and return it with causes; an interrupted run records nothing.

    `repos` says that the context was narrowed to these repositories. SigctlError where the history can't be written.
    """
    store = Store(history)  # better to learn now that it can't be written
    at, begun = now(), time.monotonic()
    before = [one for one in read_history(history) if not one.resolved]
    planned = make_plan(context)
    witness = Witness(context, audit)
    ask(witness, planned, before)
    found = differences(context, planned, witness)
    recorded = store.record(
        found,
        at=at,
        covers=lambda entry: _covered(context, planned, entry, repos),
        by=lambda entry: _how(entry, planned, witness),
    )
    view = _view(context, planned, recorded, found, at=at, seconds=time.monotonic() - begun)
    store.add_run(
        Run(
            started=at,
            ended=now(),
            config=context.config.digest,
            forges=tuple(sorted(planned.compared)),
            open=len(view.drift),
            fresh=len(recorded.fresh),
            resolved=len(recorded.resolved),
            seconds=round(view.seconds, 3),
        )
    )
    return Look(planned, view)


def ask(witness: Witness, planned: Planned, before: Iterable[Entry]) -> None:
    """Have each forge asked once who did what to all that differs, and to what did before."""
    keys: dict[str, set[Key]] = defaultdict(set)
    for action in planned.plan.actions:
        if action.kind != "ref":
            keys[action.forge].add(action.key)
    for note in planned.plan.notes:
        kind = note.text.partition(" ")[0]
        if note.topic == "undeclared" and note.forge and kind in KINDS:
            keys[note.forge].add(Key(kind, note.subject))
    for entry in before:
        if entry.forge in planned.compared and entry.kind in KINDS:
            keys[entry.forge].add(Key(entry.kind, entry.key))
    for forge, wanted in sorted(keys.items()):
        witness.ask(forge, wanted)


def differences(context: Context, planned: Planned, witness: Witness) -> list[Found]:
    """Return all differences with their causes."""

    def seen(forge: str, key: Key) -> Resource | None:
        compared = planned.compared.get(forge)
        return compared.seen.get(key) if compared else None

    plan = planned.plan
    logins = {name: desired.logins() for name, desired in context.resolved.desired.items()}
    held = planned.mirror.held if planned.mirror else ()
    return [
        *finding.differences(plan.actions, witness.of, describe, seen),
        *finding.histories(plan.actions, held),
        *finding.people(plan.quarantined, logins),
        *finding.undeclared(plan.notes, witness.of, seen),
    ]


def modes_of(policy: DriftPolicy) -> Modes:
    """Return the ways to treat drift as the files say them."""
    return Modes(
        _mode(policy.mode),
        {forge: {kind: _mode(mode) for kind, mode in kinds.items()} for forge, kinds in policy.modes.items()},
    )


def _mode(written: DriftMode) -> Mode:
    return Mode(written.mode, written.grace.days if written.grace else 0)


def _covered(context: Context, planned: Planned, entry: Entry, repos: Collection[Place] | None) -> bool:
    compared = planned.compared.get(entry.forge)
    if compared is not None and _waits(compared, entry):
        return False
    mirror = planned.mirror
    known = frozenset((hop.target.forge, hop.target.path or hop.target.url) for hop in context.resolved.hops)
    read = (
        frozenset(
            (state.hop.target.forge, state.hop.target.path or state.hop.target.url)
            for state in mirror.states
            if state.status != "aside"
        )
        if mirror is not None
        else None
    )
    aside: dict[str, frozenset[str]] = defaultdict(frozenset)
    for one in planned.plan.quarantined:
        aside[one.forge] |= {one.subject}
    return finding.covered(
        entry,
        forges=planned.compared,
        sigs=context.options.sigs,
        aside=aside,
        histories_read=read,
        histories_known=known,
        repos=frozenset(repos) if repos is not None else None,
    )


def _waits(compared: Compared, entry: Entry) -> bool:
    """Whether a difference is one of a repository that could not be read, or one that waits for it."""
    parts = entry.key.split(":")
    if any(key.name in parts for key in compared.unread):
        return True
    return any((action.kind, action.key.name) == (entry.kind, entry.key) for action in compared.left)


def _how(entry: Entry, planned: Planned, witness: Witness) -> str:
    """Say how a difference came to its end."""
    key = Key(entry.kind, entry.key)
    applied = witness.audited.since(entry.forge, key, entry.last_seen)
    if applied:
        return applied
    if entry.kind not in KINDS:
        return "mirrored, or decided" if entry.kind == HISTORY else "the account is as the files say"
    there = planned.compared[entry.forge].seen.get(key)
    if finding.as_seen(there) == entry.form.partition(".")[0]:
        return "adopted: the files say so now"
    who = witness.who(entry.forge, key, entry.last_seen)
    return f"undone on the forge by {who}" if who else "undone on the forge"


def _view(
    context: Context,
    planned: Planned,
    recorded: Recorded,
    found: Sequence[Found],
    *,
    at: str,
    seconds: float,
) -> View:
    modes = modes_of(context.config.spec.policy.drift)
    names = {one.name for one in found}
    ours = [
        one
        for one in recorded.open
        if one.name in names or (one.forge in planned.compared and _waits(planned.compared[one.forge], one))
    ]
    decisions = {one.name: decide(one, modes, at) for one in recorded.open}
    requests = {name: sum(forge.requests()) for name, forge in context.forges.items()}
    return View(
        plan=planned.plan,
        at=at,
        seconds=seconds,
        entries=tuple(sorted(ours, key=lambda one: (one.weight, one.sig, one.forge, one.kind, one.key))),
        every=recorded.open,
        fresh=recorded.fresh,
        resolved=recorded.resolved,
        decisions=decisions,
        requests=requests,
        unread=tuple(sorted(_unread(context, planned))),
        unread_repos=tuple(
            sorted((name, key.name) for name, one in planned.compared.items() for key in one.unread)
        ),
        mirrors=tuple(_mirrors(planned)),
    )


def _unread(context: Context, planned: Planned) -> set[str]:
    return {*context.forges, *(one.subject for one in context.set_aside)} - set(planned.compared)


def _mirrors(planned: Planned) -> list[Mirrored]:
    if planned.mirror is None:
        return []
    return [
        Mirrored(
            state.hop.target.forge,
            state.hop.target.path or state.hop.target.url,
            state.hop.sig,
            state.status,
            state.since,
        )
        for state in planned.mirror.states
    ]


def token_days(context: Context) -> Mapping[str, int]:
    """Return in how many days each forge's token ends; one or two requests a forge."""
    out = {}
    for name, forge in context.forges.items():
        try:
            out[name] = (datetime.fromisoformat(forge.health().expires).date() - context.today).days
        except ValueError:
            continue
    return out


def with_tokens(found: Look, context: Context) -> Look:
    """Return the look with the days that are left of each token."""
    return replace(found, view=replace(found.view, token_days=token_days(context)))
