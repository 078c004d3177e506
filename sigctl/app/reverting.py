"""Taking drift back: a part of the plan, within the guards, through the same hands as an apply."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from sigctl.app.applying import OnOutcome, apply
from sigctl.app.audit import Journal
from sigctl.app.context import Context
from sigctl.app.drifting import Look, modes_of
from sigctl.app.evidence import BY_DRIFT
from sigctl.app.planning import Planned
from sigctl.core.deeds import judge_deeds
from sigctl.core.guard import judge
from sigctl.core.plan import Action, Refusal
from sigctl.watch.finding import grouped
from sigctl.watch.modes import Decision, to_revert

Name = tuple[str, str, str]
UpTo = Literal["report", "grace", "revert"]
_FIRST = "first_run"


def revert(
    context: Context, found: Look, upto: UpTo, audit: Path, on_outcome: OnOutcome | None = None
) -> tuple[Mapping[Name, str], tuple[Refusal, ...]]:
    """Take back what the policy says, and return what became of each difference, and what a guard refused.

    With `grace` only what had its days, with `revert` also what is taken back at once. Where a guard refuses, nothing is done on that
    forge. Everything is in the audit log, or SigctlError is raised and nothing is begun.
    """
    modes = modes_of(context.config.spec.policy.drift)
    ours = {one.name for one in found.view.entries}
    wanted: dict[Name, Decision] = {
        name: decision
        for name, decision in found.view.decisions.items()
        if name in ours
        and decision.word == "revert"
        and (upto == "revert" or (upto == "grace" and modes.of(name[0], name[1]).word == "grace"))
    }
    chosen, told = to_revert(found.planned.plan.actions, wanted, modes)
    refusals = _judged(context, found.planned, chosen)
    stopped = {refusal.text.partition(":")[0] for refusal in refusals}
    kept = tuple(one for one in chosen if one.forge not in stopped)
    out = {name: f"left: {why}" for name, why in told.items()}
    for one in chosen:
        if one.forge in stopped:
            out[_name_of(one)] = "refused by a guard"
    if kept:
        part = Planned(
            replace(
                found.planned.plan,
                actions=kept,
                refusals=(),
                forges=tuple(sorted({one.forge for one in kept})),
            ),
            found.planned.compared,
        )
        journal = Journal(audit, context.options.config, context.watch.stop, reason=BY_DRIFT)
        report = apply(context, part, on_outcome, journal)
        for outcome in report.outcomes:
            name = _name_of(outcome.action)
            word = "done" if outcome.status == "done" else f"{outcome.status}: {outcome.reason}"
            out[name] = word if out.get(name, "done") == "done" else out[name]
    return out, refusals


def _name_of(action: Action) -> Name:
    return next(iter(grouped([action])))


def _judged(context: Context, planned: Planned, chosen: list[Action]) -> tuple[Refusal, ...]:
    """Return the refusals of what is to be taken back, judged as an apply of just that."""
    policy = context.resolved.policy
    by_forge: dict[str, list[Action]] = defaultdict(list)
    for action in chosen:
        by_forge[action.forge].append(action)
    out: list[Refusal] = []
    for forge, actions in sorted(by_forge.items()):
        compared, desired = planned.compared[forge], context.resolved.desired[forge]
        me = context.forges[forge].health().me
        out += judge(actions, compared.seen, policy, forge, me, sigs=desired.sigs)
        out += judge_deeds(actions, compared.wanted, compared.seen, policy, forge)
        out += [one for one in compared.plan.refusals if one.guard == _FIRST]
    return tuple(out)
