"""codeowners: who is asked for a change of which file."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from sigctl.app.codeowners import codeowners as make
from sigctl.app.context import Options, load
from sigctl.cli.options import common, logs
from sigctl.errors import UsageError


@click.command(
    epilog="""\b
examples:
  sigctl codeowners --forge github --out .github/CODEOWNERS
  sigctl codeowners --forge git.centos.org --out CODEOWNERS
  sigctl codeowners --forge github --out .github/CODEOWNERS --check     exit 2 when it is out of date"""
)
@common
@click.option("--forge", required=True, metavar="NAME", help="The forge on which the config itself is.")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write; left out: stdout."
)
@click.option("--check", is_flag=True, help="Write nothing; exit 2 when the file is not as it would be.")
def codeowners(
    config: Path,
    overrides: tuple[str, ...],
    verbose: int,
    forge: str,
    out: Path | None,
    *,
    check: bool,
    no_color: bool,  # noqa: ARG001  # an option of every command
) -> int:
    """Make a CODEOWNERS file: each SIG's file is its chairs', the rest the admins'."""
    logs(verbose)
    today = date.today()  # noqa: DTZ011  # a chair's term ends with the day of whoever runs this
    text = make(load(Options(config=config, overrides=overrides), today), forge, today)
    if out is None:
        if check:
            raise UsageError("--check needs --out FILE")
        click.echo(text, nl=False)
        return 0
    try:
        if check:
            return 0 if out.exists() and out.read_text(encoding="utf-8") == text else 2
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{out}: {error.strerror}") from None
    return 0
