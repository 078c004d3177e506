"""The one issue that sigctl keeps for a SIG: found by its marker and its author, opened, added to, closed."""

from __future__ import annotations

from typing import Any

from sigctl.forges.pagure.session import Session
from sigctl.forges.telling import Ticket, Ticketed

OPEN = "Open"
CLOSED = "Closed"


def ticket(session: Session, repo: str, marker: str, wanted: Ticket | None) -> tuple[Ticketed, str]:
    """Have one open issue of ours as wanted, or none that is open; return what was done, and its address."""

    def ours() -> dict[str, Any] | None:
        rows = session.every(f"/{repo}/issues", "issues", author=session.me(), status="all")
        found = [
            row
            for row in rows
            if (row.get("user") or {}).get("name") == session.me()
            and str(row.get("content") or "").startswith(marker)
        ]
        return min(found, key=lambda row: int(row["id"]), default=None)

    there = ours()
    if there is None:
        if wanted is None:
            return "none", ""
        form = {"title": wanted.title, "issue_content": wanted.text}
        made = session.write("POST", f"/{repo}/new_issue", form, repeatable=False, happened=ours)
        return "opened", _address(session, repo, made.get("issue") or made)
    address, is_open = _address(session, repo, there), there.get("status") == OPEN
    here = f"/{repo}/issue/{int(there['id'])}"
    if wanted is None:
        if not is_open:
            return "none", address
        session.write("POST", f"{here}/status", {"status": CLOSED})
        return "closed", address
    if is_open and _last(session, there) == _plain(wanted.text):
        return "unchanged", address
    if not is_open:
        session.write("POST", f"{here}/status", {"status": OPEN})
    if _last(session, there) != _plain(wanted.text):
        session.write("POST", f"{here}/comment", {"comment": wanted.text}, repeatable=False)
    return ("changed" if is_open else "opened"), address


def _last(session: Session, row: dict[str, Any]) -> str:
    """Return what we said last: a token that is not the project's own may comment on an issue, and not edit it."""
    ours = [
        one
        for one in row.get("comments") or ()
        if (one.get("user") or {}).get("name") == session.me()
        and str(one.get("comment") or "").startswith("<!-- ")
    ]
    said = str(ours[-1]["comment"]) if ours else str(row.get("content") or "")
    return _plain(said)


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _address(session: Session, repo: str, row: dict[str, Any]) -> str:
    return f"{session.url}/{repo}/issue/{row['id']}" if "id" in row else ""
