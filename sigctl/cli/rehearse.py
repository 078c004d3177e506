"""rehearse: a proposal on embedded forges."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sigctl.app.context import Watch
from sigctl.cli import show
from sigctl.cli.interrupt import interruptible
from sigctl.cli.options import common, format_option, logs, scoped
from sigctl.cli.plan import options_of
from sigctl.report.rehearsal import Row, Told, as_json, rehearsal_markdown, rehearsal_text

if TYPE_CHECKING:
    from sigctl.rehearsal.run import Rehearsal


@click.command(
    epilog="""\b
examples:
  sigctl rehearse --sig virt
  sigctl rehearse --sig virt --snapshot snapshot.json
  sigctl rehearse --base origin/main --snapshot snapshot.json
  sigctl rehearse --repo virt/xen --format json
\b
exit codes:
  0 it holds on every forge that could be played, 1 it does not"""
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
    "--base",
    default="",
    metavar="REV|PATH",
    help="Only the SIGs that differ from these files, what differs first.",
)
@click.option(
    "--repo", "repos", multiple=True, metavar="[SIG/]NAME", help="Try pushes to this one. Repeatable."
)
def rehearse(format_: str, file: Path | None, base: str, repos: tuple[str, ...], **given: Any) -> int:
    """Apply the files to embedded forges, plan again, and prove the rights by pushes; needs no token.

    Histories are not rehearsed, nor is a forge of a kind that is not embedded; both are said.
    """
    from sigctl.app.snapshot import load_snapshot  # noqa: PLC0415  # only here
    from sigctl.rehearsal.run import rehearse as run  # noqa: PLC0415  # needs the extra
    from sigctl.rehearsal.run import touched_by  # noqa: PLC0415  # as above

    logs(given["verbose"])
    watch = Watch()
    options = options_of(given, mirror=False)
    today = date.today()  # noqa: DTZ011  # the day of whoever runs this
    first: frozenset[str] = frozenset()
    if base:
        sigs, first = touched_by(base, options, today)
        sigs = sigs & options.sigs if options.sigs else sigs
        options = replace(options, sigs=sigs)
        if not sigs:
            _print(
                Told(
                    holds=True,
                    forges=(),
                    report=None,
                    again=None,
                    rows=(),
                    notes=(),
                    set_aside=(),
                    seconds=0.0,
                ),
                format_,
                no_color=given["no_color"],
            )
            return 0
    with (
        tempfile.TemporaryDirectory(prefix="sigctl-rehearsal-") as folder,
        interruptible(watch.stop),
        show.showing(watch, verbose=given["verbose"], no_color=given["no_color"]),
    ):
        found = run(
            options,
            today,
            Path(folder),
            snapshot=load_snapshot(file) if file else None,
            repos=repos,
            first=first,
            watch=watch,
        )
    rows = tuple(
        Row(t.one.forge, t.one.repo, t.one.branch, t.one.who, t.one.expected, t.accepted, t.said)
        for t in found.tried
    )
    told = Told(
        found.holds,
        found.forges,
        found.report,
        found.again,
        rows,
        tuple(_notes(found, began=file is not None)),
        tuple((one.subject, one.reason) for one in found.set_aside),
        found.seconds,
    )
    _print(told, format_, no_color=given["no_color"])
    return 0 if told.holds else 1


def _notes(found: Rehearsal, *, began: bool) -> Iterator[str]:
    """Yield what was not rehearsed, and how it began."""
    yield from (f"not proved, since it can't be enforced: {one}" for one in found.not_enforced)
    if found.histories:
        yield f"histories are not rehearsed: {found.histories} steps by which they are carried"
    if began:
        yield f"began with {found.loaded} changes that bring the snapshot about"
    if found.not_loaded:
        yield f"{found.not_loaded} parts of the snapshot could not be brought about"
    if found.repos[0] < found.repos[1]:
        yield f"pushes were tried in {found.repos[0]} of {found.repos[1]} repositories: name others with --repo"
    if found.left_out:
        yield f"{found.left_out} pushes more were not tried, since there are too many: name repositories with --repo"


def _print(told: Told, format_: str, *, no_color: bool) -> None:
    if format_ == "json":
        show.data(as_json(told))
    elif format_ == "markdown":
        click.echo(rehearsal_markdown(told), nl=False)
    else:
        show.text(rehearsal_text(told), no_color=no_color)
