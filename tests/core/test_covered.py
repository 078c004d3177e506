"""When a rule goes whose refs a wider one takes over: before any rule is changed, or late where the wider one narrows first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sigctl.core.covered import first
from sigctl.core.kinds import BranchRule, Grant, Key, Org, Repo, Team
from sigctl.core.plan import Action
from sigctl.core.state import state

NARROW = BranchRule("O/r", "c7-x", push=("team:O/t",))
WIDE = BranchRule("O/r", "*", push=("team:O/t", "team:O/u"))
GOES = Action("f", "delete", NARROW, None, phase=65)


def phases(actions, seen):
    return [a.phase for a in first(actions, state(seen), phase=38, late=63)]


def test_it_goes_first_where_the_wider_one_stays_as_it_is():
    assert phases([GOES], [NARROW, WIDE]) == [38]


def test_what_is_no_deletion_of_a_rule_keeps_its_phase():
    changed = Action("f", "update", NARROW, replace(NARROW, push=()), phase=39)
    grant = Action("f", "delete", Grant("repo", "O/r", "team:O/t", "read"), None, phase=50)
    assert phases([changed, grant], [NARROW, WIDE]) == [39, 50]


@pytest.mark.parametrize(
    "other",
    [
        replace(WIDE, repo="O/s"),
        replace(WIDE, on="tag"),
        replace(WIDE, pattern="c8*"),
        Grant("repo", "O/r", "team:O/t", "read"),
    ],
    ids=["another repository's", "one of tags", "one of other branches", "no rule"],
)
def test_it_goes_with_the_others_where_nothing_takes_over(other):
    assert phases([GOES], [NARROW, other]) == [65]


def test_it_goes_with_the_others_where_the_wider_one_goes_too():
    away = Action("f", "delete", WIDE, None, phase=65)
    assert phases([GOES, away], [NARROW, WIDE]) == [65, 65]


@pytest.mark.parametrize(
    ("push", "phase"), [(("team:O/t",), 63), ((*WIDE.push, "team:O/w"), 38)], ids=["narrows", "widens"]
)
def test_it_waits_for_a_wider_one_that_narrows_and_not_for_one_that_widens(push, phase):
    wider = Action("f", "update", WIDE, replace(WIDE, push=push), phase=60)
    assert phases([GOES, wider], [NARROW, WIDE]) == [phase, 60]


def test_it_goes_late_where_the_wider_one_is_made_in_the_same_plan():
    made = Action("f", "create", None, WIDE, phase=39)
    assert phases([GOES, made], [NARROW]) == [63, 39]


def test_a_right_that_ends_is_no_narrowing_of_a_rule():
    ends = Action("f", "delete", Grant("repo", "O/r", "team:O/t", "read"), None, phase=50)
    assert phases([GOES, ends], [NARROW, WIDE]) == [38, 50]


@pytest.mark.parametrize("phase", [20, 38])
def test_what_goes_as_early_already_stays_where_it_is(phase):
    made = Action("f", "create", None, WIDE, phase=10)
    assert phases([replace(GOES, phase=phase), made], [NARROW]) == [phase, 10]


def test_rules_of_a_repository_that_moves_are_looked_for_at_its_new_place():
    old, new = Repo("O/old"), Repo("O/r")
    move = Action("f", "move", old, new, phase=20)
    there = [old, replace(NARROW, repo="O/old"), replace(WIDE, repo="O/old")]
    assert phases([GOES, move], there) == [38, 20]
    renamed = Action("f", "move", Team("O/old"), Team("O/r"), phase=20)
    grown = Action("f", "update", Repo("O/old", description=""), Repo("O/old", description="x"), phase=75)
    assert phases([GOES, renamed, grown], [Team("O/old"), *there]) == [65, 20, 75]
    assert phases([GOES], [Org("O"), *there]) == [65]


def test_all_is_decided_for_each_rule_by_itself():
    other = BranchRule("O/s", "c7-x")
    lone = Action("f", "delete", other, None, phase=65)
    found = first([lone, GOES], state([NARROW, WIDE, other]), phase=38, late=63)
    assert [(a.key, a.phase) for a in found] == [
        (Key("branch_rule", "O/s:branch:c7-x"), 65),
        (Key("branch_rule", "O/r:branch:c7-x"), 38),
    ]
