"""Crash anywhere, run again: it converges, makes nothing twice, and at no moment can anybody do too much."""

from __future__ import annotations

import pytest
from crashes import STORIES, Story, record, recover

PARTS = 2
SAMPLE = 13


def run(story: Story, folder, tally, part: float, size: float, *, step: int = 1) -> None:
    """Try every state of a part of the recording (or every step-th), the last one first: each leads to what was tried before it."""
    recording = record(story, folder)
    first, last = round(part * len(recording.points)), round((part + size) * len(recording.points))
    points = recording.points[first:last:step]
    wrong = [line for point, text in reversed(points) for line in recover(recording, point, text)]
    if part == 0:
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
    run(story, tmp_path, tally, part / PARTS, 1 / PARTS)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "story", [s for s in STORIES if s.steps in (("demo",), ("one", "other"))], ids=lambda story: story.name
)
def test_crashes_here_and_there_are_finished_by_the_next_apply(story, tmp_path, tally):
    run(story, tmp_path, tally, 0, 1, step=SAMPLE)
