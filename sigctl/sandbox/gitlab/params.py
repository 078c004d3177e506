"""Parameters of a request as GitLab's framework takes them: nested, coerced, all complaints in one line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

Kind = Callable[[Any], Any]
"""Turns what came into what is meant; ValueError with the complaint when it can't."""
_PART = re.compile(r"\[([^\]]*)\]")


class BadParams(Exception):  # noqa: N818  # an answer, not a fault of ours
    """Parameters that are missing or can't be meant."""


def nested(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return pairs such as `a[b]=1` and `a[]=2` as nested dicts and lists."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        name, bracket, rest = key.partition("[")
        parts = _PART.findall(bracket + rest)
        _put(found, [name, *parts], value)
    return found


def _put(into: dict[str, Any], parts: list[str], value: Any) -> None:
    name, *rest = parts
    if not rest:
        into[name] = value
    elif rest == [""]:
        into.setdefault(name, []).append(value)
    elif isinstance(into.setdefault(name, {}), dict):
        _put(into[name], rest, value)


def text(value: Any) -> str:
    """Take text or what can be written as text."""
    if isinstance(value, (dict, list)):
        raise ValueError("is invalid")  # noqa: TRY004  # one complaint for whatever is wrong
    return value if isinstance(value, str) else str(value)


def integer(value: Any) -> int:
    """Take an integer, as such or as text."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise ValueError("is invalid")  # noqa: TRY004  # as above
    try:
        return int(value)
    except ValueError:
        raise ValueError("is invalid") from None


def boolean(value: Any) -> bool:
    """Take a truth value, as such or as text."""
    if isinstance(value, bool):
        return value
    word = str(value).lower()
    if word in ("true", "t", "1", "yes", "on"):
        return True
    if word in ("false", "f", "0", "no", "off"):
        return False
    raise ValueError("is invalid")


def day(value: Any) -> str | None:
    """Take a date, with or without a time after it; empty text is none."""
    if value in ("", None):
        return None
    try:
        return date.fromisoformat(str(value)[:10]).isoformat()
    except ValueError:
        raise ValueError("is invalid") from None


def texts(value: Any) -> list[str]:
    """Take a list of texts, or one text with commas."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    if isinstance(value, list):
        return [text(part) for part in value]
    raise ValueError("is invalid")


def integers(value: Any) -> list[int]:
    """Take a list of integers, or one text with commas."""
    if isinstance(value, int):
        return [value]
    return [integer(part) for part in texts([str(v) for v in value] if isinstance(value, list) else value)]


def objects(value: Any) -> list[dict[str, Any]]:
    """Take a list of objects."""
    if not isinstance(value, list) or not all(isinstance(part, dict) for part in value):
        raise ValueError("is invalid")
    return value


def anything(value: Any) -> Any:
    """Take whatever it is."""
    return value


def one_of(*values: Any) -> Kind:
    """Return a kind that takes one of the values."""
    plain = integer if isinstance(values[0], int) else text

    def take(value: Any) -> Any:
        if plain(value) not in values:
            raise ValueError("does not have a valid value")
        return plain(value)

    return take


def take(
    given: Mapping[str, Any],
    required: Mapping[str, Kind] | None = None,
    optional: Mapping[str, Kind] | None = None,
) -> dict[str, Any]:
    """Return the parameters that were given, coerced; BadParams with all complaints at once. Others are ignored."""
    required, optional = required or {}, optional or {}
    complaints = [f"{name} is missing" for name in required if name not in given]
    found: dict[str, Any] = {}
    for name, kind in {**required, **optional}.items():
        if name not in given:
            continue
        if given[name] is None:
            found[name] = None
            continue
        try:
            found[name] = kind(given[name])
        except ValueError as error:
            complaints.append(f"{name} {error}")
    complaints += [f"{name} is empty" for name in required if name in found and found[name] in (None, "")]
    if complaints:
        raise BadParams(", ".join(complaints))
    return found
