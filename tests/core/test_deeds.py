"""Guards on single deeds, on one SIG, on everything together, and on the first run."""

from __future__ import annotations

from dataclasses import replace

import pytest
from worlds import TRAITS, desired_of, observation_of

from sigctl.core.compare import compare
from sigctl.core.kinds import Grant, Key, Org, Repo, Team, TeamMember
from sigctl.core.policy import Limit, Policy
from sigctl.core.state import state

FREE = Policy(max_removals={"default": Limit(percent=100)}, keep_self=False)
LIVE = Repo("O/r", visibility="private", archived=False, filled=True)


def refused(wanted, seen, policy, **fields):
    managed = frozenset(one.key for one in wanted if one.KIND in ("org", "team", "repo"))
    desired = desired_of(state(wanted), managed=managed, **fields)
    return [
        (r.guard, r.number)
        for r in compare(desired, observation_of(state(seen)), TRAITS, policy).plan.refusals
    ]


def most(**limits):
    return replace(FREE, most=limits)


def test_publishing_is_counted_for_what_was_there_before_only():
    wanted = [Org("O"), replace(LIVE, visibility="public", filled=False), Repo("O/new", visibility="public")]
    assert refused(wanted, [Org("O"), LIVE], most(publish=0)) == [("publish", 1)]
    assert refused(wanted, [Org("O"), LIVE], most(publish=1)) == []


@pytest.mark.parametrize("left", [replace(LIVE, filled=False), LIVE])
def test_what_an_interrupted_run_left_behind_is_shown_and_archived_without_asking(left):
    wanted = replace(LIVE, visibility="public", archived=True)  # its history comes from elsewhere
    assert refused([Org("O"), wanted], [Org("O"), left], most(publish=0, archive=0)) == []


def test_archiving_is_counted_and_opening_for_a_change_is_not():
    shut = replace(LIVE, archived=True, filled=False)
    assert refused([Org("O"), shut], [Org("O"), LIVE], most(archive=0)) == [("archive", 1)]
    changed = replace(shut, description="new")
    assert refused([Org("O"), changed], [Org("O"), replace(shut, filled=True)], most(archive=0)) == []


def test_deleting_anything_is_counted_whatever_else_is_allowed():
    found = refused(
        [Org("O")],
        [Org("O"), LIVE, Team("O/t")],
        most(delete=1),
        undeclared={"repos": "remove", "teams": "remove"},
    )
    assert found == [("delete", 2)]


def test_a_team_that_loses_everybody_is_counted_and_one_that_changes_people_is_not():
    there = [Org("O"), Team("O/t"), TeamMember("O/t", "p1")]
    assert refused(there[:2], there, most(empty_teams=0)) == [("empty_teams", 1)]
    assert refused([*there[:2], TeamMember("O/t", "p2")], there, most(empty_teams=0)) == []
    moved = [Org("O"), Team("O/u", previously=("O/t",))]
    assert refused(moved, there, most(empty_teams=0)) == [("empty_teams", 1)]


def test_one_sig_can_not_lose_more_than_its_own_limit():
    there = [Org("O"), Team("O/t"), *(TeamMember("O/t", f"p{n}") for n in range(1, 4))]
    policy = replace(FREE, per_sig={"members": Limit(number=2)})
    assert refused(there[:2], there, policy, sigs={Key("team", "O/t"): "virt"}) == [
        ("per_sig.virt.members", 3)
    ]
    assert refused(there[:3], there, policy, sigs={Key("team", "O/t"): "virt"}) == []


def test_everything_together_has_a_limit_of_its_own():
    there = [
        Org("O"),
        Team("O/t"),
        Repo("O/r"),
        TeamMember("O/t", "p1"),
        Grant("repo", "O/r", "person:p2", "read", ""),
    ]
    policy = replace(FREE, max_removals={"total": Limit(number=1), "default": Limit(percent=100)})
    assert refused(there[:3], there, policy) == [("max_removals.total", 2)]


@pytest.mark.parametrize(
    ("seen", "guards"),
    [
        ([Org("O"), Repo("O/old"), Team("O/theirs")], [("first_run", 2)]),
        ([Org("O"), Repo("O/old"), Repo("O/new")], []),
        ([Org("O")], []),
    ],
)
def test_the_first_run_on_a_forge_in_use_is_refused_until_it_is_meant(seen, guards):
    assert refused([Org("O"), Repo("O/new", description="x")], seen, replace(FREE, first_run=True)) == guards
