"""Who may do what, for a terminal: in columns where there is room, else one below the other."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.console import Group, RenderableType
from rich.text import Text

from sigctl.core import levels
from sigctl.core.access_leaving import Leaving
from sigctl.core.access_table import Row
from sigctl.core.state import Note, SetAside
from sigctl.report.access_fold import Block, Cell, Line, fold
from sigctl.report.effects import some
from sigctl.report.words import plain

STYLES = {
    levels.ADMIN: "bold magenta", levels.MAINTAIN: "bold yellow", levels.WRITE: "green", levels.TRIAGE: "cyan",
    levels.READ: "cyan",
}  # fmt: skip
WIDE = 110
"""Columns from which on everything about somebody stands side by side."""
_NAMES, _PEOPLE, _NOTES = 8, 6, 12
_TITLES = {
    "unlinked": "not linked",
    "inactive": "gone, waiting or idle",
    "expiring": "with an end",
    "stranger": "not in the files",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What is printed: the answer, and whom to look at."""

    source: str
    moment: str
    rows: tuple[Row, ...]
    people: Sequence[tuple[str, str, str]] = ()
    """(kind, who, text)."""
    leaving: Leaving | None = None
    notes: Sequence[Note] = ()
    set_aside: Sequence[SetAside] = ()


def access_text(told: Told, width: int, *, everything: bool = False) -> Group:
    """Return the answer for a terminal of this width; with `everything`, no list is cut."""
    shown = _Shown(width, everything=everything)
    parts: list[RenderableType] = [_headline(told)]
    found = fold(told.rows) if told.leaving is None else []
    for sig, group in groupby(found, key=lambda block: block.sig):
        parts.append(Text(f"\n{sig or 'no SIG'}", style="bold underline"))
        for block in group:
            parts += shown.block(block)
    if told.leaving is not None:
        parts += shown.leaving(told.leaving)
    parts += shown.people(told.people)
    parts += shown.notes(told.notes)
    parts += _aside(told.set_aside)
    return Group(*parts)


def _headline(told: Told) -> Text:
    where = {
        "files": "as declared on",
        "live": "as the forges have it,",
        "snapshot": "as the snapshot has it,",
    }
    people = len({(row.kind, row.who) for row in told.rows})
    repos = len({(row.sig, row.repo) for row in told.rows})
    count = f"{_count(people, 'account')} on {_count(repos, 'repository')}"
    return Text(f"{count}, {where[told.source]} {told.moment}", style="bold")


def _count(number: int, what: str) -> str:
    many = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{number:,} {what if number == 1 else many}"


