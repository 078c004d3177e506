"""Small pieces of pages that come again and again: made once for all pages, escaped as the templates escape."""

from __future__ import annotations

from functools import lru_cache

from markupsafe import Markup

from sigctl.report.access_fold import Cell
from sigctl.report.html.lookup import LETTERS
from sigctl.report.words import plain

_NONE = "none"


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


@lru_cache(maxsize=65_536)
def stacked(cell: Cell) -> Markup:
    """Return the same, one below the other."""
    shown = level(cell.level)
    if cell.pending:
        shown += Markup(" ") + chip(f"invited: {cell.pending}", "warn")
    text = Markup('<div class="cell"><div class="what">{} {}</div><div class="may">pushes {}</div>{}</div>\n')
    return text.format(shown, forges(cell.forges), plain(cell.push), ways(cell.by))


@lru_cache(maxsize=65_536)
def linked(name: str, address: str) -> Markup:
    """Return a name that leads somewhere; what stands in brackets behind it does not."""
    bare, gap, rest = name.partition(" (")
    if not address:
        return Markup("{}").format(plain(name))
    return Markup('<a href="{}">{}</a>{}').format(address, plain(bare), plain(gap + rest))
