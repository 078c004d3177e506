"""sandbox up, down, status, reset."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from sigctl.cli import show

_dir = click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".sandbox"),
    show_default=True,
    help="Where the sandbox keeps its state.",
)


@click.group()
def sandbox() -> None:
    """Run the embedded forges: GitHub- and GitLab-shaped servers on loopback, with real git behind them."""


@sandbox.command(
    epilog="""\b
examples:
  sigctl sandbox up --dir /tmp/forges
  sigctl sandbox up --dir /tmp/forges --latency 50 --faults faults.yaml"""
)
@_dir
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    default=None,
    help="Make accounts for the people of these files and the orgs they name. Default: config/sigs.yaml where it exists.",
)
@click.option("--user", "users", multiple=True, metavar="LOGIN", help="Make an account. Repeatable.")
@click.option("--org", "orgs", multiple=True, metavar="NAME", help="Make an org. Repeatable.")
@click.option(
    "--latency",
    type=click.IntRange(0, 60_000),
    default=0,
    metavar="MS",
    help="Wait this long before each answer.",
)
@click.option(
    "--faults", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Table of faults to play."
)
def up(
    directory: Path,
    config: Path | None,
    users: tuple[str, ...],
    orgs: tuple[str, ...],
    latency: int,
    faults: Path | None,
) -> None:
    """Start the forges in the background and print how to reach them as JSON."""
    from sigctl.sandbox import control  # noqa: PLC0415  # needs the extra

    found_users, found_orgs = _from_files(config)
    show.data(
        control.up(
            directory,
            logins=sorted({*found_users, *users}),
            orgs=sorted({*found_orgs, *orgs, *control.ORGS}),
            latency_ms=latency,
            faults=faults,
        )
    )


@sandbox.command()
@_dir
def down(directory: Path) -> None:
    """Stop the forges; their state stays."""
    from sigctl.sandbox import control  # noqa: PLC0415  # needs the extra

    click.echo("stopped" if control.down(directory) else "was not running", err=True)


@sandbox.command()
@_dir
def status(directory: Path) -> None:
    """Print whether the forges run, as JSON."""
    from sigctl.sandbox import control  # noqa: PLC0415  # needs the extra

    show.data(control.status(directory))


@sandbox.command()
@_dir
def reset(directory: Path) -> None:
    """Empty the forges; accounts, tokens and ports stay."""
    from sigctl.sandbox import control  # noqa: PLC0415  # needs the extra

    document = control.reset(directory)
    if document is not None:
        show.data(document)


def _from_files(config: Path | None) -> tuple[set[str], set[str]]:
    from sigctl.app.context import Options, load, resolve_for  # noqa: PLC0415  # only `up` reads files
    from sigctl.forges import traits_of  # noqa: PLC0415  # only `up` reads files

    default = Path("config/sigs.yaml")
    if config is None and not default.exists():
        return set(), set()
    today = date.today()  # noqa: DTZ011  # the day of whoever runs this
    options = Options(config=config or default)
    loaded = load(options, today)
    resolved = resolve_for(loaded, options, today)
    logins = {login for desired in resolved.desired.values() for login in desired.logins()}
    orgs = {
        org
        for name, desired in resolved.desired.items()
        if not traits_of(loaded.spec.forges[name].type).nested_orgs
        for org in desired.orgs
    }
    return logins, orgs
