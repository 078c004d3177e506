"""The guard on a plan that is much larger than the change of the files explains."""

from __future__ import annotations

from dataclasses import replace

import pytest
from worlds import RULED, TRAITS, desired_of, observation_of

from sigctl.core.compare import compare
from sigctl.core.kinds import BranchRule, Grant, Key, Org, Repo, Team, TeamMember
from sigctl.core.policy import Limit, Policy
from sigctl.core.state import Account, state
from sigctl.core.unexplained import Before, judge

FREE = Policy(max_removals={"default": Limit(percent=100)}, keep_self=False)
TEN = replace(FREE, unexplained=Limit(number=10))
DAY = "2026-11-20"
PEOPLE = [TeamMember("O/t", f"p{n:02}") for n in range(40)]
ACCOUNTS = {one.login: Account(one.login, n) for n, one in enumerate(PEOPLE)} | {"P00": Account("p00", 0)}
DECLARED = [Org("O"), Team("O/t"), Repo("O/r", archived=False), *PEOPLE]


def judged(then, now, seen, policy=TEN, **fields):
    """What the guard says; with None for `then` where nothing is known of before."""
    managed = frozenset(one.key for one in now if one.KIND in ("org", "team", "repo"))
    before, desired = (desired_of(state(one), managed=managed, **fields) for one in (then or [], now))
    actions = compare(desired, observation_of(state(seen), accounts=ACCOUNTS), TRAITS, FREE).plan.actions
    return judge(actions, None if then is None else Before(before, DAY), desired, policy)


def test_thirty_things_changed_by_hand_are_refused_with_number_limit_and_way_out():
    refusals, notes = judged(DECLARED, DECLARED, DECLARED[:-30])
    (refusal,) = refusals
    assert (refusal.guard, refusal.number, refusal.limit) == ("unexplained", 30, 10)
    assert "30 of 43 things" in refusal.text
    assert DAY in refusal.text
    assert "team_member O/t:p10" in refusal.text
    assert "--allow unexplained=30 --reason TEXT" in refusal.hint
    assert len(notes) == 30


def test_the_same_thirty_taken_out_of_the_files_pass():
    assert judged(DECLARED, DECLARED[:-30], DECLARED) == ([], [])


def test_one_line_of_the_files_does_not_explain_thirty_changes_elsewhere():
    fewer = DECLARED[:-1]
    refusals, notes = judged(DECLARED, fewer, DECLARED[:-31] + DECLARED[-1:])
    assert [one.number for one in refusals] == [30]
    assert not any("p39" in note.text for note in notes)


def test_ten_pass_and_are_told_of():
    refusals, notes = judged(DECLARED, DECLARED, DECLARED[:-10])
    assert refusals == []
    assert [note.topic for note in notes] == ["unexplained"] * 10


def test_a_share_counts_against_what_is_declared():
    half = replace(FREE, unexplained=Limit(percent=50))
    assert judged(DECLARED, DECLARED, DECLARED[:-20], half)[0] == []
    assert judged(DECLARED, DECLARED, DECLARED[:-30], half)[0][0].limit == 21


def test_where_nothing_is_known_of_before_that_is_said_once_of_a_plan_that_could_have_been_refused():
    refusals, (note,) = judged(None, DECLARED, DECLARED[:-30])
    assert refusals == []
    assert (note.topic, note.forge) == ("unknown", "f")
    assert "which of the 30 changes the files explain" in note.text
    assert "`unexplained`" in note.text
    assert judged(None, DECLARED, DECLARED[:-10]) == ([], []), "so few would have passed"
    assert judged(None, DECLARED, DECLARED[:-30], FREE) == ([], []), "the policy asks for no such guard"


def test_without_a_limit_nothing_is_refused():
    assert judged(DECLARED, DECLARED, DECLARED[:-30], FREE)[0] == []


def test_a_repository_that_is_only_opened_for_a_change_does_not_count():
    shut = [Org("O"), Repo("O/r", archived=True)]
    given = [*shut, Grant("repo", "O/r", "person:p00", "read", "")]
    none = replace(FREE, unexplained=Limit(number=0))
    assert judged(shut, given, shut, none) == ([], [])
    assert [one.number for one in judged(given, given, shut, none)[0]] == [1]


def test_the_case_of_a_name_in_the_files_is_no_difference():
    none = replace(FREE, unexplained=Limit(number=0))
    then, now = ([Org("O"), Repo(path, description="x")] for path in ("o/R", "O/r"))
    assert [one.number for one in judged(then, now, [Org("O"), Repo("O/r", description="y")], none)[0]] == [1]


def test_a_person_whose_place_changed_explains_all_that_is_about_him():
    grant = Grant("repo", "O/r", "person:p00", "read", "")
    none = replace(FREE, unexplained=Limit(number=0))
    assert judged(DECLARED[:4], [*DECLARED[:3], grant], [*DECLARED[:3], grant], none) == ([], [])
    assert judged([*DECLARED[:4]], [*DECLARED[:4], grant], DECLARED[:3], none) == ([], [])


def test_rules_of_branches_follow_from_rights_that_changed():
    rule = BranchRule("O/r", "c7", push=("person:p00",))
    now = [*DECLARED[:4], rule]
    none = replace(FREE, unexplained=Limit(number=0))
    seen = DECLARED[:4]
    for then, number in ((now, 1), ([*DECLARED[:3], rule], 0)):
        before, desired = desired_of(state(then)), desired_of(state(now))
        actions = compare(desired, observation_of(state(seen), accounts=ACCOUNTS), RULED, FREE).plan.actions
        found = judge(actions, Before(before, DAY), desired, none)[0]
        assert sum(one.number for one in found) == number


def test_what_was_left_undone_is_no_surprise():
    desired = desired_of(state(DECLARED))
    actions = compare(
        desired, observation_of(state(DECLARED[:-30]), accounts=ACCOUNTS), TRAITS, FREE
    ).plan.actions
    left = frozenset(Key("team_member", one.key.name.upper()) for one in PEOPLE)
    assert judge(actions, Before(desired, DAY, left), desired, TEN) == ([], [])


@pytest.mark.parametrize("known", [True, False])
def test_the_rules_of_a_repository_that_is_newly_declared_are_newly_ours_to_take_away(known):
    repo, rule = Repo("O/r", archived=False), BranchRule("O/r", "*", push=())
    then, now = state([Org("O"), *([repo] if known else [])]), state([Org("O"), repo])
    before, desired = (desired_of(one, managed=frozenset(one)) for one in (then, now))
    actions = compare(desired, observation_of(state([Org("O"), repo, rule])), RULED, FREE).plan.actions
    assert [(a.verb, a.key) for a in actions] == [("delete", rule.key)]
    _, notes = judge(actions, Before(before, DAY), desired, TEN)
    assert [note.subject for note in notes] == ([str(rule.key)] if known else [])
