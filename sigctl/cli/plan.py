"""plan and apply."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from sigctl.app.applying import alone, check_saved
from sigctl.app.applying import apply as carry_out
from sigctl.app.audit import Journal, default_file
from sigctl.app.context import Context, Options, Watch, open_context
from sigctl.app.last_applied import last_applied, remember
from sigctl.app.planning import Allowed, Planned, make_plan
from sigctl.cli import show
from sigctl.cli.interrupt import asking, interruptible
from sigctl.cli.options import common, format_option, full_option, logs, pairs, scoped
from sigctl.core.guard_names import GUARDS, is_guard
from sigctl.core.plan import Plan
from sigctl.errors import SigctlError, UsageError
from sigctl.report.html import plan_html
from sigctl.report.markdown import plan_markdown
from sigctl.report.text import plan_text, report_text

FORMATS = ("text", "json", "markdown", "html")
allow_option = click.option(
    "--allow", multiple=True, metavar="GUARD=N", help="Let this guard pass up to N, once. Needs --reason."
)
reason_option = click.option("--reason", default="", help="Why a guard is told to let pass.")
_renew = click.option(
    "--renew-secrets", is_flag=True, help="Write the secrets of webhooks anew; nobody can read them back."
)
_no_mirror = click.option("--no-mirror", is_flag=True, help="Leave the histories out.")


def options_of(given: dict[str, Any], *, mirror: bool) -> Options:
    """Return what the command line says about a run."""
    return Options(
        config=given["config"],
        overrides=given["overrides"],
        forges=frozenset(given["forges"]),
        sigs=frozenset(given["sigs"]),
        rewrites=pairs(given["rewrites"], "--rewrite"),
        mirror=mirror,
        jobs=given["jobs"],
        cache=given["cache"],
        bundles=given.get("bundles"),
        full=bool(given.get("full")),
    )


@contextmanager
def running(given: dict[str, Any], *, mirror: bool = True) -> Iterator[tuple[Context, show.Shown]]:
    """Open the run that the command line asks for, show its progress, and close it."""
    logs(given["verbose"])
    watch = Watch()
    options = options_of(given, mirror=mirror)
    with (
        interruptible(watch.stop),
        show.showing(watch, verbose=given["verbose"], no_color=given["no_color"]) as shown,
    ):
        context = open_context(options, os.environ, watch)
        try:
            yield context, shown
        finally:
            context.close()


def allowed(allow: tuple[str, ...], reason: str) -> Allowed:
    """Return the guards that are told to let pass; UsageError for what is no GUARD=N or names no guard."""
    limits = {}
    for value in allow:
        guard, _, number = value.partition("=")
        if not guard or not number.isdecimal():
            raise UsageError(
                f"--allow takes GUARD=N, not `{value}`", "the refusal names the guard and its number"
            )
        if not is_guard(guard):
            raise UsageError(f"--allow: there is no guard `{guard}`", f"one of {', '.join(GUARDS)}")
        limits[guard] = int(number)
    return Allowed(limits, reason)


def print_plan(plan: Plan, format_: str, *, no_color: bool) -> None:
    """Print the plan in the asked form."""
    if format_ == "json":
        show.data(plan.as_json())
    elif format_ == "markdown":
        click.echo(plan_markdown(plan), nl=False)
    elif format_ == "html":
        click.echo(plan_html(plan), nl=False)
    else:
        show.text(plan_text(plan), no_color=no_color)


def plan_exit(plan: Plan, *, pending: bool) -> int:
    """Return the exit code of a plan: 3 refused, 1 something set aside, 2 changes (where asked), 0 clean."""
    if plan.refusals:
        return 3
    if plan.quarantined:
        return 1
    held = any(note.topic == "held" for note in plan.notes)
    return 2 if pending and (plan.actions or held) else 0


@click.command(
    epilog="""\b
