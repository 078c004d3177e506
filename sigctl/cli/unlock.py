"""unlock: taking the lock across machines from a run that is gone."""

from __future__ import annotations

from typing import Any

import click

from sigctl.app.locking import lock_of
from sigctl.cli.interrupt import asking
from sigctl.cli.options import common
from sigctl.cli.plan import running
from sigctl.errors import UsageError
from sigctl.report.words import plain


@click.command(
    epilog="""\b
examples:
  sigctl unlock
  sigctl unlock --yes"""
)
@common
@click.option("--yes", is_flag=True, help="Don't ask.")
def unlock(*, yes: bool, **given: Any) -> int:
    """Take the lock across machines from a run that is gone. A run that still goes on is stopped by it at its next renewal."""
    everything = {"forges": (), "sigs": (), "rewrites": (), "jobs": 1, "cache": None}
    with running({**given, **everything}, mirror=False) as (context, _):
        lock = lock_of(context)
        if lock is None:
            raise UsageError("there is no lock across machines", "`lock` in policy.yaml says where it is")
        holder = lock.holder()
        if holder is None or not holder.run:
            click.echo("nobody holds the lock")
            return 0
        text = (
            f"held by {plain(holder.owner)} (run {plain(holder.run)}) until {holder.until:%Y-%m-%d %H:%M} UTC"
        )
        if not yes:
            with asking():
                click.confirm(f"{text}. Take it away?", abort=True)
        lock.break_()
        click.echo(f"was {text}; nobody holds it now")
    return 0
