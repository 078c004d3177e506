"""Histories only: bring them, or say how they stand."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Collection
from dataclasses import replace

from sigctl.app.context import Context
from sigctl.app.planning import mirror_options
from sigctl.core.history import Hop
from sigctl.core.plan import Plan, merge
from sigctl.errors import UsageError
from sigctl.mirror import run
from sigctl.mirror.model import MirrorPlan
from sigctl.report.outcome import Outcome, Report


def mirror(
    context: Context,
    repos: Collection[str] = (),
    shard: str = "",
    on_outcome: Callable[[Outcome], None] | None = None,
) -> Report:
    """Bring the chosen histories where they belong, and read the refs back."""
    hops = _chosen(context, repos, shard)
    options = mirror_options(context)
    made = run.plan(hops, context.remote_of, **options)
    outcomes: list[Outcome] = []
    if made.actions:
        done = run.push(made, context.remote_of, **options)
        outcomes = [Outcome(one.action, one.status, one.reason, one.hint) for one in done]
        for outcome in outcomes:
            (on_outcome or (lambda _: None))(outcome)
    if context.watch.stop.is_set():
        return Report(_plan(context, made), tuple(outcomes), interrupted=True)
    again = run.plan(hops, context.remote_of, **options) if made.actions else made
    counts = {"compared": again.checked, "equal": again.equal, "held": len(again.held)}
    return Report(_plan(context, made), tuple(outcomes), _plan(context, again), counts, notes=again.held)


def mirror_check(context: Context, repos: Collection[str] = (), shard: str = "") -> MirrorPlan:
    """Return how every chosen target stands to its source; nothing is pushed."""
    return run.check(_chosen(context, repos, shard), context.remote_of, **mirror_options(context))


def _plan(context: Context, made: MirrorPlan) -> Plan:
    aside = (*made.set_aside, *context.set_aside)
    whole = Plan(actions=made.actions, notes=(*made.held, *made.notes), quarantined=aside)
    return replace(merge([whole]), forges=tuple(sorted(context.forges)), config_digest=context.config.digest)


def _chosen(context: Context, repos: Collection[str], shard: str) -> list[Hop]:
    hops = [h for h in context.resolved.hops if {h.source.forge, h.target.forge} <= {"", *context.forges}]
    unknown = sorted(set(repos) - {hop.repo for hop in hops})
    if unknown:
        raise UsageError(f"no repository `{unknown[0]}` with a history to mirror in the files")
    index, parts = _shard(shard)
    return [h for h in hops if (not repos or h.repo in repos) and _part(h, parts) == index]


def _shard(text: str) -> tuple[int, int]:
    if not text:
        return 0, 1
    found = re.fullmatch(r"([1-9]\d{0,3})/([1-9]\d{0,3})", text)
    if found is None or int(found[1]) > int(found[2]):
        raise UsageError(f"--shard takes I/N with I from 1 to N, not `{text}`")
    return int(found[1]) - 1, int(found[2])


def _part(hop: Hop, parts: int) -> int:
    """Return the part a repository is in: by its name alone, so that every run and machine agrees."""
    return zlib.crc32(f"{hop.sig}/{hop.repo}".encode()) % parts
