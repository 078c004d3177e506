"""What opens waits for what shuts out: where that fails, nothing is opened."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sigctl.core.kinds import BranchRule, Features, Grant, Label, Org, Repo, Team, TeamMember
from sigctl.core.openings import linked, opens
from sigctl.core.plan import Action
from sigctl.core.state import state

NARROW = BranchRule("O/g/r", "main", push=())
WIDE = BranchRule("O/g/r", "m*", push=("team:O/t",))
REPO = Repo("O/g/r", archived=True, visibility="private")


def act(before, after, phase, verb="update"):
    return Action(
        "f", "create" if before is None else "delete" if after is None else verb, before, after, phase=phase
    )


OPENINGS = [
    act(WIDE, None, 63),
    act(NARROW, replace(NARROW, push=("team:O/t",)), 63),
    act(REPO, replace(REPO, archived=False), 66),
    act(replace(REPO, archived=False), replace(REPO, archived=False, visibility="public"), 80),
]
SHUT = [
    act(None, BranchRule("O/g/r", "x", push=()), 39),
    act(Grant("repo", "O/g/r", "person:p1", "write"), None, 50),
    act(Grant("org", "O/g", "person:p1", "write"), None, 50),
    act(TeamMember("O/t", "p1"), None, 52),
]
SEEN = state([Grant("repo", "O/g/r", "team:O/t", "write")])


@pytest.mark.parametrize("opening", OPENINGS, ids=lambda a: f"{a.verb} {a.kind} {a.phase}")
@pytest.mark.parametrize("shut", SHUT, ids=lambda a: f"{a.kind} {a.key.name}")
def test_it_waits_for_rules_rights_and_places_that_reach_the_repository(opening, shut):
    assert linked([shut, opening], SEEN)[1].depends == (shut.id,)


@pytest.mark.parametrize("opening", OPENINGS, ids=lambda a: f"{a.verb} {a.kind} {a.phase}")
@pytest.mark.parametrize(
    "other",
    [
        act(None, BranchRule("O/g/s", "x", push=()), 39),
        act(Grant("repo", "O/h/r", "person:p1", "write"), None, 50),
        act(TeamMember("O/u", "p1"), None, 52),
        act(None, Grant("repo", "O/g/r", "person:p2", "read"), 44),
        replace(SHUT[0], phase=90),
    ],
    ids=[
        "another repository",
        "a right elsewhere",
        "a team without rights here",
        "what gives",
        "what comes later",
    ],
)
def test_what_is_elsewhere_gives_or_comes_later_is_not_waited_for(opening, other):
    assert linked([other, opening], SEEN)[1].depends == ()


def test_what_opens_nothing_waits_for_nothing():
    text = act(REPO, replace(REPO, description="x"), 75)
    archived = act(replace(REPO, archived=False), REPO, 85)
    assert [one.depends for one in linked([*SHUT, text, archived], SEEN)] == [()] * 6


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (WIDE, None, True),
        (NARROW, replace(NARROW, push=("team:O/t",)), True),
        (None, NARROW, False),
        (replace(NARROW, push=("team:O/t",)), NARROW, False),
        (Features.of("O/g/r", {"wiki": "off"}), Features.of("O/g/r", {"wiki": "everyone"}), True),
        (Features.of("O/g/r", {"wiki": "everyone"}), Features.of("O/g/r", {"wiki": "off"}), False),
        (REPO, replace(REPO, archived=False), True),
        (REPO, replace(REPO, archived=False, visibility="secret"), True),
        (replace(REPO, visibility="public"), replace(REPO, archived=False), True),
        (replace(REPO, archived=False), REPO, False),
        (REPO, replace(REPO, visibility="public"), True),
        (replace(REPO, visibility="public"), REPO, False),
        (REPO, replace(REPO, description="x"), False),
        (None, replace(REPO, visibility="public"), False),
        (REPO, None, False),
        (None, Grant("repo", "O/g/r", "person:p1", "admin"), False),
        (Org("O", visibility="private"), Org("O", visibility="public"), False),
        (None, Label("O/g/r", "bug"), False),
    ],
)
def test_it_opens(before, after, found):
    assert opens(act(before, after, 63)) is found


def test_what_opens_nothing_waits_for_nothing_beside_what_does():
    late = replace(act(None, Label("O/g/r", "bug"), 90), depends=("b", "a"))
    assert linked([*SHUT, OPENINGS[0], late], SEEN)[-1] == late


def test_what_waits_for_nothing_more_is_left_as_it_is():
    opening = replace(OPENINGS[0], depends=("b", "a"))
    assert linked([opening], SEEN) == [opening]
    assert linked([SHUT[0], opening], SEEN)[1].depends == tuple(sorted(("a", "b", SHUT[0].id)))


@pytest.mark.parametrize("opening", OPENINGS, ids=lambda a: f"{a.verb} {a.kind} {a.phase}")
def test_what_shuts_in_the_same_phase_is_not_waited_for(opening):
    assert linked([replace(SHUT[1], phase=opening.phase), opening], SEEN)[1].depends == ()


def test_a_repository_that_moves_from_a_path_that_a_team_has_too_is_not_taken_for_the_team():
    moved = act(Repo("O/t"), Repo("O/moved"), 20, "move")
    assert linked([moved, SHUT[3], OPENINGS[0]], SEEN)[2].depends == (SHUT[3].id,)


def test_a_team_that_is_renamed_and_a_repository_that_moves_are_known_by_both_names():
    renamed = act(Team("O/t"), Team("O/new"), 20, "move")
    gone = act(TeamMember("O/new", "p1"), None, 52)
    old = act(Grant("repo", "O/g/r", "person:p1", "write"), None, 50)
    shown = act(
        replace(REPO, archived=False), replace(REPO, path="O/h/r", archived=False, visibility="public"), 80
    )
    assert set(linked([renamed, gone, old, shown], SEEN)[3].depends) == {gone.id, old.id}
