"""ci init: the pipelines."""

from __future__ import annotations

from pathlib import Path

import click


@click.group()
def ci() -> None:
    """Set up the pipelines of the repository that holds the files."""


@ci.command(
    epilog="""\b
examples:
  sigctl ci init --forge github
  sigctl ci init --forge gitlab --dir path/to/checkout"""
)
@click.option(
    "--forge",
    "kind",
    type=click.Choice(["github", "gitlab"]),
    required=True,
    help="Kind of forge on which the repository is.",
)
@click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path(),
    help="Root of the checkout.",
)
@click.option("--force", is_flag=True, help="Write over files that are other ones.")
def init(kind: str, directory: Path, *, force: bool) -> int:
    """Write the pipelines: review, plan and rehearsal of a proposal; apply, drift and snapshot on main."""
    from sigctl.app.pipelines import write  # noqa: PLC0415  # only here

    for path in write(kind, directory, force=force):
        click.echo(str(path))
    if kind == "gitlab":
        click.echo(
            "include: [{local: deploy/gitlab-ci/sigctl.gitlab-ci.yml}] in .gitlab-ci.yml turns it on",
            err=True,
        )
    return 0
