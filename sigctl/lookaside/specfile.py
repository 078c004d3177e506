"""Which files a spec names, read without rpm: what can't be told for certain counts as named."""

from __future__ import annotations

import fnmatch
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_TAG = re.compile(r"^\s*(?:Source|Patch)\d*\s*:\s*(.+?)\s*$", re.IGNORECASE)
_MACRO = re.compile(r"^\s*%(?:global|define)\s+(\w+)\s+(.+?)\s*$")
_INSIDE = re.compile(r"%(?:global|define)\s+(\w+)")
"""A value that is given within something else; not looked into."""
_VALUE = re.compile(r"^\s*(Name|Version|Release)\s*:\s*(.+?)\s*$", re.IGNORECASE)
_LIST = re.compile(r"^\s*%(?:sourcelist|patchlist)\b", re.IGNORECASE)
_SECTION = re.compile(
    r"^\s*%(?:package|description|prep|build|install|check|clean|files|changelog|pre|post|preun|postun"
    r"|pretrans|posttrans|trigger\w*|generate_buildrequires|conf|verifyscript)\b",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(
    r"^\s*%(?:include\b|load\b|\{load:|\{lua:|\()|^\s*%\{.*\b(?:Source|Patch)\d*\s*:", re.IGNORECASE
)
"""A line that brings in lines which are not in this file, or makes them."""
_USE = re.compile(r"%\{(\??)(\w+)\}|%(\w+)")
_DEPTH = 40
_MANY = 200
"""Texts that one value may stand for; where it is more, it may be anything."""
_LONGEST = 2000
"""Characters of a line or of a value; what is longer is not looked into."""
_WILD = "\0"


@dataclass(frozen=True, slots=True)
class Named:
    """The files that specs name: patterns of last parts of paths; `certain` is False where there may be more."""

    patterns: frozenset[str]
    certain: bool
    text: str = ""

    def names(self, name: str) -> bool:
        """Whether a file with this last part of its path may be named."""
        return (
            not self.certain or name in self.text or any(fnmatch.fnmatchcase(name, p) for p in self.patterns)
        )


def named(specs: Iterable[str]) -> Named:
    """Return what these spec files name together; nothing is certain where there is none."""
    texts = list(specs)
    patterns: set[str] = set()
    certain = bool(texts)
    for text in texts:
        lines = [line for line in text.splitlines() if len(line) <= _LONGEST]
        macros = _macros(lines)
        values = [*_tags(lines)]
        patterns |= {pattern for value in values for pattern in _patterns(value, macros)}
        certain = certain and bool(values) and not any(_ELSEWHERE.search(line) for line in lines)
    return Named(frozenset(patterns), certain, "\n".join(texts))


def _tags(lines: Iterable[str]) -> Iterable[str]:
    listing = False
    for line in lines:
        tag = _TAG.match(line)
        if _LIST.match(line):
            listing = True
        elif _SECTION.match(line):
            listing = False
        elif tag:
            yield tag[1]
        elif listing and line.strip() and not line.lstrip().startswith("#"):
            yield line.strip()


def _macros(lines: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return every value that a macro is given anywhere in the file: which of them holds depends on the build."""
    found: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        macro, value = _MACRO.match(line), _VALUE.match(line)
        if macro:
            found[macro[1]].add(macro[2])
        elif value:
            found[value[1].lower()].add(value[2])
        else:
            for name in _INSIDE.findall(line):
                found[name].add(_WILD)
    return {name: frozenset(values) for name, values in found.items()}


def _patterns(value: str, macros: Mapping[str, frozenset[str]]) -> set[str]:
    """Return the last part of a value's path, for every value of its macros; what is not known matches anything."""
    texts = {value}
    for _ in range(_DEPTH):
        expanded = {more for text in texts for more in _expanded(text, macros)}
        if len(expanded) > _MANY or any(len(text) > _LONGEST for text in expanded):
            return {"*"}
        if expanded == texts:
            break
        texts = expanded
    return {_pattern(text) for text in texts}


def _expanded(text: str, macros: Mapping[str, frozenset[str]]) -> Iterable[str]:
    """Return the text with its first macro replaced by each of its values; itself where there is none."""
    use = _USE.search(text)
    if use is None:
        return [text]
    values = macros.get(use[2] or use[3], frozenset({_WILD}))
    return [text[: use.start()] + value + text[use.end() :] for value in sorted(values)]


def _pattern(text: str) -> str:
    if "%" in text:  # a macro that takes arguments, computes, or names itself
        return "*"
    last = re.split(r"#/+|/", text)[-1]  # `.../v1.tar.gz#/name.tar.gz` is stored as name.tar.gz
    return re.sub(r"([*?\[])", r"[\1]", last).replace(_WILD, "*")
