"""drift: what differs, why, since when; taken back where the policy says so; told to people and machines."""

from __future__ import annotations

import re
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from sigctl.app import drift_mail, reverting, tickets
from sigctl.app.applying import alone
from sigctl.app.audit import default_file
from sigctl.app.context import Context
from sigctl.app.drifting import Look, default_folder, look, with_tokens
from sigctl.cli import show
from sigctl.cli.announce import check_sender, way_of
from sigctl.cli.options import common, format_option, full_option, scoped
from sigctl.cli.plan import running
from sigctl.core.plan import Refusal
from sigctl.errors import UsageError
from sigctl.report.drift import drift_junit, drift_markdown, drift_text, history_text
from sigctl.report.html import plan_html
from sigctl.report.words import plain
from sigctl.watch.store import Store, read_history, read_runs

FORMATS = ("text", "json", "markdown", "html", "junit")


@dataclass(frozen=True, slots=True)
class Telling:
    """Whom a run tells, beside whoever started it."""

    metrics: Path | None = None
    tickets: bool = False
    sender: str = ""
    smtp: str = ""
    smtp_user: str = ""
    smtp_password: str = ""
    sendmail: str = ""

    @classmethod
    def take(cls, given: dict[str, Any]) -> Telling:
        """Return what the options say, taken out of them; UsageError where they can't be meant."""
        found = cls(
            given.pop("metrics"),
            given.pop("issue"),
            *(given.pop(name) for name in ("mail_from", "smtp", "smtp_user", "smtp_password", "sendmail")),
        )
        if bool(found.sender) != bool(found.smtp or found.sendmail) or (found.smtp and found.sendmail):
            raise UsageError(
                "how is it mailed?", "--mail-from ADDRESS with one of --smtp HOST:PORT and --sendmail PROGRAM"
            )
        if found.sender:
            check_sender(found.sender)
        return found


def telling_options(function: Any) -> Any:
    """Give a command the options that say whom it tells."""
    for option in reversed(
        (
            click.option(
                "--metrics",
                type=click.Path(path_type=Path, dir_okay=False),
                help="Write figures for Prometheus to this file.",
            ),
            click.option("--issue", is_flag=True, help="Keep one issue for each SIG where policy.yaml says."),
            click.option(
                "--mail-from",
                default="",
                metavar="ADDRESS",
                help="Mail those named in policy.yaml, as this sender.",
            ),
            click.option("--smtp", default="", metavar="HOST[:PORT]", help="Mail by this server."),
            click.option("--smtp-user", default="", help="Log in there as this user."),
            click.option(
                "--smtp-password", default="", metavar="env:NAME|file:PATH", help="Where the password is."
            ),
            click.option(
                "--sendmail",
                default="",
                metavar="PROGRAM",
                help="Mail by this program, called as sendmail is.",
            ),
        )
    ):
        function = option(function)
    return function


history_option = click.option(
    "--history",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Folder of the history; left out: drift in your state folder.",
)
audit_option = click.option(
    "--audit",
    "audit_file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="The log of what was applied; left out: audit.jsonl in your state folder.",
)


@click.command(
    epilog="""\b
examples:
  sigctl drift
  sigctl drift --format json --forge github
  sigctl drift --metrics /var/lib/prometheus/node-exporter/sigctl.prom --issue
  sigctl drift --mode revert             takes back what policy.yaml says; needs a token that may write
  sigctl drift --since 30d               tells of the past and asks no forge"""
)
@common
@scoped
@full_option
@format_option(*FORMATS)
@click.option(
    "--mode",
    type=click.Choice(["report", "grace", "revert"]),
    default="report",
    show_default=True,
    help="How far to go: report changes nothing, grace takes back what had its days, revert also what policy.yaml says at once.",
)
@history_option
@audit_option
@click.option(
    "--since",
    default="",
    metavar="DAY|Nd",
    help="Tell what differed since then, from the history; no forge is asked.",
)
@telling_options
@click.option("--no-mirror", is_flag=True, help="Leave the histories out.")
def drift(
    format_: str,
    mode: reverting.UpTo,
    history: Path | None,
    audit_file: Path | None,
    since: str,
    *,
    no_mirror: bool,
    **given: Any,
) -> int:
    """Compare the forges with the files, say why they differ and since when; a read-only token is enough. Exit 2 when something does."""
    telling = Telling.take(given)
    folder, audit = history or default_folder(), audit_file or default_file()
    if since:
        return _past(folder, since, format_, given)
    refusals: tuple[Refusal, ...] = ()
    failed = False
    with running(given, mirror=not no_mirror) as (context, shown):
        with alone(context) if mode != "report" else nullcontext():
            fresh = not read_runs(folder)
            found = look(context, history=folder, audit=audit)
            if mode != "report":
                done, refusals = reverting.revert(context, found, mode, audit, shown.outcome)
                failed = any(word.startswith(("failed", "skipped", "stopped")) for word in done.values())
                found = _again(context, found, done, folder, audit)
        if telling.metrics:
            found = with_tokens(found, context)
        failed = tell(context, found, telling, folder, fresh=fresh) or failed
    _print(found, format_, no_color=given["no_color"])
    for refusal in refusals:
        click.echo(f"refused: {plain(refusal.text)}\n  hint: {plain(refusal.hint)}", err=True)
    return exit_code(found, refused=bool(refusals), failed=failed)


