"""validate, and what else reads and writes the files."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path

import click

from sigctl.app.context import Options, load
from sigctl.cli import show
from sigctl.cli.options import common, format_option, logs
from sigctl.errors import ConfigError


@click.command(
    epilog="""\b
examples:
  sigctl validate
  sigctl validate --config other/sigs.yaml --format json"""
)
@common
@format_option("text", "json")
def validate(config: Path, overrides: tuple[str, ...], verbose: int, format_: str, *, no_color: bool) -> int:  # noqa: ARG001  # every command takes it
    """Read and check the files, offline; all problems at once."""
    logs(verbose)
    try:
        loaded = load(Options(config=config, overrides=overrides), date.today())  # noqa: DTZ011  # the day of whoever runs this
    except ConfigError as error:
        if format_ == "json":
            show.data({"problems": [asdict(problem) for problem in error.problems], "warnings": []})
            return 1
        raise
    if format_ == "json":
        show.data({"problems": [], "warnings": [asdict(problem) for problem in loaded.warnings]})
    else:
        for warning in loaded.warnings:
            click.echo(f"{warning}", err=True)
        spec = loaded.spec
        click.echo(
            f"{len(loaded.files)} files, {len(spec.sigs)} SIGs, {len(spec.people)} people: no problems"
            + (f", {len(loaded.warnings)} warnings" if loaded.warnings else ""),
            err=True,
        )
    return 0
