"""Rows folded for reading: people with the same rights in one line, repositories with the same people in one block."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from sigctl.core import levels
from sigctl.core.access_says import VERBS
from sigctl.core.access_table import KEY, MIRRORER, STRANGER, Row
from sigctl.report.access_words import pushes, ways
from sigctl.report.words import plain


class Cell(NamedTuple):
    """What some people have on some forges."""

    forges: tuple[str, ...]
    level: str
    pending: str
    push: str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """People with the same cells."""

    who: tuple[str, ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Repositories of one SIG with the same lines."""

    sig: str
    repos: tuple[str, ...]
    facts: str
    """What is the same of them: who sees them, whether they are archived."""
    lines: tuple[Line, ...]

    @property
    def people(self) -> int:
        """How many accounts are in it."""
        return sum(len(line.who) for line in self.lines)


def fold(rows: Iterable[Row]) -> list[Block]:
    """Return the rows as blocks, by SIG and name; within one the strongest come first."""
    by_repo: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        by_repo[row.sig, row.repo].append(row)
    alike: dict[tuple[str, str, tuple[Line, ...]], list[str]] = defaultdict(list)
    for (sig, repo), found in by_repo.items():
        alike[sig, _facts(found), _lines(found)].append(plain(repo))
    return [Block(plain(sig), tuple(repos), facts, lines) for (sig, facts, lines), repos in alike.items()]


def _facts(rows: Iterable[Row]) -> str:
    by_text: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        seen = "public, anyone may read" if row.visibility == "public" else row.visibility
        text = ", ".join(one for one in (seen, "archived" if row.archived else "") if one)
        by_text[text].add(row.forge)
    told = [f"{', '.join(sorted(forges))}: {text}" for text, forges in sorted(by_text.items()) if text]
    return plain("; ".join(told))


def _lines(rows: Iterable[Row]) -> tuple[Line, ...]:
    by_who: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_who[shown(row)].append(row)
    alike: dict[tuple[Cell, ...], list[str]] = defaultdict(list)
    for who, found in by_who.items():
        alike[cells(found)].append(who)
    return ordered(Line(tuple(sorted(who)), same) for same, who in alike.items())


def name_of(row: Row) -> str:
    """Return the account; one that is nobody in the files with its forge, since on another it may be somebody else."""
    return f"{row.who}@{row.forge}" if row.kind == STRANGER else row.who


def shown(row: Row) -> str:
    """Return the account as it is printed, with what it is where it is nobody in the files."""
    mark = {STRANGER: " (not in the files)", KEY: " (deploy key)", MIRRORER: " (sigctl)"}.get(row.kind, "")
    return plain(name_of(row)) + ("" if row.who.startswith("(") else mark)


def cells(rows: Iterable[Row]) -> tuple[Cell, ...]:
    """Return what one account has in one repository, the same on several forges told once."""
    forges: dict[tuple[str, str, str, tuple[str, ...]], list[str]] = defaultdict(list)
    for row in rows:
        by = ways(row)
        push = pushes(row)
        if row.says:
            push, why = _said(row)
            by = (*why, *by)
        forges[row.level, row.pending, push, by].append(plain(row.forge))
    return tuple(
        Cell(tuple(sorted(set(found))), level, pending, push, by)
        for (level, pending, push, by), found in sorted(forges.items(), key=lambda one: one[1])
    )


def _said(row: Row) -> tuple[str, tuple[str, ...]]:
    """Return what may be done on the branches that were asked for, and what says so."""
    told, whys = [], []
    for branch in dict.fromkeys(branch for branch, _, _ in row.says):
        answers = {verb: says for name, verb, says in row.says if name == branch}
        may = [verb for verb in VERBS if answers[verb].may]
        maybe = [f"{verb}?" for verb in VERBS if answers[verb].may is None]
        told.append(f"{plain(branch)}: {', '.join((*may, *maybe)) or 'nothing'}")
        whys.append(plain(answers["push"].why))
    return "\n".join(told), tuple(dict.fromkeys(whys))


def ordered(lines: Iterable[Line]) -> tuple[Line, ...]:
    """Return the lines, the strongest first and the account that brings histories last of its level."""
    return tuple(sorted(lines, key=_order))


def _order(line: Line) -> tuple[int, bool, tuple[str, ...]]:
    best = max((_rank(cell.level) for cell in line.cells), default=0)
    return (-best, line.who[0].startswith("("), line.who)


def _rank(level: str) -> int:
    found = levels.rank(level)
    return len(levels.LADDER) if found is None else found
