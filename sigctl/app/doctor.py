"""Whether a run could work: tokens, forges, tools."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from sigctl.app.context import Context
from sigctl.errors import SigctlError
from sigctl.mirror.git import PINS, Git


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: fine when `problems` is empty."""

    subject: str
    facts: dict[str, Any]
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def examine(context: Context) -> list[Finding]:
    """Return a finding for git and one for every forge; never raises for what it should report."""
    found = [look_at_git(Git())]
    with ThreadPoolExecutor(max(1, len(context.forges))) as pool:
        for name, health in zip(
            context.forges, pool.map(lambda f: f.health(), context.forges.values()), strict=True
        ):
            facts = asdict(health)
            problems, notes = facts.pop("problems"), facts.pop("notes")
            facts = {k: v for k, v in facts.items() if v not in ("", ())}
            found.append(Finding(name, facts, problems, notes))
    found += [
        Finding(one.subject, {"reachable": False}, (f"{one.reason} ({one.hint})",))
        for one in context.set_aside
    ]
    return found


def look_at_git(git: Git) -> Finding:
    """Return whether there is a git that is new enough, and what an older one can't do."""
    try:
        version = git.version()
        wanted = ".".join(map(str, PINS))
        text = f"before {wanted} it can't be told where a host is: over https only forges and `internal_hosts` are fetched from"
        notes = (text,) if version < PINS else ()
        return Finding("git", {"version": ".".join(map(str, version))}, notes=notes)
    except (SigctlError, OSError) as error:
        return Finding("git", {}, (f"{error}",))
