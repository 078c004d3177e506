"""What mending an order may put elsewhere, and what counts as better, case by case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sigctl.core.course import Course
from sigctl.core.kinds import BranchRule, Grant, Label, Membership, Org, Repo, Team, TeamMember
from sigctl.core.mend import (
    HIGHEST,
    LAST,
    LOWEST,
    _each,
    _fewer_gaps,
    _less_excess,
    _less_excess_and_no_more_gaps,
    _Mending,
    _takes,
    mend,
)
from sigctl.core.plan import Action
from sigctl.core.state import state

REPO = Repo("O/r", visibility="private", archived=False)
BASE = [Org("O"), Team("O/t"), Team("O/u"), REPO]
PLACE = TeamMember("O/t", "p1")
MINE = Grant("repo", "O/r", "person:p1", "write", "")
THEIRS = Grant("repo", "O/r", "team:O/t", "write", "")
RULE = BranchRule("O/r", "main", push=("team:O/t",))


def act(before, after, phase=50, verb="update"):
    verb = "create" if before is None else "delete" if after is None else verb
    return Action("f", verb, before, after, phase=phase)


def mending(actions, seen=()):
    natural = {a.id: 40 for a in actions}
    return _Mending(actions, Course(actions, state([*BASE, *seen])), 35, natural)


G1, G2 = (("p1", "O/r"), ("level", "")), (("p2", "O/r"), ("level", ""))
NONE, ONE, OTHER, BOTH = (frozenset(found) for found in ((), (G1,), (G2,), (G1, G2)))
BETTER = [
    # (gaps, excess) before and after; less excess; and no more gaps; fewer gaps and no more excess
    ((NONE, ONE), (NONE, NONE), True, True, False),
    ((NONE, BOTH), (NONE, ONE), True, True, False),
    ((NONE, ONE), (NONE, ONE), False, False, False),
    ((NONE, ONE), (NONE, OTHER), False, False, False),
    ((NONE, ONE), (NONE, BOTH), False, False, False),
    ((NONE, ONE), (ONE, NONE), True, False, False),
    ((ONE, ONE), (ONE, NONE), True, True, False),
    ((ONE, ONE), (OTHER, NONE), True, False, False),
    ((BOTH, ONE), (ONE, NONE), True, True, True),
    ((BOTH, ONE), (ONE, ONE), False, False, True),
    ((BOTH, NONE), (ONE, ONE), False, False, False),
    ((ONE, ONE), (NONE, OTHER), False, False, False),
    ((ONE, NONE), (ONE, NONE), False, False, False),
    ((ONE, NONE), (OTHER, NONE), False, False, False),
    ((ONE, NONE), (NONE, NONE), False, False, True),
    ((BOTH, ONE), (BOTH, NONE), True, True, False),
    ((BOTH, BOTH), (ONE, ONE), True, True, True),
    ((NONE, NONE), (NONE, NONE), False, False, False),
    ((NONE, NONE), (ONE, NONE), False, False, False),
    ((ONE, BOTH), (BOTH, ONE), True, False, False),
]


@pytest.mark.parametrize(("old", "new", "less", "harmless", "fewer"), BETTER)
def test_better_is(old, new, less, harmless, fewer):
    assert _less_excess(old, new) is less
    assert _less_excess_and_no_more_gaps(old, new) is harmless
    assert _fewer_gaps(old, new) is fewer


def test_each_is_tried_by_itself_and_then_all_together():
    one, two = (act(None, PLACE), 40), (act(None, MINE), 44)
    assert list(_each([])) == []
    assert list(_each([one])) == [[one]]
    assert list(_each([one, two])) == [[one], [two], [one, two]]


LOWER = replace(MINE, level="read")
GROUP = Grant("org", "O", "person:p1", "write", "")
FREE = {
    "a right that is given": (act(None, MINE), True, True),
    "a right that ends": (act(MINE, None), True, True),
    "a right on a group that is given": (act(None, GROUP), False, True),
    "no right on a group that ends": (act(GROUP, None), False, False),
    "a place that is given": (act(None, PLACE), True, True),
    "a place that ends": (act(PLACE, None), True, True),
    "a rule that lets in": (act(RULE, None), False, True),
    "no rule that shuts out": (act(None, RULE), False, False),
    "a base level": (act(Org("O", base_level="none"), Org("O", base_level="read")), True, True),
    "no org that is made": (act(None, Org("O/a")), False, False),
    "no org that goes": (act(Org("O/a"), None), False, False),
    "no title": (act(Org("O", title="a"), Org("O", title="b")), False, False),
    "no repository": (act(REPO, replace(REPO, visibility="public")), False, False),
    "no membership": (act(None, Membership("O", "p1")), False, False),
    "no label": (act(None, Label("O/r", "bug", "ff0000")), False, False),
    "nothing before all is made": (act(None, MINE, LOWEST - 1), False, False),
    "what comes right after": (act(None, MINE, LOWEST), True, True),
    "what comes last before histories": (act(None, MINE, HIGHEST), True, True),
    "what comes after them": (act(None, MINE, HIGHEST + 1), False, True),
    "what comes last of all": (act(None, MINE, LAST), False, True),
    "nothing while whole things go": (act(None, MINE, LAST + 1), False, False),
}


@pytest.mark.parametrize("case", FREE)
def test_it_may_be_elsewhere(case):
    action, here, later = FREE[case]
    seen = [action.before] if action.before and action.before.key not in state(BASE) else []
    found = mending([action], seen)
    assert (found._free(action, HIGHEST), found._free(action, LAST)) == (here, later)


def test_what_has_a_right_above_that_sinks_comes_after_it():
    sinks, again = act(GROUP, replace(GROUP, level="read")), act(replace(GROUP, target="P"), None, 45)
    given, place, out, less = act(None, MINE), act(None, PLACE), act(PLACE, None), act(MINE, LOWER)
    found = mending([sinks, again, given, place, out, less], [GROUP])
    assert [found._free(a, HIGHEST) for a in (given, place, out, less)] == [True, True, True, False]
    assert [found._possible(a, 50) for a in (given, place, out)] == [False, False, True]
    assert [found._possible(a, 51) for a in (given, place, out)] == [True, True, True]
    rises = act(GROUP, replace(GROUP, level="admin"))
    found = mending([rises, given, place], [GROUP])
    assert [found._possible(a, 50) for a in (given, place)] == [True, True]
    other = act(None, replace(MINE, subject="person:p2"))
    assert mending([sinks, other], [GROUP])._possible(other, 50)


def test_only_a_right_on_a_group_counts_as_one_above():
    sinks = act(MINE, LOWER)
    place = act(None, PLACE)
    assert mending([sinks, place], [MINE])._possible(place, 50)


@pytest.mark.parametrize(
    ("phase", "possible"),
    [(LOWEST - 1, False), (LOWEST, True), (50, True), (LAST, True), (LAST + 1, False)],
)
def test_nothing_is_put_before_things_are_made_nor_after_the_rest(phase, possible):
    given = act(None, MINE)
    assert mending([given])._possible(given, phase) is possible


@pytest.mark.parametrize(("phase", "possible"), [(54, False), (55, False), (56, True)])
def test_nothing_is_put_before_what_it_needs(phase, possible):
    made, given = act(None, Repo("O/new"), 55), act(None, replace(MINE, target="O/new"), 60)
    moved = act(REPO, Repo("O/new"), 55, "move")
    assert mending([made, given])._possible(given, phase) is possible
    assert mending([moved, given])._possible(given, phase) is possible
    changed = act(REPO, replace(REPO, description="x"), 55)
    mine = act(None, MINE, 60)
    assert mending([changed, mine])._possible(mine, phase)


@pytest.mark.parametrize(("phase", "possible"), [(59, True), (60, False), (61, False)])
def test_nothing_is_put_after_its_repository_is_shut(phase, possible):
    shuts, given = act(REPO, replace(REPO, archived=True), 60), act(None, MINE, 40)
    assert mending([shuts, given])._possible(given, phase) is possible
    opened = act(replace(REPO, archived=True), REPO, 60)
    assert mending([opened, given])._possible(given, phase)
    elsewhere = act(None, replace(MINE, target="O/s"), 40)
    assert mending([shuts, elsewhere])._possible(elsewhere, phase)


TAKES = {
    "a rule": (act(None, RULE), True),
    "a rule that goes": (act(RULE, None), True),
    "a move": (act(REPO, replace(REPO, path="O/s"), 20, "move"), True),
    "a right that ends": (act(MINE, None), True),
    "a repository that is shown": (act(REPO, replace(REPO, visibility="public")), True),
    "no right that is given": (act(None, MINE), False),
    "no description": (act(REPO, replace(REPO, description="x")), False),
}


@pytest.mark.parametrize("case", TAKES)
def test_somebody_may_lose_something_by(case):
    action, takes = TAKES[case]
    assert _takes(action) is takes


def mended(actions, seen):
    natural = {a.id: 40 + (a.kind == "grant") * 4 for a in actions}
    found = mend(actions, state([*BASE, *seen]), early=35, natural=natural)
    return found, [a.phase for a in found.actions]


def test_a_plan_that_only_gives_is_left_as_it_is():
    actions = [act(None, PLACE, 99), act(None, MINE, 1)]
    found = mend(actions, state(BASE), early=35, natural={})
    assert (found.actions, found.gaps, found.waits) == (actions, [], {})


def test_what_gives_too_much_waits_for_what_takes_and_is_told_to():
    """Whoever comes into the team must not get what it is about to lose."""
    come, lose = act(None, PLACE, 42), act(replace(THEIRS, level="admin"), THEIRS, 50)
    found, phases = mended([come, lose], [replace(THEIRS, level="admin")])
    assert phases == [51, 50]
    assert found.waits == {come.id: frozenset({lose.id})}
    assert found.gaps == []


def test_what_takes_is_put_before_where_what_gives_can_not_wait():
    """The archive is shut right after: nothing can be given there any more."""
    shuts = act(REPO, replace(REPO, archived=True), 51)
    given, out = act(None, THEIRS, 44), act(PLACE, None, 50)
    found, phases = mended([shuts, given, out], [PLACE])
    assert phases == [51, 44, 43]
    assert (found.gaps, found.waits) == ([], {})


def test_who_gets_his_right_another_way_keeps_it_all_through():
    early, late = act(MINE, None, 50), act(None, THEIRS, 64)
    found, phases = mended([early, late], [MINE, PLACE])
    assert phases == [50, 49]
    assert (found.gaps, found.waits) == ([], {})


def test_what_gives_waits_for_all_that_takes_where_it_gives():
    other = Repo("O/s", visibility="private")
    rights = [replace(THEIRS, target=path, level="admin") for path in ("O/r", "O/s")]
    come = [act(None, replace(PLACE, login=login), 42) for login in ("p1", "p2")]
    lose = [act(one, replace(one, level="read"), phase) for one, phase in zip(rights, (50, 60), strict=True)]
    found, phases = mended([*come, *lose], [other, *rights])
    assert phases == [61, 61, 50, 60]
    assert found.waits == {one.id: frozenset(two.id for two in lose) for one in come}


def test_who_gets_rights_on_a_group_waits_for_what_moves_out_of_it():
    here, there = Repo("G/r", visibility="private"), Repo("O/s", visibility="private")
    above = Grant("org", "G", "team:O/t", "admin", "")
    come, move = act(None, PLACE, 42), act(here, there, 50, "move")
    found, phases = mended([come, move], [here, above])
    assert phases == [51, 50]
    assert found.waits == {come.id: frozenset({move.id})}


@pytest.mark.parametrize("rules_open", [True, False])
def test_where_one_rule_is_enough_a_wider_one_that_goes_first_leaves_a_gap(rules_open):
    shut = BranchRule("O/r", "c7", push=(), create=())
    wide = BranchRule("O/r", "c*", push=("person:p1",), create=("person:p1",))
    gone, opened = act(wide, None, 40), act(shut, replace(shut, push=wide.push, create=wide.push), 50)
    found = mend(
        [gone, opened], state([*BASE, MINE, shut, wide]), early=35, natural={}, rules_open=rules_open
    )
    told = {(gap.login, gap.facet[1], gap.since, gap.until) for gap in found.gaps}
    assert told == ({("p1", "c7", 40, 50)} if rules_open else set())


def test_a_gap_is_not_closed_at_the_cost_of_more_of_them():
    """What the team gets in the one place would close it; what it loses in the other is what two people still need."""
    there, mine = Repo("O/s", visibility="private"), replace(MINE, target="O/s")
    gets, loses = act(None, replace(THEIRS, target="O/s"), 60), act(THEIRS, None, 60)
    later = [act(None, replace(MINE, subject=f"person:{one}"), 50) for one in ("p2", "p3")]
    people = [replace(PLACE, login=one) for one in ("p1", "p2", "p3")]
    found = mending([act(mine, None, 50), gets, loses, *later], [there, mine, THEIRS, *people])
    gap = found._judged(("p1", "O/s"))[0][0]
    assert not found._try(gap, [(gets, 40), (loses, 35)], _fewer_gaps)
    assert [found.course.phase(one) for one in (gets, loses)] == [60, 60]
    assert found._try(gap, [(gets, 40)], _fewer_gaps)
    assert found._judged(("p1", "O/s")) == ([], [])


def test_who_loses_a_right_above_waits_for_the_rule_that_would_let_him_in_by_his_team():
    """On GitLab he can't come into the team before that right has gone; nothing keeps him from coming later."""
    above = Grant("org", "O", "person:p1", "read", "")
    shut, wide = BranchRule("O/r", "main", push=(), create=()), replace(RULE, pattern="m*", create=RULE.push)
    actions = [act(above, None, 50), act(None, PLACE, 62), act(wide, None, 65)]
    natural = {a.id: 42 for a in actions}
    seen = state([*BASE, above, MINE, shut, wide])
    found = mend(actions, seen, early=35, natural=natural, rules_open=True)
    assert [a.phase for a in found.actions] == [50, 66, 65]


