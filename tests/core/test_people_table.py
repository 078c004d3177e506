"""Whose account is whose, who holds what, and what a plan says of itself, case by case."""

from __future__ import annotations

from dataclasses import replace

import pytest
from worlds import TRAITS

from sigctl.core.holders import People
from sigctl.core.kinds import Grant, Key, Label, Repo, Team, TeamMember
from sigctl.core.people import identify
from sigctl.core.plan import Action, Cost, Plan, Refusal, merge
from sigctl.core.state import Account, Desired, Note, Observation, SetAside, state

MINE = Grant("repo", "G/a/r", "person:p1", "write", "")


def identified(accounts, pins=None, traits=TRAITS):
    desired = Desired("hub", state([MINE]), pins=pins or {})
    return identify(desired, Observation("hub", {}, {a.login: a for a in accounts}), traits)


GONE = ("no such account on this forge", "correct the login, or take the person out of the files")
STRANGER = (
    "the login belongs to another account now (id 8, the files pin 7)",
    "ask the person; whoever has the login now may be a stranger",
)
BLOCKED = (
    "the account is blocked on this forge",
    "unblock it there, or take the person out of the files",
)
DECLINED = (
    "asked today already",
    "nobody is invited twice a day; ask the person, or take the person out of the files",
)
ASIDE = {
    "not there": ([], {}, {"p1"}, GONE),
    "missing": ([Account("p1", status="missing")], {}, {"p1"}, GONE),
    "another's": ([Account("p1", 8)], {"p1": 7}, {"p1"}, STRANGER),
    "blocked": ([Account("P1", 7, status="blocked")], {}, {"p1", "P1"}, BLOCKED),
    "invited in vain": (
        [Account("p1", 7, status="declined", reason="asked today already")],
        {"p1": 7},
        {"p1"},
        DECLINED,
    ),
    "renamed and blocked": (
        [Account("p1", status="missing"), Account("new", 7, status="blocked")],
        {"p1": 7},
        {"p1"},
        GONE,
    ),
}


@pytest.mark.parametrize("case", ASIDE)
def test_set_aside_is_who_is(case):
    accounts, pins, aside, (reason, hint) = ASIDE[case]
    found = identified(accounts, pins)
    assert found.aside == aside
    assert found.set_aside == (SetAside("p1", reason, "hub", "", hint),)
    assert (found.renamed, found.notes) == ({}, ())


@pytest.mark.parametrize(
    ("accounts", "pins"),
    [
        ([Account("p1", 7)], {}),
        ([Account("p1", 7)], {"p1": 7}),
        ([Account("p1", "7")], {"p1": 7}),
        ([Account("P1", 7)], {"p1": 7}),
        ([Account("p1")], {}),
    ],
)
def test_who_is_who_was_meant_is_left_alone(accounts, pins):
    found = identified(accounts, pins)
    assert (found.aside, found.set_aside, found.renamed, found.notes) == (frozenset(), (), {}, ())


def test_letters_of_a_login_count_where_they_do():
    strict = replace(TRAITS, fold_logins=False)
    assert identified([Account("P1", 7)], traits=strict).aside == {"p1"}
    assert identified([Account("P1", 7)], {"p1": 7}, strict).renamed == {"p1": "P1"}


@pytest.mark.parametrize("others", [[], [Account("p1", 8)], [Account("p1", status="missing")]])
def test_a_pinned_account_is_found_under_its_new_name_whoever_has_the_old_one(others):
    found = identified([*others, Account("new", 7)], {"p1": 7})
    assert found.renamed == {"p1": "new"}
    text = "p1 is new now (id 7): change the login in the files"
    assert found.notes == (Note("renamed", "p1", text, "hub"),)
    assert (found.aside, found.set_aside) == (frozenset(), ())


def test_one_who_is_renamed_hides_none_who_comes_after():
    desired = Desired("hub", state([MINE, replace(MINE, subject="person:p2")]), pins={"p1": 7})
    found = identify(desired, Observation("hub", {}, {"new": Account("new", 7)}), TRAITS)
    assert (set(found.renamed), found.aside) == ({"p1"}, {"p2"})


def team(level="write", on="repo", target="G/a/r"):
    return Grant(on, target, "team:T/t", level, "")


def people(*wanted, seen=(), told=()):
    return People.of(wanted, seen, told)


