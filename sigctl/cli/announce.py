"""announce: a proposal goes to the lists."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import click

from sigctl.app.announcing import Mailing
from sigctl.app.announcing import announce as make
from sigctl.app.context import Options
from sigctl.app.mail import Record, Way
from sigctl.app.secrets import read_secret
from sigctl.cli import show
from sigctl.cli.options import common, format_option, logs
from sigctl.errors import UsageError
from sigctl.report.words import plain


@click.command(
    epilog="""\b
examples:
  sigctl announce --base origin/main --change URL --from bot@example.org --record mailed.json --smtp localhost:25
  sigctl announce --base origin/main --change URL --from bot@example.org --record mailed.json --sendmail /usr/sbin/sendmail
  sigctl announce --base origin/main --change URL --from bot@example.org --record mailed.json --show"""
)
@common
@format_option("text", "json")
@click.option(
    "--base", required=True, metavar="REV|PATH", help="Git revision, file or folder with the files of before."
)
@click.option(
    "--change", required=True, metavar="URL", help="Address of the merge request: it names the change."
)
@click.option("--title", default="", help="Its title.")
@click.option("--author", default="", metavar="ACCOUNT", help="Who proposes it.")
@click.option("--from", "sender", required=True, metavar="ADDRESS", help="Sender of the mail.")
@click.option(
    "--record",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="File that keeps what was mailed when; keep it between runs.",
)
@click.option("--smtp", default="", metavar="HOST[:PORT]", help="Send by this server.")
@click.option("--smtp-user", default="", help="Log in there as this user.")
@click.option("--smtp-password", default="", metavar="env:NAME|file:PATH", help="Where the password is.")
@click.option(
    "--sendmail", default="", metavar="PROGRAM", help="Send by this program, called as sendmail is."
)
@click.option("--show", "only_show", is_flag=True, help="Print the mail and send nothing.")
def announce(
    config: Path,
    overrides: tuple[str, ...],
    verbose: int,
    format_: str,
    base: str,
    change: str,
    title: str,
    author: str,
    sender: str,
    record: Path,
    smtp: str,
    smtp_user: str,
    smtp_password: str,
    sendmail: str,
    *,
    only_show: bool,
    no_color: bool,  # noqa: ARG001  # an option of every command
) -> int:
    """Mail a proposal to the lists of the SIGs it touches, once for each change of it, in one thread."""
    logs(verbose)
    if sum(map(bool, (smtp, sendmail, only_show))) != 1:
        raise UsageError("how is it sent?", "one of --smtp HOST:PORT, --sendmail PROGRAM, --show")
    check_sender(sender)
    found = make(
        base,
        Options(config=config, overrides=overrides),
        date.today(),  # noqa: DTZ011  # the day of whoever runs this
        Mailing(
            sender=sender,
            record=Record.read(record),
            way=None if only_show else way_of(smtp, smtp_user, smtp_password, sendmail),
            change=change,
            title=title,
            author=author,
        ),
    )
    sent = found.message is not None and not only_show
    if format_ == "json":
        show.data(
            {
                "mailed": sent,
                "lists": dict(found.lists),
                "message_id": found.message["Message-ID"] if found.message else "",
                "why": found.why,
            }
        )
    elif found.message is None:
        click.echo(f"nothing to mail: {found.why}", err=True)
    elif only_show:
        click.echo(plain_mail(found.message.as_string()), nl=False)
    else:
        click.echo(f"mailed to {plain(', '.join(found.lists.values()))}", err=True)
    return 0


def plain_mail(text: str) -> str:
    """Return the mail safe to print: line ends stay, other control characters don't."""
    return "".join(f"{plain(line)}\n" for line in text.splitlines())


def check_sender(sender: str) -> None:
    """Raise UsageError where it is no address, or more than one line."""
    if any(c in sender for c in "\r\n") or "@" not in sender:
        raise UsageError(f"`{plain(sender)}` is no address")


def way_of(smtp: str, user: str, password: str, sendmail: str) -> Way:
    """Return how mail leaves, as options say it; UsageError where they can't be meant or the password is not there."""
    if not smtp:
        return Way(sendmail=sendmail)
    host, _, port = smtp.partition(":")
    if not host or (port and not port.isdecimal()):
        raise UsageError(f"--smtp takes HOST:PORT, not `{smtp}`")
    secret = read_secret(password, os.environ) if password else None
    return Way(host, int(port or 25), user, secret)
