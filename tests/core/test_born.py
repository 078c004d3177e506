"""Terms of new repositories: when they are set, and which of them open last."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sigctl.core.born import open_last, ruled, shut_first, unchecked
from sigctl.core.kinds import BranchRule, Features, Grant, Label, PushRules, Repo, TeamMember
from sigctl.core.plan import Action
from sigctl.core.state import Note

REPO, OTHER = Repo("G/a/r"), Repo("G/a/s")
RULE = BranchRule("G/a/r", "c7")
CLOSED, OPEN = (Features.of("G/a/r", {"issues": who}) for who in ("members", "everyone"))
LOOKED_AT = PushRules("repo", "G/a/r", prevent_secrets=True)


def act(before, after, phase=50, verb="update"):
    verb = "create" if before is None else "delete" if after is None else verb
    return Action("hub", verb, before, after, phase=phase)


MADE = act(None, REPO, 21)


def phases(actions, filled=()):
    return [a.phase for a in ruled(actions, frozenset(filled), phase=30)]


def test_rules_and_terms_of_a_new_repository_come_in_their_phase():
    assert phases([MADE, act(None, RULE, 39), act(None, CLOSED, 39), act(None, LOOKED_AT, 39)]) == [
        21,
        30,
        30,
        30,
    ]


def test_or_right_after_one_that_is_made_later():
    assert phases([replace(MADE, phase=55), act(None, RULE, 39)]) == [55, 56]


def test_those_of_a_repository_that_is_there_already_keep_their_phase():
    assert phases([act(REPO, replace(REPO, description="x"), 75), act(None, RULE, 39)]) == [75, 39]


@pytest.mark.parametrize(
    "action",
    [
        act(None, replace(RULE, repo="G/a/s"), 39),
        act(RULE, replace(RULE, push=()), 39),
        act(None, Label("G/a/r", "bug"), 39),
        act(None, Grant("repo", "G/a/r", "person:p1", "read"), 39),
    ],
    ids=["of another one", "a change", "a label", "a right"],
)
def test_all_else_keeps_its_phase(action):
    assert phases([MADE, action]) == [21, 39]


def test_what_is_looked_at_in_pushes_waits_for_the_history():
    looks, closes = act(None, LOOKED_AT, 72), act(None, CLOSED, 39)
    assert phases([MADE, looks, closes], [REPO.key]) == [21, 72, 30]
    assert phases([MADE, looks, closes], [OTHER.key]) == [21, 30, 30]
    text = "G/a/r has its push rules only after its history: until then whoever may push there is not held to them"
    assert list(unchecked([looks, closes, MADE], frozenset({REPO.key}))) == [
        Note("moment", "G/a/r", text, "hub")
    ]
    assert list(unchecked([looks], frozenset())) == []
    assert list(unchecked([act(LOOKED_AT, LOOKED_AT, 72)], frozenset({REPO.key}))) == []


MINE = Grant("repo", "G/a/r", "person:p1", "read")
OPENS = act(CLOSED, OPEN, 68)


@pytest.mark.parametrize(
    ("loss", "phase"),
    [
        (act(MINE, None, 70), 71),
        (act(replace(MINE, level="admin"), MINE, 70), 71),
        (act(replace(MINE, on="org", target="G/a"), None, 70), 71),
        (act(TeamMember("T/t", "p1"), None, 70), 71),
        (act(MINE, None, 68), 69),
        (act(MINE, None, 67), 68),
        (act(TeamMember("T/t", "p1"), None, 68), 69),
        (act(TeamMember("T/t", "p1"), None, 67), 68),
        (act(replace(MINE, target="G/a/s"), None, 68), 68),
        (act(replace(MINE, target="G/a/s"), None, 70), 68),
        (act(replace(MINE, on="org", target="G/b"), None, 70), 68),
        (act(None, MINE, 70), 68),
        (act(REPO, None, 97), 68),
    ],
)
def test_what_opens_comes_after_whatever_right_ends_there_later(loss, phase):
    assert open_last([OPENS, loss]) == [replace(OPENS, phase=phase), loss]


def test_what_shuts_waits_for_nobody():
    shuts = act(OPEN, CLOSED, 39)
    assert open_last([shuts, act(MINE, None, 70)])[0] == shuts
    rule = act(RULE, None, 65)
    assert open_last([rule, act(MINE, None, 70)])[0] == rule


def test_of_several_rights_that_end_the_last_counts():
    losses = [
        act(MINE, None, 70),
        act(replace(MINE, subject="person:p2"), None, 75),
        act(TeamMember("T/t", "p1"), None, 72),
    ]
    assert open_last([OPENS, *losses])[0].phase == 76


def test_terms_that_shut_come_before_rights_on_groups_unless_their_repository_comes_later():
    moves = act(replace(REPO, path="G/b/r"), REPO, 37, "move")
    assert [a.phase for a in shut_first([act(OPEN, CLOSED, 39)], phase=34)] == [34]
    assert [a.phase for a in shut_first([moves, act(OPEN, CLOSED, 39)], phase=34)] == [37, 39]
    assert [a.phase for a in shut_first([act(CLOSED, OPEN, 68)], phase=34)] == [68]


@pytest.mark.parametrize(
    ("repo", "phase"),
    [
        (act(None, REPO, 33), 34),
        (act(None, REPO, 34), 39),
        (act(None, OTHER, 37), 34),
        (act(replace(REPO, path="G/b/r"), REPO, 34, "move"), 39),
        (act(REPO, replace(REPO, description="x"), 75), 34),
    ],
    ids=["made before", "made then", "another one", "moved then", "only changed later"],
)
def test_terms_that_shut_wait_for_a_repository_that_is_made_or_moves_by_then(repo, phase):
    assert [a.phase for a in shut_first([repo, act(OPEN, CLOSED, 39)], phase=34)] == [repo.phase, phase]
