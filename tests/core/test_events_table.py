"""Which deeds on a forge may have changed a thing: those at its place, about it, and of its kind."""

from __future__ import annotations

import pytest

from sigctl.core.events import Event
from sigctl.core.kinds import Key

RIGHT = Key("grant", "repo:G/a/r:person:p_1")


def deed(place="G/a/r", about="", kinds=()):
    return Event("2026-11-01T00:00:00Z", "owner", "changed it", place, about, frozenset(kinds))


@pytest.mark.parametrize(
    ("event", "touches"),
    [
        (deed(), True),
        (deed("G/a"), False),
        (deed("G/a/r", "p_1"), True),
        (deed("G/a/r", "p2"), False),
        (deed("p_1", "G/a/r"), True),
        (deed("G/b/r", "p_1"), False),
        (deed("g/A/R", "P_1"), True),
        (deed("G/a/r", "p-1"), True),
        (deed("G/a/r", "p 1"), True),
        (deed("G/a/r", "p.1"), True),
        (deed("G/a/r", "p1"), False),
        (deed(kinds=["grant", "team"]), True),
        (deed(kinds=["team"]), False),
        (deed("G/b/r", kinds=["grant"]), False),
        (deed("G/a/r", "p2", kinds=["grant"]), False),
    ],
)
def test_what_a_deed_may_have_changed(event, touches):
    assert event.touches(RIGHT) is touches


@pytest.mark.parametrize("name", ["x y", "x_y", "x.y", "X-Y"])
def test_a_name_with_signs_is_the_path_that_is_made_of_it(name):
    assert deed("G", name).touches(Key("team_member", "G:x-y"))
    assert deed("G", "x-y").touches(Key("team_member", f"G:{name}"))