def exit_code(found: Look, *, refused: bool = False, failed: bool = False) -> int:
    """Return 3 where a guard refused to take something back, 1 where something could not be done or read, 2 for drift, else 0."""
    if refused:
        return 3
    if failed or found.planned.plan.quarantined:
        return 1
    plan = found.planned.plan
    return 2 if plan.actions or any(note.topic == "held" for note in plan.notes) else 0


def tell(context: Context, found: Look, telling: Telling, folder: Path, *, fresh: bool) -> bool:
    """Tell everyone who is to be told; return whether somebody could not be."""
    from sigctl.report.metrics import write_metrics  # noqa: PLC0415  # only where it is asked for

    failed = False
    store = Store(folder)
    if telling.tickets:
        for one in tickets.tell(context, found.view, store, fresh=fresh):
            if one.problem:
                click.echo(f"no ticket: {plain(one.problem)}", err=True)
                failed = True
            elif one.did not in ("none", "unchanged"):
                click.echo(f"ticket {one.did}: {plain(one.url)}", err=True)
    if telling.sender:
        way = way_of(telling.smtp, telling.smtp_user, telling.smtp_password, telling.sendmail)
        for mailed in drift_mail.mail(context, found.view, store, way, telling.sender):
            click.echo(f"mailed to {plain(', '.join(mailed.to))}", err=True)
    if telling.metrics:
        write_metrics(telling.metrics, found.view)
    return failed


def _again(context: Context, found: Look, done: Any, folder: Path, audit: Path) -> Look:
    """Look once more where something was taken back, so that the history has its end; what was not done is told with its reason."""
    if any(word == "done" for word in done.values()):
        again = look(context, history=folder, audit=audit)
        resolved = (*found.view.resolved, *again.view.resolved)
        found = replace(again, view=replace(again.view, resolved=resolved, fresh=found.view.fresh))
    return replace(found, view=replace(found.view, reverted=done))


def _print(found: Look, format_: str, *, no_color: bool) -> None:
    view = found.view
    if format_ == "json":
        show.data({**view.plan.as_json(), "drift": view.as_json()})
    elif format_ == "markdown":
        click.echo(drift_markdown(view), nl=False)
    elif format_ == "html":
        click.echo(plan_html(view.plan), nl=False)
    elif format_ == "junit":
        click.echo(drift_junit(view), nl=False)
    else:
        show.text(drift_text(view), no_color=no_color)


def _past(folder: Path, since: str, format_: str, given: dict[str, Any]) -> int:
    found = [
        one
        for one in read_history(folder, _moment(since))
        if (not given["forges"] or one.forge in given["forges"])
        and (not given["sigs"] or one.sig in given["sigs"])
    ]
    if format_ == "json":
        show.data({"format": "sigctl/drift-history/1", "entries": [one.as_json() for one in found]})
    elif format_ == "text":
        show.text(history_text(found), no_color=given["no_color"])
    else:
        raise UsageError("the past is told as text or json", "--format text or --format json")
    return 2 if any(not one.resolved and one.weight == "drift" for one in found) else 0


def _moment(text: str) -> str:
    days = re.fullmatch(r"(\d{1,4})d", text)
    try:
        found = datetime.now(UTC) - timedelta(days=int(days[1])) if days else datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"--since takes a day or a number of days, not `{plain(text)}`", "as 2026-11-22, or 30d"
        ) from None
    aware = found if found.tzinfo else found.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="milliseconds")
