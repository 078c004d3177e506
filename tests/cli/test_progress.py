"""The bar of an apply: count, rate and remaining time; nothing of a rate where nothing is counted."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.progress import Progress

from sigctl.cli.show import Rate, Shown, bars
from sigctl.core.kinds import Repo
from sigctl.core.plan import Action
from sigctl.report.outcome import Outcome


def clocked(seconds):
    """Return bars whose clock goes on by so much at each look."""
    console = Console(file=io.StringIO(), force_terminal=True, width=120, color_system=None)
    progress = bars(console)
    times = iter(range(100_000))
    return Progress(
        *progress.columns, console=console, get_time=lambda: next(times) * seconds, auto_refresh=False
    )


def drawn(progress):
    out = Console(file=io.StringIO(), width=120, color_system=None)
    out.print(progress.make_tasks_table(progress.tasks))
    return out.file.getvalue()


@pytest.mark.parametrize(("seconds", "rate"), [(0.1, "/s"), (5, "/min")])
def test_an_apply_shows_count_rate_and_what_remains(seconds, rate):
    progress = clocked(seconds)
    shown = Shown(Console(file=io.StringIO()), progress, 0)
    shown.start(40)
    done = Action("f", "create", None, Repo("O/r"), "s", 20)
    for _ in range(10):
        shown.outcome(Outcome(done, "done"))
    line = drawn(progress)
    assert "apply" in line
    assert "10/40" in line
    assert rate in line
    assert "0:0" in line, "the time that remains"


def test_what_is_only_read_has_no_rate():
    progress = clocked(0.1)
    shown = Shown(Console(file=io.StringIO()), progress, 0)
    shown.reading("github", "repositories")
    assert "github: repositories" in drawn(progress)
    assert str(Rate().render(progress.tasks[0])) == ""
