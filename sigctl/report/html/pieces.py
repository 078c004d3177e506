"""Small pieces of pages that come again and again: made once for all pages, escaped as the templates escape."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from markupsafe import Markup

from sigctl.report.access_fold import Cell
from sigctl.report.html.drawing import Node
from sigctl.report.html.lookup import LETTERS
from sigctl.report.html.matrix import Square
from sigctl.report.html.model import BranchFacts
from sigctl.report.words import plain

_NONE = "none"
_ALLOWED = {True: "allowed", False: "no", None: "not said"}


def count(number: int, what: str, many: str = "") -> str:
    """Return a number of things in words."""
    return f"{number:,} {what if number == 1 else many or what + 's'}"


@lru_cache(maxsize=4096)
def level(name: str) -> Markup:
    """Return a level as a coloured word."""
    kind = name if name in LETTERS or name == _NONE else "native"
    return Markup('<span class="lv lv-{}">{}</span>').format(kind, plain(name))


@lru_cache(maxsize=4096)
def chip(words: str, kind: str) -> Markup:
    """Return a few words that stand out."""
    return Markup('<span class="chip {}">{}</span>').format(kind, plain(words))


@lru_cache(maxsize=4096)
def forges(names: tuple[str, ...]) -> Markup:
    """Return the names of forges."""
    return Markup(" ").join(Markup('<span class="forge">{}</span>').format(plain(name)) for name in names)


@lru_cache(maxsize=65_536)
def ways(found: tuple[str, ...]) -> Markup:
    """Return ways as a list."""
    items = Markup("").join(Markup("<li>{}</li>").format(plain(one)) for one in found)
    return Markup('<ul class="by">{}</ul>').format(items)


@lru_cache(maxsize=65_536)
def columns(cell: Cell) -> Markup:
    """Return level, forges, branches and ways as the cells of a table."""
    shown = level(cell.level)
    if cell.pending:
        shown += Markup(" ") + chip(f"invited: {cell.pending}", "warn")
    row = Markup("<td>{}</td><td>{}</td><td>{}</td><td>{}</td>")
    return row.format(shown, forges(cell.forges), plain(cell.push), ways(cell.by))


def row(cells: Markup) -> Markup:
    """Return one row of a table."""
    return Markup("<tr>\n{}\n</tr>\n").format(cells)


@lru_cache(maxsize=65_536)
def square(one: Square) -> Markup:
    """Return one cell of the matrix, leading to what stands behind it."""
    if not one.why:
        return Markup("<td></td>")
    kind = one.level if one.level in LETTERS or one.level == _NONE else "native"
    return Markup('<td class="lv-{}"><a href="#w{}">{}</a></td>').format(kind, one.why, one.letter)


@lru_cache(maxsize=65_536)
def stacked(cell: Cell) -> Markup:
    """Return the same, one below the other."""
    shown = level(cell.level)
    if cell.pending:
        shown += Markup(" ") + chip(f"invited: {cell.pending}", "warn")
    text = Markup('<div class="cell"><div class="what">{} {}</div><div class="may">pushes {}</div>{}</div>\n')
    return text.format(shown, forges(cell.forges), plain(cell.push), ways(cell.by))


@lru_cache(maxsize=4096)
def state(number: int, compared: bool) -> Markup:  # noqa: FBT001  # a filter: templates give it by place
    """Return how many differences there are, or that there are none, or that nobody looked."""
    if not compared:
        return chip("not compared", "quiet")
    return chip(count(number, "difference"), "bad") if number else chip("as declared", "good")


@lru_cache(maxsize=4096)
def mirror(status: str, behind: int, held: int) -> Markup:
    """Return how a history stands."""
    told = {
        "equal": ("equal", "good"),
        "behind": (f"{count(behind, 'ref')} behind", "warn"),
        "held": (f"{count(held, 'ref')} held", "bad"),
        "aside": ("set aside", "bad"),
    }
    return chip(*told[status]) + "\n" if status in told else chip("not compared", "quiet")


@lru_cache(maxsize=65_536)
def source(text: str) -> Markup:
    """Return where a history comes from: the address, or the forge."""
    if "://" in text:
        return Markup('<span class="key">{}</span>').format(plain(text))
    return forges((text.partition(": ")[0],))


@lru_cache(maxsize=65_536)
def branch(one: BranchFacts) -> Markup:
    """Return what may be done to a branch as the cells of a table."""
    name = Markup("<code>{}</code>").format("any other" if one.name in ("", "*") else plain(one.name))
    if one.start:
        name += Markup(' <span class="kind">from {}</span>').format(plain(one.start))
    if one.lifecycle != "active":
        name += Markup(" ") + chip(one.lifecycle, "quiet")
    row = Markup('<th scope="row">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>')
    on = forges(one.forges) if one.forges else "all forges"
    merge = plain(one.merge) or "as push"
    return row.format(name, plain(one.push), merge, _ALLOWED[one.force], _ALLOWED[one.delete], on)


@lru_cache(maxsize=65_536)
def node(one: Node) -> Markup:
    """Return one branch of a picture."""
    note = Markup("")
    if one.note:
        text = Markup('<text class="note" x="{}" y="{}">{}</text>')
        note = text.format(one.x + one.width + 10, one.y + 4.5, plain(one.note))
    drawn = Markup(
        '<g class="node {}"><rect x="{}" y="{}" width="{}" height="24" rx="12"/><text x="{}" y="{}">{}</text>{}</g>'
    )
    tone = f"{one.tone} dashed" if one.dashed else one.tone
    return drawn.format(tone, one.x, one.y - 12, one.width, one.x + 10, one.y + 4.5, plain(one.label), note)


@lru_cache(maxsize=65_536)
def elbows(found: tuple[tuple[float, float, float, float], ...]) -> Markup:
    """Return the lines of a picture, each from above to a branch."""
    one = Markup('<path d="M{} {}V{}q0 6 6 6H{}"/>')
    return listed((one.format(x1, y1, y2 - 6, x2) for x1, y1, x2, y2 in found), "")


def listed(found: Iterable[Markup], between: str = ", ") -> Markup:
    """Return pieces in a row; each is escaped already."""
    return Markup(between.join(found))  # noqa: S704  # of pieces only, and a text of ours between


@lru_cache(maxsize=65_536)
def linked(name: str, address: str) -> Markup:
    """Return a name that leads somewhere; what stands in brackets behind it does not."""
    bare, gap, rest = name.partition(" (")
    if not address:
        return Markup("{}").format(plain(name))
    return Markup('<a href="{}">{}</a>{}').format(address, plain(bare), plain(gap + rest))
