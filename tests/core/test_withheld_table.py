"""What is there where only some of a plan has happened, what may come to nothing together, and what gives or takes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sigctl.core.course import END, START
from sigctl.core.kinds import BranchRule, Grant, Key, Label, Membership, Org, Repo, TeamMember
from sigctl.core.plan import Action
from sigctl.core.state import state
from sigctl.core.withheld import _MANY, Trial, _gives, _losses, _over, _shuts, linked

REPO = Repo("G/r", description="a", visibility="private", archived=False)
SHOWN = replace(REPO, visibility="public")
MINE = Grant("repo", "G/r", "person:p1", "write", "")
LOWER = replace(MINE, level="read")
PLACE = TeamMember("T/t", "p1")
RULE = BranchRule("G/r", "c7", push=())


def act(before, after, phase=40, verb="update"):
    verb = "create" if before is None else "delete" if after is None else verb
    return Action("f", verb, before, after, phase=phase)


def test_a_write_of_fields_leaves_what_failed_before_as_it_was():
    described = replace(REPO, description="b")
    change = act(described, replace(described, visibility="public"))
    assert _over(REPO, change, change.after) == SHOWN
    assert _over(described, change, change.after) == change.after
    orgs = Org("G", title="a", base_level="none"), Org("G", title="b", base_level="none")
    raised = act(orgs[1], replace(orgs[1], base_level="read"))
    assert _over(orgs[0], raised, raised.after) == replace(orgs[0], base_level="read")


def test_what_is_written_whole_is_what_is_written():
    change = act(LOWER, replace(MINE, level="admin"))
    assert _over(MINE, change, change.after) == change.after
    made = act(None, SHOWN)
    assert _over(REPO, made, SHOWN) == SHOWN


@pytest.mark.parametrize(
    ("count", "losses"),
    [
        (1, [[0]]),
        (2, [[0], [1], [0, 1]]),
        (3, [[0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]]),
    ],
)
def test_each_may_come_to_nothing_and_two_by_two_and_all(count, losses):
    assert [list(one) for one in _losses(list(range(count)))] == losses


def test_of_many_no_longer_two_by_two():
    few, many = list(range(_MANY)), list(range(_MANY + 1))
    assert len(list(_losses(few))) == _MANY + _MANY * (_MANY - 1) // 2 + 1
    assert [list(one) for one in _losses(many)] == [*([one] for one in many), many]


BASE = Org("G", base_level="none")
TELLS = {
    "a right that ends": (act(MINE, None), True, False),
    "a right that sinks": (act(MINE, LOWER), True, False),
    "a right that is given": (act(None, MINE), False, True),
    "a place that ends": (act(PLACE, None), True, False),
    "a place that is given": (act(None, PLACE), False, True),
    "a membership that ends": (act(Membership("G", "p1"), None), True, False),
    "a membership that is given": (act(None, Membership("G", "p1")), False, True),
    "a base level that sinks": (act(replace(BASE, base_level="read"), BASE), True, False),
    "a base level that rises": (act(BASE, replace(BASE, base_level="read")), False, True),
    "a title": (act(BASE, replace(BASE, title="x")), False, False),
    "a rule that comes": (act(None, RULE), True, True),
    "a rule that goes": (act(RULE, None), True, True),
    "a repository that is made": (act(None, REPO), True, True),
    "a repository that is made public": (act(None, SHOWN), False, True),
    "a repository that moves": (act(Repo("G/old"), Repo("G/r"), 40, "move"), True, True),
    "a repository that is hidden": (act(SHOWN, REPO), True, True),
    "a repository that is shown": (act(REPO, SHOWN), False, True),
    "a repository that is archived": (act(REPO, replace(REPO, archived=True)), True, True),
    "a repository that leaves the archive": (act(replace(REPO, archived=True), REPO), False, True),
    "a description": (act(REPO, replace(REPO, description="b")), False, False),
    "a label": (act(None, Label("G/r", "bug")), False, False),
}


@pytest.mark.parametrize("case", TELLS)
def test_it_takes_or_gives(case):
    action, shuts, gives = TELLS[case]
    assert (_shuts(action), _gives(action)) == (shuts, gives)


def trial(actions, seen, done=()):
    found = Trial(actions, state(seen), rules_open=False)
    found.done = {id(one) for one in done}
    return found


def test_a_thing_is_what_those_changes_made_of_it_that_have_happened():
    lower, gone = act(MINE, LOWER, 50), act(LOWER, None, 60)
    key = MINE.key
    for done, now in (([], MINE), ([lower], LOWER), ([gone], None), ([lower, gone], None)):
        assert trial([lower, gone], [MINE], done).values(key, 0) == (now,)
    before = trial([lower, gone], [MINE])
    assert (before.values(key, START), before.values(key, END)) == ((MINE,), (None,))
    assert before.values(Key("grant", "repo:G/s:person:p1"), 0) == (None,)


def test_a_thing_that_is_made_in_steps_is_whole_once_the_first_has_happened():
    made, shown = act(None, REPO, 21), act(REPO, SHOWN, 80)
    described = act(SHOWN, replace(SHOWN, description="b"), 81)
    actions = [made, described, shown]
    assert trial(actions, []).values(REPO.key, 0) == (None,)
    assert trial(actions, [], [made]).values(REPO.key, 0) == (REPO,)
    assert trial(actions, [], [made, described]).values(REPO.key, 0) == (replace(REPO, description="b"),)
    assert trial(actions, [], actions).values(REPO.key, 0) == (described.after,)


def test_a_repository_is_where_it_was_until_its_move_has_happened():
    move = act(Repo("H/r"), Repo("G/r"), 30, "move")
    change = act(replace(REPO, description="x"), REPO, 75)
    assert trial([move, change], [Repo("H/r")]).paths("G/r", 0) == ("H/r",)
    assert trial([move, change], [Repo("H/r")], [move]).paths("G/r", 0) == ("G/r",)
    assert trial([change], [REPO]).paths("G/r", 0) == ("G/r",)


def test_what_somebody_can_do_too_much_is_told_by_what_has_happened():
    less, come = act(MINE, LOWER, 30), act(None, PLACE, 40)
    ours = Grant("repo", "G/r", "team:T/t", "admin", "")
    sinks = act(ours, replace(ours, level="read"), 35)
    found = trial([sinks, come], [REPO, ours])
    pair = ("p1", "G/r")
    assert found.excess(pair, set()) == frozenset()
    assert ("level", "") in found.excess(pair, {id(come)})
    assert found.excess(pair, {id(come), id(sinks)}) == frozenset()
    assert trial([less], [REPO, MINE]).excess(pair, set()) == frozenset()


def waits(seen, *actions):
    found = linked(actions, state([Org("G"), REPO, *seen]))
    numbers = {one.id: number for number, one in enumerate(actions)}
    return [sorted(numbers[other] for other in one.depends) for one in found]


TEAMS = [Grant("repo", "G/r", f"team:T/{name}", "admin", "") for name in "tu"]
LOWER_TEAM = replace(TEAMS[0], level="read")


def test_who_comes_into_a_team_waits_for_what_it_loses_and_for_nothing_that_others_lose():
    sinks = act(TEAMS[0], replace(TEAMS[0], level="read"), 35)
    other = act(TEAMS[1], replace(TEAMS[1], level="read"), 34)
    assert waits(TEAMS, other, sinks, act(None, PLACE, 42)) == [[], [], [1]]


def test_who_comes_into_two_teams_waits_each_time_for_what_that_one_loses():
    sinks = [act(one, replace(one, level="read"), 35) for one in TEAMS]
    come = [act(None, replace(PLACE, team=f"T/{name}"), 42) for name in "tu"]
    assert waits(TEAMS, *sinks, *come) == [[], [], [0], [1]]


def test_a_right_that_rests_on_a_place_waits_for_the_end_of_the_persons_own_place_first():
    """What the team gets would reach who should be out of it."""
    out, other = act(PLACE, None, 35), act(replace(PLACE, login="p2"), None, 34)
    given = act(None, TEAMS[0], 44)
    assert waits([PLACE, replace(PLACE, login="p2")], other, out, given) == [[], [], [0, 1]]


def test_what_waits_already_waits_once():
    sinks = act(TEAMS[0], replace(TEAMS[0], level="read"), 35)
    come = replace(act(None, PLACE, 42), depends=(sinks.id,))
    assert waits(TEAMS, sinks, come) == [[], [0]]
    between = replace(act(None, Membership("G", "p1"), 41), depends=(sinks.id,))
    late = replace(act(None, PLACE, 42), depends=(between.id,))
    assert waits(TEAMS, sinks, between, late) == [[], [0], [1]]


def test_where_nothing_takes_nothing_waits():
    assert waits([], act(None, MINE, 44), act(None, PLACE, 42)) == [[], []]


def test_where_either_of_two_rules_keeps_somebody_out_he_waits_for_the_first():
    writes = replace(TEAMS[0], level="write")
    narrow, wide = act(None, RULE, 39), act(None, replace(RULE, pattern="c*"), 38)
    assert waits([writes], narrow, wide, act(None, PLACE, 42)) == [[], [], [1]]
    assert waits([writes], act(None, PLACE, 42), narrow, wide) == [[], [], [2]]


def test_who_comes_into_a_team_waits_for_all_that_it_loses_in_one_repository():
    above = Grant("org", "G", "team:T/t", "admin", "")
    ends = [act(TEAMS[0], None, 35), act(above, None, 34)]
    assert waits([TEAMS[0], above], *ends, act(None, PLACE, 42)) == [[], [], [0, 1]]


def test_nothing_of_the_same_phase_is_waited_for_nor_counted_on():
    sinks = act(TEAMS[0], LOWER_TEAM, 35)
    ends, come = act(LOWER_TEAM, None, 42), act(None, PLACE, 42)
    assert waits(TEAMS, replace(sinks, phase=42), come) == [[], []]
    assert waits(TEAMS, sinks, ends, come) == [[], [], [0]]


def test_what_is_given_in_the_same_phase_counts_as_given():
    shuts, right = act(None, RULE, 39), act(None, replace(TEAMS[0], level="write"), 42)
    assert waits([], shuts, act(None, PLACE, 42), right) == [[], [], [0]]


def test_what_is_too_much_without_it_as_well_keeps_nothing_back():
    """Who is in the team before it loses its right has too much for a moment; what he gets of his own later adds nothing to that."""
    come, sinks = act(None, PLACE, 42), act(TEAMS[0], LOWER_TEAM, 50)
    assert waits(TEAMS, come, sinks, act(None, LOWER, 60)) == [[], [], []]


SAME = replace(RULE, pattern="c*"), replace(RULE, pattern="c**")
"""Two rules for the same branches: either keeps people out."""


@pytest.mark.parametrize("more", [0, _MANY])
def test_where_one_of_two_is_enough_the_first_is_waited_for(more):
    others = [act(None, replace(RULE, on="tag", pattern=f"v{number}"), 30) for number in range(more)]
    one, other = (act(None, rule, phase) for rule, phase in zip(SAME, (39, 38), strict=True))
    writes = replace(TEAMS[0], level="write")
    assert waits([writes], one, other, act(None, PLACE, 42), *others)[-1] == [1]


def test_of_the_end_of_a_right_and_of_the_persons_own_place_the_place_is_waited_for():
    above = Grant("org", "H", "team:T/t", "admin", "")
    ends, out = act(above, None, 33), act(PLACE, None, 35)
    move = act(Repo("I/r"), Repo("H/r"), 38, "move")
    assert waits([Repo("I/r"), above, PLACE], ends, out, move) == [[], [], [1]]
