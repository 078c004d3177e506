"""Mirrors that a forge pushes by itself: compared, never pushed by us, and what is wrong with them is said."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime

import pytest

from sigctl.core.history import End, Hop
from sigctl.forges.base import PushMirror
from sigctl.mirror.watching import ending, judge

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
URL = "https://github.com/CentOS/sig-virt-xen.git"
HOP = Hop("virt", "xen", End("lab", "virt/xen"), End("hub", "CentOS/sig-virt-xen"), stage=4, watched=True)
GOOD = PushMirror(
    URL, enabled=True, last_try="2026-11-22T11:59:00.000Z", last_success="2026-11-22T11:59:00.000Z"
)


def said(*mirrors, behind=False):
    return [note.text for note in judge(HOP, mirrors, URL, behind=behind, now=NOW)]


@pytest.mark.parametrize(
    "mirror",
    [GOOD, dataclasses.replace(GOOD, url="https://GitHub.com/CentOS/sig-virt-xen/")],
    ids=["as it is", "spelled otherwise"],
)
def test_a_mirror_that_works_is_worth_no_word(mirror):
    assert said(mirror) == said(mirror, behind=True) == []


@pytest.mark.parametrize(
    ("change", "behind", "words"),
    [
        ({"enabled": False}, False, "is switched off; it last succeeded at 2026-11-22"),
        ({"failed": True, "error": "13:get remote: 401 Unauthorized"}, False, "its token may have ended"),
        ({"failed": True, "error": "hook\x1b[31m declined"}, False, "failed: hook\ufffd[31m declined"),
        ({"failed": True}, False, "failed; it last succeeded"),
        ({"last_success": "2026-11-20T11:00:00.000Z"}, True, "is stuck; it last succeeded at 2026-11-20"),
        ({"last_success": "", "last_try": ""}, True, "has not run yet"),
        (
            {"url": "https://github.com/CentOS/xen.git"},
            False,
            "no push mirror to https://github.com/CentOS/sig-virt-xen.git; it pushes to",
        ),
    ],
)
def test_what_is_wrong_is_said(change, behind, words):
    (text,) = said(dataclasses.replace(GOOD, **change), behind=behind)
    assert words in text


def test_a_mirror_that_is_not_there_and_one_too_many_are_told():
    assert said() == [f"lab:virt/xen has no push mirror to {URL}"]
    assert said(GOOD, GOOD) == [f"lab:virt/xen has 2 push mirrors to {URL}; one is enough"]


def test_an_old_success_is_fine_where_nothing_is_behind():
    assert said(dataclasses.replace(GOOD, last_success="2026-01-01T00:00:00.000Z")) == []


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2026-12-07", ""),
        ("2026-12-06", "ends on 2026-12-06, in 14 days"),
        ("2026-11-22", "in 0 days"),
        ("2026-11-21", "ended on 2026-11-21"),
    ],
)
def test_a_token_is_spoken_of_two_weeks_before_it_ends(day, words):
    notes = ending("hub", date.fromisoformat(day), NOW)
    assert len(notes) == bool(words)
    assert all(
        note.topic == "held" and words in note.text and "mirror_token_ends" in note.text for note in notes
    )


def test_a_watched_mirror_is_compared_and_never_pushed(world):
    upstream = world.bare("upstream/xen")
    world.bare("primary/xen")
    replica = world.bare("replica/xen")
    upstream.commit("master", "first")
    watched = world.second(stage=4, watched=True)
    plan = world.mirror(world.hop(), watched)
    assert {action.forge for action in plan.actions} == {"primary"}
    assert replica.refs() == {}
    late = world.check(world.hop(), watched)
    assert [(s.hop.target.forge, s.status, s.commits) for s in late.states] == [
        ("primary", "equal", None),
        ("replica", "behind", 1),
    ]
    assert late.actions == ()
