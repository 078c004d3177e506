"""Issues: opening, changing and closing them; they share their numbers with pull requests."""

from __future__ import annotations

from typing import Any

from sigctl.sandbox.github import rights, shapes
from sigctl.sandbox.github.call import Call, Reply
from sigctl.sandbox.github.errors import ApiError, forbidden, invalid, not_found
from sigctl.sandbox.github.pull_shapes import pulls_of
from sigctl.sandbox.github.routes import route
from sigctl.sandbox.github.state import State, node_id
from sigctl.sandbox.store import Collection, Document

Json = dict[str, Any]
_SCOPES = ("repo", "public_repo")
LONGEST = 65_536
_STATES = ("open", "closed")


def issues_of(state: State) -> Collection:
    """Return the issues, by repository and by number."""
    return state.store.collection(
        "issues", repo=lambda i: i["repo"], number=lambda i: (i["repo"], i["number"])
    )


def next_number(state: State, repo: Document) -> int:
    """Return the number for a new issue or pull request."""
    every = (*issues_of(state).find("repo", repo["id"]), *pulls_of(state).find("repo", repo["id"]))
    return max((int(one["number"]) for one in every), default=0) + 1


def _repo(call: Call) -> Document:
    repo = call.part_of_repo()
    if not repo["has_issues"]:
        raise ApiError(410, "Issues has been disabled in this repository.")
    return repo


def _issue(call: Call) -> tuple[Document, Document]:
    repo = _repo(call)
    number = call.params["issue_number"]
    found = issues_of(call.state).one("number", (repo["id"], int(number) if number.isdecimal() else 0))
    if found is None:
        raise not_found()
    return repo, found


def _body(call: Call) -> str | None:
    body = call.field("body", str, "Issue")
    if body is not None and len(body) > LONGEST:
        raise invalid("Issue", "body", "custom", "body is too long (maximum is 65536 characters)")
    return None if body is None else str(body)


@route("GET", "/repos/{owner}/{repo}/issues", "issues/list-for-repo")
def list_issues(call: Call) -> Reply:
    """List the issues, the newest first; pull requests are left out here."""
    repo = _repo(call)
    wanted, creator = call.query.get("state", "open"), call.query.get("creator", "").lower()
    found = [
        one
        for one in reversed(issues_of(call.state).find("repo", repo["id"]))
        if wanted in ("all", one["state"])
        and creator in ("", call.state.accounts[one["user"]]["login"].lower())
    ]
    return call.page(found, lambda one: _shape(call, repo, one))


@route("POST", "/repos/{owner}/{repo}/issues", "issues/create", *_SCOPES)
def create_issue(call: Call) -> Reply:
    """Open an issue, as anyone may who sees the repository."""
    repo = _repo(call)
    if repo["archived"]:
        raise forbidden("Repository was archived so is read-only.")
    made = call.state.add(
        issues_of(call.state),
        repo=repo["id"],
        number=next_number(call.state, repo),
        title=str(call.field("title", str, "Issue", required=True)),
        body=_body(call),
        state="open",
        user=call.user()["id"],
        closed_at=None,
    )
    return Reply(201, _shape(call, repo, made))


@route("GET", "/repos/{owner}/{repo}/issues/{issue_number}", "issues/get")
def get_issue(call: Call) -> Reply:
    """Show an issue."""
    return Reply(200, _shape(call, *_issue(call)))


@route("PATCH", "/repos/{owner}/{repo}/issues/{issue_number}", "issues/update", *_SCOPES)
def update_issue(call: Call) -> Reply:
    """Change, close or open an issue: its author may, and whoever may triage."""
    repo, found = _issue(call)
    if repo["archived"]:
        raise forbidden("Repository was archived so is read-only.")
    if found["user"] != call.caller and not rights.may(call.state, repo, call.caller, "triage"):
        raise forbidden("Must have triage access to the repository.")
    title, body = call.field("title", str, "Issue"), _body(call)
    state = call.choice("state", _STATES, "Issue") or found["state"]
    call.state.touch(
        issues_of(call.state),
        found,
        title=title or found["title"],
        body=found["body"] if body is None else body,
        state=state,
        closed_at=None if state == "open" else found["closed_at"] or call.state.clock.stamp(),
    )
    return Reply(200, _shape(call, repo, found))


def _shape(call: Call, repo: Document, one: Document) -> Json:
    full, number = call.state.full_name(repo), one["number"]
    url = f"{call.base}/repos/{full}/issues/{number}"
    return {
        "id": one["id"],
        "node_id": node_id("I", one["id"]),
        "url": url,
        "repository_url": f"{call.base}/repos/{full}",
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": f"{shapes.site(call)}/{full}/issues/{number}",
        "number": number,
        "state": one["state"],
        "state_reason": "completed" if one["state"] == "closed" else None,
        "title": one["title"],
        "body": one["body"],
        "user": shapes.simple_user(call, call.state.accounts[one["user"]]),
        "labels": [],
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "locked": False,
        "active_lock_reason": None,
        "comments": 0,
        "closed_at": one["closed_at"],
        "created_at": one["created_at"],
        "updated_at": one["updated_at"],
        "author_association": "MEMBER",
    }
