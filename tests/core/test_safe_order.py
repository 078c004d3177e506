"""Orders that a watched sandbox asked for: each case is a moment in which somebody could do what nobody declared."""

from __future__ import annotations

from dataclasses import replace

import pytest
from worlds import TRAITS, desired_of, observation_of

from sigctl.core.compare import compare
from sigctl.core.kinds import BranchRule, Grant, Key, Org, Repo, Team, TeamMember
from sigctl.core.policy import Limit, Policy
from sigctl.core.state import state

OPEN = Policy(max_removals={"default": Limit(percent=100)}, keep_self=False)
RULED = replace(TRAITS, kinds=TRAITS.kinds | {"branch_rule"})
GROUPS = replace(TRAITS, archived_locked=False, group_grants=True, nested_orgs=True, team_is_group=True)
BASE = [Org("O"), Team("O/t"), Team("O/u"), Repo("O/r")]


def plan(wanted, seen, traits=RULED):
    managed = frozenset(one.key for one in wanted if one.KIND in ("org", "team", "repo"))
    return compare(desired_of(state(wanted), managed=managed), observation_of(state(seen)), traits, OPEN).plan


def when(found, verb, kind, name=""):
    return next(a.phase for a in found.actions if (a.verb, a.kind) == (verb, kind) and name in a.key.name)


def test_a_rule_that_shuts_out_comes_before_anybody_comes_into_a_team():
    wanted = [*BASE, BranchRule("O/r", "main", push=("team:O/u",)), TeamMember("O/t", "p1")]
    found = plan(wanted, BASE)
    assert when(found, "create", "branch_rule") < when(found, "create", "team_member")


def test_naming_who_may_push_where_everybody_could_is_a_narrowing():
    assert BranchRule.effect(BranchRule("O/r", "m"), BranchRule("O/r", "m", push=("team:O/t",))) == "narrows"
    assert BranchRule.effect(BranchRule("O/r", "m", push=("team:O/t",)), BranchRule("O/r", "m")) == "widens"


def test_a_rule_that_swaps_its_people_lets_the_old_out_before_it_lets_the_new_in():
    old = BranchRule("O/r", "main", push=("team:O/t",), force=False)
    new = replace(old, push=("team:O/u",), force=True)
    found = plan([*BASE, new], [*BASE, old])
    assert [(a.before.push, a.after.push, a.after.force) for a in found.actions] == [
        (("team:O/t",), (), False),
        ((), ("team:O/u",), True),
    ]
    assert plan([*BASE, new], [*BASE, new]).actions == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [(("team:O/t",), ("team:O/t", "team:O/u")), (("team:O/t", "team:O/u"), ("team:O/u",))],
)
def test_a_rule_that_only_narrows_or_only_widens_changes_in_one_step(before, after):
    old = BranchRule("O/r", "main", push=before)
    assert len(plan([*BASE, replace(old, push=after)], [*BASE, old]).actions) == 1


def test_who_leaves_a_team_that_a_rule_names_is_out_before_he_gets_more_elsewhere():
    rule = BranchRule("O/r", "main", push=("team:O/t",))
    found = plan(
        [*BASE, rule, Grant("repo", "O/r", "person:p1", "write", "")], [*BASE, rule, TeamMember("O/t", "p1")]
    )
    assert when(found, "delete", "team_member") < when(found, "create", "grant")


def test_who_comes_into_a_team_that_a_rule_names_comes_after_he_has_lost_what_he_shall_lose():
    rule = BranchRule("O/r", "main", push=("team:O/t",))
    found = plan(
        [*BASE, rule, TeamMember("O/t", "p1")], [*BASE, rule, Grant("repo", "O/r", "person:p1", "write", "")]
    )
    assert when(found, "delete", "grant") < when(found, "create", "team_member")


def test_a_locked_archive_that_moves_is_opened_where_it_is_and_shut_where_it_comes_to():
    there = [Org("O"), Repo("O/old", archived=True)]
    found = plan([Org("O"), Repo("O/new", archived=True, previously=("O/old",))], there, TRAITS)
    steps = [(a.verb, a.key.name, a.changed().get("archived")) for a in found.actions]
    assert steps == [
        ("update", "O/old", (True, False)),
        ("move", "O/new", None),
        ("update", "O/new", (False, True)),
    ]
    assert found.actions[0].id in found.actions[1].depends


def test_what_can_be_changed_in_the_archive_is_shut_before_it_moves_and_opened_after_all_rights_are_settled():
    live, shut = Repo("O/old", archived=False), Repo("O/new", archived=True, previously=("O/old",))
    closing = plan([Org("O"), shut], [Org("O"), live], GROUPS)
    assert [(a.verb, a.key.name) for a in closing.actions] == [("update", "O/old"), ("move", "O/new")]
    wanted = [
        Org("O"),
        Team("O/t"),
        Repo("O/r", archived=False),
        Grant("repo", "O/r", "team:O/t", "write", ""),
    ]
    seen = [Org("O"), Team("O/t"), Repo("O/r", archived=True), Grant("repo", "O/r", "person:p1", "write", "")]
    opening = plan(wanted, seen, GROUPS)
    assert opening.actions[-1].kind == "repo"


