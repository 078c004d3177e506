"""How the mirrors stand, for people and machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sigctl.mirror.model import HopState, Kept, MirrorPlan
from sigctl.report.words import plain

STYLES = {"equal": "green", "behind": "yellow", "held": "bold yellow", "aside": "bold red"}


def check_json(found: MirrorPlan) -> dict[str, Any]:
    """Return the states of all mirrors as JSON values."""
    return {
        "format": "sigctl/mirrors/1",
        "mirrors": [_state(state) for state in found.states],
        "held": [asdict(note) for note in found.held],
        "notes": [asdict(note) for note in found.notes],
        "quarantined": [asdict(one) for one in found.set_aside],
    }


def check_text(found: MirrorPlan) -> Group:
    """Return a table of the mirrors that are not equal, and a count of those that are."""
    table = Table(box=None, pad_edge=False)
    for title in ("repository", "target", "state", "refs", "commits", "since"):
        table.add_column(title)
    for state in found.states:
        if state.status != "equal":
            row = _state(state)
            table.add_row(
                plain(state.hop.repo),
                plain(row["target"]),
                Text(state.status, STYLES[state.status]),
                str(state.behind or state.held or ""),
                str(row["commits"] or ""),
                str(row["since"] or ""),
            )
    parts: list[RenderableType] = [table] if table.row_count else []
    parts += [Text(f"held: {plain(note.text)}", "yellow") for note in found.held]
    parts += [Text(f"note: {plain(note.subject)}: {plain(note.text)}") for note in found.notes]
    parts += [
        Text(f"set aside: {plain(one.subject)}: {plain(one.reason)}", "bold red") for one in found.set_aside
    ]
    parts.append(Text(f"{found.equal} of {len(found.states)} mirrors are equal to their source", "bold"))
    return Group(*parts)


def kept_json(found: Sequence[Kept]) -> dict[str, Any]:
    """Return what is kept of overwritten and deleted refs as JSON values."""
    rows = [{"time": one.time, "repo": str(one.end), "ref": one.ref, "sha": one.sha} for one in found]
    return {"format": "sigctl/kept/1", "kept": rows}


def kept_text(found: Sequence[Kept]) -> RenderableType:
    """Return a table of what is kept, oldest first."""
    if not found:
        return Text("nothing was overwritten or deleted, as far as this cache knows")
    table = Table(box=None, pad_edge=False)
    for title in ("time", "repository", "ref", "object"):
        table.add_column(title)
    for one in found:
        table.add_row(one.time, plain(str(one.end)), plain(one.ref), one.sha[:12])
    return table


def _state(state: HopState) -> dict[str, Any]:
    since = datetime.fromtimestamp(state.since, UTC).date().isoformat() if state.since else None
    return {
        "sig": state.hop.sig,
        "repo": state.hop.repo,
        "source": str(state.hop.source),
        "target": str(state.hop.target),
        "status": state.status,
        "behind": state.behind,
        "held": state.held,
        "extra": state.extra,
        "equal": state.equal,
        "commits": state.commits,
        "since": since,
    }
