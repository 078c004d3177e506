"""Labels of repositories; a new repository has those that GitHub gives it."""

from __future__ import annotations

import re
from typing import Any

from sigctl.sandbox.github.call import NO_CONTENT, Call, Reply
from sigctl.sandbox.github.errors import invalid, not_found
from sigctl.sandbox.github.routes import route
from sigctl.sandbox.github.state import State, node_id
from sigctl.sandbox.store import Document

_SCOPES = ("repo", "public_repo")
_PATH = "/repos/{owner}/{repo}/labels"
_MOST_NAME, _MOST_TEXT = 50, 100
BORN_WITH = (
    ("bug", "d73a4a", "Something isn't working"),
    ("documentation", "0075ca", "Improvements or additions to documentation"),
    ("duplicate", "cfd3d7", "This issue or pull request already exists"),
    ("enhancement", "a2eeef", "New feature or request"),
    ("good first issue", "7057ff", "Good for newcomers"),
    ("help wanted", "008672", "Extra attention is needed"),
    ("invalid", "e4e669", "This doesn't seem right"),
    ("question", "d876e3", "Further information is requested"),
    ("wontfix", "ffffff", "This will not be worked on"),
)


def labels_of(repo: Document) -> list[Document]:
    """Return the labels of a repository; those it was born with are not stored until one of them changes."""
    found: list[Document] | None = repo.get("labels")
    if found is not None:
        return found
    return [
        {"id": repo["id"] * 100 + n, "name": name, "color": color, "description": text, "default": True}
        for n, (name, color, text) in enumerate(BORN_WITH)
    ]


@route("GET", _PATH, "issues/list-labels-for-repo")
def list_labels(call: Call) -> Reply:
    """List the labels."""
    repo = call.part_of_repo()
    return call.page(labels_of(repo), lambda one: _shown(call, repo, one))


@route("POST", _PATH, "issues/create-label", *_SCOPES)
def create_label(call: Call) -> Reply:
    """Make a label."""
    repo, state = call.changeable_repo("push"), call.state
    fields = {"color": "ededed", "description": None} | _fields(call)
    name = call.field("name", str, "Label", required=True)
    _check_name(repo, name)
    made = {
        "id": state.store.next_id("labels", 9_000_000_001),
        "name": name,
        **fields,
        "default": False,
    }
    _save(state, repo, [*labels_of(repo), made])
    return Reply(201, _shown(call, repo, made))


@route("GET", f"{_PATH}/{{name*}}", "issues/get-label")
def get_label(call: Call) -> Reply:
    """Tell of a label."""
    repo = call.part_of_repo()
    return Reply(200, _shown(call, repo, _named(call, repo)))


@route("PATCH", f"{_PATH}/{{name*}}", "issues/update-label", *_SCOPES)
def update_label(call: Call) -> Reply:
    """Change what the body names; a new name stays on all that has the label."""
    repo = call.changeable_repo("push")
    found = _named(call, repo)
    changes = _fields(call)
    if (name := call.field("new_name", str, "Label")) is not None:
        _check_name(repo, name, but=found["id"])
        changes["name"] = name
    done = {**found, **changes}
    _save(call.state, repo, [done if one["id"] == found["id"] else one for one in labels_of(repo)])
    return Reply(200, _shown(call, repo, done))


@route("DELETE", f"{_PATH}/{{name*}}", "issues/delete-label", *_SCOPES)
def delete_label(call: Call) -> Reply:
    """Delete a label."""
    repo = call.changeable_repo("push")
    found = _named(call, repo)
    _save(call.state, repo, [one for one in labels_of(repo) if one["id"] != found["id"]])
    return Reply(NO_CONTENT)


def _save(state: State, repo: Document, labels: list[Document]) -> None:
    state.repos.save(repo, labels=labels)


def _named(call: Call, repo: Document) -> Document:
    name = call.params["name"].lower()
    found = next((one for one in labels_of(repo) if one["name"].lower() == name), None)
    if found is None:
        raise not_found()
    return found


def _check_name(repo: Document, name: str, but: int | None = None) -> None:
    if not name.strip() or len(name) > _MOST_NAME:
        raise invalid("Label", "name", "invalid")
    if any(one["name"].lower() == name.lower() and one["id"] != but for one in labels_of(repo)):
        raise invalid("Label", "name", "already_exists")


def _fields(call: Call) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if (color := call.field("color", str, "Label")) is not None:
        if not re.fullmatch(r"[0-9a-fA-F]{6}", color):
            raise invalid("Label", "color", "invalid")
        found["color"] = color
    if (text := call.field("description", str, "Label")) is not None:
        if len(text) > _MOST_TEXT:
            raise invalid("Label", "description", "too_long")
        found["description"] = text or None
    return found


def _shown(call: Call, repo: Document, one: Document) -> dict[str, Any]:
    name = call.state.full_name(repo)
    return {
        **one,
        "node_id": node_id("LA", one["id"]),
        "url": f"{call.base}/repos/{name}/labels/{one['name'].replace(' ', '%20')}",
    }
