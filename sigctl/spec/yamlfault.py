"""What can be wrong with the text of a YAML file, in words for people who don't read YAML's grammar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from yaml import YAMLError
from yaml.cyaml import CParser  # type: ignore[attr-defined]  # the stubs forget that it is public
from yaml.error import MarkedYAMLError
from yaml.reader import ReaderError

Path = tuple[str | int, ...]
"""Keys and positions on the way to a value."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in the text that is not in the language; `path` is where in the data."""

    line: int
    column: int
    path: Path
    problem: str
    hint: str = ""


def read_error(error: YAMLError, path: Path, text: str, around: Any = None) -> Fault:
    """Return what libyaml complains of as a fault at its place; `around` is where the list or mapping it is in begins."""
    if isinstance(error, ReaderError) or not isinstance(error, MarkedYAMLError):
        return Fault(
            1, 1, path, "holds a character that YAML does not allow", "control characters have no place here"
        )
    problem = (error.problem or "can't be read as YAML").rstrip(".")
    context = error.context or ""
    known = next((one for one in _KNOWN if one[0] in problem or one[0] in context), None)
    mark = error.problem_mark or error.context_mark
    if known is not None and "not closed" in known[1]:
        mark = around if "content" in known[0] and around is not None else error.context_mark or mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    if "\t" in "".join(text.split("\n")[line - 1 : line])[column - 1 : column]:
        return Fault(line, column, path, "a tab where spaces are needed", "indent with spaces")
    if known is not None:
        return Fault(line, column, path, known[1], known[2])
    hint = "look at this line and the one above: colon, dash, indent, quote, bracket"
    return Fault(line, column, path, f"is not YAML: {problem}{' ' if context else ''}{context}", hint)


_BRACKETS = "close it, with commas between its parts; text that holds brackets or braces needs quotes here"
_KNOWN = (
    (
        "found character that cannot start any token",
        "a character here can't begin a value",
        "put text that begins with @, ` or % in quotes",
    ),
    ("found a tab character", "a tab where spaces are needed", "indent with spaces"),
    (
        "control characters are not allowed",
        "holds a character that YAML does not allow",
        "control characters have no place here",
    ),
    (
        "mapping values are not allowed",
        "a second colon on the line, or a line that is indented too far",
        "put text that holds `: ` in quotes, or fix the indent",
    ),
    (
        "did not find expected key",
        "the indent does not fit the lines above",
        "entries of one mapping begin in the same column",
    ),
    (
        "did not find expected '-' indicator",
        "the indent does not fit the list above",
        "entries of one list begin with `-` in the same column",
    ),
    ("could not find expected ':'", "a key without a colon", "write `key: value`"),
    ("while scanning a quoted scalar", "a quote that is not closed", "close it, or take it out"),
    (
        "did not find expected node content",
        "a `[` or `{` that is not closed, or a comma without a value",
        _BRACKETS,
    ),
    (
        "did not find expected ',' or ']'",
        "a `[` that is not closed",
        _BRACKETS,
    ),
    (
        "did not find expected ',' or '}'",
        "a `{` that is not closed",
        _BRACKETS,
    ),
    (
        "found undefined tag handle",
        "has a tag that is not understood",
        "put text that begins with ! in quotes",
    ),
    (
        "found undefined alias",
        "an alias that names nothing above it",
        "put text that begins with * in quotes",
    ),
    ("while scanning an alias", "an alias without a name", "put text that begins with * in quotes"),
    ("while scanning an anchor", "an anchor without a name", "put text that begins with & in quotes"),
)

__all__ = ["CParser", "Fault", "Path", "read_error"]
