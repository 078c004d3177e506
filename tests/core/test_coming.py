"""A repository that comes to another group is shut before, where it is: its rules take what they take, and let in later."""

from __future__ import annotations

from dataclasses import replace

from worlds import GROUPED, desired_of, observation_of

from sigctl.core.compare import compare
from sigctl.core.kinds import BranchRule, Grant, Org, Repo, Team, TeamMember
from sigctl.core.policy import Limit, Policy
from sigctl.core.state import state

OPEN = Policy(max_removals={"default": Limit(percent=100)}, keep_self=False)
GROUPS = [
    Org("A"),
    Org("B"),
    Team("A/t"),
    TeamMember("A/t", "p2"),
    Grant("org", "B", "team:A/t", "write", ""),
]
OLD, NEW = Repo("A/r", visibility="private"), Repo("B/r", visibility="private", previously=("A/r",))


def rule(repo, pattern, *push):
    return BranchRule(repo, pattern, push=push, create=push, merge=push, force=False, delete=False)


def steps(seen, wanted):
    """Return what is done to the repository and its rules, in order."""
    found = compare(
        desired_of(state([*GROUPS, NEW, *wanted])),
        observation_of(state([*GROUPS, OLD, *seen])),
        GROUPED,
        OPEN,
    ).plan
    return [
        (a.verb, a.key.name, getattr(a.after, "push", None))
        for a in found.actions
        if a.kind in ("repo", "branch_rule")
    ]


MOVE = ("move", "B/r", None)
WRITERS, KEEPERS = "level:write", "level:maintain"


def test_a_new_rule_is_there_before_the_move():
    assert steps([], [rule("B/r", "c7", KEEPERS)]) == [("create", "A/r:branch:c7", (KEEPERS,)), MOVE]


def test_a_rule_that_changes_narrows_before_and_lets_in_after():
    both, one = rule("A/r", "c7", "team:A/t", "team:A/u"), rule("B/r", "c7", "person:p1", "team:A/t")
    mine = Grant("repo", "B/r", "person:p1", "write", "")
    assert steps([both], [one, mine]) == [
        ("update", "A/r:branch:c7", ("team:A/t",)),
        MOVE,
        ("update", "B/r:branch:c7", ("person:p1", "team:A/t")),
    ]


def test_a_new_rule_names_nobody_who_has_no_right_yet():
    mine = Grant("repo", "A/r", "person:p1", "write", "")
    rights = [replace(mine, target="B/r"), replace(mine, target="B/r", subject="person:p3")]
    assert steps([mine], [*rights, rule("B/r", "c7", "person:p1", "person:p3")]) == [
        ("create", "A/r:branch:c7", ("person:p1",)),
        MOVE,
        ("update", "B/r:branch:c7", ("person:p1", "person:p3")),
    ]


def test_a_new_rule_lets_in_no_more_at_first_than_those_that_match_the_same():
    tight = rule("A/r", "c7", KEEPERS)
    wanted = [replace(tight, repo="B/r"), rule("B/r", "*", WRITERS)]
    assert steps([tight], wanted) == [
        ("create", "A/r:branch:*", (KEEPERS,)),
        MOVE,
        ("update", "B/r:branch:*", (WRITERS,)),
    ]


def test_a_rule_that_goes_is_first_as_closed_as_those_that_stay():
    wide, tight = rule("A/r", "*", WRITERS), replace(rule("A/r", "c7", KEEPERS), force=True)
    assert steps([wide, tight], [replace(tight, repo="B/r")]) == [
        ("update", "A/r:branch:*", (KEEPERS,)),
        MOVE,
        ("delete", "B/r:branch:*", None),
    ]


def test_a_rule_that_a_wider_one_covers_goes_before_the_move():
    wide, inner = replace(rule("A/r", "*", KEEPERS), force=True), rule("A/r", "c7", WRITERS)
    assert steps([wide, inner], [replace(wide, repo="B/r")]) == [("delete", "A/r:branch:c7", None), MOVE]


def test_what_is_given_on_a_group_that_another_repository_leaves_waits_until_it_is_out():
    more = Grant("org", "A", "person:p3", "write", "")
    into = Repo("A/s", visibility="private", previously=("B/s",))
    there = [*GROUPS, OLD, Repo("B/s", visibility="private")]
    found = compare(
        desired_of(state([*GROUPS, NEW, into, more])), observation_of(state(there)), GROUPED, OPEN
    ).plan
    given = next(a for a in found.actions if a.key == more.key)
    left = next(a for a in found.actions if a.key == NEW.key)
    assert left.phase < given.phase
    assert left.id in given.depends
