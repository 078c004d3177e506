"""report: the pages for everybody."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from sigctl.cli.options import common, logs, scoped
from sigctl.cli.plan import options_of, running
from sigctl.errors import UsageError


@click.command(
    epilog="""\b
examples:
  sigctl report --html public                               what the files declare; asks nobody
  sigctl report --html public --snapshot snapshot.json      and how the forges stand to that
  sigctl report --html public --live --history ~/.local/state/sigctl/drift"""
)
@common
@scoped
@click.option(
    "--html",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder for the pages; what else is in it stays.",
)
@click.option("--live", is_flag=True, help="As the forges are now; a read-only token is enough.")
@click.option(
    "--snapshot",
    "against",
    type=click.Path(path_type=Path, dir_okay=False),
    help="As this file from `sigctl snapshot` has them: offline.",
)
@click.option(
    "--history",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder in which `sigctl drift` keeps its history: tell since when, why, and what was before.",
)
@click.option(
    "--audit", type=click.Path(path_type=Path, dir_okay=False), help="The log of applies: tell what was done."
)
@click.option("--no-mirror", is_flag=True, help="With --live: leave the histories out.")
def report(
    folder: Path,
    against: Path | None,
    history: Path | None,
    audit: Path | None,
    *,
    live: bool,
    no_mirror: bool,
    **given: Any,
) -> int:
    """Write a site that needs no server: who may do what, what differs, how the histories stand.

    It is written whole or not at all, and tells what it is given: who may see a private repository's name is for whoever publishes it.
    Exit 1 when a forge could not be read.
    """
    from sigctl.app import site as making  # noqa: PLC0415  # the pages' library is for this command alone
    from sigctl.app.site_files import write  # noqa: PLC0415  # the same
    from sigctl.report.html.pages import render  # noqa: PLC0415  # the same
    from sigctl.spec.load import paused_gc  # noqa: PLC0415  # the same

    logs(given["verbose"])
    if live and against is not None:
        raise UsageError("--live and --snapshot can't both be meant")
    if given["sigs"]:
        raise UsageError("the pages are of all SIGs: no --sig", "each SIG has pages of its own")
    today = date.today()  # noqa: DTZ011  # an `until` ends with the day of whoever runs this
    if live:
        with running(given, mirror=not no_mirror) as (context, _):
            site = making.live(context, history, audit)
        count = write(folder, render(site))
    else:
        options = options_of(given, mirror=not no_mirror)
        with paused_gc():  # all that is made is needed to the end
            site = (
                making.from_snapshot(options, today, against, history, audit)
                if against is not None
                else making.from_files(options, today, history, audit)
            )
            count = write(folder, render(site))
    click.echo(f"{folder}: {count} files", err=True)
    return 1 if any(forge.problem for forge in site.forges) else 0