HAVING = {
    "who has it": ([MINE], "write", {"person:p1"}),
    "who has more": ([replace(MINE, level="admin"), team()], "maintain", {"person:p1"}),
    "a team on the group": ([team(on="org", target="G/a")], "write", {"team:T/t"}),
    "a team on the group at the top": ([team(on="org", target="G")], "write", {"team:T/t"}),
    "a team that owns a group": ([team("admin", "org", "G")], "write", {"team:T/t"}),
    "a person on the group": ([replace(MINE, on="org", target="G")], "write", {"person:p1"}),
    "not an owner of the group": ([replace(MINE, on="org", target="G", level="admin")], "write", set()),
    "an administrator of the repository": ([replace(MINE, level="admin")], "write", {"person:p1"}),
    "not one elsewhere": ([replace(MINE, target="G/a/s"), team(on="org", target="G/b")], "read", set()),
    "not with a word of the forge's own": ([replace(MINE, level="native:x")], "read", set()),
}


@pytest.mark.parametrize("case", HAVING)
def test_having_a_level_is(case):
    wanted, floor, subjects = HAVING[case]
    found = people(*wanted)
    assert found.having("G/a/r", floor) == subjects
    assert found.having("G/a/r", floor) == subjects, "and asked again"


def test_each_level_and_repository_is_asked_for_by_itself():
    found = people(MINE)
    assert [len(found.having(repo, level)) for repo, level in (("G/a/r", "write"), ("G/a/r", "admin"), ("G/a/s", "read"))] == [1, 0, 0]  # fmt: skip


def test_the_level_above_is_the_strongest_of_the_subject_on_the_groups():
    found = people(
        team("maintain", "org", "G"),
        team("write", "org", "G/a"),
        team("admin"),
        Grant("org", "G", "team:T/u", "read", ""),
        Grant("org", "G/a", "team:T/u", "admin", ""),
        Grant("org", "G/a", "team:T/v", "native:x", ""),
    )
    subjects = ("team:T/t", "team:T/u", "team:T/v", "person:p1")
    assert [found.level_above("G/a/r", one) for one in subjects] == ["maintain", "admin", "none", "none"]


PLACES = [TeamMember("T/t", "p1"), TeamMember("T/t", "p2"), TeamMember("T/u", "p2")]


def test_logins_are_people_and_members_with_the_team_itself():
    found = people(*PLACES)
    assert found.logins(["person:p9", "team:T/t", "team:T/x"]) == {"p9", "p1", "p2", "team:T/t", "team:T/x"}
    assert found.logins([]) == set()


@pytest.mark.parametrize(
    ("subjects", "among", "outside"),
    [
        (["person:p1"], ["team:T/t"], set()),
        (["person:p3"], ["team:T/t"], {"person:p3"}),
        (["team:T/u"], ["team:T/t"], set()),
        (["team:T/t"], ["team:T/u"], {"team:T/t"}),
        (["team:T/t"], ["person:p1", "person:p2"], set()),
        (["team:T/t"], ["team:T/t"], set()),
        (["team:T/empty"], ["team:T/t"], {"team:T/empty"}),
        (["level:write"], ["team:T/t"], {"level:write"}),
    ],
)
def test_outside_are_those_with_anybody_who_is_not_among(subjects, among, outside):
    assert people(*PLACES).outside(subjects, among) == outside


def test_who_is_in_a_team_that_the_files_do_not_tell_of_is_as_it_was_seen():
    told = {Key("team", "T/t")}
    seen = [TeamMember("T/t", "p8"), TeamMember("T/w", "p9")]
    assert people(*PLACES, seen=seen, told=told).teams == {
        "T/t": {"p1", "p2"},
        "T/u": {"p2"},
        "T/w": {"p9"},
    }


ACTION = Action("hub", "create", None, MINE, "virt", 44, ("abc",))
PLAN = Plan(
    (ACTION,),
    ("hub",),
    (Note("bot", "x", "y", "hub", "virt"),),
    (Refusal("delete", 2, 1, "hint", "text"),),
    (SetAside("p1", "gone", "hub", "virt", "hint"),),
    Cost(5, 1, 0.5, {"creations": 1}, 2.0, 3),
    "digest",
    "2026-11-22",
)


def test_a_plan_is_written_with_these_words():
    data = PLAN.as_json()
    assert list(data) == [
        "format", "digest", "config_digest", "created", "forges", "actions", "notes", "refusals", "quarantined",
        "cost", "summary",
    ]  # fmt: skip
    (action,) = data["actions"]
    assert {name: action[name] for name in ("forge", "sig", "verb", "kind", "key", "before", "effect", "phase", "depends")} == {
        "forge": "hub", "sig": "virt", "verb": "create", "kind": "grant", "key": "repo:G/a/r:person:p1",
        "before": None, "effect": "widens", "phase": 44, "depends": ["abc"],
    }  # fmt: skip
    assert set(action) - {"forge", "sig", "verb", "kind", "key", "before", "effect", "phase", "depends"} == {
        "id",
        "after",
    }
    assert data["format"] == "sigctl/plan/1"
    assert data["digest"] == PLAN.digest
    assert (data["config_digest"], data["created"], data["forges"]) == ("digest", "2026-11-22", ["hub"])
    assert data["summary"] == {"create": 1, "update": 0, "delete": 0, "move": 0}
    assert data["notes"] == [{"topic": "bot", "subject": "x", "text": "y", "forge": "hub", "sig": "virt"}]
    assert data["refusals"] == [{"guard": "delete", "number": 2, "limit": 1, "hint": "hint", "text": "text"}]
    assert data["quarantined"][0]["reason"] == "gone"
    assert data["cost"]["requests"] == {"creations": 1}