class _Shown:
    """Lays out for one width."""

    def __init__(self, width: int, *, everything: bool) -> None:
        self.width = max(width, 40)
        self.everything = everything

    def names(self, found: Sequence[str], most: int) -> str:
        """Return the names, folded with a count where they are many."""
        return some(found, len(found) if self.everything else most)

    def wrapped(self, text: str, indent: int, style: str = "", first: str = "") -> Iterator[Text]:
        """Yield the text in lines that fit, below each other."""
        lines = _wrap(text, self.width - indent) or [""]
        for number, line in enumerate(lines):
            yield Text.assemble(
                " " * (indent - len(first)) + first if number == 0 else " " * indent, (line, style)
            )

    def block(self, block: Block, *, whole: bool = False) -> Iterator[RenderableType]:
        """Yield some repositories and who has what there; with `whole` names, the SIG is said with each."""
        names = [name.partition("/")[2] if block.sig and not whole else name for name in block.repos]
        count = f" ({len(names)} alike)" if len(names) > 1 else ""
        yield from self.wrapped(f"{self.names(names, _NAMES)}{count}", 2, "bold")
        if block.facts:
            yield from self.wrapped(block.facts, 2, "dim")
        if self.width >= WIDE:
            yield from self._columns(block.lines)
        else:
            for line in block.lines:
                yield from self._stacked(line)

    def _stacked(self, line: Line) -> Iterator[Text]:
        yield from self.wrapped(self.names(line.who, _PEOPLE), 4)
        for cell in line.cells:
            style = STYLES.get(cell.level, "bold red")
            forges = ", ".join(cell.forges)
            yield Text.assemble("      ", (f"{_level(cell):<9}", style), (forges, "dim"))
            for number, push in enumerate(cell.push.split("\n")):
                yield from self.wrapped(push, 15, first="push " if number == 0 else "")
            for number, by in enumerate(cell.by):
                yield from self.wrapped(by, 15, first="by   " if number == 0 else "")

    def _columns(self, lines: Iterable[Line]) -> Iterator[Text]:
        listed = list(lines)
        who = min(max((len(self.names(line.who, _PEOPLE)) for line in listed), default=3), self.width // 5)
        forges = max((len(one) for line in listed for cell in line.cells for one in cell.forges), default=5)
        level = max((len(_level(cell)) for line in listed for cell in line.cells), default=5)
        rest = self.width - 4 - who - level - forges - 4 * 2
        longest = max(len(one) for line in listed for cell in line.cells for one in cell.push.split("\n"))
        push = min(longest, rest * 2 // 5)
        sizes = (who, level, forges, push, rest - push)
        yield _row(("who", "level", "on", "push", "by"), sizes, ("dim",) * 5)
        for line in listed:
            for number, cell in enumerate(line.cells):
                name = self.names(line.who, _PEOPLE) if number == 0 else ""
                style = STYLES.get(cell.level, "bold red")
                cells = (name, _level(cell), "\n".join(cell.forges), cell.push, "\n".join(cell.by))
                yield from _rows(cells, sizes, ("", style, "dim", "", ""))

    def leaving(self, one: Leaving) -> Iterator[RenderableType]:
        """Yield what goes with a person, what nobody could do then first."""
        yield Text(f"\nif {plain(one.person)} left", style="bold underline")
        texts: dict[tuple[str, str], list[str]] = {}
        for gap in one.gaps:
            texts.setdefault((gap.text, gap.forge), []).append(plain(gap.thing))
        for (text, forge), things in texts.items():
            named = self.names(sorted(set(things)), _NAMES)
            yield from self.wrapped(f"{plain(text)}: {named} ({plain(forge)})", 4, "bold red", first="! ")
        for role in one.roles:
            yield from self.wrapped(plain(role), 4, "yellow", first="- ")
        by_team: dict[str, list[str]] = {}
        for forge, team in one.teams:
            by_team.setdefault(plain(team), []).append(plain(forge))
        for team, where in by_team.items():
            yield from self.wrapped(f"team {team} ({', '.join(where)})", 4, first="- ")
        if not (one.gaps or one.roles or one.teams or one.rows):
            yield Text("  nothing would change")
        if one.rows:
            yield Text(f"\n{plain(one.person)} would lose", style="bold underline")
        for block in fold(one.rows):
            yield from self.block(block, whole=True)

    def people(self, found: Sequence[tuple[str, str, str]]) -> Iterator[RenderableType]:
        """Yield whom to look at, by kind."""
        for kind, group in groupby(found, key=lambda one: one[0]):
            listed = list(group)
            yield Text(f"\n{_TITLES.get(kind, kind)} ({len(listed)})", style="bold yellow")
            shown = listed if self.everything else listed[:_NOTES]
            for _, who, text in shown:
                yield from self.wrapped(f"{plain(who)}: {plain(text)}", 2)
            if len(listed) > len(shown):
                yield Text(f"  and {len(listed) - len(shown)} more (--all)", style="dim")

    def notes(self, found: Sequence[Note]) -> Iterator[RenderableType]:
        """Yield what makes answers less sure, or rights other than written."""
        if not found:
            return
        listed = list(_alike(found))
        yield Text(f"\nto know ({len(listed)})", style="bold")
        shown = listed if self.everything else listed[:_NOTES]
        for subjects, text, forge in shown:
            where = f" ({forge})" if forge and forge not in text else ""
            about = f"{self.names(subjects, _PEOPLE)}: " if subjects else ""
            yield from self.wrapped(f"{about}{text}{where}", 2, "dim")
        if len(listed) > len(shown):
            yield Text(f"  and {len(listed) - len(shown)} more (--all)", style="dim")


def _alike(found: Iterable[Note]) -> Iterator[tuple[list[str], str, str]]:
    """Yield (subjects, text, forge): what is the same for several things is said once."""
    groups: dict[tuple[str, str], list[str]] = {}
    for note in found:
        about = "" if note.subject in note.text else note.subject
        groups.setdefault((plain(note.text), plain(note.forge)), []).append(plain(about))
    for (text, forge), subjects in groups.items():
        yield [one for one in dict.fromkeys(subjects) if one], text, forge


def _aside(found: Iterable[SetAside]) -> Iterator[Text]:
    for one in found:
        yield Text(f"\nnot looked at: {plain(one.subject)}: {plain(one.reason)}", style="bold red")


def _level(cell: Cell) -> str:
    if not cell.pending:
        return plain(cell.level)
    return f"({cell.pending})" if cell.level == levels.NONE else f"{cell.level} ({cell.pending})"


def _wrap(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(width, 12), break_long_words=True, break_on_hyphens=False)


def _rows(cells: Sequence[str], sizes: Sequence[int], styles: Sequence[str]) -> Iterator[Text]:
    """Yield one row of a table: each cell wrapped within its column."""
    wrapped = [
        [part for line in cell.split("\n") for part in (_wrap(line, size) or [""])]
        for cell, size in zip(cells, sizes, strict=True)
    ]
    for number in range(max(map(len, wrapped))):
        yield _row([some_[number] if number < len(some_) else "" for some_ in wrapped], sizes, styles)


def _row(cells: Sequence[str], sizes: Sequence[int], styles: Sequence[str]) -> Text:
    text = Text("    ")
    for number, (cell, size, style) in enumerate(zip(cells, sizes, styles, strict=True)):
        last = number == len(cells) - 1
        text.append(cell if last else f"{cell:<{size}}  ", style)
    text.rstrip()
    return text
