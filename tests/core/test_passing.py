"""Teams that are groups below groups with rights: whom they bring along, and the moments while one moves."""

from __future__ import annotations

import pytest

from sigctl.core.kinds import Grant, Repo, Team
from sigctl.core.passing import brought, moments
from sigctl.core.plan import Action
from sigctl.core.state import Note, state

ABOVE = Grant("org", "p/sig", "person:chair", "write")
USED = Grant("repo", "q/r", "team:p/sig/groups/t", "write")
MOVED = Action("f", "move", Team("p/t"), Team("p/sig/groups/t"), "s", 24)
ENDS = Action("f", "delete", Grant("org", "p/sig", "person:p2", "write"), None, "s", 50)


def test_a_team_that_is_used_outside_brings_those_above_it_along():
    text = "p/sig/groups/t brings those who have rights on p/sig along to q/r"
    assert brought(state([ABOVE, USED]), "f") == [Note("brought", "q/r", text, "f")]


@pytest.mark.parametrize(
    "resources",
    [
        [ABOVE, Grant("repo", "p/sig/r", "team:p/sig/groups/t", "write")],
        [ABOVE, Grant("repo", "q/r", "team:p/other/groups/t", "write")],
        [Grant("org", "p/sig", "team:p/sig/groups/t", "write"), USED],
        [USED],
    ],
    ids=["inside the group", "not below it", "its own right", "no rights above"],
)
def test_nobody_is_brought_along(resources):
    assert brought(state(resources), "f") == []


def held(group, target, forge="f"):
    return Note(
        "moment", target, f"who has rights on {group} has those of a team on {target} for a moment", forge
    )


def test_a_team_that_comes_below_a_group_that_people_leave_is_a_moment_for_each_of_its_rights():
    old = Grant("repo", "q/r", "team:p/t", "write")
    new = Action("f", "create", None, Grant("repo", "q/new", "team:p/sig/groups/t", "read"), "s", 44)
    seen = state([ABOVE, old, Grant("repo", "q/r", "team:p/else", "write")])
    assert moments([MOVED, ENDS, new], seen, "f") == [held("p/sig", "q/new"), held("p/sig", "q/r")]


def test_what_moves_along_is_named_by_its_new_path():
    old = Grant("repo", "q/r", "team:p/t", "write")
    along = Action("f", "move", Repo("q/r"), Repo("q/other"), "s", 22)
    renamed = Action("f", "update", Repo("q/x", description="a"), Repo("q/x", description="b"), "s", 75)
    assert moments([along, MOVED, ENDS, renamed], state([ABOVE, old]), "f") == [held("p/sig", "q/other")]


def test_where_nobody_loses_anything_a_team_that_moves_is_no_moment():
    old = Grant("repo", "q/r", "team:p/t", "write")
    gains = Action("f", "create", None, Grant("org", "p/sig", "person:p3", "read"), "s", 44)
    assert moments([MOVED, gains], state([ABOVE, old]), "f") == []
    assert moments([ENDS], state([ABOVE, old]), "f") == []
    assert moments([MOVED, ENDS], state([old]), "f") == []
