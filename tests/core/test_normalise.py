"""Quirks of forges, one row each: what is no difference must not become one, and what can't be held must be said."""

from __future__ import annotations

from dataclasses import replace

import pytest
from worlds import TRAITS, desired_of, observation_of

from sigctl.core.compare import compare
from sigctl.core.kinds import BranchRule, Grant, Membership, Org, Repo, Team, TeamMember
from sigctl.core.normalise import normalise
from sigctl.core.policy import Limit, Policy
from sigctl.core.state import Account, state

OPEN = Policy(max_removals={"default": Limit(percent=100)}, keep_self=False)
ORG = Org("O")


def actions(wanted, seen, traits=TRAITS, **observed):
    return compare(
        desired_of(state(wanted)), observation_of(state(seen), **observed), traits, OPEN
    ).plan.actions


SAME = {
    "a login in other letters": ([ORG, Membership("O", "p1")], [ORG, Membership("O", "P1")]),
    "a repository in other letters": ([Repo("O/Xen")], [Repo("o/xen")]),
    "a team member in a team in other letters": (
        [Team("O/T"), TeamMember("O/T", "p1")],
        [Team("o/t"), TeamMember("o/t", "P1")],
    ),
    "an invitation that waits": ([ORG, Membership("O", "p1")], [ORG, Membership("O", "p1", state="invited")]),
    "an owner who reads back as lead": (
        [ORG, Membership("O", "p1", "owner"), Team("O/t"), TeamMember("O/t", "p1", "member")],
        [ORG, Membership("O", "p1", "owner"), Team("O/t"), TeamMember("O/t", "p1", "lead")],
    ),
    "an owner's grant that the forge does not list": (
        [ORG, Membership("O", "p1", "owner"), Repo("O/r"), Grant("repo", "O/r", "person:p1", "write")],
        [ORG, Membership("O", "p1", "owner"), Repo("O/r")],
    ),
    "the default branch of an empty repository": (
        [Repo("O/r", default_branch="main")],
        [Repo("O/r", default_branch=None, filled=False)],
    ),
    "a setting nobody cares about": ([Repo("O/r")], [Repo("O/r", description="x", topics=("a",), wiki=True)]),
    "a setting the forge does not have": ([Repo("O/r", wiki=False)], [Repo("O/r")]),
    "an end the forge does not keep": (
        [Repo("O/r"), Grant("repo", "O/r", "team:O/t", "read", "2027-01-01"), Team("O/t")],
        [Repo("O/r"), Grant("repo", "O/r", "team:O/t", "read"), Team("O/t")],
    ),
}


@pytest.mark.parametrize("case", SAME)
def test_this_is_no_difference(case):
    traits = replace(TRAITS, fields={**TRAITS.fields, "grant": frozenset()})
    assert actions(*SAME[case], traits) == ()


def test_what_only_looks_alike_is_a_difference_where_letters_count():
    traits = replace(TRAITS, fold_paths=False)
    assert [a.verb for a in actions([Repo("O/Xen")], [Repo("O/xen")], traits)] == ["create"]


def test_ourselves_bots_and_the_policys_exceptions_are_left_alone_and_told():
    wanted = desired_of(state([Repo("O/r")]), left_alone=frozenset({"p3"}))
    seen = state(
        [Repo("O/r"), *(Grant("repo", "O/r", f"person:{p}", "admin") for p in ("me", "robot", "p3", "p4"))]
    )
    accounts = {p: Account(p, n) for n, p in enumerate(("me", "p3", "p4"))} | {
        "robot": Account("robot", 9, "bot")
    }
    plan = compare(wanted, observation_of(seen, accounts=accounts, me="ME"), TRAITS, OPEN).plan
    assert [a.key.name for a in plan.actions] == ["repo:O/r:person:p4"]
    assert {n.subject for n in plan.notes} >= {"me", "robot", "p3"}


