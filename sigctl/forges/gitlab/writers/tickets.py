"""The one issue that sigctl keeps for a SIG: found by its marker and its author, opened, changed, closed."""

from __future__ import annotations

from typing import Any

from sigctl.forges.gitlab.context import Context
from sigctl.forges.gitlab.names import quoted
from sigctl.forges.telling import Ticket, Ticketed

LONGEST_TITLE, LONGEST = 255, 500_000
"""Characters; GitLab takes a million for the text."""


def ticket(ctx: Context, repo: str, marker: str, wanted: Ticket | None) -> tuple[Ticketed, str]:
    """Have one open issue of ours as wanted, or none that is open; return what was done, and its address."""
    url = f"/projects/{quoted(repo)}/issues"
    me = int(ctx.me()["id"])

    def ours() -> dict[str, Any] | None:
        rows = ctx.client.pages(url, author_id=me, scope="all")
        found = [
            row
            for row in rows
            if (row.get("author") or {}).get("id") == me
            and str(row.get("description") or "").startswith(marker)
        ]
        return min(found, key=lambda row: int(row["iid"]), default=None)

    there = ours()
    if there is None:
        if wanted is None:
            return "none", ""
        body = {"title": wanted.title[:LONGEST_TITLE], "description": wanted.text[:LONGEST]}
        made = ctx.client.post(url, body, happened=ours)
        return "opened", str(made.get("web_url") or "")
    address, is_open = str(there.get("web_url") or ""), there.get("state") == "opened"
    here = f"{url}/{int(there['iid'])}"
    if wanted is None:
        if not is_open:
            return "none", address
        ctx.client.put(here, {"state_event": "close"})
        return "closed", address
    body = {"title": wanted.title[:LONGEST_TITLE], "description": wanted.text[:LONGEST]}
    same = str(there.get("description") or "").strip() == body["description"].strip()
    if is_open and there.get("title") == body["title"] and same:
        return "unchanged", address
    ctx.client.put(here, body if is_open else {**body, "state_event": "reopen"})
    return ("changed" if is_open else "opened"), address
