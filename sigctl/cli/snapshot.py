"""snapshot, and plans from one."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import click

from sigctl.app import snapshot as snapshots
from sigctl.app.context import load
from sigctl.cli import show
from sigctl.cli.options import common, format_option, logs, scoped
from sigctl.cli.plan import options_of, plan_exit, print_plan, running
from sigctl.core.unread import told
from sigctl.report.words import plain


@click.command(
    epilog="""\b
examples:
  sigctl snapshot --out snapshot.json
  sigctl snapshot --out snapshot.json --format json
  sigctl plan --snapshot snapshot.json --base origin/main     what a proposal would do, without any token"""
)
@common
@scoped
@format_option("text", "json")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="File to write; it can be published.",
)
def snapshot(format_: str, out: Path, **given: Any) -> int:
    """Write down what the forges hold; a read-only token is enough.

    The file has no secrets and no e-mail addresses, and names what is private only where the config does. Its digest
    shows that it was changed, not by whom: fetch it from where only the job that makes it can write.
    """
    with running(given, mirror=False) as (context, _):
        taken = snapshots.take(context)
    unread = (*taken.unread, *(one for seen in taken.forges.values() for one in told(seen.observation)))
    snapshots.write(out, taken)
    if format_ == "json":
        show.data(
            {
                "file": str(out),
                "digest": taken.digest,
                "created": taken.created,
                "forges": {
                    name: {"resources": len(seen.observation.state), "hidden": seen.coverage.hidden}
                    for name, seen in sorted(taken.forges.items())
                },
                "unread": [asdict(one) for one in unread],
            }
        )
    else:
        for name, seen in sorted(taken.forges.items()):
            click.echo(f"{plain(name)}: {len(seen.observation.state)} resources", err=True)
        click.echo(f"{out}: digest {taken.digest[:12]}, {taken.created}", err=True)
    for one in unread:
        click.echo(f"not read: {plain(one.subject)}: {plain(one.reason)}", err=True)
    return 1 if unread else 0


def plan_from(
    file: Path, base: str, format_: str, *, pending: bool, mirror: bool, given: dict[str, Any]
) -> int:
    """Print what apply would do if the forges were as in the file, and return the exit code of that plan."""
    logs(given["verbose"])
    today = date.today()  # noqa: DTZ011  # an `until` ends with the day of whoever runs this
    options = options_of(given, mirror=mirror)
    before = None
    if base:
        from sigctl.app.before import config_before  # noqa: PLC0415  # only where it is asked for

        before = config_before(base, options.config, today)
    taken = snapshots.load_snapshot(file)
    found = snapshots.plan_offline(taken, load(options, today), options, today, before)
    if format_ == "json":
        show.data(found.as_json(taken))
    else:
        print_plan(found.plan, format_, no_color=given["no_color"])
    return plan_exit(found.plan, pending=pending)
