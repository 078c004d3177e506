"""The strongest level that somebody has on a repository, by whichever way; owners of an org and whoever its members are among them."""

from __future__ import annotations

import pytest

from sigctl.core.access import strongest
from sigctl.core.kinds import Grant, Membership, Org, Repo, TeamMember
from sigctl.core.state import state

MINE = ("p1", "G/a/r")
REPO, PLACE = Repo("G/a/r"), TeamMember("G/t", "p1")
READ, WRITE, ADMIN = 1, 3, 5


def given(who, level, on="repo", target="G/a/r", **fields):
    return Grant(on, target, who, level, **fields)


CASES = {
    "nothing": ([REPO], {}),
    "a right of his own": ([REPO, given("person:p1", "write")], {MINE: WRITE}),
    "a right that says none": ([REPO, given("person:p1", "none")], {MINE: 0}),
    "a word of the forge may be anything": ([REPO, given("person:p1", "native:x")], {MINE: ADMIN}),
    "an invitation, which he may accept": (
        [REPO, given("person:p1", "write", state="invited")],
        {MINE: WRITE},
    ),
    "the stronger of two, told first": (
        [REPO, given("person:p1", "write"), PLACE, given("team:G/t", "read")],
        {MINE: WRITE},
    ),
    "the stronger of two, told last": (
        [REPO, given("person:p1", "read"), PLACE, given("team:G/t", "write")],
        {MINE: WRITE},
    ),
    "a team's, each of its members": (
        [REPO, PLACE, TeamMember("G/t", "p2"), TeamMember("G/u", "p3"), given("team:G/t", "write")],
        {MINE: WRITE, ("p2", "G/a/r"): WRITE},
    ),
    "a team without members": ([REPO, given("team:G/t", "write")], {}),
    "a group's, on all that is below it": (
        [REPO, Repo("G/r"), Repo("H/r"), given("person:p1", "write", "org", "G")],
        {MINE: WRITE, ("p1", "G/r"): WRITE},
    ),
    "a group's, not on what is beside it": (
        [REPO, Repo("G/r"), Repo("G/ab/r"), given("person:p1", "write", "org", "G/a")],
        {MINE: WRITE},
    ),
    "a team's on a group": ([REPO, PLACE, given("team:G/t", "write", "org", "G")], {MINE: WRITE}),
    "a group with nothing in it": ([given("person:p1", "write", "org", "G")], {}),
    "an owner of the org has all": (
        [REPO, Repo("H/r"), Org("G", base_level="read"), Membership("G", "p1", "owner")],
        {MINE: ADMIN},
    ),
    "a member has what members have": (
        [REPO, Repo("H/r"), Org("G", base_level="read"), Membership("G", "p1")],
        {MINE: READ},
    ),
    "a member where members have nothing": ([REPO, Org("G", base_level="none"), Membership("G", "p1")], {}),
    "a member where nobody says what members have": ([REPO, Org("G"), Membership("G", "p1")], {}),
    "a member of an org that is not read": ([REPO, Membership("G", "p1")], {}),
    "a member of an org with nothing in it": ([Org("G", base_level="read"), Membership("G", "p1")], {}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_strongest_level(case):
    facts, found = CASES[case]
    assert strongest(state(facts)) == found
