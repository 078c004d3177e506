"""Thousands of generated pairs, in memory: convergence, no moment too much or too little that the plan does not name."""

from __future__ import annotations

import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "laws"))
import test_moment_laws as moments
import worlds
from test_plan_laws import OPEN

from sigctl.core.compare import compare

LOCKED = worlds.TRAITS
UNLOCKED = replace(LOCKED, archived_locked=False, rules_open=True)
MANY = settings(
    max_examples=1500,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def carried_out(seen, actions):
    """Return the state after the actions; as on a forge, an update sets the fields that it changes and no others."""
    now = dict(seen)
    for action in actions:
        old, new = action.before, action.after
        if action.verb == "update":
            changed = {
                one.name: getattr(new, one.name)
                for one in fields(new)
                if getattr(old, one.name) != getattr(new, one.name)
            }
            now[new.key] = replace(now[old.key], **changed)
        else:
            worlds.step(now, action)
    return now


@pytest.mark.safety
@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(2))
def test_nobody_can_do_too_much_or_too_little_in_thousands_of_pairs(part, tally):
    tried = []

    @settings(MANY)
    @given(moments.world(), moments.world(), st.integers(0, 2**32))
    def law(wanted, seen, seed):
        tried.append(seed)
        moments.check(wanted, seen, seed + part)

    law()
    for invariant in ("no excess", "no gap", "convergence"):
        tally(f"{invariant}, pairs in memory with rules of branches", len(tried))


@pytest.mark.safety
@pytest.mark.timeout(900)
@pytest.mark.parametrize("traits", [LOCKED, UNLOCKED], ids=["locked archives", "open archives"])
def test_applying_a_plan_leaves_nothing_to_plan_in_thousands_of_pairs(traits, tally):
    tried = []

    @settings(MANY)
    @given(worlds.worlds(), worlds.worlds())
    def law(wanted, seen):
        tried.append(1)
        desired = worlds.desired_of(wanted)
        first = compare(desired, worlds.observation_of(seen), traits, OPEN).plan
        after = carried_out(seen, first.actions)
        assert compare(desired, worlds.observation_of(after), traits, OPEN).plan.actions == ()
        assert compare(desired, worlds.observation_of(wanted), traits, OPEN).plan.actions == ()

    law()
    tally("convergence, pairs in memory", len(tried))
