"""Files of a repository, one at a time: reading, and commits that create, change or delete one."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from sigctl.sandbox.gitlab import content, gitdata, levels, params, rules
from sigctl.sandbox.gitlab.api.common import project_of, writable
from sigctl.sandbox.gitlab.http import Call, Reply, Routes, forbidden, not_found, refuse
from sigctl.sandbox.store import Document

_NEW = {"branch": params.text, "commit_message": params.text}
_MORE = {
    "content": params.text,
    "encoding": params.one_of("text", "base64"),
    "author_email": params.text,
    "author_name": params.text,
    "start_branch": params.text,
}


def register(routes: Routes) -> None:
    """Add the operations of this family."""
    base = "/projects/:id/repository/files/:file_path"
    routes.add("GET", base, anonymous=True)(_get)
    routes.add("GET", f"{base}/raw", anonymous=True)(_raw)
    routes.add("POST", base)(_create)
    routes.add("PUT", base)(_update)
    routes.add("DELETE", base)(_delete)


def _found(call: Call) -> tuple[Document, str, str, bytes]:
    """Return project, commit, blob and content of the file."""
    project = project_of(call)
    if not call.access.reads_code(project):
        forbidden()
    ref = call.take(None, {"ref": params.text}).get("ref") or project["default_branch"] or "HEAD"
    bare = call.world.repo(project)
    sha = gitdata.resolve(bare, project["default_branch"] if ref == "HEAD" else ref) or not_found("Commit")
    blob, data = gitdata.read(bare, sha, call.args[1]) or not_found("File")
    return project, sha, blob, data


def _facts(call: Call, sha: str, blob: str, data: bytes) -> dict[str, Any]:
    path = call.args[1]
    return {
        "file_name": path.rpartition("/")[2],
        "file_path": path,
        "size": len(data),
        "encoding": "base64",
        "content_sha256": hashlib.sha256(data).hexdigest(),
        "ref": call.given.get("ref") or "HEAD",
        "blob_id": blob,
        "commit_id": sha,
        "last_commit_id": sha,
        "execute_filemode": False,
    }


def _get(call: Call) -> Reply:
    _, sha, blob, data = _found(call)
    facts = _facts(call, sha, blob, data)
    headers = {f"X-Gitlab-{name.replace('_', '-').title()}": str(value) for name, value in facts.items()}
    return Reply(200, {**facts, "content": base64.b64encode(data).decode()}, headers)


def _raw(call: Call) -> Reply:
    return Reply(200, _found(call)[3], {"content-type": "text/plain"})


def _create(call: Call) -> Reply:
    return Reply(201, _write(call, must_exist=False))


def _update(call: Call) -> Reply:
    return Reply(200, _write(call, must_exist=True))


def _delete(call: Call) -> Reply:
    _write(call, must_exist=True, deletes=True)
    return Reply(204)


def _write(call: Call, *, must_exist: bool, deletes: bool = False) -> dict[str, Any]:
    project = project_of(call, levels.DEVELOPER)
    writable(project)
    asked = call.take({**_NEW, **({} if deletes else {"content": params.text})}, _MORE)
    bare, branch, path = call.world.repo(project), asked["branch"], call.args[1]
    pusher = rules.Pusher(call.world, call.access, project)
    if not pusher.may_push(branch) or (project["empty"] and not _may_start(call, project)):
        refuse(403, "You are not allowed to push into this branch")
    tip = bare.ref(f"refs/heads/{branch}")
    if not tip and not project["empty"]:
        refuse(400, "You can only create or edit files when you are on a branch")
    exists = bool(tip) and gitdata.read(bare, tip, path) is not None
    if exists and not must_exist:
        refuse(400, "A file with this name already exists")
    if not exists and must_exist:
        refuse(400, "A file with this name doesn't exist")
    data = None if deletes else gitdata.decoded(asked["content"], asked.get("encoding") or "text")
    who = (asked.get("author_name") or call.me["name"], asked.get("author_email") or call.me["email"])
    now = call.world.clock.now()
    gitdata.write(bare, branch, {path: data}, message=asked["commit_message"], who=who, when=now)
    content.refresh(call.world, project)
    return {"file_path": path, "branch": branch}


def _may_start(call: Call, project: Document) -> bool:
    defaults = content.branch_defaults(call.world, project)
    free = {"access_level": levels.DEVELOPER} in defaults["allowed_to_push"]
    level = call.access.project(project)
    return level >= levels.MAINTAINER or free or bool(defaults["developer_can_initial_push"])
