"""verdicts: every open merge request is judged, and told so."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sigctl.app.context import Options
from sigctl.cli import show
from sigctl.cli.options import common, format_option, logs, pairs
from sigctl.errors import UsageError
from sigctl.report.words import plain

if TYPE_CHECKING:
    from sigctl.app.verdicts import Judged

FORMAT = "sigctl/verdicts/1"
_MAX_SAID = 1 << 20
"""Bytes that are read of what a pipeline said; less of it is shown."""


@click.command(
    epilog="""\b
examples:
  sigctl verdicts --repository https://git.centos.org/project/config
  sigctl verdicts --repository https://git.centos.org/project/config --comment --status "sigctl verdict"
  sigctl verdicts --repository https://github.com/CentOS/config --comment --snapshot snapshot.json --record mailed.json \\
    --from bot@example.org --smtp localhost:25
\b
exit codes:
  0 all were judged, whatever the verdicts, 1 one could not be"""
)
@common
@format_option("text", "json")
@click.option(
    "--repository",
    required=True,
    metavar="URL",
    help="The repository that holds the files, or one merge request in it.",
)
@click.option(
    "--merge-request",
    "numbers",
    type=click.IntRange(1),
    multiple=True,
    metavar="N",
    help="Only this one. Repeatable.",
)
@click.option("--comment", is_flag=True, help="Have one comment on each, which is edited afterwards.")
@click.option("--status", default="", metavar="NAME", help="Set the status of this name on the head of each.")
@click.option(
    "--snapshot",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Show the plan against this file from `sigctl snapshot`, too.",
)
@click.option(
    "--said",
    multiple=True,
    metavar="COMMIT=FILE",
    help="Show this text, as text, in the comment on the one whose head that is. Repeatable.",
)
@click.option(
    "--record",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File that keeps what was mailed when; keep it between runs.",
)
@click.option("--from", "sender", default="", metavar="ADDRESS", help="Sender of the mails.")
@click.option(
    "--smtp", default="", metavar="HOST[:PORT]", help="Mail each to the lists it concerns, by this server."
)
@click.option("--smtp-user", default="", help="Log in there as this user.")
@click.option("--smtp-password", default="", metavar="env:NAME|file:PATH", help="Where the password is.")
@click.option(
    "--sendmail", default="", metavar="PROGRAM", help="Mail by this program, called as sendmail is."
)
def verdicts(
    config: Path,
    overrides: tuple[str, ...],
    verbose: int,
    format_: str,
    repository: str,
    numbers: tuple[int, ...],
    status: str,
    file: Path | None,
    said: tuple[str, ...],
    record: Path | None,
    sender: str,
    smtp: str,
    smtp_user: str,
    smtp_password: str,
    sendmail: str,
    *,
    comment: bool,
    no_color: bool,  # noqa: ARG001  # an option of every command
) -> int:
    """Judge every open merge request to the files, from a job of the main branch; nothing of theirs is run.

    Their files are fetched, merged with the branch in memory and read as data. Without --comment, --status and a way to mail it only
    says what it finds.
    """
    from sigctl.app.announcing import Mailing  # noqa: PLC0415  # only here
    from sigctl.app.mail import Record  # noqa: PLC0415  # only here
    from sigctl.app.snapshot import load_snapshot  # noqa: PLC0415  # only here
    from sigctl.app.verdicts import Tell, judge_all  # noqa: PLC0415  # only here
    from sigctl.cli.announce import check_sender, way_of  # noqa: PLC0415  # only here

    logs(verbose)
    kept = Record.read(record) if record else None
    mailing = None
    if smtp or sendmail:
        if kept is None:
            raise UsageError("what is mailed must be remembered", "--record FILE")
        check_sender(sender)
        mailing = Mailing(sender, kept, way_of(smtp, smtp_user, smtp_password, sendmail))
    found = judge_all(
        repository,
        Options(config=config, overrides=overrides),
        date.today(),  # noqa: DTZ011  # an `until` ends with the day of whoever runs this
        os.environ,
        numbers=numbers,
        record=kept,
        told=Tell(
            comment=comment,
            status=status,
            mailing=mailing,
            snapshot=load_snapshot(file) if file else None,
            said={commit: _text(Path(name)) for commit, name in pairs(said, "--said")},
        ),
    )
    if format_ == "json":
        show.data({"format": FORMAT, "repository": repository, "proposals": [_as_json(one) for one in found]})
    else:
        for one in found:
            click.echo(f"!{one.number} {plain(one.headline or one.problem.splitlines()[0])}")
    for one in found:
        if one.problem:
            click.echo("\n".join(map(plain, f"error: {one.url}: {one.problem}".splitlines())), err=True)
    return 1 if any(one.problem for one in found) else 0


def _as_json(one: Judged) -> dict[str, object]:
    from sigctl.report.review import as_json  # noqa: PLC0415  # only here

    names = ("number", "url", "head", "verdict", "headline", "commented", "marked", "mailed", "problem")
    found = as_json(one.review) if one.review is not None else {"approvals": [], "notes": []}
    return {
        **{name: getattr(one, name) for name in names},
        "approvals": found["approvals"],
        "notes": found["notes"],
    }


def _text(file: Path) -> str:
    """Return what a file says, however wrong it is; "" where there is none: a pipeline may have ended before it said anything."""
    try:
        with file.open("rb") as stream:
            return stream.read(_MAX_SAID).decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise UsageError(f"{file} can't be read: {error.strerror}") from None
