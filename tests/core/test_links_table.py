"""What each action depends on, case by case: what makes it possible, and what must have been taken away before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sigctl.core.kinds import (
    BranchRule,
    ClassicRule,
    DeployKey,
    Grant,
    Label,
    Membership,
    Org,
    Repo,
    Team,
    TeamMember,
)
from sigctl.core.links import linked
from sigctl.core.plan import Action

OPENED = 10


def act(before, after, phase, verb="update"):
    verb = "create" if before is None else "delete" if after is None else verb
    return Action("f", verb, before, after, phase=phase)


REPO = act(None, Repo("O/r"), 21)
TEAM = act(None, Team("O/t"), 21)
RULE = act(None, BranchRule("O/r", "main", push=("team:O/t",)), 39)
READ = Grant("repo", "O/r", "team:O/t", "read", "")
GIVEN = act(None, READ, 44)
OUT = act(TeamMember("O/t", "p2"), None, 35)
IN = act(None, TeamMember("O/t", "p1"), 42)
KEY = act(None, DeployKey("O/r", "SHA256:x"), 44)
UNARCHIVED = act(Repo("O/r", archived=True), Repo("O/r", archived=False), OPENED)
MOVED = act(Repo("O/old"), Repo("O/r"), 21, "move")

CASES = {
    "a right on its repository and its team": (GIVEN, [REPO, TEAM], [REPO, TEAM]),
    "a place on its team and on the person's membership": (
        IN,
        [TEAM, act(None, Membership("O", "p1"), 41), act(None, Membership("O", "p2"), 41)],
        [TEAM, act(None, Membership("O", "p1"), 41)],
    ),
    "a repository on its org": (REPO, [act(None, Org("O"), 20)], [act(None, Org("O"), 20)]),
    "what hangs on a repository on its move": (GIVEN, [MOVED], [MOVED]),
    "a change in the archive on the way out of it": (GIVEN, [UNARCHIVED], [UNARCHIVED]),
    "nothing on another change of its repository": (
        GIVEN,
        [act(Repo("O/r", description="a"), Repo("O/r", description="b"), 30)],
        [],
    ),
    "nothing on what is made elsewhere": (GIVEN, [act(None, Repo("O/s"), 21)], []),
    "nothing on what goes": (GIVEN, [act(Repo("O/r"), None, 21)], []),
    "a step on the one that makes the thing": (
        act(Repo("O/r", visibility="private"), Repo("O/r", visibility="public"), 80),
        [REPO],
        [REPO],
    ),
    "a move on what opens the thing where it was": (
        replace(MOVED, phase=22),
        [act(Repo("O/old", archived=True), Repo("O/old", archived=False), OPENED)],
        [act(Repo("O/old", archived=True), Repo("O/old", archived=False), OPENED)],
    ),
    "a rule on the teams that may push": (RULE, [TEAM, REPO], [TEAM, REPO]),
    "a rule on the teams that may merge": (
        act(None, BranchRule("O/r", "main", merge=("team:O/t",)), 39),
        [TEAM, act(None, Team("O/u"), 21)],
        [TEAM],
    ),
    "a rule on no thing of another kind that is called like its teams": (
        act(None, BranchRule("O/r", "main", push=("team:O/s",)), 39),
        [act(None, Repo("O/s"), 21)],
        [],
    ),
    "what a team gets on who leaves it": (GIVEN, [OUT], [OUT]),
    "what a team gets on what it loses": (
        act(None, replace(READ, target="O/s"), 44),
        [act(READ, None, 35)],
        [act(READ, None, 35)],
    ),
    "nothing on who leaves another team": (GIVEN, [act(TeamMember("O/u", "p2"), None, 35)], []),
    "nothing on who comes in": (GIVEN, [replace(IN, phase=35)], []),
    "nothing on what people lose": (
        act(None, Grant("repo", "O/r", "person:p1", "read", ""), 44),
        [act(Grant("repo", "O/r", "person:p2", "read", ""), None, 35)],
        [],
    ),
    "who comes into a team on what it loses": (IN, [act(READ, None, 35)], [act(READ, None, 35)]),
    "who leaves on nothing": (act(TeamMember("O/t", "p3"), None, 42), [OUT], []),
    "a right on the rules that shut out": (GIVEN, [RULE], [RULE]),
    "a key on the rules that shut out": (KEY, [RULE, REPO], [RULE, REPO]),
    "a key that goes on nothing": (act(DeployKey("O/r", "SHA256:x"), None, 50), [RULE], []),
    "a right on no rule that lets in": (GIVEN, [act(RULE.after, None, 39)], []),
    "a right on no rules elsewhere": (GIVEN, [act(None, BranchRule("O/s", "main"), 39)], []),
    "a right that ends on no rule": (act(READ, None, 50), [RULE], []),
    "a label on no rule": (act(None, Label("O/r", "bug", "ff0000"), 75), [RULE, REPO], [REPO]),
    "the older protection on every rule of its repository": (
        act(ClassicRule("O/r", "main"), None, 66),
        [RULE, act(BranchRule("O/r", "c7"), None, 65), act(None, BranchRule("O/s", "main"), 39)],
        [RULE, act(BranchRule("O/r", "c7"), None, 65)],
    ),
    "nothing on what runs at the same time": (GIVEN, [replace(REPO, phase=44), replace(OUT, phase=44)], []),
    "nothing on what runs later": (GIVEN, [replace(REPO, phase=45), replace(OUT, phase=50)], []),
}


@pytest.mark.parametrize("case", CASES)
def test_depends(case):
    action, others, needed = CASES[case]
    found = linked([*others, action], {}, opened=OPENED)
    assert [replace(a, depends=()) for a in found] == [*others, action]
    assert found[-1].depends == tuple(sorted(a.id for a in needed))


def test_what_must_wait_depends_on_what_comes_earlier_beside_what_it_depends_on_anyway():
    waits = {GIVEN.id: frozenset({OUT.id, KEY.id})}
    found = linked([TEAM, OUT, KEY, GIVEN], waits, opened=OPENED)
    assert found[-1].depends == tuple(sorted((TEAM.id, OUT.id)))
    assert [a.depends for a in found[:-1]] == [(), (TEAM.id,), ()]


def test_a_thing_that_is_made_does_not_depend_on_itself():
    assert linked([REPO], {}, opened=OPENED)[0].depends == ()
