"""A repository that could not be read whole: what goes on, what waits for it, and what is told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from worlds import GROUPED, RULED, TRAITS, desired_of, observation_of

from sigctl.core.compare import compare
from sigctl.core.kinds import BranchRule, Grant, Key, Membership, Org, Ref, Repo, Team, TeamMember, Webhook
from sigctl.core.plan import Action
from sigctl.core.policy import Limit, Policy
from sigctl.core.state import Unread, state
from sigctl.core.unread import Apart, told

OPEN = Policy(max_removals={"default": Limit(percent=100)}, keep_self=False)
PEOPLE = [Membership("O", one) for one in ("p1", "p2")]
BASE = [Org("O"), *PEOPLE, Team("O/t"), Repo("O/r"), Repo("O/s")]
HOOKS = Unread("status 500", "wait", frozenset({"webhook"}))
PERSONS = Unread("status 500", kinds=frozenset({"grant"}))
RULES = Unread("status 500", kinds=frozenset({"branch_rule"}))
TEAMS = Unread("status 500", kinds=frozenset({"grant"}), teams=True)
WRITES = Grant("repo", "O/r", "team:O/t", "write", "")
COMES = TeamMember("O/t", "p1")
RULE = BranchRule("O/r", "c7", push=("team:O/t",), create=("team:O/t",), force=False, delete=False)


def compared(wanted, seen, unread, traits=RULED, *, at="O/r", sigs=None):
    desired = replace(desired_of(state(wanted)), sigs=sigs or {})
    return compare(desired, observation_of(state(seen), unread={Key("repo", at): unread}), traits, OPEN)


def done(found):
    return [f"{a.verb} {a.key}" for a in found.plan.actions]


def test_nothing_is_done_in_it_and_all_is_done_elsewhere():
    wanted = [*BASE[:-2], Repo("O/r", description="new"), Repo("O/s", description="new"), WRITES]
    found = compared(wanted, BASE, HOOKS, sigs={Key("repo", "O/r"): "virt"})
    assert done(found) == ["update repo O/s"]
    assert {str(a.key) for a in found.left} == {"repo O/r", "grant repo:O/r:team:O/t"}
    (aside,) = found.plan.quarantined
    assert (aside.subject, aside.sig, aside.forge, aside.hint) == ("O/r", "virt", "f", "wait")
    assert aside.reason == "it could not be read whole (webhook): status 500"


def test_what_was_not_seen_of_it_is_neither_made_nor_taken_for_gone():
    hooks = [
        Webhook("repo", "O/r", "https://x.example.org/"),
        Webhook("repo", "O/s", "https://x.example.org/"),
    ]
    there = [*BASE, WRITES, Grant("repo", "O/r", "person:p2", "read", "")]
    found = compared([*BASE, WRITES, *hooks], there, HOOKS, replace(RULED, kinds=RULED.kinds | {"webhook"}))
    assert done(found) == ["create webhook repo:O/s:https://x.example.org/"]


@pytest.mark.parametrize("at", ["O/old", "O/r", "o/R"])
def test_it_is_not_moved_nor_anything_moved_to_its_place(at):
    wanted = [*BASE[:-2], Repo("O/r", previously=("O/old",)), Repo("O/s")]
    there = [*BASE[:-2], Repo("O/old"), Repo("O/s")]
    found = compared(wanted, there, HOOKS, at=at)
    assert done(found) == []
    assert {one.subject for one in found.plan.quarantined} <= {"O/r", at}
    assert found.plan.quarantined
    assert {Key("repo", "O/r"), Key("repo", "O/old")} <= found.unread.keys()


def test_a_repository_that_is_not_seen_at_all_is_not_made_again():
    found = compared(
        BASE, [one for one in BASE if one != Repo("O/r")], Unread("no", kinds=frozenset({"repo"}), teams=True)
    )
    assert done(found) == []
    assert [one.subject for one in found.plan.quarantined] == ["O/r"]


def test_where_rights_were_read_a_person_comes_into_a_team_that_has_some_there():
    found = compared([*BASE, WRITES, COMES], [*BASE, WRITES], HOOKS)
    assert done(found) == ["create team_member O/t:p1"]


def test_who_would_get_more_there_than_is_declared_waits_for_it():
    found = compared([*BASE, WRITES, COMES], [*BASE, replace(WRITES, level="admin")], HOOKS)
    assert done(found) == []
    (aside,) = found.plan.quarantined
    assert aside.reason.endswith("what could let somebody do too much there waits: team member O/t:p1")


def test_who_may_write_by_rules_that_nobody_saw_comes_into_no_team():
    there = [*BASE, replace(WRITES, subject="person:p1")]
    wanted = [*there, COMES, TeamMember("O/t", "p2")]
    assert done(compared(wanted, there, RULES)) == ["create team_member O/t:p2"]
    assert set(done(compared(wanted, there, HOOKS))) == {
        f"create team_member O/t:{one}" for one in ("p1", "p2")
    }


def test_who_may_only_read_there_comes_into_a_team_whatever_the_rules_are():
    reads = replace(WRITES, level="read")
    assert done(compared([*BASE, reads, COMES], [*BASE, reads], RULES)) == ["create team_member O/t:p1"]


def test_who_may_have_an_unseen_right_comes_into_no_team_that_a_rule_names():
    there = [*BASE, RULE]
    assert done(compared([*there, COMES], there, PERSONS)) == []
    assert done(compared([*BASE, COMES], BASE, PERSONS)) == ["create team_member O/t:p1"]
    assert done(compared([*there, WRITES, COMES], [*there, WRITES], PERSONS)) == ["create team_member O/t:p1"]


def test_where_nobody_knows_what_teams_have_nobody_comes_into_one_of_its_org():
    other = [Org("P"), Membership("P", "p1"), Team("P/t")]
    wanted = [*BASE, *other, COMES, TeamMember("P/t", "p1")]
    assert done(compared(wanted, [*BASE, *other], TEAMS)) == ["create team_member P/t:p1"]
    server = replace(RULED, server_teams=True)
    assert done(compared(wanted, [*BASE, *other], TEAMS, server)) == []


def test_a_team_does_not_come_under_one_that_has_something_there():
    nested = replace(RULED, fields={**RULED.fields, "team": RULED.fields["team"] | {"parent"}})
    base = [*BASE, Team("O/above", parent=""), WRITES]
    there = [
        *base[:3],
        Team("O/t", parent=""),
        *base[4:],
        replace(WRITES, subject="team:O/above", level="admin"),
    ]
    wanted = [*there[:3], Team("O/t", parent="O/above"), *there[4:]]
    assert "update team O/t" in done(compared(wanted, there, HOOKS, nested, at="O/s"))
    assert "update team O/t" not in done(compared(wanted, there, HOOKS, nested))


def test_a_right_on_a_group_above_waits_where_rules_below_are_unknown():
    base = [Org("O"), Org("O/a"), Repo("O/a/r"), Repo("O/r")]
    given = Grant("org", "O/a", "person:p1", "write", "")
    shut = BranchRule(
        "O/a/r",
        "c7",
        push=("level:maintain",),
        create=("level:maintain",),
        merge=("level:maintain",),
        force=False,
        delete=False,
    )
    wanted, there = [*base, given, shut], [*base, shut]
    assert done(compared(wanted, there, RULES, GROUPED, at="O/a/r")) == []
    assert done(compared(wanted, there, HOOKS, GROUPED, at="O/a/r")) == ["create grant org:O/a:person:p1"]
    assert done(compared(wanted, there, RULES, GROUPED, at="O/r")) == ["create grant org:O/a:person:p1"]


def test_where_an_addition_waits_nobody_loses_what_he_has_elsewhere_and_keeps():
    teams = [
        Team("O/new"),
        Grant("repo", "O/s", "team:O/new", "write", ""),
        Grant("repo", "O/s", "team:O/t", "write", ""),
    ]
    base = [*BASE, *teams, replace(WRITES, subject="person:p1")]
    found = compared([*base, TeamMember("O/new", "p1")], [*base, COMES], RULES)
    assert done(found) == [], "p1 changes teams, and may write to O/s all through"
    alone = compared(base, [*base, COMES], RULES)
    assert done(alone) == ["delete team_member O/t:p1"], "nothing keeps who is taken out"


def test_a_group_with_it_inside_is_neither_moved_nor_deleted():
    apart = Apart({Key("repo", "O/a/r"): HOOKS})
    for kind in (Org, Team):
        assert apart.touches(Action("f", "delete", kind("O/a"), None))
        assert apart.touches(Action("f", "move", kind("O/a"), kind("O/b")))
        assert not apart.touches(Action("f", "delete", kind("O/ab"), None))
        assert not apart.touches(Action("f", "update", kind("O/a", title="x"), kind("O/a", title="y")))
    assert apart.touches(Action("f", "update", Ref("O/a/r", "heads/x", "1"), Ref("O/a/r", "heads/x", "2")))


def test_an_unread_repository_that_nobody_declared_is_named_too():
    found = compared([*BASE[:-1]], BASE, HOOKS, at="O/s")
    assert [one.subject for one in found.plan.quarantined] == ["O/s"]
    assert not [note for note in found.plan.notes if note.subject == "O/s"]


def test_where_nothing_is_unread_nothing_is_left_out():
    found = compare(desired_of(state([*BASE, WRITES])), observation_of(state(BASE)), TRAITS, OPEN)
    assert (found.left, dict(found.unread)) == ((), {})


def test_others_than_plans_are_told_what_an_observation_lacks():
    (one,) = told(observation_of({}, unread={Key("repo", "O/r"): HOOKS}), {Key("repo", "O/r"): "virt"})
    assert (one.subject, one.forge, one.sig, one.hint) == ("O/r", "f", "virt", "wait")
