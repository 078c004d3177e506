"""What each thing may be at a moment of a plan, where repositories are, and whom a change concerns."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sigctl.core.kinds import (
    BranchRule,
    Features,
    Grant,
    Key,
    Label,
    Membership,
    Org,
    Repo,
    Team,
    TeamMember,
)
from sigctl.core.plan import Action
from sigctl.core.reach import groups_of, pattern_of, rank_of
from sigctl.core.state import state
from sigctl.core.timeline import Timeline

REPO, RULE = Repo("G/r"), BranchRule("G/r", "c7*", push=("team:G/named",))


def act(before, after, phase=40, verb="update"):
    verb = "create" if before is None else "delete" if after is None else verb
    return Action("f", verb, before, after, phase=phase)


def grant(target, subject, level="write", on="repo"):
    return Grant(on, target, subject, level, "")


def person(login, level="write"):
    return grant("G/r", f"person:{login}", level)


MINE = person("p1")
LOWER, NEW = replace(MINE, level="read"), Repo("G/new")
MOVE = act(REPO, NEW, 40, "move")


@pytest.mark.parametrize(
    ("phase", "values"),
    [
        (39, (None,)),
        (40, (None, MINE)),
        (41, (MINE,)),
        (50, (MINE, LOWER)),
        (60, (LOWER, None)),
        (99, (None,)),
    ],
)
def test_a_thing_is_what_its_last_change_made_it_and_within_a_change_either(phase, values):
    line = Timeline([act(LOWER, None, 60), act(None, MINE, 40), act(MINE, LOWER, 50)], {})
    assert line.values(MINE.key, phase) == values
    assert line.values(REPO.key, phase) == (None,)


def test_an_action_that_is_put_elsewhere_happens_there():
    action = act(None, MINE, 40)
    line = Timeline([action, act(MINE, LOWER, 50)], {})
    assert line.values(MINE.key, 45) == (MINE,)
    line.move(action, 47)
    assert (line.phase(action), line.values(MINE.key, 45), line.values(MINE.key, 47)) == (
        47,
        (None,),
        (None, MINE),
    )


@pytest.mark.parametrize(
    ("phase", "paths"), [(39, ("G/r",)), (40, ("G/r", "G/new")), (41, ("G/new",)), (60, ("G/new",))]
)
def test_a_repository_is_where_it_was_until_it_moves(phase, paths):
    described = act(NEW, replace(NEW, description="x"), 60)
    for actions in ([MOVE, described], [described, MOVE]):
        assert Timeline(actions, state([REPO])).paths("G/new", phase) == paths


@pytest.mark.parametrize("phase", [40, 41])
def test_a_change_of_other_kinds_leaves_a_repository_where_it_is(phase):
    changed = act(REPO, replace(REPO, description="x"), 40)
    assert Timeline([changed], state([REPO])).paths("G/r", phase) == ("G/r",)
    assert Timeline([act(REPO, None)], state([REPO])).paths("G/r", phase) == ("G/r",)


def test_repositories_are_those_there_are_at_some_time_and_what_is_in_groups_with_rights():
    seen = [REPO, MINE, grant("G", "person:p1", on="org"), grant("G/gone", "person:p1"), Org("H"), RULE]
    line = Timeline([act(None, Repo("G/a/s")), MOVE], state(seen))
    assert line.repos == {"G/new", "G/a/s", "G/*"}
    assert line.below == {"G": {"G/new", "G/a/s", "G/*"}, "G/a": {"G/a/s"}}


def test_a_branch_stands_for_each_pattern_and_one_for_none():
    rules = [
        RULE,
        replace(RULE, pattern="main"),
        replace(RULE, pattern="v*", on="tag"),
        replace(RULE, repo="G/s"),
    ]
    line = Timeline([act(None, replace(RULE, pattern="new/*"))], state(rules))
    assert line.branches("G/r") == ["c7~", "main", "new/~", "~"]
    assert line.branches("G/none") == ["~"]


def test_the_parts_of_keys_and_paths():
    assert groups_of("a/b/c") == ["a", "a/b"]
    assert groups_of("a") == []
    assert pattern_of(RULE.key) == "c7*"
    assert [rank_of(word) for word in ("none", "read", "write", "admin", "native:x")] == [0, 1, 3, 5, 5]


def test_teams_and_what_names_them_go_by_the_path_that_they_have_in_the_end():
    old, new = Team("G/old"), Team("G/t")
    seen = [old, TeamMember("G/old", "p1"), grant("G/r", "team:G/old"), REPO]
    line = Timeline([act(old, new, 20, "move"), act(old, None)], state(seen))
    assert (line.name_of("G/old"), line.name_of("G/t"), line.name_of("G/r")) == ("G/t", "G/t", "G/r")
    assert (line.teams_of["p1"], line.people_of["G/t"]) == ({"G/t"}, {"p1"})
    assert line.granted("team:G/t", ["repo:G/r", "repo:G/s"]) == [Key("grant", "repo:G/r:team:G/t")]


PLACE = TeamMember("G/t", "p1")
TOUCHES = {
    "the repository": act(REPO, replace(REPO, visibility="public")),
    "its features": act(Features("G/r"), Features("G/r", ("issues=members",))),
    "a rule": act(None, RULE),
    "a right": act(None, MINE),
    "a right on the group": act(None, grant("G", "person:p1", on="org")),
    "what all members have": act(Org("G"), Org("G", base_level="read")),
    "a membership": act(Membership("G", "p1", "owner"), None),
    "a team's right": act(None, grant("G/r", "team:G/t")),
    "a place in that team": act(PLACE, None),
    "a place in a team that a rule names": act(None, TeamMember("G/named", "p1")),
}
LEAVES = {
    "another repository": act(None, Repo("G/s")),
    "somebody else's right": act(None, person("p2")),
    "somebody else's membership": act(None, Membership("G", "p2")),
    "a team without rights there": act(None, TeamMember("G/idle", "p1")),
    "that team's right elsewhere": act(None, grant("G/s", "team:G/t")),
    "a label": act(None, Label("G/r", "bug")),
}


def test_what_somebody_can_do_in_a_repository_changes_by():
    line = Timeline(
        [*TOUCHES.values(), *LEAVES.values()], state([REPO, PLACE, Org("G"), Membership("G", "p1")])
    )
    touched = {id(action) for action in line.relevant(("p1", "G/r"))}
    assert [case for case, action in TOUCHES.items() if id(action) not in touched] == []
    assert [case for case, action in LEAVES.items() if id(action) in touched] == []


SHOW = act(REPO, replace(REPO, visibility="public"))
BASE = act(Org("G"), Org("G", base_level="read"))
HERE = {("p1", "G/r")}
WHOM = {
    "a place: all that the team reaches": (
        act(None, PLACE),
        [REPO, Repo("G/s"), Repo("G/o"), RULE, replace(RULE, push=("team:G/t",)), grant("G/s", "team:G/t")],
        {("p1", "G/r"), ("p1", "G/s")},
    ),
    "of several rights of a team each counts": (
        act(None, PLACE),
        [REPO, Repo("G/s"), Repo("H/o"), grant("G/s", "team:G/t"), grant("G/r", "team:G/t"), grant("H", "team:G/t", on="org")],
        {("p1", "G/r"), ("p1", "G/s"), ("p1", "H/o"), ("p1", "H/*")},
    ),
    "what nobody knows as a repository does not count": (act(None, PLACE), [grant("G/x", "team:G/t")], set()),
    "a right: the person": (act(None, MINE), [REPO, person("p2")], HERE),
    "a team's right: its people": (
        act(None, grant("G/r", "team:G/t")),
        [REPO, PLACE, TeamMember("G/o", "p2")],
        HERE,
    ),
    "a team's right without people": (act(None, grant("G/r", "team:G/t")), [REPO], set()),
    "a right on a group: all below": (
        act(None, grant("G", "person:p1", on="org")),
        [REPO, Repo("G/a/s"), Repo("H/o")],
        {("p1", "G/r"), ("p1", "G/a/s"), ("p1", "G/*")},
    ),
    "a membership: all below": (act(None, Membership("G", "p1")), [REPO, Repo("H/o")], HERE),
    "a membership of what has nothing in it": (act(None, Membership("I", "p1")), [REPO], set()),
    "what all members have": (
        BASE,
        [REPO, Repo("H/o"), Membership("G", "p1"), Membership("H", "p2")],
        HERE,
    ),
    "what all have of what has nobody, and nothing": (BASE, [REPO, Membership("H", "p1")], set()),
    "a rule: whoever writes at some time": (
        act(None, RULE),
        [REPO, MINE, person("p2", "read"), person("p3", "none"), person("p4", "native:x")],
        HERE | {("p4", "G/r")},
    ),
    "a rule: owners, too, and no members": (
        act(None, RULE),
        [REPO, Org("G", base_level="read"), Membership("G", "p1", "owner"), Membership("G", "p2")],
        HERE,
    ),
    "a rule: members where all write": (
        act(None, RULE),
        [REPO, Org("G", base_level="write"), Membership("G", "p1"), Org("H", base_level="write"), Membership("H", "p2")],
        HERE,
    ),
    "a repository: whoever reads at some time": (
        SHOW,
        [REPO, person("p1", "read"), person("p2", "none"), Membership("G", "p3"), grant("G/s", "person:p4")],
        HERE,
    ),
    "a repository: members where all read": (
        SHOW,
        [REPO, Org("G", base_level="read"), Membership("G", "p1"), person("p2", "read")],
        HERE | {("p2", "G/r")},
    ),
    "a repository: teams and people with rights on it or above it": (
        SHOW,
        [REPO, PLACE, TeamMember("G/o", "p2"), *(grant("G/r", f"team:G/{t}") for t in "to"), grant("G", "person:p3", on="org")],
        HERE | {("p2", "G/r"), ("p3", "G/r")},
    ),
    "its features": (TOUCHES["its features"], [REPO, MINE], HERE),
    "nobody by a label": (act(None, Label("G/r", "bug")), [REPO, MINE], set()),
    "nobody by a team": (act(None, Team("G/t")), [REPO, PLACE, grant("G/r", "team:G/t")], set()),
}  # fmt: skip


@pytest.mark.parametrize("case", WHOM)
def test_it_concerns(case):
    action, seen, pairs = WHOM[case]
    assert Timeline([action], {one.key: one for one in seen}).pairs_of(action) == pairs


def test_in_groups_within_groups_the_owners_of_each_count():
    show = act(Repo("G/a/r"), Repo("G/a/r", visibility="public"))
    people = [Membership("G", "p1", "owner"), Membership("G/a", "p2", "owner"), Membership("G/a", "p3")]
    pairs = Timeline([show], state([Repo("G/a/r"), *people])).pairs_of(show)
    assert pairs == {("p1", "G/a/r"), ("p2", "G/a/r")}


def test_of_what_somebody_has_in_the_course_of_a_plan_the_most_counts():
    rule = act(None, RULE)
    sinks, rises = act(MINE, LOWER, 50), act(person("p2", "read"), person("p2"), 50)
    line = Timeline([rule, sinks, rises], state([REPO, MINE, person("p2", "read")]))
    assert line.pairs_of(rule) == {("p1", "G/r"), ("p2", "G/r")}


def test_whoever_has_rights_where_a_repository_was_or_comes_to_counts():
    moved = Repo("H/r")
    move, rule = act(REPO, moved, 40, "move"), act(None, replace(RULE, repo="H/r"))
    groups = [
        grant("G", "person:p1", on="org"),
        grant("H", "person:p2", on="org"),
        grant("I", "person:p3", on="org"),
    ]
    line = Timeline([move, rule], state([REPO, *groups]))
    assert line.above("H/r") == ["H", "G"]
    assert line.pairs_of(rule) == {("p1", "H/r"), ("p2", "H/r")}


NEST = [Team("G/a"), Team("G/b", parent="G/a"), Team("G/c", parent="G/b"), Team("G/d", parent="G/d")]


def test_who_is_in_a_team_is_in_those_that_it_is_in():
    come = act(None, TeamMember("G/c", "p1"), 40)
    stays = TeamMember("G/a", "p2")
    line = Timeline([come], state([*NEST, stays, REPO, grant("G/r", "team:G/a")]))
    assert line.teams_of == {"p1": {"G/a", "G/b", "G/c"}, "p2": {"G/a"}}
    assert line.people_of == {"G/a": {"p1", "p2"}, "G/b": {"p1"}, "G/c": {"p1"}}
    assert [line.places(team, "p1", 39) for team in ("G/a", "G/c", "G/d")] == [(None,)] * 3
    assert [line.places(team, "p1", 40) for team in ("G/a", "G/c")] == [(None, come.after)] * 2
    assert [line.places(team, "p1", 41) for team in ("G/a", "G/b", "G/c")] == [(come.after,)] * 3
    assert line.places("G/a", "p2", 41) == (stays,)
    assert line.places("G/b", "p2", 41) == (None,)
    assert line.pairs_of(come) == {("p1", "G/r")}
    assert line.relevant(("p1", "G/r")) == [come]
    assert line.relevant(("p2", "G/r")) == []
