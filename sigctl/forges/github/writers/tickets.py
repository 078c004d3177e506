"""The one issue that sigctl keeps for a SIG: found by its marker and its author, opened, changed, closed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from sigctl.forges.github import documents
from sigctl.forges.github.client import Answer
from sigctl.forges.github.names import split
from sigctl.forges.github.session import Session, path
from sigctl.forges.telling import Ticket, Ticketed

LONGEST = 65_000
"""Characters of a text; GitHub takes 65,536."""


def ticket(session: Session, repo: str, marker: str, wanted: Ticket | None) -> tuple[Ticketed, str]:
    """Have one open issue of ours as wanted, or none that is open; return what was done, and its address."""
    url = path("repos", *split(repo), "issues")
    viewer = session.graphql.ask(documents.VIEWER, {}, org=split(repo)[0])["viewer"]["login"]
    query = urlencode({"state": "all", "creator": str(viewer)})

    def ours() -> Mapping[str, Any] | None:
        found = [
            one
            for one in session.every(f"{url}?{query}")
            if (one.get("user") or {}).get("login") == viewer
            and str(one.get("body") or "").startswith(marker)
            and not one.get("pull_request")
        ]
        return min(found, key=lambda one: int(one["number"]), default=None)

    def happened() -> Answer | None:
        found = ours()
        return Answer(200, {}, found) if found else None

    there = ours()
    if there is None:
        if wanted is None:
            return "none", ""
        body = {"title": wanted.title, "body": wanted.text[:LONGEST]}
        made = session.write("POST", url, body, repeatable=False, happened=happened).data
        return "opened", str(made.get("html_url") or "")
    address, is_open = str(there.get("html_url") or ""), there.get("state") == "open"
    here = url + path(there["number"])
    if wanted is None:
        if not is_open:
            return "none", address
        session.write("PATCH", here, {"state": "closed", "state_reason": "completed"})
        return "closed", address
    body = {"title": wanted.title, "body": wanted.text[:LONGEST], "state": "open"}
    if is_open and there.get("title") == body["title"] and _same(there.get("body"), body["body"]):
        return "unchanged", address
    session.write("PATCH", here, body)
    return ("changed" if is_open else "opened"), address


def _same(one: Any, other: str) -> bool:
    return str(one or "").replace("\r\n", "\n").strip() == other.strip()