examples:
  sigctl plan
  sigctl plan --sig virt --forge github
  sigctl plan --out plan.json            then: sigctl apply --plan plan.json
  sigctl plan --format json --detailed-exitcode
  sigctl plan --snapshot snapshot.json --base origin/main"""
)
@common
@scoped
@full_option
@format_option(*FORMATS)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the plan as JSON, to apply exactly that.",
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when there are changes.")
@click.option(
    "--snapshot",
    "against",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Compare with this file from `sigctl snapshot`: offline, no token needed.",
)
@click.option(
    "--base",
    default="",
    metavar="REV|PATH",
    help="With --snapshot: show only what changed since the files of this git revision, file or folder.",
)
@click.option("--all", "everything", is_flag=True, help="With --base: show what was there before, too.")
@allow_option
@reason_option
@_no_mirror
@_renew
def plan(
    format_: str,
    out: Path | None,
    against: Path | None,
    base: str,
    allow: tuple[str, ...],
    reason: str,
    *,
    detailed_exitcode: bool,
    everything: bool,
    no_mirror: bool,
    renew_secrets: bool,
    **given: Any,
) -> int:
    """Show what apply would do, and change nothing."""
    if against is not None:
        from sigctl.cli.snapshot import plan_from  # noqa: PLC0415  # only where it is asked for

        if out is not None or allow:
            hint = "make the plan to apply from the forges themselves"
            raise UsageError("a plan from a snapshot is for reading: no --out, no --allow", hint)
        base = "" if everything else base
        return plan_from(against, base, format_, pending=detailed_exitcode, mirror=not no_mirror, given=given)
    if base or everything:
        raise UsageError("--base and --all go with --snapshot")
    with running(given, mirror=not no_mirror) as (context, _):
        before = last_applied(context, os.environ)
        made = make_plan(context, allowed(allow, reason), renew=renew_secrets, before=before).plan
    if out is not None:
        _write(out, made)
    print_plan(made, format_, no_color=given["no_color"])
    return plan_exit(made, pending=detailed_exitcode)


@click.command(
    epilog="""\b
examples:
  sigctl apply
  sigctl apply --yes --sig virt
  sigctl apply --plan plan.json          applies exactly that plan, or refuses
  sigctl apply --allow max_removals.members=12 --reason "SIG Cloud handed over" """
)
@common
@scoped
@full_option
@format_option("text", "json")
@click.option(
    "--plan",
    "saved",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Apply exactly this plan, or refuse.",
)
@click.option("--yes", is_flag=True, help="Don't ask.")
@click.option(
    "--audit",
    "audit_file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="The log of what is done; left out: audit.jsonl in your state folder.",
)
@allow_option
@reason_option
@_no_mirror
@_renew
def apply(
    format_: str,
    saved: Path | None,
    audit_file: Path | None,
    allow: tuple[str, ...],
    reason: str,
    *,
    yes: bool,
    no_mirror: bool,
    renew_secrets: bool,
    **given: Any,
) -> int:
    """Make every forge as declared, bring the histories where they belong, and read back."""
    with running(given, mirror=not no_mirror) as (context, shown), alone(context):
        let_pass = allowed(allow, reason)
        before = last_applied(context, os.environ)
        planned = make_plan(context, let_pass, renew=renew_secrets, before=before)
        if saved is not None:
            planned = check_saved(_read(saved), planned, hours=context.config.spec.policy.guards.plan_hours)
        with shown.paused():
            agreed = _agreed(planned, format_, yes=yes, no_color=given["no_color"])
        if not agreed:
            click.echo("nothing was changed", err=True)
            return 1
        shown.start(len(planned.plan.actions))
        journal = Journal(
            audit_file or default_file(),
            context.options.config,
            context.watch.stop,
            allowed=let_pass.limits,
            reason=let_pass.reason,
            sigs=context.options.sigs,
        )
        report = carry_out(context, planned, shown.outcome, journal, lambda found: _remember(context, found))
    if format_ == "json":
        show.data(report.as_json())
    else:
        show.text(report_text(report), no_color=given["no_color"])
    return report.exit_code


def _remember(context: Context, found: Planned) -> None:
    """Have the next plan know what was applied; what is done stays done where that can't be."""
    try:
        remember(context, found)
    except SigctlError as error:
        click.echo(f"warning: {error}", err=True)


def _agreed(planned: Planned, format_: str, *, yes: bool, no_color: bool) -> bool:
    """Show the plan and ask, where there is something to ask about and somebody to ask."""
    plan_ = planned.plan
    if format_ == "text":
        show.text(plan_text(plan_), no_color=no_color)
    if yes or plan_.refusals or not plan_.actions:
        return True
    if not sys.stdin.isatty():
        raise UsageError("nobody to ask whether to go on", "--yes applies without asking")
    with asking():
        return click.confirm(f"Make these {len(plan_.actions)} changes?", default=False, err=True)


def _write(path: Path, made: Plan) -> None:
    try:
        path.write_text(json.dumps(made.as_json(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}") from None


def _read(path: Path) -> Plan:
    try:
        return Plan.parse(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not a plan: {error}", "make one with `sigctl plan --out FILE`") from None
