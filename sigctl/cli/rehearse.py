"""rehearse: a proposal on embedded forges."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import click

from sigctl.app.context import Watch
from sigctl.cli import show
from sigctl.cli.options import common, format_option, interruptible, logs, scoped
from sigctl.cli.plan import options_of
from sigctl.report.rehearsal import Row, Told, as_json, rehearsal_markdown, rehearsal_text


@click.command(
    epilog="""\b
examples:
  sigctl rehearse --sig virt
  sigctl rehearse --sig virt --snapshot snapshot.json
  sigctl rehearse --repo virt/xen --format json
\b
exit codes:
  0 it holds, 1 it does not"""
)
@common
@scoped
@format_option("text", "json", "markdown")
@click.option(
    "--snapshot",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Begin with what this file from `sigctl snapshot` says there is.",
)
@click.option(
    "--repo", "repos", multiple=True, metavar="[SIG/]NAME", help="Try pushes to this one. Repeatable."
)
def rehearse(format_: str, file: Path | None, repos: tuple[str, ...], **given: Any) -> int:
    """Apply the files to embedded forges, plan again, and prove the rights by pushes; needs no token."""
    from sigctl.app.snapshot import load_snapshot  # noqa: PLC0415  # only here
    from sigctl.rehearsal.run import rehearse as run  # noqa: PLC0415  # needs the extra

    logs(given["verbose"])
    watch = Watch()
    with (
        tempfile.TemporaryDirectory(prefix="sigctl-rehearsal-") as folder,
        interruptible(watch.stop),
        show.showing(watch, verbose=given["verbose"], no_color=given["no_color"]),
    ):
        found = run(
            options_of(given, mirror=False),
            date.today(),  # noqa: DTZ011  # the day of whoever runs this
            Path(folder),
            snapshot=load_snapshot(file) if file else None,
            repos=repos,
            watch=watch,
        )
    notes = [f"{one.subject} is not rehearsed: {one.reason}" for one in found.set_aside]
    notes += [f"not proved, since it can't be enforced: {one}" for one in found.not_enforced]
    if file:
        notes.append(f"began with {found.loaded} changes that bring the snapshot about")
    if found.not_loaded:
        notes.append(f"{found.not_loaded} parts of the snapshot could not be brought about")
    if found.left_out:
        notes.append(f"{found.left_out} pushes more were not tried: name repositories with --repo")
    rows = tuple(
        Row(t.one.forge, t.one.repo, t.one.branch, t.one.who, t.one.expected, t.accepted, t.said)
        for t in found.tried
    )
    told = Told(found.holds, found.forges, found.report, found.again, rows, tuple(notes), found.seconds)
    if format_ == "json":
        show.data(as_json(told))
    elif format_ == "markdown":
        click.echo(rehearsal_markdown(told), nl=False)
    else:
        show.text(rehearsal_text(told), no_color=given["no_color"])
    return 0 if told.holds else 1
