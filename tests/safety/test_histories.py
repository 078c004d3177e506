"""No commit is lost, wherever an apply that mirrors is killed: the next one finishes, and what it takes away is kept."""

from __future__ import annotations

import pytest
from histories import HISTORIES, History, record, recover

SAMPLE = 6


def run(history: History, folder, tally, step: int = 1) -> None:
    recorded = record(history, folder)
    assert bool(recorded.taken) == ("other" in history.steps), "the last config takes commits from the forge"
    tally("no excess, an apply", recorded.moments, [f"{k} {v}" for k, v in recorded.excess.items()])
    points = recorded.points[::step]
    wrong = [line for point, text in points for line in recover(recorded, point, text)]
    tally("no ref lost, sides of requests", recorded.boundaries)
    excess = [line for line in wrong if "excess" in line]
    tally("no ref lost, states", len(points), [line for line in wrong if line not in excess])
    tally("no excess, moments after crashes", recorded.moments, excess)


@pytest.mark.safety
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("history", HISTORIES, ids=lambda history: history.name)
def test_no_commit_is_lost_wherever_a_mirror_is_killed(history, tmp_path, tally):
    run(history, tmp_path, tally)


@pytest.mark.timeout(600)
def test_no_commit_is_lost_where_a_mirror_is_killed_here_and_there(tmp_path, tally):
    run(
        next(one for one in HISTORIES if one.name == "histories, rewritten on github"),
        tmp_path,
        tally,
        SAMPLE,
    )