def test_what_comes_after_a_right_above_keeps_nothing_else_from_being_put_before():
    """The team's own right closes the gap; what waits for a right above to go is not tried with it."""
    above = Grant("org", "O", "person:p1", "read", "")
    actions = [
        act(above, None, 50),
        act(MINE, LOWER, 52),
        act(None, THEIRS, 64),
        act(None, replace(PLACE, team="O/u"), 62),
    ]
    also = [act(None, replace(THEIRS, subject="team:O/u"), 64)]
    found = mend(
        [*actions, *also],
        state([*BASE, above, MINE, PLACE]),
        early=35,
        natural={a.id: 44 for a in [*actions, *also]},
    )
    assert found.actions[2].phase < 52
    assert found.gaps == []


def test_only_what_may_be_elsewhere_is_taken_first_or_given_then():
    above = replace(GROUP, subject="team:O/t")
    sinks, less = act(above, replace(above, level="read")), act(THEIRS, replace(THEIRS, level="read"))
    comes, gets = act(None, PLACE, 60), act(None, replace(THEIRS, target="O/s"), 60)
    found = mending([sinks, less, comes, gets], [above, THEIRS, Repo("O/s")])
    assert found._early("O/t") == [(comes, 40)]
    assert mending([less, comes, gets], [THEIRS, Repo("O/s")])._early("O/t") == [
        (less, 35),
        (comes, 40),
        (gets, 40),
    ]
