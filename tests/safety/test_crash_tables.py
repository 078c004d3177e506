"""Crash anywhere, run again: it converges, makes nothing twice, and at no moment can anybody do too much."""

from __future__ import annotations

import pytest
from crashes import STORIES, Story, record, recover

SAMPLE = 30
AGAIN = "changed again"
"""The way back from the other config: as long as the way there, and left to `make test-slow`."""
SAMPLED = ("the real config on gitlab", "every kind, new on github")


def run(story: Story, folder, tally, *, step: int = 1) -> None:
    """Try every state of the recording (or every step-th), the last one first: each leads to what was tried before it."""
    recording = record(story, folder)
    tally("no excess, an apply", recording.moments, [f"{k} {v}" for k, v in recording.excess.items()])
    tally("no gap", recording.moments, [f"{k} {v}" for k, v in recording.gaps.items()])
    tally("crash anywhere, sides of requests", recording.boundaries)
    points = recording.points[::step]
    wrong = [line for point, text in reversed(points) for line in recover(recording, point, text)]
    excess = [line for line in wrong if "excess" in line]
    tally("crash anywhere, states", len(points), [line for line in wrong if line not in excess])
    tally("no excess, moments after crashes", recording.moments, excess)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    "story",
    [
        pytest.param(s, id=s.name, marks=pytest.mark.slow if AGAIN in s.name else pytest.mark.safety)
        for s in STORIES
    ],
)
def test_every_crash_is_finished_by_the_next_apply(story, tmp_path, tally):
    run(story, tmp_path, tally)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("story", [s for s in STORIES if s.name in SAMPLED], ids=lambda story: story.name)
def test_crashes_here_and_there_are_finished_by_the_next_apply(story, tmp_path, tally):
    run(story, tmp_path, tally, step=SAMPLE)
