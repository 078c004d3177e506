"""Pages of a list: by number with totals that vanish for long lists, or by key."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sigctl.sandbox.store import Document

DEFAULT, LARGEST = 20, 100
COUNTED = 10_000
"""Rows up to which GitLab says how many there are."""


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of one page and the headers that say where the others are."""

    items: Sequence[Document]
    headers: dict[str, str]


def by_number(
    items: Sequence[Document],
    asked: Mapping[str, Any],
    given: Mapping[str, Any],
    address: str,
    *,
    total: bool = True,
) -> Page:
    """Return page `page`; with more than COUNTED rows, or where the list has no totals, `Link` is all there is."""
    page, size = max(asked.get("page") or 1, 1), _size(asked)
    last = max(-(-len(items) // size), 1)
    after = page + 1 if page < last else None
    before = page - 1 if page > 1 else None
    headers = {
        "x-page": str(page),
        "x-per-page": str(size),
        "x-next-page": str(after or ""),
        "x-prev-page": str(before or ""),
    }
    links = [("prev", before), ("next", after), ("first", 1)]
    if total and len(items) <= COUNTED:
        headers |= {"x-total": str(len(items)), "x-total-pages": str(last)}
        links.append(("last", last))
    headers["link"] = ", ".join(
        f'<{address}?{_query(given, page=number, per_page=size)}>; rel="{rel}"'
        for rel, number in links
        if number
    )
    return Page(items[(page - 1) * size : page * size], headers)


def by_key(
    items: Sequence[Document], asked: Mapping[str, Any], given: Mapping[str, Any], address: str, way: str
) -> Page:
    """Return the rows after a key: `way` is `id` (id_after, id_before) or `cursor` (an opaque text)."""
    size, falling = _size(asked), asked.get("sort", "desc") != "asc"
    rows = sorted(items, key=lambda item: item["id"], reverse=falling)
    start = asked.get("id_before" if falling else "id_after")
    if way == "cursor":
        start = _opened(asked.get("cursor", ""))
    if start is not None:
        rows = [row for row in rows if (row["id"] < start if falling else row["id"] > start)]
    headers = {"x-per-page": str(size)}
    if len(rows) > size:
        key = rows[size - 1]["id"]
        place = {"id_before" if falling else "id_after": key} if way == "id" else {"cursor": _closed(key)}
        kept = {
            name: value for name, value in given.items() if name not in ("id_after", "id_before", "cursor")
        }
        headers["link"] = f'<{address}?{_query(kept, **place)}>; rel="next"'
    return Page(rows[:size], headers)


def _size(asked: Mapping[str, Any]) -> int:
    size = asked.get("per_page")
    return DEFAULT if not size or size < 1 else min(size, LARGEST)


def _closed(key: int) -> str:
    return base64.urlsafe_b64encode(json.dumps({"id": str(key), "_kd": "n"}).encode()).decode()


def _opened(cursor: str) -> int | None:
    if not cursor:
        return None
    try:
        return int(json.loads(base64.urlsafe_b64decode(cursor))["id"])
    except (ValueError, KeyError, TypeError):
        return None


def _query(given: Mapping[str, Any], **more: Any) -> str:
    pairs: list[tuple[str, Any]] = []
    for name, value in {**given, **more}.items():
        if isinstance(value, list):
            pairs += [(f"{name}[]", part) for part in value]
        elif isinstance(value, dict):
            pairs += [(f"{name}[{key}]", part) for key, part in value.items()]
        else:
            pairs.append((name, value))
    return urlencode(pairs)