def test_a_repository_meets_the_rights_of_its_new_group_when_all_is_settled_there():
    team = Team("T/t")
    old = [Org("A"), Org("B"), Org("T"), team, Repo("A/r"), Grant("org", "A", "team:T/t", "write", "")]
    wanted = [
        Org("A"), Org("B"), Org("T"), team, Repo("B/r", previously=("A/r",)), Grant("org", "B", "team:T/t", "maintain", ""),
    ]  # fmt: skip
    found = plan(wanted, [*old, TeamMember("T/t", "p1")], GROUPS)
    order = [(a.verb, a.kind) for a in found.actions]
    assert (
        order.index(("delete", "team_member"))
        < order.index(("create", "grant"))
        < order.index(("move", "repo"))
    )
    move = next(a for a in found.actions if a.verb == "move")
    assert {a.id for a in found.actions[:2]} <= set(move.depends)


def coming_to(group, there):
    """A plan in which a repository comes to a group of which a team gets the rights, while another repository is in it."""
    rule = BranchRule("B/here", "c7", push=("level:admin",))
    orgs = [Org("A"), Org("B"), Org("T"), Team("T/t"), TeamMember("T/t", "p1"), Repo("B/here")]
    wanted = [
        *orgs, rule, Repo("B/r", previously=("A/r",)), Grant("org", group, "team:T/t", "write", ""),
    ]  # fmt: skip
    traits = replace(GROUPS, kinds=RULED.kinds, rules_open=True)
    return plan(wanted, [*orgs, Repo("A/r"), *there], traits)


@pytest.mark.parametrize(
    ("verb", "there"),
    [("create", []), ("update", [BranchRule("B/here", "c7", push=("level:write",))])],
    ids=["missing, as a run leaves it that ends on the way", "wider"],
)
def test_what_is_in_a_group_already_is_shut_before_rights_come_there_ahead_of_a_move(verb, there):
    found = coming_to("B", there)
    assert when(found, verb, "branch_rule") < when(found, "create", "grant") < when(found, "move", "repo")


def test_rights_that_come_ahead_elsewhere_change_nothing_in_the_order_of_rules():
    found = coming_to("A", [])
    assert when(found, "create", "branch_rule") > when(found, "move", "repo")


def test_a_rename_in_an_org_whose_base_level_sinks_changes_nothing_in_the_order_of_its_rights():
    seen = [
        Org("O", base_level="read"),
        Team("O/t"),
        Repo("O/old"),
        Grant("repo", "O/old", "team:O/t", "admin", ""),
    ]
    wanted = [
        Org("O", base_level="none"), Team("O/t"), Repo("O/new", previously=("O/old",)),
        Grant("repo", "O/new", "team:O/t", "write", ""), TeamMember("O/t", "p1"),
    ]  # fmt: skip
    found = plan(wanted, seen)
    assert when(found, "update", "grant") < when(found, "create", "team_member")
    assert Key("repo", "O/new") in {a.key for a in found.actions}


def test_a_new_repository_in_a_group_waits_until_those_who_lose_rights_there_have_lost_them():
    given = Grant("org", "O", "team:O/t", "write", "")
    seen = [Org("O"), Team("O/t"), given]
    found = plan([Org("O"), Team("O/t"), Repo("O/r")], seen, GROUPS)
    assert when(found, "delete", "grant") < when(found, "create", "repo")


def test_a_base_level_rises_only_when_what_is_shut_is_shut():
    seen = [Org("O", base_level="none"), Repo("O/r", archived=False)]
    found = plan([Org("O", base_level="write"), Repo("O/r", archived=True)], seen, TRAITS)
    assert [a.kind for a in found.actions] == ["repo", "org"]


def test_a_rule_of_a_repository_that_is_shown_shuts_out_before_and_lets_in_after_the_rights():
    old = BranchRule("O/r", "main", push=("team:O/t",), force=False)
    new = replace(old, push=("team:O/u",), force=True)
    seen = [*BASE[:3], Repo("O/r", visibility="private"), old]
    wanted = [*BASE[:3], Repo("O/r", visibility="public"), new, Grant("repo", "O/r", "team:O/u", "write", "")]
    found = plan(wanted, seen)
    assert [a.kind for a in found.actions] == ["repo", "branch_rule", "grant", "branch_rule"]


@pytest.mark.parametrize(
    ("push", "order"),
    [
        (("team:O/t",), [("update", "*"), ("delete", "c7-x")]),
        (("team:O/t", "team:O/u", "person:p1"), [("delete", "c7-x"), ("update", "*")]),
    ],
)
def test_a_rule_goes_after_the_wider_one_that_takes_over_is_narrowed_and_before_it_is_widened(push, order):
    narrow, wide = (
        BranchRule("O/r", "c7-x", push=("team:O/t",)),
        BranchRule("O/r", "*", push=("team:O/t", "team:O/u")),
    )
    found = plan([*BASE, replace(wide, push=push)], [*BASE, narrow, wide])
    assert [(a.verb, a.subject.pattern) for a in found.actions] == order
