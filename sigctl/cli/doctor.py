"""doctor: is everything there that a run needs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from sigctl.app.doctor import examine
from sigctl.cli import show
from sigctl.cli.options import common, format_option, scoped
from sigctl.cli.plan import running
from sigctl.report.words import plain


@click.command(
    epilog="""\b
examples:
  sigctl doctor
  sigctl doctor --forge github --format json"""
)
@common
@scoped
@format_option("text", "json")
def doctor(format_: str, **given: Any) -> int:
    """Check tokens (who, scopes, expiry), reachability and tier of each forge, and git."""
    with running(given) as (context, _):
        found = examine(context)
    if format_ == "json":
        show.data({"findings": [asdict(one) for one in found]})
    else:
        for one in found:
            facts = ", ".join(f"{name} {_value(value)}" for name, value in one.facts.items())
            click.echo(f"{plain(one.subject)}: {plain(facts) or 'no facts'}")
            for note in one.notes:
                click.echo(f"  note: {plain(note)}")
            for problem in one.problems:
                click.echo(f"  problem: {plain(problem)}")
    return 1 if any(one.problems for one in found) else 0


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
