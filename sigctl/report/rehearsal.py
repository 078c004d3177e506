"""A rehearsal as text, JSON and Markdown: a table of who was tried where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sigctl.core.plan import Plan
from sigctl.report.markdown import LIMIT, code
from sigctl.report.outcome import Report
from sigctl.report.text import plan_text, report_text
from sigctl.report.words import plain

FORMAT = "sigctl/rehearsal/1"


@dataclass(frozen=True, slots=True)
class Row:
    """One push: who, where, what should become of it and what did."""

    forge: str
    repo: str
    branch: str
    who: str
    expected: bool
    accepted: bool
    said: str = ""

    @property
    def right(self) -> bool:
        """Whether it went as the files say."""
        return self.expected == self.accepted


@dataclass(frozen=True, slots=True)
class Told:
    """What there is to tell of a rehearsal."""

    holds: bool
    forges: tuple[str, ...]
    report: Report | None
    again: Plan | None
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    set_aside: tuple[tuple[str, str], ...]
    """(forge, why) of what could not be played: nothing is said about it."""
    seconds: float


def as_json(told: Told) -> dict[str, Any]:
    """Return the rehearsal as JSON values."""
    return {
        "format": FORMAT,
        "holds": told.holds,
        "forges": list(told.forges),
        "set_aside": [{"forge": forge, "reason": why} for forge, why in told.set_aside],
        "applied": told.report.counts() if told.report else {},
        "refusals": [one.text or one.guard for one in told.report.plan.refusals] if told.report else [],
        "second_plan": [action.as_json() for action in told.again.actions] if told.again else None,
        "tried": [
            {
                "forge": one.forge,
                "repo": one.repo,
                "branch": one.branch,
                "who": one.who,
                "expected": _word(accepted=one.expected),
                "seen": _word(accepted=one.accepted),
                "right": one.right,
                "said": one.said,
            }
            for one in told.rows
        ],
        "notes": list(told.notes),
        "seconds": told.seconds,
    }


def _word(*, accepted: bool) -> str:
    return "accepted" if accepted else "refused"


def headline(told: Told) -> str:
    """Return in one line whether it holds, and what of the files it says nothing about."""
    aside = "; ".join(f"{forge} is not rehearsed: {why}" for forge, why in told.set_aside)
    return f"{_holds(told)}; {aside}" if aside else _holds(told)


def _holds(told: Told) -> str:
    if told.holds and not told.forges:
        return "nothing to rehearse: it touches no SIG"
    wrong = sum(not one.right for one in told.rows)
    where = ", ".join(told.forges)
    if told.holds:
        return f"holds on {where}: applied, the second plan is empty, {len(told.rows)} pushes went as the files say"
    if told.report is not None and told.report.plan.refusals:
        return f"does not hold on {where}: a guard refuses the plan"
    if wrong:
        return (
            f"does not hold on {where}: {wrong} of {len(told.rows)} pushes went otherwise than the files say"
        )
    if told.again is not None and told.again.actions:
        return f"does not hold on {where}: the second plan has {len(told.again.actions)} changes"
    return f"does not hold on {where}: nothing could be tried, or not everything was applied"


def rehearsal_text(told: Told) -> Group:
    """Return the rehearsal for a terminal."""
    parts: list[RenderableType] = [
        Text(plain(headline(told)), style="bold green" if told.holds else "bold red")
    ]
    if told.report is not None:
        parts.append(report_text(told.report))
    if told.again is not None and told.again.actions:
        parts += [Text("\nthe second plan", style="bold underline"), plan_text(told.again)]
    table = Table("forge", "repository", "branch", "who", "expected", "seen", box=None, pad_edge=False)
    for one in sorted(told.rows, key=lambda row: row.right):
        style = "" if one.right else "bold red"
        cells = [plain(text) for text in (one.forge, one.repo, one.branch, one.who)]
        seen = _word(accepted=one.accepted) + (f": {plain(one.said)}" if not one.right and one.said else "")
        table.add_row(*cells, _word(accepted=one.expected), Text(seen), style=style)
    parts += [Text(""), table]
    parts += [Text(plain(note), style="dim") for note in told.notes]
    parts.append(Text(f"{told.seconds:.0f} s", style="dim"))
    return Group(*parts)


def rehearsal_markdown(told: Told) -> str:
    """Return the rehearsal for a comment: the verdict, and the table folded."""
    out = [f"**Rehearsal: {code(headline(told))}**", ""]
    out += [f"- {code(note)}" for note in told.notes]
    out += ["", f"<details><summary>{len(told.rows)} pushes</summary>", ""]
    out += ["| | forge | repository | branch | who | expected | seen |", "|---|---|---|---|---|---|---|"]
    out += _rows(sorted(told.rows, key=lambda row: row.right), LIMIT - 4000)
    return "\n".join([*out, "", "</details>"]) + "\n"


def _rows(rows: Sequence[Row], room: int) -> list[str]:
    out: list[str] = []
    for number, one in enumerate(rows):
        cells = [code(text).replace("|", "\\|") for text in (one.forge, one.repo, one.branch, one.who)]
        line = f"| {'✓' if one.right else '✗'} | {' | '.join(cells)} | {_word(accepted=one.expected)} | {_word(accepted=one.accepted)} |"
        room -= len(line) + 1
        if room < 0:
            return [*out, "", f"{len(rows) - number} more"]
        out.append(line)
    return out
