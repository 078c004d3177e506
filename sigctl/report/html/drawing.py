"""Pictures as inline SVG: lines and words only, coloured by the style sheet, each with its text beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from sigctl.report.html.model import BranchFacts, Difference

_ROW, _INDENT, _LEFT, _TOP = 34, 28, 14, 22
_CHAR = 7.3
"""Width of a letter of the font that the style sheet asks for, in the picture's units."""
_MOST = 44
"""Letters of a name that fit; the table below has it whole."""


class Node(NamedTuple):
    """One branch in the picture."""

    label: str
    note: str
    depth: int
    y: float
    x: float
    width: float
    tone: str
    """open, named, shut or gone: which class it has."""
    dashed: bool


@dataclass(frozen=True, slots=True)
class Tree:
    """The branches of a repository, drawn from where they come from."""

    nodes: tuple[Node, ...]
    lines: tuple[tuple[float, float, float, float], ...]
    """(x1, y1, x2, y2) of the elbows from above to a branch."""
    width: float
    height: float
    text: str
    """The same in words."""


def tree(root: str, branches: Sequence[BranchFacts]) -> Tree:
    """Return the picture: the root is where the history comes from, each declared branch hangs on the one it was made from."""
    names = {one.name for one in branches}
    children: dict[str, list[BranchFacts]] = {}
    for one in branches:
        children.setdefault(one.start if one.start in names and one.start != one.name else "", []).append(one)
    nodes = [Node(_cut(root), "", 0, _TOP, _LEFT, _size(root), "root", dashed=False)]
    lines: list[tuple[float, float, float, float]] = []
    told: list[str] = []

    def hang(parent: Node, name: str, depth: int) -> None:
        for one in children.get(name, []):
            y = _TOP + len(nodes) * _ROW
            x = _LEFT + depth * _INDENT
            label = _cut(_spoken(one))
            nodes.append(
                Node(
                    label,
                    _cut(_note(one), 72),
                    depth,
                    y,
                    x,
                    _size(label),
                    _tone(one),
                    one.lifecycle != "active",
                )
            )
            lines.append((parent.x + 8, parent.y + 11, x, y))
            told.append(f"{one.name or 'any other branch'}: pushed by {_note(one)}")
            if one.name and depth < 6:  # noqa: PLR2004  # deeper ones hang beside each other
                hang(nodes[-1], one.name, depth + 1)

    hang(nodes[0], "", 1)
    width = max(node.x + node.width + 16 + len(node.note) * _CHAR for node in nodes) + _LEFT
    return Tree(
        tuple(nodes), tuple(lines), round(max(width, 320), 1), _TOP + len(nodes) * _ROW, "; ".join(told)
    )


def _spoken(one: BranchFacts) -> str:
    return "any other branch" if one.name in ("", "*") else one.name


def _note(one: BranchFacts) -> str:
    return f"{one.push} ({', '.join(one.forges)})" if one.forges else one.push


def _tone(one: BranchFacts) -> str:
    if one.lifecycle == "retired":
        return "gone"
    if one.push == "nobody" or one.lifecycle == "readonly":
        return "shut"
    return "open" if one.push == "whoever may write" else "named"


def _size(label: str) -> float:
    return round(len(_cut(label)) * _CHAR + 20, 1)


def _cut(text: str, most: int = _MOST) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


@dataclass(frozen=True, slots=True)
class Chart:
    """Open differences over time, as steps."""

    points: str
    area: str
    width: int
    height: int
    marks: tuple[tuple[float, str], ...]
    """(x, day) below the line."""
    levels: tuple[tuple[float, int], ...]
    """(y, number) beside it."""
    days: tuple[tuple[str, int], ...]
    """(day, open differences) behind it."""


_W, _H, _PAD, _SIDE, _FOOT = 920, 200, 12, 40, 28
_MARKS = 5
_DAYS = 400
"""Steps at most; over a longer time not every day is drawn."""


def over_time(found: Iterable[Difference], until: str) -> Chart | None:
    """Return how many differences were open at the end of each day, up to the day of `until`; None where nothing is known."""
    listed = [one for one in found if one.first_seen and one.drift]
    if not listed:
        return None
    steps: Counter[str] = Counter()
    for one in listed:
        steps[one.first_seen[:10]] += 1
        if one.resolved:
            steps[one.resolved[:10]] -= 1
    day = date.fromisoformat(min(one.first_seen[:10] for one in listed))
    last = max(date.fromisoformat(until[:10]), day)
    days: list[tuple[str, int]] = []
    count = 0
    while day <= last:
        count += steps[day.isoformat()]
        days.append((day.isoformat(), count))
        day += timedelta(days=1)
    every = len(days) // _DAYS + 1
    return _chart(days[::-1][::every][::-1])


def _chart(days: Sequence[tuple[str, int]]) -> Chart:
    most = max(*(count for _, count in days), 1)
    span = _W - _SIDE - _PAD
    step = span / max(len(days) - 1, 1)

    def y(count: float) -> float:
        return round(_H - _FOOT - count / most * (_H - _FOOT - _PAD), 1)

    points: list[tuple[float, float]] = []
    for number, (_, count) in enumerate(days):
        x = round(_SIDE + number * step, 1)
        if points:
            points.append((x, points[-1][1]))
        points.append((x, y(count)))
    if len(days) == 1:
        points.append((float(_W - _PAD), points[0][1]))
    line = " ".join(f"{x:g},{height:g}" for x, height in points)
    area = f"{points[0][0]:g},{y(0):g} {line} {points[-1][0]:g},{y(0):g}"
    every = max(1, (len(days) - 1) // _MARKS + 1)
    marks = tuple((round(_SIDE + n * step, 1), days[n][0]) for n in range(0, len(days), every))
    numbers = sorted({0, most, most // 2})
    return Chart(line, area, _W, _H, marks, tuple((y(n), n) for n in numbers), tuple(days))


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart of numbers by name."""

    name: str
    count: int
    width: float


def bars(counts: Iterable[tuple[str, int]], width: float = 320) -> tuple[Bar, ...]:
    """Return bars for the numbers, the largest first and as wide as asked."""
    listed = sorted(counts, key=lambda one: (-one[1], one[0]))
    most = max((count for _, count in listed), default=1) or 1
    return tuple(Bar(name, count, round(max(count / most * width, 2), 1)) for name, count in listed)
