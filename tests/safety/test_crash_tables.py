"""Crash anywhere, run again: it converges, makes nothing twice, and at no moment can anybody do too much."""

from __future__ import annotations

import pytest
from crashes import STORIES, Story, record, recover

PARTS = 6
SAMPLE = 13


def run(story: Story, folder, tally, chosen: slice, *, whole: bool) -> None:
    recording = record(story, folder)
    points = recording.points[chosen]
    wrong = [line for point, text in points for line in recover(recording, point, text)]
    if whole:
        tally("no excess, an apply", recording.moments, [f"{k} {v}" for k, v in recording.excess.items()])
        tally("no gap", recording.moments, [f"{k} {v}" for k, v in recording.gaps.items()])
        tally("crash anywhere, sides of requests", recording.boundaries)
    excess = [line for line in wrong if "excess" in line]
    tally("crash anywhere, states", len(points), [line for line in wrong if line not in excess])
    tally("no excess, moments after crashes", recording.moments, excess)


@pytest.mark.safety
@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_every_crash_is_finished_by_the_next_apply(story, part, tmp_path, tally):
    run(story, tmp_path, tally, slice(part, None, PARTS), whole=part == 0)


@pytest.mark.parametrize(
    "story", [s for s in STORIES if s.steps in (("demo",), ("one", "other"))], ids=lambda story: story.name
)
def test_crashes_here_and_there_are_finished_by_the_next_apply(story, tmp_path, tally):
    run(story, tmp_path, tally, slice(SAMPLE // 2, None, SAMPLE), whole=True)
