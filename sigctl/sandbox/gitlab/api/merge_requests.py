"""Merge requests: opening and changing them, approvals, threads and notes, and the statuses of commits."""

from __future__ import annotations

from http import HTTPStatus

from sigctl.sandbox.gitlab import approvals, gitdata, levels, params
from sigctl.sandbox.gitlab import merge_requests as model
from sigctl.sandbox.gitlab.api.common import project_of
from sigctl.sandbox.gitlab.http import ApiError, Call, Reply, Routes, forbidden, not_found, refuse
from sigctl.sandbox.store import Document

_STATES = ("pending", "running", "success", "failed", "canceled", "skipped")
_DONE = ("success", "failed", "canceled", "skipped")
_LONGEST = 255
"""Characters of a status' description."""


def register(routes: Routes) -> None:
    """Add the operations of this family."""
    base = "/projects/:id/merge_requests"
    routes.add("GET", base, anonymous=True)(_list)
    routes.add("POST", base)(_create)
    routes.add("GET", f"{base}/:iid", anonymous=True)(_get)
    routes.add("PUT", f"{base}/:iid")(_change)
    routes.add("GET", f"{base}/:iid/versions", anonymous=True)(_versions)
    routes.add("GET", f"{base}/:iid/approvals", anonymous=True)(_approvals)
    routes.add("POST", f"{base}/:iid/approve")(_approve)
    routes.add("POST", f"{base}/:iid/unapprove")(_unapprove)
    routes.add("GET", f"{base}/:iid/discussions")(_discussions)
    routes.add("POST", f"{base}/:iid/discussions")(_discuss)
    routes.add("PUT", f"{base}/:iid/discussions/:discussion")(_resolve)
    routes.add("GET", f"{base}/:iid/notes")(_notes)
    routes.add("POST", f"{base}/:iid/notes")(_comment)
    routes.add("PUT", f"{base}/:iid/notes/:note")(_edit)
    routes.add("POST", "/projects/:id/statuses/:sha")(_mark)
    routes.add("GET", "/projects/:id/repository/commits/:sha/statuses")(_statuses)


def _request(call: Call) -> tuple[Document, Document]:
    project = project_of(call)
    request = model.all_of(call.world).one("iid", (project["id"], call.number(1, "merge_request_iid")))
    if request is None:
        not_found()
    model.refresh(call.world, request)
    return project, request


def _list(call: Call) -> Reply:
    project = project_of(call)
    asked = call.take(None, {"state": params.text, "target_branch": params.text})
    found = [
        request
        for request in reversed(model.all_of(call.world).find("project", project["id"]))
        if asked.get("state", "all") in ("all", request["state"])
        and asked.get("target_branch") in (None, request["target_branch"])
    ]
    for request in found:
        model.refresh(call.world, request)
    return call.page(found, lambda request: model.shown(call, request))


def _create(call: Call) -> Reply:
    source = project_of(call, levels.DEVELOPER)
    asked = call.take(
        {"source_branch": params.text, "target_branch": params.text, "title": params.text},
        {"target_project_id": params.integer, "description": params.text, "labels": params.texts},
    )
    target = call.world.projects.get(asked.get("target_project_id") or source["id"])
    if target is None or not call.access.sees_project(target):
        not_found("Project")
    if target["id"] not in (source["id"], source.get("forked_from")):
        refuse(422, ["Source project is not a fork of the target project"])
    if not call.world.repo(source).ref(f"refs/heads/{asked['source_branch']}"):
        refuse(400, {"source_branch": ["does not exist"]})
    others = model.all_of(call.world).find("project", target["id"])
    twin = [
        one
        for one in others
        if one["state"] == "opened"
        and (one["source_project_id"], one["source_branch"], one["target_branch"])
        == (source["id"], asked["source_branch"], asked["target_branch"])
    ]
    if twin:
        text = f"Another open merge request already exists for this source branch: !{twin[0]['iid']}"
        refuse(HTTPStatus.CONFLICT, [text])
    request = model.all_of(call.world).add(
        {
            "iid": len(others) + 1,
            "project_id": target["id"],
            "source_project_id": source["id"],
            "source_branch": asked["source_branch"],
            "target_branch": asked["target_branch"],
            "title": asked["title"],
            "description": asked.get("description"),
            "labels": asked.get("labels") or [],
            "author_id": call.me["id"],
            "state": "opened",
            "approvals": [],
            "versions": [],
            "created_at": model.moment(call.world),
            "updated_at": model.moment(call.world),
        }
    )
    model.refresh(call.world, request)
    return Reply(201, model.shown(call, request))


