"""Repositories that change their group: what comes before the move, and what waits for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sigctl.core.kinds import Grant, Label, Org, Repo, Team, TeamMember
from sigctl.core.plan import Action
from sigctl.core.state import state
from sigctl.core.transfers import across, ahead, linked, reached, shrinking

EARLY = 30


def act(before, after, phase=50, verb="update"):
    verb = "create" if before is None else "delete" if after is None else verb
    return Action("f", verb, before, after, phase=phase)


def on_group(target, subject="team:T/t", level="write"):
    return Grant("org", target, subject, level, "")


def on_repo(target, subject="team:T/t", level="write"):
    return Grant("repo", target, subject, level, "")


def joins(team, phase=42):
    return act(None, TeamMember(team, "p1"), phase)


def leaves(team, phase=50):
    return act(TeamMember(team, "p1"), None, phase)


def moves(old, new, phase=20):
    return act(Repo(old), Repo(new), phase, "move")


MOVE, RIGHT = moves("G/a/r", "G/b/r"), on_group("G/b")
LOWER, HIGHER = replace(RIGHT, level="read"), replace(RIGHT, level="admin")
ACROSS = {
    "from group to group": ([MOVE], [RIGHT], {"G/a/r": "G/b/r"}),
    "where the first right on a group is only to come": ([MOVE, act(None, RIGHT)], [], {"G/a/r": "G/b/r"}),
    "up": ([moves("G/a/r", "G/r")], [RIGHT], {"G/a/r": "G/r"}),
    "no new name within a group": ([moves("G/a/r", "G/a/s")], [RIGHT], {}),
    "nothing where nobody has rights on groups": ([MOVE], [on_repo("G/a/r")], {}),
    "no team": ([act(Team("G/a/t"), Team("G/b/t"), 20, "move")], [RIGHT], {}),
    "no repository that is changed, made or goes": (
        [act(Repo("G/r"), Repo("G/r", "x")), act(None, Repo("G/a/r")), act(Repo("G/b/r"), None)],
        [RIGHT],
        {},
    ),
}


@pytest.mark.parametrize("case", ACROSS)
def test_a_repository_goes_across(case):
    actions, seen, moved = ACROSS[case]
    assert across(iter(actions), state(seen)) == moved


BEFORE = {
    "the move comes after what it needs": ([], [], [32]),
    "who leaves a team with rights there is out before": ([leaves("T/t")], [RIGHT], [32, 30]),
    "or with rights where it comes from": ([leaves("T/t")], [on_group("G/a")], [32, 30]),
    "or with rights that are only to come": ([leaves("T/t"), act(None, RIGHT, 44)], [], [32, 30, 31]),
    "who comes into one does so when he would": ([joins("T/t")], [RIGHT], [32, 42]),
    "who leaves another team does, too": ([leaves("T/u")], [RIGHT], [32, 50]),
    "or one with rights on other groups": ([leaves("T/u")], [RIGHT, on_group("H", "team:T/u")], [32, 50]),
    "or on repositories only": ([leaves("T/u")], [RIGHT, on_repo("G/a/r", "team:T/u")], [32, 50]),
    "rights there end before": ([act(RIGHT, None)], [RIGHT], [32, 30]),
    "rights there sink before": ([act(HIGHER, RIGHT)], [HIGHER], [32, 30]),
    "and are given after those that end": ([act(None, RIGHT, 44)], [], [32, 31]),
    "and rise": ([act(LOWER, RIGHT, 44)], [LOWER], [32, 31]),
    "also on a group further up": ([act(None, on_group("G"), 44)], [], [32, 31]),
    "but not on groups that it only leaves": ([act(None, on_group("G/a"), 44)], [], [32, 44]),
    "nor on others": ([act(None, on_group("H"), 44)], [], [32, 44]),
    "nor on itself": ([act(None, on_repo("G/b/r"), 44)], [RIGHT], [32, 44]),
    "nor does anything else": ([act(None, Label("G/b/r", "bug"), 44)], [RIGHT], [32, 44]),
    "what another one leaves is given after that one is out": (
        [moves("G/b/s", "G/a/s"), act(None, RIGHT, 44), act(on_group("G/a"), None)],
        [on_group("G/a")],
        [32, 32, 44, 30],
    ),
    "and ends before": ([moves("G/b/s", "G/a/s"), act(RIGHT, None, 44)], [RIGHT], [32, 32, 30]),
    "a move within a group stays where it is": ([moves("G/a/x", "G/a/y")], [RIGHT], [32, 20]),
    "a team that moves stays, and its people leave before": (
        [act(Team("T/old"), Team("T/t"), 20, "move"), leaves("T/t"), act(Team("T/t"), Team("T/t", "x"), 60)],
        [on_group("G/b", "team:T/old")],
        [32, 20, 30, 60],
    ),
    "a repository of a team's name may move": (
        [moves("T/t", "U/t"), leaves("T/t")],
        [RIGHT],
        [32, 32, 30],
    ),
}


@pytest.mark.parametrize("case", BEFORE)
def test_before_a_move(case):
    actions, seen, phases = BEFORE[case]
    seen = state([*seen, on_group("else", "person:p9")])
    done = ahead([MOVE, *actions], seen, early=EARLY)
    assert [a.phase for a in done] == phases
    assert [replace(a, phase=0) for a in done] == [replace(a, phase=0) for a in [MOVE, *actions]]


def test_without_a_move_nothing_changes_its_place():
    actions = [leaves("T/t"), act(None, RIGHT, 44)]
    assert ahead(actions, state([HIGHER]), early=EARLY) == actions


def test_a_move_depends_on_what_must_come_before_it_and_on_nothing_else():
    needed = [leaves("T/t", 30), act(None, RIGHT, 31)]
    others = [leaves("T/u", 30), act(None, on_group("G"), 32), act(None, on_group("H"), 31), joins("T/t", 31)]
    move = replace(MOVE, phase=32, depends=("before",))
    inner = moves("H/x", "H/y")
    done = linked([*needed, *others, move, inner], state([RIGHT]))
    wanted = tuple(sorted(["before", *(a.id for a in needed)]))
    assert done == [*needed, *others, replace(move, depends=wanted), inner]


def test_a_move_waits_only_for_the_rights_of_its_own_groups():
    one, other = replace(MOVE, phase=32), moves("H/a/r", "H/b/r", 32)
    rights = [act(None, RIGHT, 31), act(None, on_group("H/b"), 31)]
    done = linked([one, other, *rights], state([on_group("else", "person:p9")]))
    assert [a.depends for a in done] == [(rights[0].id,), (rights[1].id,), (), ()]


def test_rights_on_groups_reach_what_is_there_and_what_moves():
    seen = state([Repo("G/b/s"), Repo("G/c/s"), Repo("G/bb"), RIGHT])
    given = act(None, on_group("G/b", "team:T/u"), 44)
    moved = {"G/a/r": "G/b/r"}
    assert reached([given], seen, moved, shut=45) == {"G/b/s": "G/b/s", **moved}
    for other in (
        replace(given, phase=45),
        act(RIGHT, None, 30),
        act(None, on_repo("G/b"), 30),
        act(None, Repo("G/b/t"), 30),
    ):
        assert reached([other], seen, moved, shut=45) == moved


SHRINKING = {
    "a right that ends": ([act(RIGHT, None)], [RIGHT], {"G/b"}),
    "a right that sinks": ([act(HIGHER, RIGHT)], [HIGHER], {"G/b"}),
    "no right that rises": ([act(LOWER, RIGHT)], [LOWER], set()),
    "no right on a repository": ([act(on_repo("G/r"), None)], [RIGHT], set()),
    "a place in a team with rights": (
        [leaves("T/t")],
        [RIGHT, on_group("H"), on_group("I", "team:T/u"), on_repo("J/r"), Org("K")],
        {"G/b", "H"},
    ),
    "no place that is given": ([joins("T/t")], [RIGHT], set()),
    "no place in another team": ([leaves("T/u")], [RIGHT], set()),
    "a place in a team that moves": (
        [act(Team("T/old"), Team("T/t"), 20, "move"), leaves("T/t")],
        [on_group("G/b", "team:T/old")],
        {"G/b"},
    ),
    "also where a repository of that name moves": ([moves("T/t", "U/t"), leaves("T/t")], [RIGHT], {"G/b"}),
    "both": ([leaves("T/t"), act(on_group("H", "person:p1"), None)], [RIGHT], {"G/b", "H"}),
}


@pytest.mark.parametrize("case", SHRINKING)
def test_somebody_loses_something_on_a_group_by(case):
    actions, seen, groups = SHRINKING[case]
    assert shrinking(actions, state(seen)) == groups