def test_a_plan_is_read_as_it_was_written():
    assert Plan.parse(PLAN.as_json()) == PLAN


def tampered(**changes):
    data = PLAN.as_json()
    data["actions"] = [{**data["actions"][0], **changes}]
    return data


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({**PLAN.as_json(), "format": "sigctl/plan/0"}, "not a plan of format sigctl/plan/1"),
        ({}, "not a plan of format sigctl/plan/1"),
        ({**PLAN.as_json(), "digest": "0"}, "the digest does not match the actions"),
        ({one: data for one, data in PLAN.as_json().items() if one != "notes"}, "not a whole plan: 'notes'"),
        (tampered(verb="grant"), "unknown verb `grant`"),
        (tampered(forge="lab"), f"action `{ACTION.id}` does not match its own content"),
        (tampered(phase=1), "the digest does not match the actions"),
        (tampered(depends=[]), "the digest does not match the actions"),
    ],
)
def test_what_is_no_plan_of_ours_is_refused_with_the_reason(data, says):
    with pytest.raises(ValueError, match=r"plan|digest|verb|content") as error:
        Plan.parse(data)
    assert str(error.value) == says


def test_an_action_says_what_changes_of_what_is_compared():
    old, new = Repo("G/r", description="a", filled=False), Repo("G/r", description="b", filled=True)
    assert Action("f", "update", old, new).changed() == {"description": ("a", "b")}
    assert Action("f", "create", None, new).changed() == {}
    assert Action("f", "delete", old, None).changed() == {}
    moved = Action("f", "move", Label("G/r", "a"), Label("G/r", "b", "ff0000"))
    assert moved.changed() == {"color": (None, "ff0000"), "name": ("a", "b")}


def test_actions_are_told_apart_by_what_they_do_and_not_by_when():
    assert replace(ACTION, phase=1, depends=(), sig="").id == ACTION.id
    others = [
        replace(ACTION, forge="lab"),
        replace(ACTION, verb="update"),
        replace(ACTION, after=replace(MINE, level="read")),
        replace(ACTION, before=MINE),
    ]
    assert len({one.id for one in (ACTION, *others)}) == len(others) + 1


def test_a_plan_of_several_has_all_of_each_and_the_longest_time():
    other = Plan(
        (replace(ACTION, forge="lab", phase=20), replace(ACTION, forge="lab", phase=20, after=replace(MINE, target="G/a/b"))),
        ("lab",),
        (Note("bot", "a", "y", "lab"), Note("bot", "a", "y", "lab")),
        (Refusal("archive", 2, 1, "hint", "text"),),
        (SetAside("p0", "gone", "lab"),),
        Cost(7, 2, 4.0, {"creations": 2, "invitations": 1}, 1.0, 1),
    )  # fmt: skip
    merged = merge([PLAN, other], created="now")
    assert [(a.forge, a.key.name) for a in merged.actions] == [
        ("lab", "repo:G/a/b:person:p1"),
        ("lab", "repo:G/a/r:person:p1"),
        ("hub", "repo:G/a/r:person:p1"),
    ]
    assert merged.forges == ("hub", "lab")
    assert [one.subject for one in merged.notes] == ["a", "x"]
    assert [one.guard for one in merged.refusals] == ["delete", "archive"]
    assert [one.subject for one in merged.quarantined] == ["p0", "p1"]
    assert merged.cost == Cost(12, 3, 4.0, {"creations": 3, "invitations": 1}, 2.0, 4)
    assert (merged.created, merged.config_digest) == ("now", "")
    assert merge([]).cost == Cost()


def test_actions_of_one_phase_are_sorted_by_forge_sig_kind_and_name():
    mixed = [
        replace(ACTION, sig="b"),
        replace(ACTION, sig="a"),
        replace(ACTION, sig="a", after=Team("T/t")),
        replace(ACTION, forge="a", sig="z"),
    ]
    assert [(a.forge, a.sig, a.kind) for a in merge([Plan(tuple(mixed))]).actions] == [
        ("a", "z", "grant"),
        ("hub", "a", "grant"),
        ("hub", "a", "team"),
        ("hub", "b", "grant"),
    ]
