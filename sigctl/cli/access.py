"""access: who may do what, and why."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any

import click

from sigctl.app import access as looking
from sigctl.app.access_told import told as told_of
from sigctl.app.context import Options, Watch
from sigctl.cli import show
from sigctl.cli.interrupt import interruptible
from sigctl.cli.options import common, format_option, logs, width
from sigctl.core.access_table import Wanted
from sigctl.errors import UsageError
from sigctl.report.access import access_text
from sigctl.report.access_data import access_csv, access_json, access_markdown


@click.command(
    epilog="""\b
examples:
  sigctl access --repo virt/xen
  sigctl access --repo xen --branch c7-sig-virt-xen --live     who may push there now, and why
  sigctl access --person pasik
  sigctl access --sig virt --format csv
  sigctl access --leaving hughesjr                             what goes with him, and what is missing then"""
)
@common
@format_option("text", "json", "csv", "markdown")
@click.option("--person", "people", multiple=True, metavar="NAME", help="Only this account. Repeatable.")
@click.option(
    "--team", "teams", multiple=True, metavar="SIG/TEAM", help="Only rights by this team. Repeatable."
)
@click.option(
    "--repo",
    "repos",
    multiple=True,
    metavar="NAME",
    help="Only this repository: SIG/NAME, NAME or its path; * stands for anything. Repeatable.",
)
@click.option(
    "--branch", "branches", multiple=True, metavar="NAME", help="What may be done to this branch. Repeatable."
)
@click.option("--sig", "sigs", multiple=True, metavar="NAME", help="Only this SIG. Repeatable.")
@click.option("--forge", "forges", multiple=True, metavar="NAME", help="Only this forge. Repeatable.")
@click.option("--live", is_flag=True, help="As the forges have it now; a read-only token is enough.")
@click.option(
    "--snapshot",
    "against",
    type=click.Path(path_type=Path, dir_okay=False),
    help="As it was when this file from `sigctl snapshot` was written: offline.",
)
@click.option("--leaving", default="", metavar="NAME", help="What this person would lose by leaving.")
@click.option("--all", "everything", is_flag=True, help="Cut no list short.")
def access(
    format_: str,
    people: tuple[str, ...],
    teams: tuple[str, ...],
    repos: tuple[str, ...],
    branches: tuple[str, ...],
    sigs: tuple[str, ...],
    against: Path | None,
    leaving: str,
    *,
    live: bool,
    everything: bool,
    **given: Any,
) -> int:
    """Say who may read, push, merge and administer, on which branch, on which forge, and by which way.

    As the files declare it, unless --live or --snapshot is given. Exit 1 when a forge could not be read.
    """
    logs(given["verbose"])
    if live and against is not None:
        raise UsageError("--live and --snapshot can't both be meant")
    options = Options(config=given["config"], overrides=given["overrides"], forges=frozenset(given["forges"]))
    today = date.today()  # noqa: DTZ011  # an `until` ends with the day of whoever runs this
    seen = _seen(options, today, against, live=live, given=given)
    wanted = Wanted(
        people=frozenset(people),
        teams=frozenset(teams),
        repos=frozenset(repos),
        branches=branches,
        sigs=frozenset(sigs),
    )
    told = told_of(looking.answer(seen, wanted, person=leaving, today=today), wanted)
    if format_ == "json":
        show.data(access_json(told))
    elif format_ == "csv":
        click.echo(access_csv(told), nl=False)
    elif format_ == "markdown":
        click.echo(access_markdown(told), nl=False)
    else:
        show.text(access_text(told, width(), everything=everything), no_color=given["no_color"])
    return 1 if told.set_aside else 0


def _seen(
    options: Options, today: date, against: Path | None, *, live: bool, given: dict[str, Any]
) -> looking.Seen:
    if against is not None:
        return looking.from_snapshot(options, today, against)
    if not live:
        return looking.declared(options, today)
    watch = Watch()
    with (
        interruptible(watch.stop),
        show.showing(watch, verbose=given["verbose"], no_color=given["no_color"]),
    ):
        return looking.live(options, os.environ, watch)
