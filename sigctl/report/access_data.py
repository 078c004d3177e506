"""Who may do what as JSON values, CSV and Markdown: every row, nothing folded, harmless whatever names contain."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from sigctl.core.access_leaving import Leaving
from sigctl.core.access_table import Row
from sigctl.report.access import Told
from sigctl.report.access_words import patterns, pushes, way, ways
from sigctl.report.markdown import code
from sigctl.report.words import plain

FORMAT = "sigctl/access/1"
COLUMNS = (
    "sig", "repo", "forge", "path", "who", "login", "kind", "level", "pending", "push", "merge", "create", "force",
    "delete", "unknown", "past", "by",
)  # fmt: skip
_VERBS = ("push", "merge", "create", "force", "delete", "unknown", "past")
_RISKY = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take a cell for a formula."""


def access_json(told: Told) -> dict[str, Any]:
    """Return the answer as the documented JSON object; "" among branches is those that no rule speaks of."""
    data: dict[str, Any] = {
        "format": FORMAT,
        "source": told.source,
        "moment": told.moment,
        "rows": [row_json(row) for row in told.rows],
        "people": [{"kind": kind, "who": who, "text": text} for kind, who, text in told.people],
        "notes": [
            {"topic": one.topic, "subject": one.subject, "text": one.text, "forge": one.forge}
            for one in told.notes
        ],
        "set_aside": [{"subject": one.subject, "reason": one.reason} for one in told.set_aside],
    }
    if told.leaving is not None:
        data["leaving"] = leaving_json(told.leaving)
    return data


def row_json(row: Row) -> dict[str, Any]:
    """Return one row as JSON values."""
    return {
        "sig": row.sig,
        "repo": row.repo,
        "forge": row.forge,
        "path": row.path,
        "who": row.who,
        "login": row.login,
        "kind": row.kind,
        "level": row.level,
        "pending": row.pending,
        "visibility": row.visibility,
        "archived": row.archived,
        "names": list(row.can.names),
        **{verb: list(getattr(row.can, verb)) for verb in _VERBS},
        "ways": [
            {
                "way": one.way, "level": one.level, "via": list(one.via), "on": one.on, "until": one.until,
                "branches": list(one.branches), "waiting": one.waiting, "text": way(one),
            }
            for one in row.routes
        ],
        "answers": [
            {"branch": branch, "verb": verb, "may": says.may, "why": says.why, "past": says.past}
            for branch, verb, says in row.says
        ],
    }  # fmt: skip


def leaving_json(one: Leaving) -> dict[str, Any]:
    """Return what goes with a person as JSON values."""
    return {
        "person": one.person,
        "roles": list(one.roles),
        "teams": [{"forge": forge, "team": team} for forge, team in one.teams],
        "gaps": [
            {"forge": gap.forge, "sig": gap.sig, "thing": gap.thing, "text": gap.text} for gap in one.gaps
        ],
        "loses": [row_json(row) for row in one.rows],
    }


def access_csv(told: Told) -> str:
    """Return the rows as CSV with a line of names first; a cell that a spreadsheet would compute is kept from it by a quote."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in _rows(told):
        verbs = [";".join(patterns(getattr(row.can, verb))) for verb in _VERBS]
        cells = [
            row.sig, row.repo, row.forge, row.path, row.who, row.login, row.kind, row.level, row.pending, *verbs,
            "; ".join(ways(row)),
        ]  # fmt: skip
        writer.writerow([_safe(plain(one)) for one in cells])
    return out.getvalue()


def _rows(told: Told) -> Iterable[Row]:
    return told.leaving.rows if told.leaving is not None else told.rows


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(_RISKY) else text


def _cell(text: str) -> str:
    """Return the text for a cell of a table: as code that nothing in it can leave."""
    return code(text).replace("|", "\\|") if text else ""


def access_markdown(told: Told) -> str:
    """Return the answer as Markdown tables, one for each repository."""
    lines = ["# Who may do what", "", f"From {told.source}, {told.moment}."]
    if told.leaving is not None:
        lines += ["", f"## If {_cell(told.leaving.person)} left", ""]
        lines += [
            f"- {_cell(gap.thing)} ({_cell(gap.forge)}): {_cell(gap.text)}" for gap in told.leaving.gaps
        ]
        lines += [f"- {_cell(role)}" for role in told.leaving.roles]
        lines += [f"- team {_cell(team)} ({_cell(forge)})" for forge, team in told.leaving.teams]
    last = ""
    for row in _rows(told):
        if row.repo != last:
            last = row.repo
            lines += [
                "",
                f"## {_cell(row.repo)}",
                "",
                "| who | forge | level | push | by |",
                "|---|---|---|---|---|",
            ]
        told_cells = (row.who, row.forge, row.level, pushes(row), "; ".join(ways(row)))
        lines.append(f"| {' | '.join(_cell(one) for one in told_cells)} |")
    if told.people:
        lines += ["", "## People to look at", ""]
        lines += [f"- {_cell(who)}: {_cell(text)}" for _, who, text in told.people]
    return "\n".join(lines) + "\n"
