"""webhook: listens for the forges' events and looks at once at what they are about."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import click

from sigctl.app.audit import default_file
from sigctl.app.context import Watch, load, open_context
from sigctl.app.drifting import Look, default_folder
from sigctl.app.listening import Door, Inbox, Place, application, check_installed, doors_of, serve
from sigctl.app.narrowing import looked
from sigctl.app.secrets import read_secret
from sigctl.cli.drift import Telling, audit_option, history_option, tell, telling_options
from sigctl.cli.options import common, logs, scoped
from sigctl.cli.plan import options_of
from sigctl.errors import InterruptedRunError, SigctlError, UsageError
from sigctl.report.drift import because
from sigctl.report.words import plain
from sigctl.watch.store import Store


@click.command(
    epilog="""\b
examples:
  sigctl webhook --secret github=file:/etc/sigctl/github-hook
  sigctl webhook --secret github=env:GITHUB_HOOK --secret git.centos.org=env:GITLAB_HOOK --listen 127.0.0.1:8730 --issue
\b
the address to give to the forge is https://HOST/FORGE, behind a proxy that speaks TLS"""
)
@common
@scoped
@click.option(
    "--secret",
    "secrets",
    multiple=True,
    metavar="FORGE=env:NAME|file:PATH",
    help="What the forge proves itself with, one on each line where it has several. Repeatable.",
)
@click.option(
    "--listen",
    default="127.0.0.1:8730",
    show_default=True,
    metavar="HOST:PORT",
    help="Where to listen; port 0 for any.",
)
@click.option(
    "--quiet-seconds",
    type=click.FloatRange(0, 600),
    default=2.0,
    show_default=True,
    help="Wait for further events.",
)
@history_option
@audit_option
@telling_options
@click.option("--no-mirror", is_flag=True, help="Leave the histories out.")
def webhook(
    secrets: tuple[str, ...],
    listen: str,
    quiet_seconds: float,
    history: Path | None,
    audit_file: Path | None,
    *,
    no_mirror: bool,
    **given: Any,
) -> int:
    """Listen for the forges' events, and within seconds look for drift in the repositories that they are about; read-only."""
    telling = Telling.take(given)
    if telling.metrics:
        raise UsageError(
            "figures of a few repositories would hide those of all", "let `sigctl drift` write --metrics"
        )
    check_installed()
    logs(given["verbose"])
    options = options_of(given, mirror=not no_mirror)
    config = load(options, date.today())  # noqa: DTZ011  # the day of whoever runs this
    doors = _doors(secrets, {name: forge.type for name, forge in config.spec.forges.items()})
    host, port = _address(listen)
    folder, audit = history or default_folder(), audit_file or default_file()
    stop, inbox = threading.Event(), Inbox(quiet=quiet_seconds)

    def told(text: str) -> None:
        click.echo(plain(text), err=True)

    def check(places: frozenset[Place]) -> None:
        context = open_context(options, os.environ, Watch(stop=stop))
        try:
            for name, found in looked(context, places, folder, audit):
                click.echo(_line(name, found))
                tell(context, found, telling, folder, fresh=False)
        finally:
            context.close()

    worker = threading.Thread(target=_work, args=(inbox, check, told), name="looking")
    app = application(doors, inbox, Store(folder), told=told)
    worker.start()
    try:
        serve(app, host, port, ready=lambda h, p: told(f"listening on http://{h}:{p}"), stop=stop)
    finally:
        stop.set()
        inbox.close()
        worker.join()
    return 0


def _work(inbox: Inbox, check: Callable[[frozenset[Place]], None], told: Callable[[str], None]) -> None:
    """Look at what comes in until the inbox is closed; what goes wrong once does not end it."""
    while places := inbox.take():
        try:
            check(places)
        except InterruptedRunError:
            return
        except SigctlError as error:
            told(f"could not look: {error.text}")


def _line(name: str, found: Look) -> str:
    view = found.view
    fresh = [one for one in view.fresh if one.weight == "drift"]
    told = "; ".join(f"{one.kind} {one.key}: {one.problem} ({because(one)})" for one in fresh[:5])
    more = f" and {len(fresh) - 5} more" if len(fresh) > 5 else ""  # noqa: PLR2004  # enough to know what it is
    ended = f", {len(view.resolved)} ended" if view.resolved else ""
    unread = f", unread: {', '.join(view.unread)}" if view.unread else ""
    news = f": {told}{more}" if told else ""
    return plain(
        f"{view.at[:19]}Z {name}: {len(view.drift)} differences, {len(fresh)} new{ended}{unread}{news}"
    )


def _doors(given: tuple[str, ...], types: Mapping[str, str]) -> dict[str, Door]:
    found = {}
    for one in given:
        forge, equals, reference = one.partition("=")
        if not equals or forge not in types:
            raise UsageError(
                f"--secret takes FORGE=env:NAME or FORGE=file:PATH, not `{forge}`",
                f"one of {', '.join(types)}",
            )
        found[forge] = (types[forge], read_secret(reference, os.environ).get_secret_value())
    if not found:
        raise UsageError("no forge may knock", "--secret FORGE=file:PATH")
    return doors_of(found)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:  # noqa: PLR2004  # the highest port
        raise UsageError(f"--listen takes HOST:PORT, not `{text}`")
    return host.strip("[]"), int(port)
