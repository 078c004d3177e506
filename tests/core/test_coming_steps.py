"""The steps in which a rule of a repository changes that rights reach anew: all of what is done, and when."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sigctl.core.coming import Phases, shut, where_they_were
from sigctl.core.kinds import BranchRule, Grant, Label, Repo
from sigctl.core.plan import Action
from sigctl.core.state import state

PHASES = Phases(34, 35, 65)
MOVED = {"A/r": "B/r"}
OLD, NEW = Repo("A/r"), Repo("B/r")


def rule(pattern, *push, repo="B/r", **fields):
    return BranchRule(repo, pattern, push=push, **fields)


def act(before, after, verb="update", phase=50):
    verb = "create" if before is None else "delete" if after is None else verb
    return Action("f", verb, before, after, phase=phase)


def steps(actions, seen=(), reached=None):
    """Return (verb, before, after, phase) of what is done to rules."""
    found = shut(actions, state(seen), MOVED if reached is None else reached, PHASES)
    return [(a.verb, a.before, a.after, a.phase) for a in found]


BOTH, FIRST, SECOND = (rule("c7", *who) for who in (("team:t", "team:u"), ("team:t",), ("team:u",)))
NOBODY = rule("c7")


def old(one):
    return replace(one, repo="A/r")


def test_what_only_narrows_narrows_before_and_what_only_widens_widens_after():
    assert steps([act(BOTH, FIRST)], [old(BOTH)]) == [("update", BOTH, FIRST, 34)]
    assert steps([act(FIRST, BOTH)], [old(FIRST)]) == [("update", FIRST, BOTH, 65)]


def test_what_does_both_does_the_one_before_and_the_other_after():
    assert steps([act(FIRST, SECOND)], [old(FIRST)]) == [
        ("update", FIRST, NOBODY, 34),
        ("update", NOBODY, SECOND, 65),
    ]


def test_two_steps_that_were_planned_become_these():
    assert steps([act(FIRST, NOBODY, phase=39), act(NOBODY, SECOND, phase=65)], [old(FIRST)]) == [
        ("update", FIRST, NOBODY, 34),
        ("update", NOBODY, SECOND, 65),
    ]


def test_a_new_rule_comes_before():
    assert steps([act(None, FIRST)]) == [("create", None, FIRST, 34)]


def test_one_that_was_to_be_made_in_two_steps_begins_with_the_first():
    assert steps([act(None, NOBODY), act(NOBODY, FIRST)]) == [
        ("create", None, NOBODY, 34),
        ("update", NOBODY, FIRST, 65),
    ]


NAMED = rule("c7", "person:p1", "team:t", merge=("person:p2",), create=("person:p3",))


@pytest.mark.parametrize(
    ("rights", "push", "merge", "create"),
    [
        ([], (), (), ()),
        ([("repo", "A/r", "p1")], ("person:p1",), (), ()),
        ([("org", "A", "p2")], (), ("person:p2",), ()),
        ([("repo", "A/r", "p3"), ("org", "A", "p3")], (), (), ("person:p3",)),
        ([("repo", "B/r", "p1"), ("org", "B", "p2"), ("repo", "A/s", "p3")], (), (), ()),
    ],
    ids=["no rights", "there", "on the group", "both", "elsewhere"],
)
def test_it_names_only_people_who_have_a_right_where_the_repository_is(rights, push, merge, create):
    seen = [Grant(on, target, f"person:{who}", "write", "") for on, target, who in rights]
    first = replace(NAMED, push=(*push, "team:t"), merge=merge, create=create)
    assert steps([act(None, NAMED)], seen) == [
        ("create", None, first, 34),
        ("update", first, NAMED, 65),
    ]


def test_a_rule_that_names_no_people_names_all_at_once():
    assert steps([act(None, rule("c7", "person:p1"))], [Grant("org", "A", "person:p1", "read", "")]) == [
        ("create", None, rule("c7", "person:p1"), 34)
    ]


ADMINS = rule("c*", "level:admin")
WRITERS = rule("c7", "level:write")


@pytest.mark.parametrize(
    ("there", "first"),
    [
        (old(ADMINS), replace(WRITERS, push=("level:admin",))),
        (replace(ADMINS, repo="A/s"), WRITERS),
        (replace(old(ADMINS), on="tag"), WRITERS),
        (replace(old(ADMINS), pattern="d*"), WRITERS),
    ],
    ids=["for the same branches", "of another repository", "for tags", "for other branches"],
)
def test_a_new_rule_is_no_wider_at_first_than_what_holds_there(there, first):
    after = [("update", first, WRITERS, 65)] if first != WRITERS else []
    assert steps([act(None, WRITERS)], [there]) == [("create", None, first, 34), *after]


def test_a_rule_that_goes_is_shut_before_as_those_that_stay():
    stays = rule("c7*", "team:t")
    shut_first = replace(BOTH, pattern="*7", push=("team:t",))
    wide = replace(BOTH, pattern="*7")
    assert steps([act(wide, None)], [old(wide), old(stays)]) == [
        ("update", wide, shut_first, 34),
        ("delete", shut_first, None, 65),
    ]


def test_one_that_is_as_closed_goes_in_one_step():
    stays = rule("c7*", "team:t", "team:u")
    goes = rule("*7", "team:t")
    assert steps([act(goes, None)], [old(goes), old(stays)]) == [("delete", goes, None, 65)]
    assert steps([act(goes, None)], [old(goes)]) == [("delete", goes, None, 65)]


def test_one_that_another_covers_goes_before():
    stays = rule("c*", "team:t")
    goes = rule("c7", "team:t", "team:u")
    assert steps([act(goes, None)], [old(goes), old(stays)]) == [("delete", goes, None, 35)]
    tags = replace(stays, on="tag")
    assert steps([act(goes, None)], [old(goes), old(tags)]) == [("delete", goes, None, 65)]


def test_what_a_rule_will_be_counts_for_one_that_goes():
    goes, stays = rule("c7", "team:t"), rule("c*", "team:t")
    assert steps([act(goes, None), act(stays, None)], [old(goes), old(stays)]) == [
        ("delete", goes, None, 65),
        ("delete", stays, None, 65),
    ]
    assert steps([act(goes, None), act(None, stays)], [old(goes)]) == [
        ("delete", goes, None, 35),
        ("create", None, stays, 34),
    ]


def test_other_actions_and_other_repositories_are_left_as_they_are():
    others = [
        act(None, Label("B/r", "bug", "ff0000")),
        act(None, rule("c7", repo="B/s")),
        act(OLD, NEW, "move"),
    ]
    assert shut(others, {}, MOVED, PHASES) == others
    found = shut([*others, act(None, FIRST)], {}, MOVED, PHASES)
    assert found == [*others, act(None, FIRST, phase=34)]


def test_what_is_reached_without_moving_changes_where_it_is():
    assert steps([act(FIRST, SECOND)], [FIRST], {"B/r": "B/r"}) == [
        ("update", FIRST, NOBODY, 34),
        ("update", NOBODY, SECOND, 65),
    ]


MOVE = act(OLD, NEW, "move", phase=37)


def test_a_rule_that_changes_before_the_move_is_told_by_the_old_path_and_whatever_depends_on_it_still_does():
    before = act(BOTH, FIRST, phase=34)
    late = replace(act(FIRST, BOTH, phase=65), depends=(before.id, MOVE.id))
    then = act(old(BOTH), old(FIRST), phase=34)
    assert where_they_were([before, MOVE, late], MOVED) == [
        then,
        MOVE,
        replace(late, depends=tuple(sorted((then.id, MOVE.id)))),
    ]


def test_a_new_one_and_one_that_goes_are_told_so_too():
    made, gone = act(None, FIRST, phase=34), act(BOTH, None, phase=34)
    found = where_they_were([made, gone, MOVE], MOVED)
    assert [(a.before, a.after) for a in found[:2]] == [(None, old(FIRST)), (old(BOTH), None)]


@pytest.mark.parametrize(
    ("action", "moved"),
    [
        (act(BOTH, FIRST, phase=37), MOVED),
        (act(BOTH, FIRST, phase=65), MOVED),
        (act(BOTH, FIRST, phase=34), {}),
        (act(BOTH, FIRST, phase=34), {"A/s": "B/s"}),
        (act(replace(BOTH, repo="B/s"), replace(FIRST, repo="B/s"), phase=34), MOVED),
        (act(None, Label("B/r", "bug", "ff0000"), phase=34), MOVED),
    ],
    ids=["with the move", "after it", "none across groups", "another moves across", "another's", "no rule"],
)
def test_all_else_is_told_by_the_path_that_it_has(action, moved):
    depending = replace(act(None, Label("B/r", "x", "ff0000"), phase=75), depends=(action.id, "other"))
    assert where_they_were([action, MOVE, depending], moved) == [action, MOVE, depending]


def test_a_change_of_the_repository_itself_is_no_move():
    opened = act(replace(OLD, archived=True), replace(OLD, archived=False), phase=10)
    early = act(old(BOTH), old(FIRST), phase=5)
    assert where_they_were([opened, early], MOVED) == [opened, early]