def test_a_level_is_rounded_down_with_a_note():
    traits = replace(TRAITS, team_levels=("read", "write"))
    wanted = [Repo("O/r"), Team("O/t"), Grant("repo", "O/r", "team:O/t", "maintain")]
    normal = normalise(desired_of(state(wanted)), observation_of({}), traits)
    (grant,) = [r for r in normal.desired.values() if isinstance(r, Grant)]
    assert grant.level == "write"
    assert [n.text for n in normal.notes if n.topic == "rounded"] == [
        "`maintain` for a team is `write` on this forge"
    ]


def test_a_kind_the_forge_lacks_is_dropped_with_a_note():
    normal = normalise(desired_of(state([BranchRule("O/r", "c7")])), observation_of({}), TRAITS)
    assert normal.desired == {}
    assert [n.topic for n in normal.notes] == ["unsupported"]


def test_what_the_group_gives_already_is_not_given_again():
    traits = replace(TRAITS, group_grants=True)
    wanted = [
        Org("G"),
        Repo("G/r"),
        Team("G/t"),
        Grant("org", "G", "team:G/t", "maintain"),
        Grant("repo", "G/r", "team:G/t", "write"),
    ]
    normal = normalise(desired_of(state(wanted)), observation_of({}), traits)
    assert [r.on for r in normal.desired.values() if isinstance(r, Grant)] == ["org"]


@pytest.mark.parametrize(
    ("accounts", "reason"),
    [
        ({}, "no such account on this forge"),
        ({"p1": Account("p1", status="missing")}, "no such account on this forge"),
        ({"p1": Account("p1", 8)}, "the login belongs to another account now (id 8, the files pin 7)"),
        ({"p1": Account("p1", 7, status="blocked")}, "the account is blocked on this forge"),
    ],
)
def test_a_person_who_is_not_who_was_meant_is_set_aside_and_the_rest_goes_on(accounts, reason):
    wanted = [Repo("O/r"), *(Grant("repo", "O/r", f"person:{p}", "write") for p in ("p1", "p2"))]
    accounts = {**accounts, "p2": Account("p2", 2)}
    desired = desired_of(state(wanted), pins={"p1": 7})
    plan = compare(desired, observation_of(state([Repo("O/r")]), accounts=accounts), TRAITS, OPEN).plan
    assert [(one.subject, one.reason) for one in plan.quarantined] == [("p1", reason)]
    assert [a.key.name for a in plan.actions] == ["repo:O/r:person:p2"]


def test_a_stranger_who_took_a_login_over_is_neither_given_nor_taken_anything():
    seen = state([Repo("O/r"), Grant("repo", "O/r", "person:p1", "write")])
    desired = desired_of(state([Repo("O/r"), Grant("repo", "O/r", "person:p1", "admin")]), pins={"p1": 7})
    plan = compare(desired, observation_of(seen, accounts={"p1": Account("p1", 8)}), TRAITS, OPEN).plan
    assert plan.actions == ()
    assert len(plan.quarantined) == 1


def test_a_renamed_login_is_followed_by_its_id():
    wanted = [Repo("O/r"), Grant("repo", "O/r", "person:old", "write")]
    seen = [Repo("O/r"), Grant("repo", "O/r", "person:new", "write")]
    desired = desired_of(state(wanted), pins={"old": 7})
    accounts = {"old": Account("old", status="missing"), "new": Account("new", 7)}
    plan = compare(desired, observation_of(state(seen), accounts=accounts), TRAITS, OPEN).plan
    assert plan.actions == ()
    assert plan.quarantined == ()
    assert [n.topic for n in plan.notes] == ["renamed"]


def test_an_org_that_nobody_can_create_is_set_aside_with_the_way_out():
    plan = compare(desired_of(state([ORG])), observation_of({}), TRAITS, OPEN).plan
    assert plan.quarantined[0].hint == "make it by hand, then run again"
