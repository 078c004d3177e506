"""Histories only: bring them, say how they stand, or bring back what was overwritten or deleted."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Collection
from dataclasses import replace

from sigctl.app.audit import Journal
from sigctl.app.context import Context
from sigctl.app.moving import mirror_options
from sigctl.app.planning import Allowed
from sigctl.app.watching import with_watched
from sigctl.core.guard import judge_refs
from sigctl.core.history import Hop
from sigctl.core.plan import Plan, merge
from sigctl.errors import UsageError
from sigctl.mirror import run
from sigctl.mirror.model import Kept, MirrorPlan, RefOutcome
from sigctl.mirror.planning import families_of
from sigctl.report.outcome import Outcome, Report


def mirror(
    context: Context,
    repos: Collection[str] = (),
    shard: str = "",
    on_outcome: Callable[[Outcome], None] | None = None,
    allowed: Allowed | None = None,
    *,
    journal: Journal | None = None,
) -> Report:
    """Bring the chosen histories where they belong, and read the refs back; nothing is done where a guard refused.

    With a journal, all that is done is recorded; SigctlError where it can't be, and then nothing is begun, or the run has stopped.
    """
    allowed = allowed or Allowed()
    allowed.check()
    hops = hops_chosen(context, repos, shard)
    options = mirror_options(context)
    made = with_watched(context, run.plan(hops, context.remote_of, **options))
    refused = judge_refs(made.actions, made.present, context.resolved.policy)
    plan = replace(_plan(context, made), refusals=tuple(r for r in refused if not allowed.lets(r)))
    if plan.refusals:
        return Report(plan)

    if journal is None or not made.actions:
        return _brought(context, hops, made, plan, on_outcome)

    def tell(outcome: Outcome) -> None:
        journal.outcome(outcome)
        if on_outcome:
            on_outcome(outcome)

    journal.begin(plan)
    report = _brought(context, hops, made, plan, tell)
    journal.end(report)
    return report


def _brought(
    context: Context,
    hops: list[Hop],
    made: MirrorPlan,
    plan: Plan,
    on_outcome: Callable[[Outcome], None] | None,
) -> Report:
    options = mirror_options(context)

    def told(one: RefOutcome) -> None:
        if on_outcome:
            on_outcome(_outcome(one))

    done = run.push(made, context.remote_of, on_outcome=told, **options) if made.actions else ()
    outcomes = tuple(map(_outcome, done))
    if context.watch.stop.is_set():
        return Report(plan, outcomes, interrupted=True)
    again = with_watched(context, run.plan(hops, context.remote_of, **options)) if made.actions else made
    counts = {"compared": again.checked, "equal": again.equal, "held": len(again.held)}
    return Report(plan, outcomes, _plan(context, again), counts, notes=(*again.held, *again.notes))


def mirror_check(context: Context, repos: Collection[str] = (), shard: str = "") -> MirrorPlan:
    """Return how every chosen target stands to its source; nothing is pushed."""
    hops = hops_chosen(context, repos, shard)
    return with_watched(context, run.check(hops, context.remote_of, **mirror_options(context)))


def kept(context: Context, repos: Collection[str] = ()) -> tuple[Kept, ...]:
    """Return every old tip that is kept of what was overwritten or deleted, oldest first; read from the cache alone."""
    return run.kept(hops_chosen(context, repos, ""), context.remote_of, **mirror_options(context))


def restore(
    context: Context, repo: str, ref: str, *, name: str = "", time: str = "", journal: Journal | None = None
) -> Outcome:
    """Bring the newest kept tip of a repository's ref back (or that of a time), under its own name or another.

    `repo` is a name from the files or the repository's path, `ref` in full or a branch's name. UsageError where nothing is kept, or
    where it could be one of several.
    """
    hops = hops_chosen(context, (), "")
    full, target = _full(ref), _full(name) if name else ""
    named = {
        hop.target
        for hop in hops
        if repo in (hop.repo, f"{hop.sig}/{hop.repo}", hop.target.path, str(hop.target))
    }
    if not named:
        raise UsageError(f"no repository `{repo}` with a history to mirror in the files")
    options = mirror_options(context)
    found = [
        one
        for one in run.kept(hops, context.remote_of, **options)
        if one.end in named and one.ref == full and one.time.startswith(time)
    ]
    ends = sorted({str(one.end) for one in found})
    if not found:
        raise UsageError(
            f"nothing is kept of `{full}` of `{repo}`", "`sigctl mirror restore --list` shows what is"
        )
    if len(ends) > 1:
        raise UsageError(
            f"`{full}` is kept of {' and of '.join(ends)}", "name the repository by its path or as FORGE:PATH"
        )
    if journal is not None:
        journal.begin(Plan(forges=tuple(sorted(context.forges)), config_digest=context.config.digest))
    outcome = _outcome(run.restore(found[-1], hops, context.remote_of, name=target, **options))
    if journal is not None:
        journal.outcome(outcome)
        journal.end(Report(Plan(actions=(outcome.action,)), (outcome,)))
    return outcome


def _full(ref: str) -> str:
    return ref if ref.startswith("refs/") else f"refs/heads/{ref}"


def _outcome(one: RefOutcome) -> Outcome:
    return Outcome(one.action, one.status, one.reason, one.hint)


def _plan(context: Context, made: MirrorPlan) -> Plan:
    aside = (*made.set_aside, *context.set_aside)
    whole = Plan(actions=made.actions, notes=(*made.held, *made.notes), quarantined=aside)
    return replace(merge([whole]), forges=tuple(sorted(context.forges)), config_digest=context.config.digest)


def hops_chosen(context: Context, repos: Collection[str], shard: str) -> list[Hop]:
    """Return the hops of the chosen repositories in a shard; what shares history is always in one shard."""
    hops = [h for h in context.resolved.hops if {h.source.forge, h.target.forge} <= {"", *context.forges}]
    unknown = sorted(set(repos) - {hop.repo for hop in hops})
    if unknown:
        raise UsageError(f"no repository `{unknown[0]}` with a history to mirror in the files")
    index, parts = _shard(shard)
    mine = (family for name, family in families_of(hops) if zlib.crc32(name.encode()) % parts == index)
    return [hop for family in mine for hop in family if not repos or hop.repo in repos]


def _shard(text: str) -> tuple[int, int]:
    if not text:
        return 0, 1
    found = re.fullmatch(r"([1-9]\d{0,3})/([1-9]\d{0,3})", text)
    if found is None or int(found[1]) > int(found[2]):
        raise UsageError(f"--shard takes I/N with I from 1 to N, not `{text}`")
    return int(found[1]) - 1, int(found[2])
