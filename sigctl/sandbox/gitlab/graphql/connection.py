"""Connections: a page of a list with cursors."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any

from sigctl.sandbox.store import Document

LARGEST_PAGE = 100


def connect(
    rows: Sequence[Document], arguments: dict[str, Any], key: Callable[[Document], Any] | None = None
) -> Document:
    """Return the page that the arguments ask for, of at most 100 rows; cursors name the row they stand after."""
    name = key or _id
    start, end = 0, len(rows)
    if arguments.get("after"):
        start = _place(rows, arguments["after"], name) + 1
    if arguments.get("before"):
        end = _place(rows, arguments["before"], name)
    first, last = arguments.get("first"), arguments.get("last")
    if last is not None and first is None:
        start = max(start, end - min(max(last, 0), LARGEST_PAGE))
    else:
        end = min(end, start + min(max(LARGEST_PAGE if first is None else first, 0), LARGEST_PAGE))
    page = list(rows[start:end])
    cursors = [_cursor(name(row), start + at) for at, row in enumerate(page)]
    return {
        "count": len(rows),
        "nodes": page,
        "edges": [{"cursor": cursor, "node": row} for cursor, row in zip(cursors, page, strict=True)],
        "pageInfo": {
            "hasNextPage": end < len(rows),
            "hasPreviousPage": start > 0,
            "startCursor": cursors[0] if cursors else None,
            "endCursor": cursors[-1] if cursors else None,
        },
    }


def _id(row: Document) -> int:
    return int(row["id"])


def _cursor(key: Any, position: int) -> str:
    return base64.urlsafe_b64encode(json.dumps({"id": key, "at": position}).encode()).decode()


def _place(rows: Sequence[Document], cursor: str, name: Callable[[Document], Any]) -> int:
    """Return the row's position; where it is gone by now, that of the row before it."""
    try:
        found = json.loads(base64.urlsafe_b64decode(cursor))
        wanted, position = found["id"], int(found["at"])
    except (ValueError, KeyError, TypeError):
        raise ValueError("Please provide a valid cursor") from None
    for at in (position, *range(len(rows))):
        if at < len(rows) and name(rows[at]) == wanted:
            return int(at)
    return position - 1
