"""Merge requests: who approves the present head, who objects; our one comment, and the status of a commit.

GitLab keeps approvals when more is pushed (only paid tiers can drop them), so each is held against the time at which the server
noted the present head. Older servers don't say when somebody approved; there the system's own note does, which takes a token.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

from sigctl.errors import DeniedError, NotThereError, PartialError
from sigctl.forges.gitlab.context import Context
from sigctl.forges.gitlab.names import quoted
from sigctl.forges.proposals import VETO, Edit, Mark, Proposal, State, Who

Json = Mapping[str, Any]
_STATES: dict[str, Literal["open", "closed", "merged"]] = {
    "opened": "open",
    "locked": "open",
    "closed": "closed",
    "merged": "merged",
}
_SAID: dict[State, str] = {"pending": "pending", "success": "success", "failure": "failed"}
_APPROVED = "approved this merge request"
_LONGEST = 255
"""Characters of a status' description."""


def proposal(ctx: Context, repo: str, number: int) -> Proposal:
    """Return a merge request; raises ForgeError, PartialError where an answer lacks what must be in it."""
    path = f"/projects/{quoted(repo)}/merge_requests/{int(number)}"
    told = _object(ctx.client.get(path), path)
    threads = _threads(ctx, path)
    approved, outdated, unread = _approvals(ctx, path, str(_need(told, "sha", path)), threads)
    labels = [str(one) for one in told.get("labels") or ()]
    return Proposal(
        repo=repo,
        number=int(number),
        url=str(told.get("web_url") or ""),
        title=str(told.get("title") or ""),
        author=_who(_need(told, "author", path), path),
        opened=str(_need(told, "created_at", path)),
        state=_STATES.get(str(_need(told, "state", path)), "closed"),
        head=str(told["sha"]),
        target=str(_need(told, "target_branch", path)),
        ref=f"refs/merge-requests/{int(number)}/head",
        approved=approved,
        outdated=outdated,
        objections=tuple(_objections(threads or (), labels, draft=bool(told.get("draft")))),
        unread=(*unread, *(("its threads need a token",) if threads is None else ())),
    )


def open_proposals(ctx: Context, repo: str) -> tuple[int, ...]:
    """Return the numbers of the open merge requests to the default branch, the oldest first."""
    path = f"/projects/{quoted(repo)}"
    branch = _need(_object(ctx.client.get(path), path), "default_branch", path)
    rows = ctx.client.pages(f"{path}/merge_requests", state="opened", target_branch=branch)
    return tuple(sorted(int(_need(row, "iid", path)) for row in rows))


def _threads(ctx: Context, path: str) -> list[Json] | None:
    """Return the threads, None where nobody without a token, or not this one, may read them."""
    try:
        return ctx.client.pages(f"{path}/discussions")
    except DeniedError:
        return None


def _approvals(
    ctx: Context, path: str, head: str, threads: list[Json] | None
) -> tuple[tuple[Who, ...], tuple[Who, ...], tuple[str, ...]]:
    rows = _object(ctx.client.get(f"{path}/approvals"), path).get("approved_by")
    if not isinstance(rows, list):
        raise PartialError(f"{path}: approvals without `approved_by`")
    since = _pushed(ctx, path, head)
    noted = _noted(threads or ())
    approved: list[Who] = []
    outdated: list[Who] = []
    unread: list[str] = []
    for row in rows:
        who = _who(_need(row, "user", path), path)
        at = row.get("approved_at") or noted.get(who.login)
        if at is None:
            unread.append(f"when {who.login} approved needs a token, so it counts for nothing")
        else:
            (approved if _time(at) >= since else outdated).append(who)
    return tuple(approved), tuple(outdated), tuple(unread)


def _pushed(ctx: Context, path: str, head: str) -> datetime:
    """Return when the server noted the present head: not the date in the commit, which its author writes."""
    times = [
        _time(_need(row, "created_at", path))
        for row in ctx.client.pages(f"{path}/versions")
        if row.get("head_commit_sha") == head
    ]
    if not times:
        raise PartialError(
            f"{path}: no version with the head {head[:12]}; the server is not done with a push"
        )
    return max(times)


def _noted(threads: Iterable[Json]) -> dict[str, str]:
    """Return login -> time of the last approval in the notes that the server itself writes."""
    found: dict[str, str] = {}
    for thread in threads:
        for note in thread.get("notes") or ():
            if note.get("system") is True and note.get("body") == _APPROVED:
                login, at = str(note["author"]["username"]), str(note["created_at"])
                found[login] = max(found.get(login, ""), at)
    return found


def _objections(threads: Iterable[Json], labels: Iterable[str], *, draft: bool) -> Iterable[str]:
    for thread in threads:
        notes = thread.get("notes") or []
        if any(note.get("resolvable") and not note.get("resolved") for note in notes):
            yield f"an unresolved thread of {notes[0]['author']['username']}"
    if any(label.casefold() == VETO for label in labels):
        yield f"the label `{VETO}`"
    if draft:
        yield "it is a draft"


def comment(ctx: Context, repo: str, number: int, marker: str, edit: Edit) -> bool:
    """Have one note of ours that begins with the marker; False where it was as it should be."""
    path = f"/projects/{quoted(repo)}/merge_requests/{int(number)}/notes"
    me = _need(_object(ctx.client.get("/user"), "/user"), "id", "/user")

    def ours() -> Json | None:
        return next(
            (
                note
                for note in ctx.client.pages(path, sort="asc", order_by="created_at")
                if note["author"]["id"] == me and str(note.get("body") or "").startswith(marker)
            ),
            None,
        )

    there = ours()
    body = edit(str(there["body"]) if there else "")
    if there is None:
        ctx.client.post(path, {"body": body}, happened=ours)
        return True
    if str(there["body"]).strip() == body.strip():
        return False
    ctx.client.put(f"{path}/{there['id']}", {"body": body})
    return True


def mark(ctx: Context, repo: str, commit: str, wanted: Mark) -> bool:
    """Have the commit's status be so; False where it was, since GitLab refuses to go from `pending` to itself."""
    path = f"/projects/{quoted(repo)}"
    rows = ctx.client.pages(f"{path}/repository/commits/{quoted(commit)}/statuses", name=wanted.name)
    there = next((row for row in rows if row.get("name") == wanted.name), None)
    body = {"state": _SAID[wanted.state], "name": wanted.name, "description": wanted.text[:_LONGEST]}
    if there is not None and there.get("status") == body["state"]:
        same = there.get("description") == body["description"]
        if same or wanted.state == "pending":
            return False
    # a second one of the same name takes the place of the first
    ctx.client.post(f"{path}/statuses/{quoted(commit)}", body, repeatable=True)
    return True


def _object(data: Any, path: str) -> Json:
    if not isinstance(data, Mapping):
        raise PartialError(f"{path}: the answer is no object")
    return data


def _need(told: Json, name: str, path: str) -> Any:
    if told.get(name) is None:
        if name == "sha":
            raise NotThereError(f"{path}: it has no commit", "was its branch deleted?")
        raise PartialError(f"{path}: without `{name}`")
    return told[name]


def _who(told: Any, path: str) -> Who:
    if not isinstance(told, Mapping) or not isinstance(told.get("username"), str):
        raise PartialError(f"{path}: an account without `username`")
    return Who(told["username"], told.get("id"))


def _time(text: Any) -> datetime:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        raise PartialError(f"`{str(text)[:40]}` is no time") from None
