"""review: what a proposal comes to, and who must approve."""

from __future__ import annotations

import os
from datetime import date, datetime
from pathlib import Path

import click

from sigctl.app.context import Options
from sigctl.app.mail import Record
from sigctl.app.review import Request
from sigctl.app.review import review as make
from sigctl.cli import show
from sigctl.cli.options import common, format_option, logs
from sigctl.report.review import as_json, review_markdown, review_text


@click.command(
    epilog="""\b
examples:
  sigctl review --base origin/main --author gwd
  sigctl review --base origin/main --author gwd --approved-by lars_kurth --approved-by kbsingh
  sigctl review --base origin/main --format markdown > comment.md
  sigctl review --base origin/main --merge-request https://git.centos.org/project/config/-/merge_requests/7
\b
exit codes:
  0 may be merged, 3 an approval is missing, 1 the files have problems"""
)
@common
@format_option("text", "json", "markdown")
@click.option(
    "--base",
    required=True,
    metavar="REV|PATH",
    help="Git revision, file or folder with the files of before; their policy and their chairs decide.",
)
@click.option(
    "--merge-request",
    default="",
    metavar="URL",
    help="Read author, approvals, day and objections from there; with the forge's token if it is set.",
)
@click.option("--author", default="", metavar="ACCOUNT|FORGE:LOGIN", help="Who proposes it.")
@click.option(
    "--approved-by",
    multiple=True,
    metavar="ACCOUNT|FORGE:LOGIN",
    help="Who has approved it; a login without an account counts for nothing. Repeatable.",
)
@click.option(
    "--opened",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Day on which it was opened, for lazy consensus.",
)
@click.option(
    "--objection", "objections", multiple=True, metavar="TEXT", help="Somebody objects. Repeatable."
)
@click.option(
    "--record",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File in which `sigctl announce` keeps what was mailed when.",
)
@click.option("--change", default="", metavar="URL", help="The change's name in that file.")
def review(
    config: Path,
    overrides: tuple[str, ...],
    verbose: int,
    format_: str,
    base: str,
    merge_request: str,
    author: str,
    approved_by: tuple[str, ...],
    opened: datetime | None,
    objections: tuple[str, ...],
    record: Path | None,
    change: str,
    *,
    no_color: bool,
) -> int:
    """Say what a proposal comes to and who must approve it; exit 3 while an approval is missing.

    Offline but for --merge-request. What is given by --author and --opened wins over what the merge request says; --approved-by and
    --objection are added to it.
    """
    logs(verbose)
    today = date.today()  # noqa: DTZ011  # an `until` ends with the day of whoever runs this
    found = make(
        base,
        Options(config=config, overrides=overrides),
        today,
        Request(
            author=author,
            approved_by=approved_by,
            opened=opened.date() if opened else None,
            objections=objections,
            record=Record.read(record) if record else None,
            change=change,
            merge_request=merge_request,
        ),
        os.environ,
    )
    if format_ == "json":
        show.data(as_json(found))
    elif format_ == "markdown":
        click.echo(review_markdown(found), nl=False)
    else:
        show.text(review_text(found), no_color=no_color)
    return found.exit_code
