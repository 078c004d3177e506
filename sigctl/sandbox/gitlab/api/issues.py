"""Issues of projects: opening, changing and closing them."""

from __future__ import annotations

from typing import Any

from sigctl.sandbox.gitlab import levels, params, render
from sigctl.sandbox.gitlab.api.common import need, project_of, writable
from sigctl.sandbox.gitlab.http import Call, Reply, Routes, forbidden, invalid, not_found
from sigctl.sandbox.gitlab.merge_requests import moment
from sigctl.sandbox.store import Collection, Document

_LONGEST_TITLE, _LONGEST = 255, 1_048_576
_CHANGES = {
    "title": params.text,
    "description": params.text,
    "state_event": params.one_of("close", "reopen"),
    "confidential": params.boolean,
}


def register(routes: Routes) -> None:
    """Add the operations of this family."""
    base = "/projects/:id/issues"
    routes.add("GET", base, anonymous=True)(_list)
    routes.add("POST", base)(_create)
    routes.add("GET", f"{base}/:iid", anonymous=True)(_get)
    routes.add("PUT", f"{base}/:iid")(_change)


def issues_of(call: Call) -> Collection:
    """Return the issues, by project and by number."""
    return call.world.store.collection(
        "issues", project=lambda i: i["project_id"], iid=lambda i: (i["project_id"], i["iid"])
    )


def _project(call: Call) -> Document:
    project = project_of(call)
    if project.get("settings", {}).get("issues_access_level") == "disabled":
        forbidden()
    return project


def _issue(call: Call) -> tuple[Document, Document]:
    project = _project(call)
    found = issues_of(call).one("iid", (project["id"], call.number(1, "issue_iid")))
    if found is None:
        not_found("Issue")
    return project, found


def _list(call: Call) -> Reply:
    project = _project(call)
    asked = call.take(None, {"state": params.text, "author_id": params.integer})
    found = [
        one
        for one in reversed(issues_of(call).find("project", project["id"]))
        if asked.get("state", "all") in ("all", one["state"])
        and asked.get("author_id") in (None, one["author_id"])
    ]
    return call.page(found, lambda one: _shown(call, project, one))


def _create(call: Call) -> Reply:
    project = _project(call)
    writable(project)
    asked = call.take({"title": params.text}, _CHANGES)
    _check(asked)
    made = issues_of(call).add(
        {
            "iid": len(issues_of(call).find("project", project["id"])) + 1,
            "project_id": project["id"],
            "title": asked["title"],
            "description": asked.get("description"),
            "confidential": bool(asked.get("confidential")),
            "author_id": call.me["id"],
            "state": "opened",
            "closed_at": None,
            "created_at": moment(call.world),
            "updated_at": moment(call.world),
        }
    )
    return Reply(201, _shown(call, project, made))


def _get(call: Call) -> Reply:
    project, found = _issue(call)
    return Reply(200, _shown(call, project, found))


def _change(call: Call) -> Reply:
    project, found = _issue(call)
    writable(project)
    if found["author_id"] != call.me["id"] and call.access.project(project) < levels.REPORTER:
        forbidden()
    asked = call.take(None, _CHANGES)
    need(asked, list(_CHANGES))
    _check(asked)
    event = asked.pop("state_event", None)
    if event:
        closed = event == "close"
        asked |= {
            "state": "closed" if closed else "opened",
            "closed_at": moment(call.world) if closed else None,
        }
    issues_of(call).save(found, **asked, updated_at=moment(call.world))
    return Reply(200, _shown(call, project, found))


def _check(asked: dict[str, Any]) -> None:
    if len(asked.get("title") or "") > _LONGEST_TITLE:
        invalid("title", f"is too long (maximum is {_LONGEST_TITLE} characters)")
    if len(asked.get("description") or "") > _LONGEST:
        invalid("description", f"is too long (maximum is {_LONGEST} characters)")


def _shown(call: Call, project: Document, one: Document) -> dict[str, Any]:
    names = (
        "id",
        "iid",
        "project_id",
        "title",
        "description",
        "state",
        "confidential",
        "created_at",
        "updated_at",
        "closed_at",
    )
    path = call.world.project_path(project)
    return {
        **{name: one[name] for name in names},
        "author": render.user_basic(call, call.world.users[one["author_id"]]),
        "labels": [],
        "assignees": [],
        "web_url": f"{call.url}/{path}/-/issues/{one['iid']}",
    }
