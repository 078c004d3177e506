"""Taking a snapshot of the forges, and planning from one: offline, without a token."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sigctl.app.context import Context, Options, resolve_for
from sigctl.app.planning import scope_of
from sigctl.app.side_by_side import of_each_forge
from sigctl.core.compare import compare
from sigctl.core.kinds import Key, Repo
from sigctl.core.plan import Plan, merge
from sigctl.core.publish import published
from sigctl.core.snapshot import Coverage, Seen, Snapshot, fit
from sigctl.core.state import Desired, Note, SetAside
from sigctl.errors import UsageError
from sigctl.forges import traits_of
from sigctl.forges.base import Forge
from sigctl.spec import Config, Resolved

OLD = timedelta(hours=26)
"""A snapshot of a nightly job is never older, unless the job fails."""
MAX_BYTES = 256 * 1024 * 1024


def take(context: Context) -> Snapshot:
    """Return what the forges hold now, fit to be published; a forge that can't be read is named with its reason."""
    seen, unread = of_each_forge(context, lambda forge: _observe(context, forge))
    return Snapshot(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        config_digest=context.config.digest,
        forges=seen,
        unread=tuple(unread),
    )


def _observe(context: Context, forge: Forge) -> Seen:
    desired = context.resolved.desired[forge.name]
    scope = scope_of(desired, narrow=bool(context.options.sigs))
    observation = forge.observe(scope, lambda what: context.watch.reading(forge.name, what))
    parts = frozenset(f"{one.kind} {one.name}" for one in scope.parts)
    coverage = Coverage(scope.orgs, scope.teams, scope.repos, scope.logins, parts=parts, narrow=scope.narrow)
    return published(observation, desired, coverage, open_teams=forge.traits.server_teams)


