"""What a policy makes of refs that would otherwise be held or left alone; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from sigctl.core.history import RETIRED_TAGS, Hop
from sigctl.mirror.refs import Change, Comparison, Held, RefPlan, Tips, chosen

HOLD = "hold"
_OVERWRITABLE = ("diverged", "ahead", "tag")
"""Reasons about which a policy can say something; a tip that nobody could look at stays whatever it says."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A plan for refs after the policy had its say."""

    plan: RefPlan
    forced: tuple[Held, ...] = ()
    """What would have been held and is overwritten or deleted; the plan has the changes."""


def settle(hop: Hop, comparison: Comparison, decided: RefPlan, target: Tips) -> Settled:
    """Return the plan with held refs overwritten or ignored as the hop says, and, in mode mirror, refs deleted."""
    changes = list(decided.changes)
    held: list[Held] = []
    forced: list[Held] = []
    for item in (*decided.held, *_gone(hop, comparison, target)):
        word = _word(hop, item)
        if word in ("overwrite", "delete"):
            forced.append(item)
            changes.append(Change(item.ref, item.source, item.old, item.new, forced=True))
        elif word != "ignore":
            held.append(item)
    ordered = RefPlan(
        tuple(sorted(changes, key=lambda change: change.ref)),
        tuple(sorted(held, key=lambda item: (item.ref, item.source))),
    )
    return Settled(ordered, tuple(forced))


def _gone(hop: Hop, comparison: Comparison, target: Tips) -> list[Held]:
    """Return the refs an exact copy would not have; names that its patterns don't choose are somebody else's, declared ones ours."""
    if (
        hop.mode != "mirror" or hop.rename
    ):  # a rename can't be read backwards, so nobody knows what was copied
        return []
    ours = {*hop.still, *hop.closed}
    extra = (
        ref
        for ref in comparison.extra
        if chosen(ref, hop.include, hop.exclude) and ref not in ours and not ref.startswith(RETIRED_TAGS)
    )
    return [Held(ref, "", target[ref], "", "gone") for ref in extra]


def _word(hop: Hop, item: Held) -> str:
    if item.reason == "gone":
        return word_for(item.ref, hop.delete_refs)
    return word_for(item.ref, hop.on_divergence) if item.reason in _OVERWRITABLE else HOLD


def word_for(ref: str, rules: Iterable[tuple[str, str]]) -> str:
    """Return the word of the first rule whose pattern fits, else hold."""
    return next((word for pattern, word in rules if fnmatchcase(ref, pattern)), HOLD)
