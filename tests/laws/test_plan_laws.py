"""What must hold for every pair of states: convergence, idempotence, determinism, no excess, no gap, faithful JSON."""

from __future__ import annotations

import json
import random

from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import TRAITS, applied, desired_of, observation_of, step, worlds

from sigctl.core import levels
from sigctl.core.access import strongest
from sigctl.core.compare import compare
from sigctl.core.kinds import Repo
from sigctl.core.plan import Plan
from sigctl.core.policy import Limit, Policy

OPEN = Policy(max_removals={"default": Limit(percent=100)}, keep_self=False)


def plan_for(wanted, seen, **fields):
    return compare(desired_of(wanted, **fields), observation_of(seen), TRAITS, OPEN).plan


@given(worlds(), worlds())
def test_applying_a_plan_leaves_nothing_to_plan(wanted, seen):
    first = plan_for(wanted, seen)
    after = applied(seen, first.actions)
    assert plan_for(wanted, after).actions == ()


@given(worlds())
def test_a_state_that_is_as_declared_needs_nothing(wanted):
    assert plan_for(wanted, wanted).actions == ()


@given(worlds(), worlds(), st.randoms(use_true_random=False))
def test_the_order_in_which_facts_are_read_changes_nothing(wanted, seen, rng):
    shuffled = dict(rng.sample(list(seen.items()), len(seen)))
    one, other = plan_for(wanted, seen), plan_for(wanted, shuffled)
    assert json.dumps(one.as_json()) == json.dumps(other.as_json())


@given(worlds(), worlds())
def test_a_plan_survives_json(wanted, seen):
    plan = plan_for(wanted, seen)
    again = Plan.parse(json.loads(json.dumps(plan.as_json())))
    assert again == plan
    assert again.digest == plan.digest


@given(worlds(), worlds())
def test_ids_are_unique_and_dependencies_come_earlier(wanted, seen):
    plan = plan_for(wanted, seen)
    phases = {action.id: action.phase for action in plan.actions}
    assert len(phases) == len(plan.actions)
    for action in plan.actions:
        assert all(phases[other] < action.phase for other in action.depends)


def _bound(before, after):
    return {who: max(before.get(who, 0), after.get(who, 0)) for who in {*before, *after}}


def _shown(seen):
    """Return what anybody may read, whatever rights he has on it."""
    return {one.path for one in seen.values() if isinstance(one, Repo) and one.visibility == "public"}


@settings(max_examples=300)
@given(worlds(whole=True), worlds(whole=True), st.integers(0, 2**32))
def test_nobody_ever_holds_more_than_before_or_declared(wanted, seen, seed):
    """Within a phase the actions run side by side, so any order of them must keep the law."""
    plan = plan_for(wanted, seen)
    rng = random.Random(seed)
    shuffled = sorted(plan.actions, key=lambda action: (action.phase, rng.random()))
    then = applied(seen, plan.actions)
    bound, shown = _bound(strongest(seen), strongest(then)), _shown(seen) | _shown(then)
    now = dict(seen)
    for action in shuffled:
        step(now, action)
        for who, rank in strongest(now).items():
            least = levels.rank(levels.READ) if who[1] in shown else 0
            assert rank <= max(least, bound.get(who, 0)), (who, str(action.key))


@settings(max_examples=300)
@given(worlds(whole=True), worlds(whole=True))
def test_nobody_loses_for_a_moment_what_he_keeps_unless_the_plan_names_the_moment(wanted, seen):
    plan = plan_for(wanted, seen)
    named = {note.subject for note in plan.notes if note.topic == "moment"}
    then = applied(seen, plan.actions)
    before, after, shown = strongest(seen), strongest(then), _shown(seen) & _shown(then)
    now = dict(seen)
    for action in plan.actions:
        step(now, action)
        rights = strongest(now)
        for who in before.keys() & after.keys():
            if who[0] not in named:
                # a moment of a whole repository is one while it is shown or hidden: some can't read it then
                read = who[1] in shown or who[1] in named
                has = max(rights.get(who, 0), levels.rank(levels.READ) if read else 0)
                assert has >= min(before[who], after[who]), (who, str(action.key))


@given(worlds(), worlds())
def test_what_is_not_managed_is_never_touched(wanted, seen):
    plan = compare(desired_of(wanted, managed=frozenset()), observation_of(seen), TRAITS, OPEN).plan
    assert all(action.verb != "delete" for action in plan.actions)
