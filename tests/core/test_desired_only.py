"""A part of what is desired: what it is asked for, and what that needs."""

from __future__ import annotations

from sigctl.core.kinds import Grant, Key, Org, Repo, Team, TeamMember
from sigctl.core.state import Desired, state

HERE = [
    Org("O"),
    Team("O/t"),
    TeamMember("O/t", "p1"),
    Repo("O/r"),
    Repo("O/s"),
    Grant("repo", "O/r", "team:O/t", "write", ""),
]
WHOLE = Desired(
    "f", state(HERE), sigs={one.key: "virt" for one in HERE}, managed=frozenset({Key("repo", "O/s")})
)


def test_a_part_has_what_it_needs_near_and_far():
    found = WHOLE.only([HERE[5].key])
    assert set(found.state.values()) == {HERE[0], HERE[1], HERE[3], HERE[5]}
    assert set(found.sigs) == set(found.state)
    assert (found.forge, found.managed) == ("f", WHOLE.managed)


def test_nothing_is_in_it_that_was_not_there():
    assert WHOLE.only([Key("repo", "O/gone")]).state == {}
    assert WHOLE.only(WHOLE.state) == WHOLE
