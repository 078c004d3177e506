"""mirror and mirror restore: refs and objects only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from sigctl.app import mirroring
from sigctl.app.audit import Journal, default_file
from sigctl.app.context import Context
from sigctl.app.planning import Allowed
from sigctl.cli import show
from sigctl.cli.options import common, format_option, scoped
from sigctl.cli.plan import allow_option, allowed, reason_option, running
from sigctl.errors import UsageError
from sigctl.report.mirrors import check_json, check_text, kept_json, kept_text
from sigctl.report.text import outcome_text, report_text

_audit = click.option(
    "--audit",
    "audit_file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="The log of what is done; left out: audit.jsonl in your state folder.",
)
_bundles = click.option(
    "--bundles",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Also write what is overwritten or deleted to a git bundle in this folder.",
)


@click.group(
    invoke_without_command=True,
    subcommand_metavar="[restore ...]",
    epilog="""\b
examples:
  sigctl mirror
  sigctl mirror --check                  exit 2 when something is behind or held
  sigctl mirror --repo xen --repo xen-libvirt
  sigctl mirror --shard 2/4""",
)
@common
@scoped
@format_option("text", "json")
@click.option(
    "--repo",
    "repos",
    multiple=True,
    metavar="NAME",
    help="Only this repository, by its name in the files. Repeatable.",
)
@click.option(
    "--shard",
    default="",
    metavar="I/N",
    help="Only the I-th of N parts; which repository is in which part never changes.",
)
@click.option("--check", is_flag=True, help="Compare and push nothing.")
@allow_option
@reason_option
@_bundles
@_audit
@click.pass_context
def mirror(
    context: click.Context,
    /,
    format_: str,
    repos: tuple[str, ...],
    shard: str,
    allow: tuple[str, ...],
    reason: str,
    audit_file: Path | None,
    *,
    check: bool,
    **given: Any,
) -> int:
    """Bring the histories where they belong: upstream to primary to replica; forced or deleted only where the policy says so."""
    if context.invoked_subcommand:
        _hand_down(context, context.invoked_subcommand)
        return 0
    with running(given) as (run, shown):
        if check:
            found = mirroring.mirror_check(run, repos, shard)
            if format_ == "json":
                show.data(check_json(found))
            else:
                show.text(check_text(found), no_color=given["no_color"])
            late = found.held or any(state.status in ("behind", "held") for state in found.states)
            return 1 if found.set_aside else 2 if late else 0
        let_pass = allowed(allow, reason)
        journal = _journal(run, audit_file, let_pass)
        report = mirroring.mirror(run, repos, shard, shown.outcome, let_pass, journal=journal)
    if format_ == "json":
        show.data(report.as_json())
    else:
        show.text(report_text(report), no_color=given["no_color"])
    return report.exit_code


@mirror.command(
    epilog="""\b
examples:
  sigctl mirror restore --list
  sigctl mirror restore xen xen-412
  sigctl mirror restore CentOS/sig-virt-xen xen-412 --as rescued-412
  sigctl mirror restore xen xen-412 --time 2026-11-22"""
)
@click.argument("repo", required=False)
@click.argument("ref", required=False)
@common
@scoped
@format_option("text", "json")
@click.option("--list", "listed", is_flag=True, help="Show what is kept and change nothing.")
@click.option("--as", "name", default="", metavar="REF", help="Bring it back under this name.")
@click.option(
    "--time", default="", metavar="TIME", help="Of what was kept then, or on that day; else the newest."
)
@_audit
def restore(
    format_: str,
    repo: str | None,
    ref: str | None,
    name: str,
    time: str,
    audit_file: Path | None,
    *,
    listed: bool,
    **given: Any,
) -> int:
    """Bring back a branch or tag that was overwritten or deleted since the policy said so; what stands there now is kept in turn."""
    if not listed and not (repo and ref):
        raise UsageError("which ref of which repository?", "sigctl mirror restore --list shows what is kept")
    with running({**given, "bundles": None}) as (run, _):
        if listed:
            found = [one for one in mirroring.kept(run, (repo,) if repo else ()) if ref in (None, one.ref)]
            if format_ == "json":
                show.data(kept_json(found))
            else:
                show.text(kept_text(found), no_color=given["no_color"])
            return 0
        journal = _journal(run, audit_file, Allowed())
        outcome = mirroring.restore(run, repo or "", ref or "", name=name, time=time, journal=journal)
    if format_ == "json":
        show.data({"status": outcome.status, "reason": outcome.reason, "action": outcome.action.as_json()})
    else:
        show.text(outcome_text(outcome), no_color=given["no_color"])
    return 0 if outcome.status == "done" else 1


def _journal(run: Context, file: Path | None, let_pass: Allowed) -> Journal:
    return Journal(
        file or default_file(),
        run.options.config,
        run.watch.stop,
        allowed=let_pass.limits,
        reason=let_pass.reason,
        sigs=run.options.sigs,
    )


def _hand_down(context: click.Context, command: str) -> None:
    """Let options that were given before the subcommand's name count for it."""
    given = {
        name: value
        for name, value in context.params.items()
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    names = {parameter.name for parameter in restore.params}
    for name in sorted(set(given) - names):
        raise UsageError(f"`--{name.rstrip('_')}` has no meaning for `mirror {command}`")
    context.default_map = {command: given}
