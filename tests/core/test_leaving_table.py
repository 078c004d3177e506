"""What goes with a person who leaves, and what nobody, or too few, could do then."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sigctl.core.access_leaving import Gap, Leaving, leaving, without
from sigctl.core.access_rules import Judge
from sigctl.core.access_table import Names, Side, Wanted, rows
from sigctl.core.kinds import BranchRule, Grant, Key, Membership, Org, Repo, Team, TeamMember
from sigctl.core.state import state
from sigctl.forges import traits_of

GITHUB, GITLAB, PAGURE = traits_of("github"), traits_of("gitlab"), traits_of("pagure")
ORG, REPO = Org("O"), Repo("O/r", default_branch="main")
P1, P2 = "person:p1", "person:p2"
NAMES = Names({"O/r": "virt/xen"}, {"O/t": "virt/packagers"}, {"p1": "ann", "P-1": "ann", "p2": "bob"})


def side(*held, traits=GITHUB, names=NAMES, forge="f"):
    return Side(forge, Judge(state([ORG, *held]), traits), names)


def gaps(*held, traits=GITHUB, owners=0, person="ann"):
    """Return (thing, text) of what is missing once he is gone."""
    found = leaving([side(*held, traits=traits)], person, owners=owners).gaps
    return [(one.thing, one.text) for one in found]


def given(who, level="write", **fields):
    return Grant("repo", "O/r", who, level, **fields)


def rule(*push, pattern="c7", repo="O/r", **fields):
    return BranchRule(repo, pattern, push=push, **{"create": push, **fields})


def owner(who, **fields):
    return Membership("O", who, "owner", **fields)


NOBODY_WRITES = ("virt/xen", "nobody else has write or more")
NOBODY_PUSHES = ("virt/xen", "nobody else may push branches without a rule")
NO_OWNER = ("O", "0 owners are left, 1 asked for")
ALONE = {
    "a reader is not missed": ([REPO, given(P1, "read")], []),
    "the only one who writes": ([REPO, given(P1)], [NOBODY_WRITES, NOBODY_PUSHES]),
    "one of two who write": ([REPO, given(P1), given(P2)], []),
    "a reader does not stand in": ([REPO, given(P1), given(P2, "read")], [NOBODY_WRITES, NOBODY_PUSHES]),
    "who writes elsewhere does not stand in": (
        [REPO, given(P1), Repo("O/s"), Grant("repo", "O/s", P2, "write")],
        [NOBODY_WRITES, NOBODY_PUSHES],
    ),
    "who writes elsewhere and reads here does not stand in": (
        [REPO, given(P1), Repo("O/s"), Grant("repo", "O/s", P2, "admin"), given(P2, "read")],
        [NOBODY_WRITES, NOBODY_PUSHES],
    ),
    "who is only invited does not stand in": (
        [REPO, given(P1), given(P2, state="invited")],
        [NOBODY_WRITES, NOBODY_PUSHES],
    ),
    "only the highest level is told of": (
        [REPO, given(P1, "admin")],
        [("virt/xen", "nobody else has admin or more"), NOBODY_PUSHES],
    ),
    "a maintainer stands in for one who writes": ([REPO, given(P1), given(P2, "maintain")], []),
    "a writer for no maintainer": (
        [REPO, given(P1, "maintain"), given(P2)],
        [("virt/xen", "nobody else has maintain or more")],
    ),
    "nobody misses what is archived": ([replace(REPO, archived=True), given(P1)], []),
    "both of his accounts go": ([REPO, given(P1), given("person:P-1")], [NOBODY_WRITES, NOBODY_PUSHES]),
    "the only one whom two rules let in": (
        [REPO, given(P1), given(P2), rule(P1), rule(P1, pattern="c8")],
        [("virt/xen", "nobody else may push c7, c8")],
    ),
    "his team stands in": (
        [REPO, given(P1), Team("O/t"), TeamMember("O/t", "p2"), given("team:O/t"), rule(P1, "team:O/t")],
        [],
    ),
    "the last of a team": (
        [REPO, Team("O/t"), TeamMember("O/t", "p1"), given("team:O/t", "read")],
        [("virt/packagers", "nobody is left in the team")],
    ),
    "a team that was empty before is no news": ([REPO, Team("O/t"), given("team:O/t", "read")], []),
    "the last but one of a team": (
        [REPO, Team("O/t"), TeamMember("O/t", "p1"), TeamMember("O/t", "p2"), given("team:O/t", "read")],
        [],
    ),
}


@pytest.mark.parametrize("case", ALONE)
def test_what_nobody_could_do_without_him(case):
    held, missing = ALONE[case]
    assert gaps(*held) == missing


BRANCHES = ("c7", "c7-*")
ON_PAGURE = {
    "who may push every branch may push his": ([given(P1, branches=BRANCHES), given(P2, branches=())], []),
    "who has the same branches may": ([given(P1, branches=BRANCHES), given(P2, branches=BRANCHES)], []),
    "who has others may not": (
        [given(P1, branches=BRANCHES), given(P2, branches=("c8",))],
        [("virt/xen", "nobody else may push c7, c7-*")],
    ),
}


@pytest.mark.parametrize("case", ON_PAGURE)
def test_where_grants_name_their_branches(case):
    held, missing = ON_PAGURE[case]
    assert gaps(REPO, *held, traits=PAGURE) == missing


def on_group(who, level="admin", target="O", **fields):
    return Grant("org", target, who, level, **fields)


OWNERS = {
    "the last one": ([owner("p1")], 0, [NO_OWNER]),
    "as few as may be": ([owner("p1"), owner("p2")], 1, []),
    "one too few": ([owner("p1"), owner("p2")], 2, [("O", "1 owner is left, 2 asked for")]),
    "two too few": ([owner("p1"), owner("p2"), owner("p3")], 4, [("O", "2 owners are left, 4 asked for")]),
    "one is enough where nobody says how many": ([owner("p1"), owner("p2")], 0, []),
    "he is no owner": ([owner("p2"), Membership("O", "p1")], 9, []),
    "a member stands in for no owner": ([owner("p1"), Membership("O", "p2")], 0, [NO_OWNER]),
    "who is only invited owns nothing yet": ([owner("p1"), owner("p2", state="invited")], 0, [NO_OWNER]),
    "the last of a group": ([on_group(P1)], 0, [NO_OWNER]),
    "one of two of a group": ([on_group(P1), on_group(P2)], 1, []),
    "two of three of a group": (
        [on_group(P1), on_group(P2), on_group("person:p3")],
        3,
        [("O", "2 owners are left, 3 asked for")],
    ),
    "who is only invited to a group": ([on_group(P1), on_group(P2, state="invited")], 0, [NO_OWNER]),
    "who has less in a group owns it not": ([on_group(P1), on_group(P2, "write")], 0, [NO_OWNER]),
    "who has less is not missed": ([on_group(P1, "write"), on_group(P2)], 2, []),
    "a team that owns a group stands in with those in it": (
        [on_group(P1), on_group("team:O/t"), TeamMember("O/t", "p2")],
        1,
        [],
    ),
    "a team that owns a group and has nobody else in it": (
        [on_group("team:O/t"), TeamMember("O/t", "p1")],
        0,
        [NO_OWNER, ("virt/packagers", "nobody is left in the team")],
    ),
    "a group within has the owners above it": ([Org("O/a"), on_group(P1, target="O/a"), on_group(P2)], 0, []),
    "who administers a repository owns no group": ([REPO, given(P1, "admin"), given(P2, "admin")], 9, []),
}


@pytest.mark.parametrize("case", OWNERS)
def test_owners_that_are_left(case):
    held, least, missing = OWNERS[case]
    assert gaps(*held, owners=least) == missing
    assert gaps(Org("A"), Membership("A", "p2", "owner"), *held, owners=least) == missing


def test_gaps_say_where_they_are():
    held = [REPO, given(P1), owner("p1"), Team("O/t"), Team("bare"), Team("O/u")]
    held += [TeamMember(team, "p1") for team in ("O/t", "bare", "O/u")]
    assert leaving([side(*held)], "ann").gaps == (
        Gap("f", "", "O", "0 owners are left, 1 asked for"),
        Gap("f", "", "O/u", "nobody is left in the team"),
        Gap("f", "", "bare", "nobody is left in the team"),
        Gap("f", "virt", "virt/packagers", "nobody is left in the team"),
        Gap("f", "virt", "virt/xen", "nobody else has admin or more"),
        Gap("f", "virt", "virt/xen", "nobody else may push branches without a rule"),
    )


def test_everything_that_goes_is_told_of_for_each_forge_by_the_names_of_the_files():
    held = [
        REPO,
        Team("O/t"),
        Team("O/u"),
        given("team:O/t"),
        TeamMember("O/u", "p1"),
        TeamMember("O/t", "P-1"),
    ]
    others = [TeamMember("O/t", "p2"), TeamMember("O/u", "p2"), given(P2)]
    sides = [side(*held, *others), side(*held, *others, forge="g")]
    lost = tuple(row for one in sides for row in rows(one, Wanted(people=frozenset({"ann"}))))
    assert [(row.forge, row.login) for row in lost] == [("f", "P-1"), ("g", "P-1")]
    teams = (("f", "O/u"), ("f", "virt/packagers"), ("g", "O/u"), ("g", "virt/packagers"))
    assert leaving(sides, "ann", roles=["chair of virt"]) == Leaving(
        "ann", lost, teams, ("chair of virt",), ()
    )


def test_who_the_files_do_not_know_leaves_by_his_login():
    lost = leaving([side(REPO, given("person:stranger"), given(P2))], "stranger")
    assert [(row.who, row.repo) for row in lost.rows] == [("stranger", "virt/xen")]


def test_only_what_is_asked_for_is_told_of():
    both = [REPO, Repo("O/s"), given(P1), given(P2), Grant("repo", "O/s", P1, "read")]
    found = leaving([side(*both)], "ann", wanted=Wanted(people=frozenset({"bob"}), repos=frozenset({"O/s"})))
    assert [(row.who, row.repo) for row in found.rows] == [("ann", "O/s")]


def test_nothing_is_left_of_whoever_is_gone():
    kept = [
        ORG,
        REPO,
        Team("O/t"),
        TeamMember("O/t", "p2"),
        given(P2),
        given("team:O/t"),
        Membership("O", "p2"),
    ]
    gone = [TeamMember("O/t", "p1"), given(P1), Membership("O", "p1")]
    found = without(state([*kept, *gone, rule(P1, P2)]), ["p1", "p9"])
    assert found == state([*kept, rule(P2)])
    assert without(state([rule(P1)]), ["p1"])[Key("branch_rule", "O/r:branch:c7")].push == ()
