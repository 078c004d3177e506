"""Making it so: before the histories, the histories, after them, and a read at the end."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import platformdirs
from filelock import FileLock, Timeout

from sigctl.app.audit import Journal
from sigctl.app.context import Context
from sigctl.app.locking import alone_everywhere
from sigctl.app.moving import mirror_options
from sigctl.app.planning import Planned, make_plan, place_of
from sigctl.core.kinds import Key, Repo, Resource
from sigctl.core.order import ARCHIVE, REFS, SETTLE
from sigctl.core.plan import Action, Plan
from sigctl.errors import InterruptedRunError, SigctlError, StalePlanError
from sigctl.executor import Executor
from sigctl.mirror.model import MirrorPlan, RefOutcome
from sigctl.report.outcome import Outcome, Report, left_out

OnOutcome = Callable[[Outcome], None]
OnReadBack = Callable[[Planned], None]


def apply(
    context: Context,
    planned: Planned,
    on_outcome: OnOutcome | None = None,
    journal: Journal | None = None,
    on_read_back: OnReadBack | None = None,
) -> Report:
    """Carry the plan out and read back; nothing is done where a guard refused, and what failed is in the report.

    With a journal, all that is done is recorded; SigctlError where it can't be, and then nothing is begun, or the run has stopped.
    `on_read_back` is told what was found at the end.
    """
    read_back = on_read_back or (lambda _: None)
    if planned.plan.refusals:
        return Report(planned.plan)
    if journal is None or not planned.plan.actions:
        return _carry_out(context, planned, on_outcome or (lambda _: None), read_back)

    def tell(outcome: Outcome) -> None:
        journal.outcome(outcome)
        if on_outcome is not None:
            on_outcome(outcome)

    journal.begin(planned.plan)
    report = _carry_out(context, planned, tell, read_back)
    journal.end(report)
    return report


def _carry_out(context: Context, planned: Planned, tell: OnOutcome, read_back: OnReadBack) -> Report:
    executor = Executor(
        {name: forge.execute for name, forge in context.forges.items()},
        jobs={name: context.config.spec.forges[name].jobs for name in context.forges},
        stop=context.watch.stop,
        on_outcome=tell,
    )
    forge_actions = [a for a in planned.plan.actions if a.kind != "ref"]
    outcomes = executor.run([a for a in forge_actions if a.phase < REFS])
    refs = _push(context, planned, outcomes, tell)
    later = [a for a in forge_actions if a.phase >= REFS]
    outcomes += refs
    outcomes += executor.run(_after_history(later, refs, executor))
    return _read_back(context, planned, outcomes, read_back)


def _read_back(context: Context, planned: Planned, outcomes: list[Outcome], told: OnReadBack) -> Report:
    mirrored = _mirrored(planned.mirror)
    if context.watch.stop.is_set():
        return Report(planned.plan, tuple(outcomes), mirrored=mirrored, interrupted=True)
    try:
        again = make_plan(context)
    except InterruptedRunError:
        return Report(planned.plan, tuple(outcomes), mirrored=mirrored, interrupted=True)
    told(again)
    held = tuple(note for note in again.plan.notes if note.topic in ("held", "lfs", "submodules"))
    return Report(planned.plan, tuple(outcomes), again.plan, _mirrored(again.mirror), notes=held)


def _mirrored(mirror: MirrorPlan | None) -> dict[str, int]:
    if mirror is None:
        return {}
    return {"compared": mirror.checked, "equal": mirror.equal, "held": len(mirror.held)}


def _push(context: Context, planned: Planned, outcomes: Sequence[Outcome], tell: OnOutcome) -> list[Outcome]:
    if planned.mirror is None or not planned.mirror.actions:
        return []
    from sigctl.mirror import run  # noqa: PLC0415  # only where histories move

    lost = {
        (o.action.forge, o.action.key.name): o.action
        for o in outcomes
        if o.status != "done" and o.action.kind == Repo.KIND
    }
    out: list[Outcome] = []
    blocked = {a.id: lost[where] for a in planned.mirror.actions if (where := place_of(a)) in lost}
    for action in planned.mirror.actions:
        if action.id in blocked:
            out.append(Outcome(action, "skipped", left_out(blocked[action.id])))
            tell(out[-1])

    def told(one: RefOutcome) -> None:
        tell(_outcome(one))

    done = run.push(
        planned.mirror,
        context.remote_of,
        actions=[a for a in planned.mirror.actions if a.id not in blocked],
        on_outcome=told,
        **mirror_options(context),
    )
    return [*out, *map(_outcome, done)]


def _outcome(one: RefOutcome) -> Outcome:
    return Outcome(one.action, one.status, one.reason, one.hint)


def _after_history(later: Iterable[Action], refs: Iterable[Outcome], executor: Executor) -> list[Action]:
    """Let a default branch and an archive wait for their history: where a ref did not arrive, they are skipped."""
    missing: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in refs:
        if one.status != "done":
            executor.lose(one.action)
            missing[place_of(one.action)].append(one.action.id)
    out = []
    for action in later:
        waits = missing.get((action.forge, action.key.name), [])
        if waits and action.kind == Repo.KIND and action.phase in (SETTLE + 1, ARCHIVE):
            out.append(replace(action, depends=(*action.depends, *waits)))
        else:
            out.append(action)
    return out


def check_saved(saved: Plan, planned: Planned, *, hours: int | None = None) -> Planned:
    """Return what to apply for a saved plan, or raise StalePlanError with each thing that moved since it was made.

    A plan that is older than so many hours is refused whatever has moved (None: it never gets too old).
    """
    _check_age(saved, hours)
    if saved.config_digest != planned.plan.config_digest:
        raise StalePlanError("the files have changed since the plan was made", "make and review a new plan")
    moved = list(_moved(saved.actions, planned))
    if moved:
        lines = "\n".join(f"  {line}" for line in moved[:20])
        raise StalePlanError(
            f"{len(moved)} things are not as they were when the plan was made:\n{lines}",
            "make and review a new plan",
        )
    mirror = planned.mirror
    if mirror is not None:
        wanted = {a.id for a in saved.actions}
        mirror = replace(mirror, actions=tuple(a for a in mirror.actions if a.id in wanted))
    return replace(planned, plan=replace(planned.plan, actions=saved.actions), mirror=mirror)


def _check_age(saved: Plan, hours: int | None) -> None:
    if hours is None:
        return
    try:
        age = datetime.now(UTC) - datetime.fromisoformat(saved.created)
    except (ValueError, TypeError):
        raise StalePlanError("the plan does not say when it was made", "make and review a new plan") from None
    if age > timedelta(hours=hours) or age < timedelta(minutes=-5):
        told = f"{age.total_seconds() / 3600:.0f} hours old" if age > timedelta(0) else "from the future"
        raise StalePlanError(
            f"the plan is {told}, at most {hours} hours are allowed",
            "make and review a new plan, or raise guards.plan_hours in policy.yaml",
        )


def _moved(actions: Iterable[Action], planned: Planned) -> Iterator[str]:
    fresh = {action.id for action in planned.plan.actions}
    first: set[tuple[str, Key]] = set()
    for action in actions:
        place = (action.forge, action.before.key if action.before else action.key)
        if place in first:
            continue  # a later step of the same thing rests on the step before it
        first.add(place)
        if action.id in fresh:
            continue
        if any(action.id == one.id for one in _left(planned, action.forge)) or _is_unread(planned, action):
            yield f"{action.forge}: {action.key} waits for a repository that can't be read whole now"
            continue
        if action.kind == "ref" or action.forge not in planned.compared:
            yield f"{action.forge}: {action.key} can't be done any more as planned"
            continue
        now = planned.compared[action.forge].seen.get(place[1])
        if not _same(now, action.before):
            yield f"{action.forge}: {action.key} is {_short(now)}, the plan rests on {_short(action.before)}"


def _left(planned: Planned, forge: str) -> Iterable[Action]:
    return planned.compared[forge].left if forge in planned.compared else ()


def _is_unread(planned: Planned, action: Action) -> bool:
    """Whether it is about a repository of which it can't be said now what is there."""
    compared = planned.compared.get(action.forge)
    if compared is None:
        return False
    if place_of(action)[1] and Key(Repo.KIND, place_of(action)[1]) in compared.unread:
        return True
    sides = [one for one in (action.before, action.after) if one is not None]
    return any({one.key, one.inside} & compared.unread.keys() for one in sides)


def _same(now: Resource | None, before: Resource | None) -> bool:
    if now is None or before is None:
        return now is None and before is None
    return not before.changes(now)


def _short(resource: Resource | None) -> str:
    if resource is None:
        return "absent"
    level = getattr(resource, "level", None) or getattr(resource, "role", None)
    return f"`{level}`" if level else "there, but different"


@contextmanager
def alone(context: Context) -> Iterator[None]:
    """Hold the lock of these files on this machine, and the one across machines where policy.yaml has one.

    SigctlError where another apply holds either.
    """
    name = hashlib.sha256(str(context.config.root.resolve()).encode()).hexdigest()[:16]
    folder = platformdirs.user_state_path("sigctl", ensure_exists=True)
    lock = FileLock(folder / f"apply-{name}.lock")
    try:
        with lock.acquire(timeout=0), alone_everywhere(context):
            yield
    except Timeout:
        raise SigctlError("another apply of these files is running", "wait for it to end") from None
