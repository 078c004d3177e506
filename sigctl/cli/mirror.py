"""mirror: refs and objects only."""

from __future__ import annotations

from typing import Any

import click

from sigctl.app.mirroring import mirror as bring
from sigctl.app.mirroring import mirror_check
from sigctl.cli import show
from sigctl.cli.options import common, format_option, scoped
from sigctl.cli.plan import running
from sigctl.report.mirrors import check_json, check_text
from sigctl.report.text import report_text


@click.command(
    epilog="""\b
examples:
  sigctl mirror
  sigctl mirror --check                  exit 2 when something is behind or held
  sigctl mirror --repo xen --repo xen-libvirt
  sigctl mirror --shard 2/4"""
)
@common
@scoped
@format_option("text", "json")
@click.option(
    "--repo",
    "repos",
    multiple=True,
    metavar="NAME",
    help="Only this repository, by its name in the files. Repeatable.",
)
@click.option(
    "--shard",
    default="",
    metavar="I/N",
    help="Only the I-th of N parts; which repository is in which part never changes.",
)
@click.option("--check", is_flag=True, help="Compare and push nothing.")
def mirror(format_: str, repos: tuple[str, ...], shard: str, *, check: bool, **given: Any) -> int:
    """Bring the histories where they belong: upstream to primary to replica, nothing forced, nothing deleted."""
    with running(given) as (context, shown):
        if check:
            found = mirror_check(context, repos, shard)
            if format_ == "json":
                show.data(check_json(found))
            else:
                show.text(check_text(found), no_color=given["no_color"])
            late = any(state.status in ("behind", "held") for state in found.states)
            return 1 if found.set_aside else 2 if late else 0
        report = bring(context, repos, shard, shown.outcome)
    if format_ == "json":
        show.data(report.as_json())
    else:
        show.text(report_text(report), no_color=given["no_color"])
    return report.exit_code
