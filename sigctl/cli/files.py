"""validate, and what else reads and writes the files."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import click

from sigctl.app.context import Options, load
from sigctl.cli import show
from sigctl.cli.options import common, format_option, logs, scoped
from sigctl.errors import ConfigError
from sigctl.report.words import plain


@click.command(
    epilog="""\b
examples:
  sigctl validate
  sigctl validate --config other/sigs.yaml --format json
  sigctl validate --base main            would a changed layout or name leave something behind?"""
)
@common
@format_option("text", "json")
@click.option(
    "--base",
    default="",
    metavar="REV|PATH",
    help="Git revision, file or folder with the files of before, to find what a change would leave behind.",
)
def validate(
    config: Path, overrides: tuple[str, ...], verbose: int, format_: str, base: str, **_: Any
) -> int:
    """Read and check the files, offline; all problems at once."""
    logs(verbose)
    today = date.today()  # noqa: DTZ011  # the day of whoever runs this
    before = None
    if base:
        from sigctl.app.before import config_before  # noqa: PLC0415  # only where it is asked for

        before = config_before(base, config, today)
    try:
        loaded = load(Options(config=config, overrides=overrides), today, before)
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


@click.command(
    epilog="""\b
examples:
  sigctl fmt
  sigctl fmt --check                     exit 2 when a file is not in canonical form"""
)
@common
@click.option("--check", is_flag=True, help="Change nothing; exit 2 when a file is not in canonical form.")
def fmt(config: Path, verbose: int, *, check: bool, **_: Any) -> int:
    """Put the files in canonical order and layout; every comment stays."""
    from sigctl.spec.edit import fmt as format_files  # noqa: PLC0415  # the round-trip reader is slow to import

    logs(verbose)
    changed = format_files(config, check=check)
    for path in changed:
        click.echo(str(path))
    return 2 if check and changed else 0


@click.command(
    epilog="""\b
examples:
  sigctl schema > config/sigs.schema.json
  sigctl schema --kind sig
  sigctl schema --dir config             writes the three schemas that the files' first lines name"""
)
@click.option(
    "--kind",
    type=click.Choice(["main", "sig", "policy"]),
    default="main",
    show_default=True,
    help="Kind of file.",
)
@click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Write the schemas of all kinds here.",
)
def schema(kind: str, directory: Path | None) -> int:
    """Print the JSON Schema of a kind of file, for editors."""
    from sigctl.spec import schema as schemas  # noqa: PLC0415  # only here

    if directory is None:
        show.data(schemas.schema(kind))
        return 0
    for each, name in schemas.FILES.items():
        (directory / name).write_text(json.dumps(schemas.schema(each), indent=2) + "\n", encoding="utf-8")
        click.echo(str(directory / name), err=True)
    return 0


@click.command(
    epilog="""\b
examples:
  sigctl explain virt/xen                every setting of a repository
  sigctl explain virt/xen.visibility
  sigctl explain forges.github.url"""
)
@click.argument("path")
@common
@format_option("text", "json")
def explain(path: str, config: Path, overrides: tuple[str, ...], verbose: int, format_: str, **_: Any) -> int:
    """Say where a value of the config comes from: file, line, and what it overrides."""
    from sigctl.spec import explain as explaining  # noqa: PLC0415  # only here

    logs(verbose)
    loaded = load(Options(config=config, overrides=overrides), date.today())  # noqa: DTZ011  # the day of whoever runs this
    found = explaining.explain(loaded, path)
    if format_ == "json":
        show.data({"origins": [asdict(one) for one in found]})
        return 0

    def tell(origin: explaining.Origin, indent: str) -> None:
        click.echo(f"{indent}{plain(str(origin))}")
        for other in origin.overrides:
            tell(other, f"{indent}  overrides ")

    for one in found:
        tell(one, "")
    return 0


@click.group()
def people() -> None:
    """Work on the people in the files."""


@people.command(
    epilog="""\b
examples:
  sigctl people pin
  sigctl people pin --forge github"""
)
@common
@scoped
def pin(**given: Any) -> int:
    """Write the id of each person's account beside the login, so that a renamed login is followed and a stranger noticed."""
    from sigctl.app.people import pin_ids  # noqa: PLC0415  # only here
    from sigctl.cli.plan import running  # noqa: PLC0415  # only here

    with running(given) as (context, _):
        result = pin_ids(context)
    for path in result.files:
        click.echo(str(path))
    for problem in result.problems:
        click.echo(f"not pinned: {plain(problem)}", err=True)
    return 1 if result.problems else 0
