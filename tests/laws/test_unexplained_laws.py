"""What the change of the files explains, and what it doesn't: exact where only one of the two sides moved."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from worlds import GROUPED, RULED, TRAITS, applied, desired_of, grouped, observation_of, worlds

from sigctl.core.compare import compare
from sigctl.core.policy import Limit, Policy
from sigctl.core.unexplained import Before, unexplained

OPEN = Policy(max_removals={"default": Limit(percent=100)}, keep_self=False)
DAY = "2026-11-20"


def plan_for(desired, seen, traits):
    return compare(desired, observation_of(seen), traits, OPEN).plan.actions


def net(actions):
    """Return the keys that are not in the end as they were at first."""
    steps = {}
    for action in actions:
        first, _ = steps.get(action.key, (action.before, None))
        steps[action.key] = (first, action.after)
    same = {
        key for key, (old, new) in steps.items() if old and new and old.key == key and not new.changes(old)
    }
    return set(steps) - same


@given(worlds(ruled=True), worlds(ruled=True), worlds(ruled=True))
def test_where_nobody_touched_the_forge_all_is_explained(older, then, now):
    seen = applied(older, plan_for(desired_of(then), older, RULED))
    assert plan_for(desired_of(then), seen, RULED) == ()
    actions = plan_for(desired_of(now), seen, RULED)
    assert unexplained(actions, Before(desired_of(then), DAY), desired_of(now)) == []


@given(grouped(), grouped(moved_from=("O/a/r1", "O/b/r2", "O/r1")))
def test_moves_and_groups_are_explained_too(then, now):
    seen = applied({}, plan_for(desired_of(then), {}, GROUPED))
    actions = plan_for(desired_of(now), seen, GROUPED)
    assert unexplained(actions, Before(desired_of(then), DAY), desired_of(now)) == []


@given(worlds(), worlds())
def test_where_the_files_did_not_change_nothing_is_explained(now, seen):
    desired = desired_of(now)
    actions = plan_for(desired, seen, TRAITS)
    found = [one.key for one in unexplained(actions, Before(desired, DAY), desired)]
    assert len(found) == len(set(found)), "a thing counts once"
    assert set(found) == net(actions)


@given(worlds(), worlds())
def test_what_an_apply_left_undone_is_explained_by_that(now, seen):
    desired = desired_of(now)
    actions = plan_for(desired, seen, TRAITS)
    left = frozenset(action.key for action in actions)
    assert unexplained(actions, Before(desired, DAY, left), desired) == []


@given(worlds(whole=True), worlds(whole=True), worlds(whole=True))
def test_the_two_together_are_never_more_than_all_that_differs(then, now, seen):
    actions = plan_for(desired_of(now), seen, TRAITS)
    found = {one.key for one in unexplained(actions, Before(desired_of(then), DAY), desired_of(now))}
    assert found <= net(actions)
    assert not found & (set(then) ^ set(now)), "what came into the files, or went out of them, is explained"


@given(worlds(), st.sampled_from(("members", "repos", "teams")))
def test_what_the_files_say_only_now_to_take_away_is_explained(seen, word):
    empty = desired_of({}, undeclared={word: "report"})
    now = replace(empty, undeclared={word: "remove"})
    actions = plan_for(now, seen, TRAITS)
    kind = {"members": "membership", "repos": "repo", "teams": "team"}[word]
    gone = {one.key for one in actions if one.verb == "delete" and one.kind == kind}
    found = {one.key for one in unexplained(actions, Before(empty, DAY), now)}
    assert found == net(actions) - gone
    assert {one.key for one in unexplained(actions, Before(now, DAY), now)} == net(actions)


@given(worlds())
def test_what_is_newly_ours_is_explained(seen):
    strange = desired_of({}, managed=frozenset(), orgs=frozenset())
    now = desired_of({}, undeclared=dict.fromkeys(("members", "repos", "teams"), "remove"))
    assert unexplained(plan_for(now, seen, TRAITS), Before(strange, DAY), now) == []
