"""Printing: data to stdout, progress and everything else to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from sigctl.app.context import Watch
from sigctl.cli.options import colours, width
from sigctl.report.outcome import Outcome
from sigctl.report.text import outcome_text
from sigctl.report.words import plain
from sigctl.report.wrapping import fitted


def text(renderable: RenderableType, *, no_color: bool) -> None:
    """Print rich text to stdout, with colours where they are wanted; broken to the width of a terminal, in a pipe a line stays a line."""
    on = colours(no_color=no_color)
    if sys.stdout.isatty():
        renderable = fitted(renderable, width())
    console = Console(width=width(), force_terminal=on, no_color=not on, highlight=False, soft_wrap=True)
    console.print(renderable)


def data(value: Any) -> None:
    """Print JSON to stdout."""
    click.echo(json.dumps(value, indent=2, sort_keys=False, ensure_ascii=False))


class Shown:
    """What a run tells while it goes on: bars on a terminal, lines for failures (and with -v for all) elsewhere."""

    def __init__(self, console: Console, progress: Progress | None, verbose: int) -> None:
        self._console = console
        self._progress = progress
        self._verbose = verbose
        self._tasks: dict[str, Any] = {}

    def reading(self, where: str, what: str) -> None:
        """Tell what is being read."""
        if self._progress is not None:
            if where not in self._tasks:
                self._tasks[where] = self._progress.add_task(plain(where), total=None)
            self._progress.update(self._tasks[where], description=f"{plain(where)}: {plain(what)}")
        elif self._verbose:
            self._console.print(f"{plain(where)}: {plain(what)}", markup=False)

    def ended(self, where: str) -> None:
        """Take the bar of what has ended off the terminal."""
        if self._progress is not None and where in self._tasks:
            self._progress.remove_task(self._tasks.pop(where))

    def waiting(self, where: str, what: str) -> None:
        """Tell that a forge is waited for; with a bar or without, nobody shall think that nothing happens."""
        self._console.print(f"{plain(where)}: {plain(what)}", markup=False)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Keep the terminal to ourselves while the block runs, to print a plan and to ask."""
        if self._progress is None:
            yield
            return
        for task in self._tasks.values():
            self._progress.remove_task(task)
        self._tasks = {}
        self._progress.stop()
        try:
            yield
        finally:
            self._progress.start()

    def start(self, total: int) -> None:
        """Begin the bar of the actions."""
        if self._progress is not None:
            for task in self._tasks.values():
                self._progress.remove_task(task)
            self._tasks = {"": self._progress.add_task("apply", total=total)}

    def outcome(self, outcome: Outcome) -> None:
        """Tell that an action ended."""
        if self._progress is not None and "" in self._tasks:
            self._progress.advance(self._tasks[""])
        if self._verbose or outcome.status == "failed":
            self._console.print(outcome_text(outcome))


class Rate(ProgressColumn):
    """How many actions end in a second; in a minute, where it is less than one."""

    def render(self, task: Task) -> Text:
        """Return the rate, nothing before there is one, or where there is nothing to count."""
        speed = task.finished_speed or task.speed
        if not speed or task.total is None:
            return Text("")
        return Text(f"{speed:.1f}/s" if speed >= 1 else f"{speed * 60:.0f}/min", style="progress.data.speed")


def bars(console: Console) -> Progress:
    """Return the bars of a run: what, how far, how many of how many, how fast, how long still."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console, transient=True)


@contextmanager
def showing(watch: Watch, *, verbose: int, no_color: bool) -> Iterator[Shown]:
    """Show progress on stderr while the block runs; nothing is left of it afterwards."""
    terminal = sys.stderr.isatty()
    console = Console(stderr=True, no_color=no_color or not terminal, highlight=False, soft_wrap=True)
    if not terminal:
        shown = Shown(console, None, verbose)
        watch.reading, watch.waiting, watch.ended = shown.reading, shown.waiting, shown.ended
        yield shown
        return
    with bars(console) as progress:
        shown = Shown(console, progress, verbose)
        watch.reading, watch.waiting, watch.ended = shown.reading, shown.waiting, shown.ended
        yield shown
