"""What a team only inherits is nobody's to take away, unless nothing declared stands behind it any more."""

from __future__ import annotations

from sigctl.core.diff import diff
from sigctl.core.heritage import comes_from_above, own_only
from sigctl.core.kinds import Grant, Key, Repo, Team
from sigctl.core.kinds.grant import INHERITED
from sigctl.core.order import order
from sigctl.core.plan import Action
from sigctl.core.state import Desired, state

REPO = Repo("O/r")
ABOVE, BELOW = Team("O/above", parent=""), Team("O/below", parent="O/above")
GIVEN = Grant("repo", "O/r", "team:O/above", "write")
COPY = Grant("repo", "O/r", "team:O/below", "write", state=INHERITED)
SEEN = state([REPO, ABOVE, BELOW, GIVEN, COPY])


def actions(*wanted: Grant, teams: tuple[Team, ...] = (ABOVE, BELOW)) -> list[Action]:
    things = state([REPO, *teams, *wanted])
    desired = Desired("f", things, managed=frozenset({REPO.key}), orgs=frozenset({"O"}))
    seen = state(own_only(SEEN.values(), things.values()))
    return list(diff(things, seen, desired).actions)


def test_a_copy_of_a_declared_grant_above_is_left_alone() -> None:
    assert actions(GIVEN) == []
    assert comes_from_above(COPY, "write", state([BELOW, ABOVE, GIVEN]), SEEN)


def test_a_copy_goes_with_the_grant_above_since_one_of_its_own_may_hide_below() -> None:
    assert {(action.verb, action.key) for action in actions()} == {
        ("delete", GIVEN.key),
        ("delete", COPY.key),
    }


def test_a_declared_grant_that_is_covered_for_good_is_no_difference() -> None:
    assert actions(GIVEN, Grant("repo", "O/r", "team:O/below", "read")) == []


def test_a_declared_grant_that_is_covered_only_until_now_is_given_explicitly() -> None:
    found = actions(Grant("repo", "O/r", "team:O/below", "write"))
    assert {(action.verb, action.key) for action in found} == {("delete", GIVEN.key), ("create", COPY.key)}


def test_what_is_two_teams_above_counts_though_only_the_forge_knows_the_way_there() -> None:
    lowest = Team("O/low", parent="O/below")
    copy = Grant("repo", "O/r", "team:O/low", "write", state=INHERITED)
    seen = state([ABOVE, BELOW, lowest])
    for wanted in ([GIVEN], [GIVEN, lowest], [GIVEN, Team("O/low"), BELOW], [GIVEN, lowest, Team("O/below")]):
        assert comes_from_above(copy, "write", state(wanted), seen)
    for wanted in ([GIVEN, Team("O/low", parent="")], [GIVEN, lowest, Team("O/below", parent="")]):
        assert not comes_from_above(copy, "write", state(wanted), seen)


def test_teams_that_are_nested_in_a_circle_get_nothing_from_above() -> None:
    circle = state([Team("O/below", parent="O/a"), Team("O/a", parent="O/b"), Team("O/b", parent="O/a")])
    assert not comes_from_above(COPY, "write", circle, {})


def test_a_copy_counts_as_declared_also_where_nothing_but_copies_is_listed() -> None:
    declared = Grant("repo", "O/r", "team:O/below", "read")
    wanted = [ABOVE, BELOW, GIVEN, declared]
    assert own_only([COPY], wanted) == [Grant("repo", "O/r", "team:O/below", "read", state=INHERITED)]
    assert own_only([COPY], [BELOW, declared]) == []


def test_more_than_what_is_inherited_is_given() -> None:
    (action,) = actions(GIVEN, Grant("repo", "O/r", "team:O/below", "admin"))
    assert (action.verb, action.key) == ("create", COPY.key)


def test_a_team_that_leaves_the_one_above_gets_its_grant_explicitly() -> None:
    out = Team("O/below", parent="")
    found = actions(GIVEN, Grant("repo", "O/r", "team:O/below", "write"), teams=(ABOVE, out))
    assert ("create", COPY.key) in {(action.verb, action.key) for action in found}


def test_nested_teams_are_made_from_the_top_and_deleted_from_the_bottom() -> None:
    deeper = Team("O/aa", parent="O/below")
    made = order([Action("f", "create", None, team) for team in (deeper, BELOW, ABOVE)], {}).actions
    assert [action.key.name for action in made] == ["O/above", "O/below", "O/aa"]
    gone = order([Action("f", "delete", team, None) for team in (ABOVE, BELOW, deeper)], {}).actions
    assert [action.key.name for action in gone] == ["O/aa", "O/below", "O/above"]


def test_a_nesting_is_turned_around_only_once_it_is_undone() -> None:
    out = Action("f", "update", BELOW, Team("O/below", parent=""))
    turned = Action("f", "update", ABOVE, Team("O/above", parent="O/below"))
    assert [action.key for action in order([turned, out], {}).actions] == [
        Key("team", "O/below"),
        Key("team", "O/above"),
    ]
