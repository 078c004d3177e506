"""Places in teams that a branch rule names: they end before anybody in them gains elsewhere, and begin after he has lost there."""

from __future__ import annotations

import pytest

from sigctl.core.kinds import BranchRule, Grant, Key, Membership, Org, Repo, Team, TeamMember
from sigctl.core.leavers import early, late
from sigctl.core.plan import Action
from sigctl.core.state import state

RULED, OTHER = "O/ruled", "O/other"
RULE = BranchRule("O/r", "main", push=(f"team:{RULED}",))
PLACE = TeamMember(RULED, "p1")


def action(before, after, phase=40):
    return Action(
        "f",
        "create" if before is None else "delete" if after is None else "update",
        before,
        after,
        "s",
        phase,
    )


def given(one):
    return action(None, one)


def taken(one):
    return action(one, None)


GAINS = {
    "a right of his own": ([given(Grant("repo", "O/s", "person:p1", "write"))], []),
    "a place in another team": ([given(TeamMember(OTHER, "p1"))], []),
    "a place in the org": ([given(Membership("O", "p1"))], []),
    "a right of a team that he is in": (
        [given(Grant("repo", "O/s", f"team:{OTHER}", "write"))],
        [TeamMember(OTHER, "p1")],
    ),
}
NOTHING = {
    "a right of somebody else": ([given(Grant("repo", "O/s", "person:p2", "write"))], []),
    "a right of a team that he is not in": (
        [given(Grant("repo", "O/s", f"team:{OTHER}", "write"))],
        [TeamMember(OTHER, "p2")],
    ),
    "a right of his that ends, too": ([taken(Grant("repo", "O/s", "person:p1", "write"))], []),
    "a repository that is made": ([given(Repo("O/s"))], []),
}


@pytest.mark.parametrize("what", GAINS)
def test_who_gains_elsewhere_is_out_of_a_team_with_a_rule_first(what):
    actions, seen = GAINS[what]
    assert early([taken(PLACE), *actions], state([RULE, PLACE, *seen])) == {PLACE.key}
    assert early([*actions, taken(PLACE)], state([RULE, PLACE, *seen])) == {PLACE.key}


@pytest.mark.parametrize("what", NOTHING)
def test_who_gains_nothing_elsewhere_leaves_in_his_own_time(what):
    actions, seen = NOTHING[what]
    assert early([*actions, taken(PLACE)], state([RULE, PLACE, *seen])) == frozenset()


def test_what_is_no_right_ends_no_search():
    actions = [taken(PLACE), given(Repo("O/s")), given(Grant("repo", "O/s", "person:p1", "write"))]
    assert early(actions, state([RULE, PLACE])) == {PLACE.key}


def test_who_loses_elsewhere_comes_into_a_team_with_a_rule_last():
    loss = taken(Grant("repo", "O/s", "person:p1", "write"))
    assert late([given(PLACE), loss], state([RULE, loss.before])) == {PLACE.key}
    assert late([given(PLACE)], state([RULE])) == frozenset()
    elsewhere = given(TeamMember("O/ruleless", "p1"))
    assert late([elsewhere, loss], state([RULE, loss.before])) == frozenset()


def test_the_members_of_a_team_that_moves_are_those_it_had_before():
    moved = Action("f", "move", Team("O/was"), Team(OTHER), "s", 24)
    gain = given(Grant("repo", "O/s", f"team:{OTHER}", "write"))
    assert early([moved, gain, taken(PLACE)], state([RULE, PLACE, TeamMember("O/was", "p1")])) == {PLACE.key}


def test_a_rule_that_names_a_team_by_its_old_path_counts_for_the_new_one():
    moved = Action("f", "move", Team("O/was"), Team(RULED), "s", 24)
    rule = BranchRule("O/r", "main", merge=("team:O/was",))
    gain = given(Grant("repo", "O/s", "person:p1", "write"))
    assert early([moved, gain, taken(PLACE)], state([rule])) == {PLACE.key}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Org("O", base_level="none"), Org("O", base_level="write")),
        (Repo("O/s", visibility="private"), Repo("O/s", visibility="public")),
    ],
    ids=["base level", "repository"],
)
def test_what_opens_for_everybody_makes_all_of_them_leave_first(before, after):
    other = TeamMember(RULED, "p2")
    actions = [action(before, after), taken(PLACE), taken(other)]
    assert early(actions, state([RULE])) == {PLACE.key, other.key}
    assert early([action(after, before), *actions[1:]], state([RULE])) == frozenset()
    assert Key("repo", "O/s") not in early(actions, state([RULE]))