def write(path: Path, snapshot: Snapshot) -> None:
    """Have the snapshot in the file, whole or not at all; UsageError where it can't be written."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(snapshot.as_json(), file, ensure_ascii=False, indent=1)
            file.write("\n")
        fresh.replace(path)
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}") from None


def load_snapshot(path: Path) -> Snapshot:
    """Return the snapshot in the file; UsageError where there is none, or where it is not as it was written."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(f"{path} can't be used as a snapshot: more than {MAX_BYTES // 1024**2} MB")
        return Snapshot.parse(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        hint = "make one with `sigctl snapshot --out FILE`, or fetch it again"
        raise UsageError(f"{path} can't be used as a snapshot: {error}", hint) from None


@dataclass(frozen=True, slots=True)
class Offline:
    """A plan made from a snapshot."""

    plan: Plan
    """What apply would do; with the files of before given, only what the proposal adds to that."""
    before: int
    """Differences that were there before the proposal; 0 where the files of before were not given."""
    settled: int
    """Those of them that the proposal makes an end of, by declaring what is there."""
    age: timedelta

    def as_json(self, snapshot: Snapshot) -> dict[str, object]:
        """Return the plan as JSON values, with the snapshot it rests on."""
        return {
            **self.plan.as_json(),
            "snapshot": {
                "digest": snapshot.digest,
                "created": snapshot.created,
                "age_seconds": int(self.age.total_seconds()),
                "forges": sorted(snapshot.forges),
            },
            "before": {"differences": self.before, "settled": self.settled},
        }


def plan_offline(
    snapshot: Snapshot,
    config: Config,
    options: Options,
    today: date,
    before: Config | None = None,
    *,
    resolved: Resolved | None = None,
) -> Offline:
    """Return what apply would do if the forges were still as in the snapshot; histories are not compared.

    With the files of before, what would be done without the proposal is counted and left out. `resolved` is what the files mean, for
    whoever has worked that out already.
    """
    resolved = resolved or resolve_for(config, options, today)
    plan = _plan(snapshot, config, resolved, mirror=options.mirror)
    age = datetime.now(UTC) - _moment(snapshot)
    notes = [_age(snapshot, age), *_histories(resolved)]
    was = settled = 0
    if before is not None:
        old = _plan(snapshot, before, resolve_for(before, options, today), mirror=options.mirror)
        known = {action.id for action in old.actions}
        was, settled = len(known), len(known - {action.id for action in plan.actions})
        plan = replace(
            plan,
            actions=tuple(action for action in plan.actions if action.id not in known),
            notes=tuple(note for note in plan.notes if note not in old.notes),
            refusals=tuple(one for one in plan.refusals if one not in old.refusals),
            quarantined=tuple(one for one in plan.quarantined if one not in old.quarantined),
        )
        notes += _drift(was, settled, old)
    plan = replace(
        merge([plan, Plan(notes=tuple(notes))], cost=plan.cost),
        config_digest=config.digest,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    return Offline(plan, was, settled, age)


def _plan(snapshot: Snapshot, config: Config, resolved: Resolved, *, mirror: bool) -> Plan:
    plans = [Plan(notes=resolved.notes, quarantined=resolved.set_aside)]
    unread = {one.forge: one for one in snapshot.unread}
    for name, desired in resolved.desired.items():
        seen = snapshot.forges.get(name)
        if seen is None:
            why = unread[name].reason if name in unread else "the snapshot has nothing of it"
            aside = SetAside(name, why, name, "", "what is there is unknown: nothing is said about it")
            plans.append(Plan(quarantined=(aside,)))
            continue
        traits = traits_of(config.spec.forges[name].type)
        reached = snapshot.forges if mirror else {}
        fitted = fit(_with_histories(resolved, desired, reached), seen, fold=traits.fold_logins)
        found = compare(fitted.desired, fitted.observation, traits, resolved.policy).plan
        plans.append(replace(found, notes=(*found.notes, *fitted.notes)))
    return merge(plans)


def _with_histories(resolved: Resolved, desired: Desired, forges: Mapping[str, Seen]) -> Desired:
    """Return the desired state in which those repositories get a history that a run with all these forges would bring."""
    hops = [
        hop
        for hop in resolved.hops
        if forges and hop.target.forge == desired.forge and hop.source.forge in ("", *forges)
    ]
    reached = {hop.target.path for hop in hops}
    state = {
        key: replace(one, filled=False) if isinstance(one, Repo) and one.path not in reached else one
        for key, one in desired.state.items()
    }
    rewritten = frozenset(Key(Repo.KIND, hop.target.path) for hop in hops if hop.rewrites)
    return replace(desired, state=state, rewritten=rewritten)


def _moment(snapshot: Snapshot) -> datetime:
    try:
        found = datetime.fromisoformat(snapshot.created)
    except ValueError:
        raise UsageError("the snapshot does not say when it was taken", "take a new one") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _age(snapshot: Snapshot, age: timedelta) -> Note:
    covered = ", ".join(sorted(snapshot.forges)) or "no forge"
    text = f"against a snapshot of {covered}, taken {snapshot.created}, {spoken(age)} ago"
    if age > OLD:
        text += ": it is old, what is there now may be something else"
    return Note("snapshot", snapshot.digest[:12], text)


def spoken(age: timedelta) -> str:
    """Return a span of time in one number and a word."""
    minutes = max(0, int(age.total_seconds() // 60))
    for unit, size in (("days", 48 * 60), ("hours", 120), ("minutes", 0)):
        if minutes >= size:
            return f"{minutes // {'days': 1440, 'hours': 60, 'minutes': 1}[unit]} {unit}"
    raise AssertionError(minutes)


def _histories(resolved: Resolved) -> list[Note]:
    if not resolved.hops:
        return []
    return [Note("snapshot", "histories", "histories are not compared: a snapshot has no branches and tags")]


def _drift(was: int, settled: int, old: Plan) -> list[Note]:
    if not was and not old.refusals and not old.quarantined:
        return []
    text = f"{was} differences were there before this proposal and are not shown; --all shows them"
    if settled:
        text += f"; {settled} of them end with it"
    return [Note("before", "drift", text)]