def _get(call: Call) -> Reply:
    _, request = _request(call)
    return Reply(200, model.shown(call, request))


def _may_change(call: Call, project: Document, request: Document) -> None:
    if call.access.project(project) < levels.DEVELOPER and request["author_id"] != call.me["id"]:
        forbidden()


def _change(call: Call) -> Reply:
    project, request = _request(call)
    _may_change(call, project, request)
    asked = call.take(
        None,
        {
            "title": params.text,
            "labels": params.texts,
            "add_labels": params.texts,
            "remove_labels": params.texts,
            "state_event": params.one_of("close", "reopen"),
        },
    )
    labels = asked.get("labels", request["labels"]) or []
    labels = [*labels, *(one for one in asked.get("add_labels") or [] if one not in labels)]
    labels = [one for one in labels if one not in (asked.get("remove_labels") or [])]
    state = {"close": "closed", "reopen": "opened"}.get(asked.get("state_event", ""), request["state"])
    model.all_of(call.world).save(
        request, title=asked.get("title", request["title"]), labels=labels, state=state
    )
    return Reply(200, model.shown(call, request))


def _versions(call: Call) -> Reply:
    _, request = _request(call)
    return call.page(
        list(reversed(request["versions"])), lambda version: model.version_shown(request, version)
    )


def _approvals(call: Call) -> Reply:
    _, request = _request(call)
    return Reply(200, model.approvals_shown(call, request))


def _approve(call: Call) -> Reply:
    project, request = _request(call)
    sha = call.take(None, {"sha": params.text}).get("sha")
    if sha and sha != request["versions"][-1]["sha"]:
        refuse(
            HTTPStatus.CONFLICT, f"SHA does not match HEAD of source branch: {request['versions'][-1]['sha']}"
        )
    if not approve(call, project, request):
        raise ApiError(401, {"message": "401 Unauthorized"})
    return Reply(201, model.approvals_shown(call, request))


def approve(call: Call, project: Document, request: Document) -> bool:
    """Note the caller's approval; False where he may not or already has: any developer may, the author too unless a setting forbids."""
    mine = [one for one in request["approvals"] if one["user_id"] == call.me["id"]]
    own = call.world.premium and request["author_id"] == call.me["id"]
    if own and not approvals.settings_of(project)["merge_requests_author_approval"]:
        return False
    if mine or call.access.project(project) < levels.DEVELOPER:
        return False
    one = {"user_id": call.me["id"], "at": model.moment(call.world)}
    model.all_of(call.world).save(request, approvals=[*request["approvals"], one])
    model.add_note(call.world, request, call.me, "approved this merge request", system=True)
    return True


def _unapprove(call: Call) -> Reply:
    _, request = _request(call)
    kept = [one for one in request["approvals"] if one["user_id"] != call.me["id"]]
    if len(kept) == len(request["approvals"]):
        not_found()
    model.all_of(call.world).save(request, approvals=kept)
    model.add_note(call.world, request, call.me, "unapproved this merge request", system=True)
    return Reply(201, model.approvals_shown(call, request))


def _threads(call: Call, request: Document) -> list[list[Document]]:
    found: dict[str, list[Document]] = {}
    for note in model.notes_of(call.world).find("request", request["id"]):
        found.setdefault(note["discussion"], []).append(note)
    return list(found.values())


def _discussions(call: Call) -> Reply:
    _, request = _request(call)
    threads = [{"id": number, "notes": notes} for number, notes in enumerate(_threads(call, request))]
    return call.page(threads, lambda thread: model.discussion_shown(call, thread["notes"]), total=False)


