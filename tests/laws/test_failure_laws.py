"""No moment too much, also where any of the actions fail: each state that a run can pass through, on forges of both make-ups."""

from __future__ import annotations

from failing import excess
from hypothesis import given
from hypothesis import strategies as st
from worlds import GROUPED, RULED, TRAITS, grouped_pairs, worlds

SHARES = st.sampled_from((0, 0.1, 0.3, 0.6))


@given(worlds(whole=True), worlds(whole=True), st.integers(0, 2**32), SHARES)
def test_failures_let_nobody_hold_more_than_before_or_declared(wanted, seen, seed, share):
    assert not excess(wanted, seen, TRAITS, seed, share)


@given(worlds(whole=True, ruled=True), worlds(whole=True, ruled=True), st.integers(0, 2**32), SHARES)
def test_failures_let_nobody_do_too_much_to_a_branch(wanted, seen, seed, share):
    assert not excess(wanted, seen, RULED, seed, share)


@given(grouped_pairs(), st.integers(0, 2**32), SHARES)
def test_failures_let_nobody_do_too_much_where_rights_on_groups_reach_what_is_below(pair, seed, share):
    assert not excess(*pair, GROUPED, seed, share)
