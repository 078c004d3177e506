"""No moment too much, also where any of the actions fail: each state that a run can pass through, on forges of both make-ups."""

from __future__ import annotations

import pytest
from failing import excess, excess_by_one
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from worlds import (
    GROUPED,
    RULED,
    TERMED,
    TRAITS,
    coming_and_going,
    grouped_pairs,
    with_terms,
    without_rules,
    worlds,
)

SEEDS = st.integers(0, 2**32)
SHARES = st.sampled_from((0, 0.1, 0.3, 0.6))


@given(worlds(whole=True), worlds(whole=True), SEEDS, SHARES)
def test_failures_let_nobody_hold_more_than_before_or_declared(wanted, seen, seed, share):
    assert not excess(wanted, seen, TRAITS, seed, share)


@given(worlds(whole=True, ruled=True), worlds(whole=True, ruled=True), SEEDS, SHARES)
def test_failures_let_nobody_do_too_much_to_a_branch(wanted, seen, seed, share):
    assert not excess(wanted, seen, RULED, seed, share)


@given(grouped_pairs(), SEEDS, SHARES)
def test_failures_let_nobody_do_too_much_where_rights_on_groups_reach_what_is_below(pair, seed, share):
    assert not excess(*pair, GROUPED, seed, share)


BOTH = pytest.mark.parametrize("traits", [RULED, GROUPED], ids=["rights on repositories", "rights on groups"])


@BOTH
@given(data=st.data(), seed=SEEDS)
def test_whatever_one_action_fails_to_take_nobody_comes_to_more_by_what_was_there(traits, data, seed):
    wanted, seen = data.draw(coming_and_going(traits))
    assert not excess_by_one(wanted, seen, traits, seed)


@BOTH
def test_these_worlds_show_what_comes_of_not_waiting(traits):
    drawn = st.tuples(coming_and_going(traits), SEEDS)
    near = settings(max_examples=500, phases=[Phase.generate], derandomize=True, database=None)
    assert find(drawn, lambda one: bool(excess_by_one(*one[0], traits, one[1], waiting=False)), settings=near)


@given(with_terms(coming_and_going(TERMED)), SEEDS)
def test_terms_of_a_repository_let_nobody_do_too_much_where_people_and_rules_change(pair, seed):
    assert not excess(*pair, TERMED, seed, 0)


@given(with_terms(grouped_pairs().map(without_rules)), SEEDS)
def test_terms_of_a_repository_let_nobody_do_too_much_where_rights_on_groups_change(pair, seed):
    assert not excess(*pair, TERMED, seed, 0)
