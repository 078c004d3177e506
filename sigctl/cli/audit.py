"""audit: reading and checking the log of what was changed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from sigctl.app.audit import Line, default_file, lines
from sigctl.cli import show
from sigctl.cli.options import common, format_option, logs
from sigctl.report.words import plain

_file = click.option(
    "--file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="The log; left out: the one in your state folder.",
)


@click.group()
def audit() -> None:
    """Read and check the log that every apply writes."""


@audit.command(
    epilog="""\b
examples:
  sigctl audit verify
  sigctl audit verify --head 3f0a...     also: this entry, noted elsewhere, is still in it"""
)
@common
@_file
@click.option(
    "--head", default="", metavar="HASH", help="Hash of an entry that must be there, as noted elsewhere."
)
@format_option("text", "json")
def verify(file: Path | None, head: str, format_: str, **given: Any) -> int:
    """Check that nothing was changed, taken out or put in. Exit 1 when something was.

    What was cut off at the end can be seen only from outside: note the printed hash somewhere else, and give it as --head.
    """
    logs(given["verbose"])
    found = list(lines(file or default_file()))
    bad = [line for line in found if line.problem and not line.cut]
    entries = [line.entry for line in found if line.entry is not None]
    missing = bool(head) and not any(entry["hash"] == head for entry in entries)
    last = str(entries[-1]["hash"]) if entries else ""
    if format_ == "json":
        problems = [
            {"line": line.number, "problem": line.problem, "cut": line.cut} for line in found if line.problem
        ]
        data = {
            "entries": len(entries),
            "head": last,
            "whole": not bad and not missing,
            "head_found": not missing,
        }
        show.data({**data, "problems": problems})
    else:
        for line in found:
            if line.problem:
                click.echo(f"line {line.number} {line.problem}")
        if missing:
            click.echo(f"no entry has the hash {plain(head)}")
        click.echo(f"{len(entries)} entries, {len(bad)} wrong; the last is {last or 'none'}")
    return 1 if bad or missing else 0


@audit.command(
    name="show",
    epilog="""\b
examples:
  sigctl audit show
  sigctl audit show --run 3f0a12bc44de --format json""",
)
@common
@_file
@click.option("--run", default="", help="Only this run.")
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=200,
    show_default=True,
    help="At most so many entries, the last ones.",
)
@format_option("text", "json")
def show_(file: Path | None, run: str, limit: int, format_: str, **given: Any) -> int:
    """Print what was done: a line for each entry, or the entries themselves."""
    logs(given["verbose"])
    found = [line for line in lines(file or default_file()) if line.entry and run in ("", line.entry["run"])][
        -limit:
    ]
    if format_ == "json":
        show.data({"entries": [line.entry for line in found]})
    else:
        for text in _texts(found):
            click.echo(text)
    return 0


def _texts(found: Iterable[Line]) -> Iterable[str]:
    for line in found:
        entry = line.entry or {}
        mark = f"  ({line.problem})" if line.problem else ""
        yield plain(f"{entry['time']} {entry['run']} {_said(entry)}") + mark


def _said(entry: Any) -> str:
    if entry["event"] == "begin":
        allowed = "".join(f", lets {guard} pass up to {n}" for guard, n in entry["allowed"].items())
        why = f" because {entry['reason']}" if entry["reason"] else ""
        at = f" at {entry['commit'][:12]}" if entry["commit"] else ""
        return f"{entry['who']} begins plan {entry['plan'][:12]}{at}: {len(entry['actions'])} actions{allowed}{why}"
    if entry["event"] == "action":
        action = entry["action"]
        why = f": {entry['why']}" if entry["why"] else ""
        return f"{entry['status']} {action['forge']} {action['verb']} {action['kind']} {action['key']}{why}"
    counts = ", ".join(f"{n} {status}" for status, n in entry["counts"].items() if n)
    return f"ends with {entry['exit']}: {counts or 'nothing done'}{'' if entry['converged'] else ', not as declared'}"
