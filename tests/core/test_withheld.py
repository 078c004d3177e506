"""What gives waits for exactly that without which it would give too much."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sigctl.core.kinds import BranchRule, Grant, Org, Repo, TeamMember
from sigctl.core.plan import Action
from sigctl.core.state import state
from sigctl.core.withheld import linked

REPO, OTHER = Repo("G/s/r", visibility="private"), Repo("G/s/other", visibility="private")
WRITE = Grant("org", "G/s", "team:T/t", "write", "")
HERE = Grant("repo", "G/s/r", "team:T/t", "write", "")
RULE = BranchRule(
    "G/s/r", "c7", push=("level:maintain",), create=("level:maintain",), force=False, delete=False
)
ELSEWHERE = replace(RULE, repo="G/s/other")
JOIN = TeamMember("T/t", "p1")
P2 = TeamMember("T/t", "p2")


def act(before, after, phase, verb="update"):
    return Action(
        "f", "create" if before is None else "delete" if after is None else verb, before, after, phase=phase
    )


def waits(seen, *actions):
    """Return what each action waits for, by kind and name."""
    found = linked(actions, state([Org("G"), Org("G/s"), REPO, OTHER, *seen]), rules_open=True)
    names = {one.id: one.key.name for one in actions}
    return [[names[other] for other in one.depends] for one in found]


NARROW, NARROW_OTHER = act(None, RULE, 39), act(None, ELSEWHERE, 39)


def test_who_joins_a_team_waits_for_the_rules_of_all_that_it_reaches():
    found = waits([WRITE], NARROW, NARROW_OTHER, act(None, JOIN, 42))
    assert [sorted(one) for one in found] == [[], [], [ELSEWHERE.key.name, RULE.key.name]]


def test_who_joins_a_team_waits_for_no_rule_of_what_it_does_not_reach():
    assert waits([HERE], NARROW, NARROW_OTHER, act(None, JOIN, 42))[2] == [RULE.key.name]


@pytest.mark.parametrize("level", ["read", "maintain"])
def test_whom_a_rule_does_not_keep_out_waits_for_none(level):
    assert waits([replace(HERE, level=level)], NARROW, act(None, JOIN, 42)) == [[], []]


def test_rights_on_a_group_wait_for_the_rules_below_it():
    found = waits([P2], NARROW, NARROW_OTHER, act(None, WRITE, 44))
    assert sorted(found[2]) == [ELSEWHERE.key.name, RULE.key.name]


def test_where_several_things_give_a_right_together_the_last_one_waits():
    assert waits([], NARROW, act(None, JOIN, 42), act(None, HERE, 44)) == [[], [], [RULE.key.name]]


def test_what_others_lose_is_not_waited_for():
    theirs = Grant("repo", "G/s/r", "person:p3", "write", "")
    assert waits([HERE, theirs], act(theirs, None, 40), act(None, JOIN, 42)) == [[], []]


def test_who_still_has_a_right_comes_into_no_team_that_a_rule_lets_in():
    mine = Grant("repo", "G/s/r", "person:p1", "write", "")
    rule = BranchRule("G/s/r", "*", push=("team:T/t",), create=("team:T/t",), force=False, delete=False)
    assert waits([mine, rule], act(mine, None, 50), act(None, JOIN, 62))[1] == [mine.key.name]


def test_a_repository_comes_to_no_group_before_its_rules_hold_and_waits_for_no_others():
    seen = [P2, Grant("org", "G/b", "team:T/t", "write", ""), Org("G/b")]
    moved = act(REPO, replace(REPO, path="G/b/r"), 37, "move")
    narrow, other = act(None, replace(RULE, repo="G/b/r"), 34), act(None, ELSEWHERE, 34)
    assert waits(seen, narrow, other, moved) == [[], [], ["G/b/r:branch:c7"]]


def test_nothing_is_made_in_a_group_whose_people_should_be_out_first():
    gone = Grant("org", "G/s", "person:p1", "write", "")
    assert waits([gone], act(gone, None, 50), act(None, Repo("G/s/new"), 55)) == [[], [gone.key.name]]


def test_nothing_waits_for_what_comes_with_it_or_later():
    assert waits([HERE], replace(NARROW, phase=42), act(None, JOIN, 42)) == [[], []]
