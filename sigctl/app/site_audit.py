"""The log of what was applied, run by run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sigctl.app.audit import lines
from sigctl.report.html.model import AuditRun


def runs_of(file: Path) -> tuple[tuple[AuditRun, ...], tuple[str, ...]]:
    """Return the runs, the last one first, and what is wrong with the log; SigctlError where it can't be read."""
    found: dict[str, dict[str, Any]] = {}
    problems = []
    for line in lines(file):
        if line.problem:
            problems.append(f"line {line.number} {line.problem}")
        entry = line.entry
        if entry is None or "run" not in entry:
            continue
        run = found.setdefault(str(entry["run"]), {"failures": []})
        if entry["event"] == "begin":
            run["begin"] = entry
        elif entry["event"] == "end":
            run["end"] = entry
        elif entry["event"] == "action" and entry["status"] == "failed":
            action = entry["action"]
            run["failures"].append(f"{action['forge']} {action['verb']} {action['key']}: {entry['why']}")
    runs = [_run(name, run) for name, run in found.items() if "begin" in run]
    return tuple(sorted(runs, key=lambda one: (one.begun, one.run), reverse=True)), tuple(problems)


def _run(name: str, run: Mapping[str, Any]) -> AuditRun:
    begin, end = run["begin"], run.get("end") or {}
    allowed = ", ".join(f"{guard} up to {number}" for guard, number in begin["allowed"].items())
    if allowed and begin["reason"]:
        allowed += f" because {begin['reason']}"
    return AuditRun(
        run=name,
        begun=str(begin["time"]),
        who=str(begin["who"]),
        commit=str(begin["commit"] or ""),
        plan=str(begin["plan"]),
        actions=len(begin["actions"]),
        counts=dict(end.get("counts", {})),
        ended=str(end.get("time", "")),
        exit=end.get("exit"),
        converged=bool(end.get("converged")),
        allowed=allowed,
        failures=tuple(run["failures"]),
    )