def _discuss(call: Call) -> Reply:
    _, request = _request(call)
    body = call.take({"body": params.text})["body"]
    note = model.add_note(call.world, request, call.me, body, resolvable=True)
    return Reply(201, model.discussion_shown(call, [note]))


def _resolve(call: Call) -> Reply:
    project, request = _request(call)
    _may_change(call, project, request)
    resolved = call.take({"resolved": params.boolean})["resolved"]
    notes = next((one for one in _threads(call, request) if one[0]["discussion"] == call.args[2]), None)
    if notes is None:
        not_found("Discussion")
    for note in notes:
        model.notes_of(call.world).save(note, resolved=resolved)
    return Reply(200, model.discussion_shown(call, notes))


def _notes(call: Call) -> Reply:
    _, request = _request(call)
    falling = call.take(None, {"sort": params.text}).get("sort", "desc") != "asc"
    found = model.notes_of(call.world).find("request", request["id"])
    return call.page(found[::-1] if falling else found, lambda note: model.note_shown(call, note))


def _comment(call: Call) -> Reply:
    project, request = _request(call)
    body = _without_commands(call, project, request)
    if not body:  # nothing but quick actions
        return Reply(202, {"commands_changes": {}, "summary": ["Commands applied"]})
    return Reply(201, model.note_shown(call, model.add_note(call.world, request, call.me, body)))


def _without_commands(call: Call, project: Document, request: Document) -> str:
    """Carry the quick actions of a text out as the caller, and return what is left of it."""
    body, found = model.commands(call.take({"body": params.text})["body"])
    for name, rest in found:
        if name == "approve":
            approve(call, project, request)
        elif name in ("label", "close") and call.access.project(project) >= levels.DEVELOPER:
            labels = [*request["labels"], *(one.strip("~\"' ") for one in rest.split() if name == "label")]
            state = "closed" if name == "close" else request["state"]
            model.all_of(call.world).save(request, labels=labels, state=state)
    return body


def _edit(call: Call) -> Reply:
    project, request = _request(call)
    note = model.notes_of(call.world).get(call.number(2, "note_id"))
    if note is None or note["request_id"] != request["id"]:
        not_found("Note")
    if note["author_id"] != call.me["id"] and call.access.project(project) < levels.MAINTAINER:
        forbidden()
    body = _without_commands(call, project, request)
    model.notes_of(call.world).save(note, body=body, updated_at=model.moment(call.world))
    return Reply(200, model.note_shown(call, note))


def _mark(call: Call) -> Reply:
    project = project_of(call, levels.DEVELOPER)
    sha = call.args[1]
    asked = call.take(
        {"state": params.one_of(*_STATES)},
        {"name": params.text, "context": params.text, "description": params.text, "target_url": params.text},
    )
    if not gitdata.resolve(call.world.repo(project), sha):
        not_found("Commit")
    if len(asked.get("description") or "") > _LONGEST:
        refuse(400, {"description": [f"is too long (maximum is {_LONGEST} characters)"]})
    name = asked.get("name") or asked.get("context") or "default"
    found = model.statuses_of(call.world)
    before = [
        one for one in found.find("commit", (project["id"], sha)) if one["name"] == name and not one["old"]
    ]
    if before and before[-1]["status"] == asked["state"] and asked["state"] not in _DONE:
        event = {"pending": "enqueue", "running": "run"}[asked["state"]]
        word = f"Cannot transition status via :{event} from :{asked['state']}"
        refuse(400, f'{word} (Reason(s): Status cannot transition via "{event}")')
    for one in before:
        found.save(one, old=True)
    status = found.add(
        {
            "project_id": project["id"],
            "sha": sha,
            "ref": project["default_branch"],
            "status": asked["state"],
            "name": name,
            "description": asked.get("description"),
            "target_url": asked.get("target_url"),
            "author_id": call.me["id"],
            "old": False,
            "created_at": model.moment(call.world),
        }
    )
    return Reply(201, model.status_shown(call, status))


def _statuses(call: Call) -> Reply:
    project = project_of(call)
    found = model.statuses_of(call.world).find("commit", (project["id"], call.args[1]))
    current = [one for one in found if not one["old"]]
    return call.page(current, lambda status: model.status_shown(call, status))
