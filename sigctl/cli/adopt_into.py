"""adopt --into and --drift: the files that there are, changed in place."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from sigctl.adopt.model import Said
from sigctl.app.adopting import mapping_of
from sigctl.app.adopting_drift import merge
from sigctl.app.adopting_files import write_merged
from sigctl.app.audit import default_file
from sigctl.cli import show
from sigctl.cli.adopt import told
from sigctl.cli.plan import running
from sigctl.errors import UsageError
from sigctl.report.words import plain


def into_files(
    given: dict[str, Any], format_: str, audit: Path | None, *, undeclared: bool, by_hand: bool, dry_run: bool
) -> int:
    """Write what is there into the files, and print the difference; 0 whether or not there was something to write."""
    for name in ("type_", "url", "token", "repo_template", "team_template", "snapshot", "orgs"):
        if given[name]:
            raise UsageError(f"--{name.rstrip('_').replace('_', '-')} is for new files, with --dir")
    said = Said(link_equal_logins=given["link_equal_logins"])
    if given["mapping"]:
        said = mapping_of(given["mapping"], link_equal=given["link_equal_logins"])
    usual = {"sigs": (), "rewrites": (), "jobs": 4, "cache": None}
    with running({**usual, **given}, mirror=False) as (context, _):
        found = merge(
            context, audit or default_file(), said, os.environ, undeclared=undeclared, by_hand=by_hand
        )
    if not dry_run:
        write_merged(found)
    if format_ == "json":
        show.data(
            {
                "adopted": list(found.adopted),
                "files": sorted(str(path) for path in found.texts),
                "diff": found.diff,
                "unsaid": [asdict(one) for one in found.unsaid],
                "new_differences": found.more,
            }
        )
        return 0
    click.echo("".join(f"{plain(line)}\n" for line in found.diff.splitlines()), nl=False)
    done = "would be adopted" if dry_run else "adopted: look at the difference, commit it and propose it"
    click.echo(f"{len(found.adopted)} {done}", err=True)
    if found.more:
        click.echo(
            f"{found.more} differences are new with it, as a rule the same right on another forge: `sigctl plan` shows them",
            err=True,
        )
    told(found.unsaid)
    return 0
