"""Orders bettered by looking at them: a gap that can be closed is closed, one that can't is named, and no excess pays for it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from worlds import RULED, TRAITS, desired_of, observation_of

from sigctl.core.compare import compare
from sigctl.core.course import END, START, Course
from sigctl.core.kinds import BranchRule, Grant, Membership, Org, Repo, Team, TeamMember
from sigctl.core.policy import Limit, Policy
from sigctl.core.state import state

OPEN = Policy(max_removals={"default": Limit(percent=100)}, keep_self=False)
GROUPS = replace(TRAITS, archived_locked=False, group_grants=True, nested_orgs=True, team_is_group=True)
BASE = [
    Org("O"),
    Team("O/t"),
    Team("O/u"),
    Repo("O/r", visibility="private"),
    Repo("O/s", visibility="private"),
]


def plan(wanted, seen, traits=RULED):
    managed = frozenset(one.key for one in wanted if one.KIND in ("org", "team", "repo"))
    return compare(desired_of(state(wanted), managed=managed), observation_of(state(seen)), traits, OPEN).plan


def when(found, verb, kind, name=""):
    return next(a.phase for a in found.actions if (a.verb, a.kind) == (verb, kind) and name in a.key.name)


def named(found):
    return [note.text for note in found.notes if note.topic == "moment"]


def grant(repo, subject, level="write"):
    return Grant("repo", repo, subject, level, "")


def test_who_changes_teams_is_in_the_new_one_before_the_old_one_loses_its_right():
    seen = [
        *BASE,
        TeamMember("O/t", "p1"),
        grant("O/r", "team:O/t"),
        grant("O/r", "team:O/u"),
        TeamMember("O/u", "p2"),
    ]
    wanted = [*BASE, TeamMember("O/u", "p1"), TeamMember("O/u", "p2"), grant("O/r", "team:O/u")]
    found = plan(wanted, seen)
    assert when(found, "create", "team_member") < when(found, "delete", "grant")
    assert named(found) == []


def test_a_moment_that_no_order_avoids_is_named_with_person_and_repository():
    seen = [*BASE, TeamMember("O/t", "p1"), grant("O/r", "team:O/t"), grant("O/s", "team:O/u")]
    wanted = [*BASE, TeamMember("O/u", "p1"), grant("O/r", "team:O/u"), grant("O/s", "team:O/t")]
    found = plan(wanted, seen)
    assert named(found) == []  # out of the one team last, since it gains nothing that he may not have before

    seen = [*BASE, TeamMember("O/t", "p1"), grant("O/r", "team:O/t"), grant("O/s", "team:O/u", "admin")]
    wanted = [*BASE, TeamMember("O/u", "p1"), grant("O/r", "team:O/u"), grant("O/s", "team:O/t", "admin")]
    assert named(plan(wanted, seen)) == []


def test_a_rule_that_names_a_team_waits_for_nobody_but_its_people_come_before_it():
    seen = [*BASE, grant("O/r", "person:p1")]
    rule = BranchRule("O/r", "main", push=("team:O/t",), create=("team:O/t",))
    found = plan([*BASE, grant("O/r", "person:p1"), rule, TeamMember("O/t", "p1")], seen)
    assert when(found, "create", "team_member") < when(found, "create", "branch_rule")
    assert named(found) == []


def test_a_base_level_rises_after_the_rules_of_what_is_shown():
    rule = BranchRule("O/r", "main", push=(), create=())
    seen = [Org("O", base_level="none"), Membership("O", "p1"), Repo("O/r", visibility="private")]
    wanted = [Org("O", base_level="write"), Membership("O", "p1"), Repo("O/r", visibility="public"), rule]
    found = plan(wanted, seen)
    assert when(found, "create", "branch_rule") < when(found, "update", "org")
    made = next(a for a in found.actions if a.kind == "branch_rule")
    assert made.id in next(a for a in found.actions if a.kind == "org").depends


def test_a_rule_goes_only_when_the_wider_one_that_takes_over_is_made():
    narrow, wide = BranchRule("O/r", "c7-x", push=(), create=()), BranchRule("O/r", "*", push=(), create=())
    found = plan([*BASE, wide], [*BASE, narrow])
    assert [(a.verb, a.subject.pattern) for a in found.actions] == [("create", "*"), ("delete", "c7-x")]


def test_rights_on_what_nobody_declared_in_a_group_are_looked_at_too():
    old, team, other = Org("A"), Team("T/t"), Team("T/u")
    given = [Grant("org", "A", "team:T/t", "write", ""), Grant("org", "A", "team:T/u", "write", "")]
    seen = [old, Org("T"), team, other, *given, TeamMember("T/t", "p1")]
    found = compare(
        desired_of(
            state([Org("T"), team, other, TeamMember("T/u", "p1")]),
            managed=frozenset({team.key, other.key}),
            orgs=frozenset({"T"}),
        ),
        observation_of(state(seen)),
        GROUPS,
        OPEN,
    ).plan
    assert when(found, "create", "team_member") < when(found, "delete", "team_member")


@pytest.mark.parametrize(("phase", "least", "most"), [(START, 3, 3), (40, 2, 3), (41, 2, 2), (END, 2, 2)])
def test_within_a_phase_a_fact_is_what_it_was_or_what_it_will_be(phase, least, most):
    seen = state([*BASE, grant("O/r", "person:p1")])
    found = plan([*BASE, grant("O/r", "person:p1", "triage")], seen.values())
    (action,) = found.actions
    course = Course([replace(action, phase=40)], seen)
    assert course.can(("p1", "O/r"), phase, [])["level", ""] == (least, most)


def test_a_team_below_a_group_with_rights_brings_its_people_along_and_the_plan_says_so():
    teams = [Org("S"), Org("S/groups"), Org("O"), Team("S/groups/t"), Team("T/u"), Org("T")]
    rights = [
        Grant("org", "S", "team:T/u", "write", ""),
        Grant("repo", "O/r", "team:S/groups/t", "write", ""),
    ]
    found = plan([*teams, Repo("O/r"), *rights], [*teams, Repo("O/r"), *rights], GROUPS)
    assert [(n.subject, n.text) for n in found.notes if n.topic == "brought"] == [
        ("O/r", "S/groups/t brings those who have rights on S along to O/r")
    ]


def test_a_team_that_moves_below_a_group_where_rights_end_is_named():
    rights = [Grant("org", "S", "team:T/u", "maintain", ""), Grant("repo", "O/r", "team:T/t", "write", "")]
    seen = [
        Org("S"),
        Org("T"),
        Org("O"),
        Repo("O/r"),
        Team("T/t"),
        Team("T/u"),
        TeamMember("T/u", "p1"),
        *rights,
    ]
    moved = Team("S/t", previously=("T/t",))
    wanted = [
        Org("S"), Org("T"), Org("O"), Repo("O/r"), moved, Team("T/u"), rights[0],
        Grant("repo", "O/r", "team:S/t", "write", ""),
    ]  # fmt: skip
    assert "who has rights on S has those of a team on O/r for a moment" in named(plan(wanted, seen, GROUPS))


def test_the_rules_of_what_is_shut_are_narrowed_and_never_widened_before():
    given, group = (
        grant("O/r", "person:p1"),
        BranchRule("O/r", "main", push=("team:O/t",), create=("team:O/t",), force=True),
    )
    open_, shut = Repo("O/r", archived=False), Repo("O/r", archived=True)
    kept = plan([*BASE[:3], shut, given], [*BASE[:3], open_, given, group])
    assert [a.kind for a in kept.actions] == ["grant", "repo"]
    closer = replace(group, push=("team:O/t", "team:O/u"), create=("team:O/t", "team:O/u"), force=False)
    narrowed = plan([*BASE[:3], shut, closer], [*BASE[:3], open_, group])
    assert [(a.kind, a.changed()) for a in narrowed.actions] == [
        ("branch_rule", {"force": (True, False)}),
        ("repo", {"archived": (False, True)}),
    ]


def test_who_leaves_a_team_is_out_before_it_becomes_a_member_of_what_everybody_still_reads():
    """As everybody he reads it; as a member he would have, for a moment, what a forge keeps to members."""
    seen = [*BASE, TeamMember("O/t", "p1"), TeamMember("O/t", "p2")]
    seen[3] = Repo("O/r", visibility="public")
    wanted = [*BASE, TeamMember("O/t", "p2"), grant("O/r", "team:O/t", "read")]
    found = plan(wanted, seen)
    assert (
        when(found, "delete", "team_member") < when(found, "create", "grant") < when(found, "update", "repo")
    )


def test_two_ways_to_the_same_right_both_wait_for_the_rule_that_names_him():
    """One by one neither helps, and the rule, which lets somebody in by going, has to stay where it is."""
    named = BranchRule("O/r", "c7-x", push=("person:p1",), create=("person:p1",), force=True, delete=True)
    ours = BranchRule("O/r", "c7*", push=("team:O/t",), create=("team:O/t",), force=False, delete=False)
    base = [*BASE, TeamMember("O/t", "p1"), TeamMember("O/t", "p3")]
    seen = [*base, grant("O/r", "team:O/t", "triage"), named]
    wanted = [*base, grant("O/r", "team:O/t"), grant("O/r", "person:p1", "maintain"), ours]
    found = plan(wanted, seen)
    gone = when(found, "delete", "branch_rule")
    assert gone < when(found, "update", "grant")
    assert gone < when(found, "create", "grant")


NESTED = [
    *BASE[:2],
    replace(BASE[2], parent="O/t"),
    *BASE[3:],
    TeamMember("O/u", "p1"),
    TeamMember("O/u", "p2"),
]
"""Somebody has put the one team into the other by hand; the files don't say where teams are."""


def test_who_leaves_a_team_is_out_before_the_team_that_it_is_in_gets_a_right():
    wanted = [*BASE, TeamMember("O/u", "p2"), grant("O/r", "team:O/t")]
    found = plan(wanted, NESTED)
    assert when(found, "delete", "team_member") < when(found, "create", "grant")
    assert plan(wanted, [*BASE, *NESTED[-2:]]).actions[0].kind == "grant", (
        "where they are not nested nothing has to wait"
    )


def test_who_comes_into_a_team_comes_after_the_team_that_it_is_in_has_lost_a_right():
    seen = [*NESTED, grant("O/r", "team:O/t")]
    found = plan([*BASE, *NESTED[-2:], TeamMember("O/u", "p3")], seen)
    assert when(found, "delete", "grant") < when(found, "create", "team_member")


def test_who_goes_from_a_team_to_the_one_within_has_what_both_have_all_through():
    seen = [*NESTED, TeamMember("O/t", "p3"), grant("O/r", "team:O/t")]
    found = plan([*BASE, *NESTED[-2:], TeamMember("O/u", "p3"), grant("O/r", "team:O/t")], seen)
    assert when(found, "create", "team_member") < when(found, "delete", "team_member")
    assert named(found) == []
