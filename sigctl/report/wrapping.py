"""Lines as wide as a terminal: broken at spaces, what goes on stands below its own beginning; what somebody may copy stays whole."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

_WORD = re.compile(r"(?:`[^`]*`|[^\s`]|`)+|\s+")
"""A word, what stands in backticks being part of one; or the space between two."""
_BEGIN = re.compile(r" *(?:(?:[-+v^!*]|hint:|refused:) +)?")
"""Indent and mark of a line; what goes on stands right below what comes after."""
_LEAST = 30
"""Columns below which nothing is broken: the terminal does that itself."""


def fitted(renderable: RenderableType, width: int) -> RenderableType:
    """Return the lines with none wider than this, as far as their words allow; what is no text stays as it is."""
    if isinstance(renderable, Group):
        return Group(*(fitted(one, width) for one in renderable.renderables))
    if not isinstance(renderable, Text) or width < _LEAST:
        return renderable
    return Text("\n", style=renderable.style).join(
        part for line in renderable.split("\n", allow_blank=True) for part in _broken(line, width)
    )


def _broken(line: Text, width: int) -> Iterator[Text]:
    plain = line.plain
    if len(plain) <= width:
        yield line
        return
    begin = _BEGIN.match(plain)
    hang = min(len(begin[0]) if begin else 0, width // 2)
    cuts, start, room = [], 0, width
    at = 0
    for word in _WORD.finditer(plain):
        end = word.end() if not word[0].isspace() else word.start()
        if end - start > room and at > start:
            cuts.append(at)
            start, room = at, width - hang
        if not word[0].isspace():
            at = word.end() + len(plain[word.end() :]) - len(plain[word.end() :].lstrip())
    for number, part in enumerate(line.divide(cuts)):
        part.rstrip()
        yield part if number == 0 else Text(" " * hang, style="").append_text(part)
