"""What an action depends on, and whether it is about rights at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sigctl.core import levels
from sigctl.core.kinds import BranchRule, Grant, Repo, Team, TeamMember
from sigctl.core.links import is_rights, linked, team_of
from sigctl.core.plan import Action

IN, OUT = TeamMember("O/t", "p1"), TeamMember("O/t", "p2")
GIVEN = Grant("repo", "O/r", "team:O/t", "write", "")


def act(before, after, phase, verb="update"):
    return Action(
        "f", "create" if before is None else "delete" if after is None else verb, before, after, phase=phase
    )


def test_what_is_given_to_a_team_depends_on_what_is_taken_from_it_before():
    taken, given = act(OUT, None, 35), act(None, GIVEN, 44)
    assert linked([taken, given], {}, opened=10)[1].depends == (taken.id,)
    later = replace(taken, phase=50)
    assert linked([later, given], {}, opened=10)[1].depends == ()


def test_a_right_depends_on_the_rules_that_shut_out_and_on_what_is_made():
    made, rule = act(None, Repo("O/r"), 20), act(None, BranchRule("O/r", "main", push=()), 39)
    given = act(None, GIVEN, 44)
    assert set(linked([made, rule, given], {}, opened=10)[2].depends) == {made.id, rule.id}


def test_what_must_wait_depends_on_what_it_waits_for():
    taken, given = act(OUT, None, 35), act(None, Grant("repo", "O/s", "person:p1", "read", ""), 44)
    assert linked([taken, given], {given.id: frozenset({taken.id})}, opened=10)[1].depends == (taken.id,)


def test_only_places_and_rights_that_change_are_rights():
    assert is_rights(act(None, IN, 0))
    assert is_rights(act(IN, None, 0))
    assert not is_rights(act(IN, replace(IN, state="invited"), 0))
    assert not is_rights(act(None, Repo("O/r", visibility="public"), 0))
    assert [team_of(one) for one in (IN, GIVEN, Grant("repo", "O/r", "person:p1", "read"), Team("O/t"))] == [
        "O/t", "O/t", "", "",
    ]  # fmt: skip


@pytest.mark.parametrize(("one", "other", "wins"), [("read", "write", "write"), ("admin", "none", "admin")])
def test_the_stronger_of_two_levels(one, other, wins):
    assert levels.stronger(one, other) == levels.stronger(other, one) == wins
