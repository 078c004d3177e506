"""The access matrix: repositories by people, a letter for each level, and why, told once for all cells alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sigctl.core.access_table import PERSON, STRANGER
from sigctl.report.access_fold import Cell
from sigctl.report.html.lookup import Held, Lookup
from sigctl.report.html.model import RepoFacts

PAGE = 120
"""Repositories on one page: a table of that size opens at once."""


class Square(NamedTuple):
    """One cell; `why` is the number of its explanation, 0 where there is nothing."""

    letter: str
    level: str
    why: int


@dataclass(frozen=True, slots=True)
class Why:
    """What stands behind some cells."""

    number: int
    level: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """One page of it."""

    people: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Square, ...]], ...]
    whys: tuple[Why, ...]
    part: int
    parts: int


_NOTHING = Square("", "none", 0)


def matrices(look: Lookup, repos: Sequence[RepoFacts]) -> Iterator[Matrix]:
    """Yield the pages for these repositories; none where there are no repositories."""
    parts = (len(repos) + PAGE - 1) // PAGE
    for part in range(parts):
        yield _matrix(look, repos[part * PAGE : (part + 1) * PAGE], part + 1, parts)


def _matrix(look: Lookup, repos: Sequence[RepoFacts], part: int, parts: int) -> Matrix:
    held = {repo.name: _people(look, repo.name) for repo in repos}
    people = tuple(sorted({who for found in held.values() for who in found}))
    whys: dict[tuple[str, tuple[Cell, ...]], Why] = {}
    rows = []
    for name, found in held.items():
        squares = []
        for who in people:
            one = found.get(who)
            if one is None:
                squares.append(_NOTHING)
                continue
            why = whys.setdefault((one.level, one.cells), Why(len(whys) + 1, one.level, one.cells))
            squares.append(Square(one.letter, one.level, why.number))
        rows.append((name, tuple(squares)))
    return Matrix(people, tuple(rows), tuple(whys.values()), part, parts)


def _people(look: Lookup, repo: str) -> dict[str, Held]:
    return {one.who: one for one in look.held.get(repo, []) if one.kind in (PERSON, STRANGER)}
