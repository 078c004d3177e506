"""Which files a spec names, read without rpm: what can't be told for certain counts as named."""

from __future__ import annotations

import fnmatch
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_TAG = re.compile(r"^\s*(?:Source|Patch)\d*\s*:\s*(.+?)\s*$", re.IGNORECASE)
_MACRO = re.compile(r"^\s*%(?:global|define)\s+(\w+)\s+(.+?)\s*$")
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
_DEPTH = 10
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
        patterns |= {_pattern(value, macros) for value in values}
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


def _macros(lines: Iterable[str]) -> dict[str, str]:
    """Return the macros that have one value in the whole file; those with several could be any of them."""
    found: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        macro, value = _MACRO.match(line), _VALUE.match(line)
        if macro:
            found[macro[1]].add(macro[2])
        elif value:
            found[value[1].lower()].add(value[2])
    return {name: values.pop() for name, values in found.items() if len(values) == 1}


def _pattern(value: str, macros: Mapping[str, str]) -> str:
    """Return the last part of a value's path as a pattern: what is not known matches anything."""
    text = value
    for _ in range(_DEPTH):
        expanded = _USE.sub(lambda use: _expand(use, macros), text)
        if expanded == text:
            break
        if len(expanded) > _LONGEST:
            return "*"
        text = expanded
    if "%(" in text or "%{lua:" in text:
        return "*"
    text = re.sub(r"%\{[^{}]*\}|%\w+", _WILD, text)
    last = re.split(r"#/+|/", text)[-1]
    # `.../x.tar.gz#/name.tar.gz` stores it as name.tar.gz
    wild = _WILD in last or "%" in last
    safe = re.sub(r"([*?\[])", r"[\1]", last)
    return "*" if wild and "%" in last else safe.replace(_WILD, "*")


def _expand(use: re.Match[str], macros: Mapping[str, str]) -> str:
    name = use[2] or use[3]
    return macros.get(name, _WILD)
