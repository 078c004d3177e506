"""Branches and tags of a project, by the rules that also hold for pushes."""

from __future__ import annotations

from typing import Any

from sigctl.sandbox.gitlab import content, gitdata, levels, params, rules
from sigctl.sandbox.gitlab.api.common import project_of, writable
from sigctl.sandbox.gitlab.api.projects import add_readme
from sigctl.sandbox.gitlab.http import Call, Reply, Routes, forbidden, not_found, refuse
from sigctl.sandbox.store import Document


def register(routes: Routes) -> None:
    """Add the operations of this family."""
    base = "/projects/:id/repository"
    routes.add("GET", f"{base}/branches", anonymous=True)(_list)
    routes.add("POST", f"{base}/branches")(_create)
    routes.add("GET", f"{base}/branches/:branch", anonymous=True)(_get)
    routes.add("DELETE", f"{base}/branches/:branch")(_delete)
    routes.add("GET", f"{base}/tags", anonymous=True)(_tags)
    routes.add("POST", f"{base}/tags")(_create_tag)
    routes.add("GET", f"{base}/tags/:tag", anonymous=True)(_tag)
    routes.add("DELETE", f"{base}/tags/:tag")(_delete_tag)


def _readable(call: Call) -> Document:
    project = project_of(call)
    if not call.access.reads_code(project):
        forbidden()
    return project


def _pushable(call: Call) -> Document:
    project = project_of(call, levels.DEVELOPER)
    writable(project)
    return project


def _show(call: Call, project: Document, name: str, sha: str) -> dict[str, Any]:
    applied = rules.of_branch(call.world, project, name)
    pusher = rules.Pusher(call.world, call.access, project)
    return {
        "name": name,
        "commit": gitdata.commit(call.world.repo(project), sha),
        "merged": False,
        "protected": bool(applied),
        "developers_can_push": rules.developers(applied, "push"),
        "developers_can_merge": rules.developers(applied, "merge"),
        "can_push": pusher.may_push(name),
        "default": name == project["default_branch"],
        "web_url": f"{call.url}/{call.world.project_path(project)}/-/tree/{name}",
    }


def _list(call: Call) -> Reply:
    project = _readable(call)
    asked = call.take(None, {"search": params.text, "regex": params.text})
    branches = call.world.repo(project).branches()
    found = [
        {"id": 0, "name": name, "sha": sha}
        for name, sha in branches.items()
        if _fits(name, asked.get("search"))
    ]
    return call.page(found, lambda one: _show(call, project, one["name"], one["sha"]))


def _fits(name: str, search: str | None) -> bool:
    word = search or ""
    if word.startswith("^") or word.endswith("$"):
        start, end = word.startswith("^"), word.endswith("$")
        core = word.removeprefix("^").removesuffix("$")
        if start and end:
            return name == core
        return name.startswith(core) if start else name.endswith(core)
    return word.lower() in name.lower()


def _get(call: Call) -> Reply:
    project = _readable(call)
    name = call.args[1]
    sha = call.world.repo(project).ref(f"refs/heads/{name}")
    if not sha:
        not_found("Branch")
    return Reply(200, _show(call, project, name, sha))


def _create(call: Call) -> Reply:
    project = _pushable(call)
    asked = call.take({"branch": params.text, "ref": params.text})
    bare, name = call.world.repo(project), asked["branch"]
    if not gitdata.good_name(bare, name):
        refuse(400, "Branch name is invalid")
    if project["empty"]:
        first = call.world.initial_branch(project)
        add_readme(call, project, first)
    if bare.ref(f"refs/heads/{name}"):
        refuse(400, "Branch already exists")
    sha = gitdata.resolve(bare, asked["ref"])
    if not sha:
        refuse(400, f"Failed to create branch '{name}': invalid reference name '{asked['ref']}'")
    pusher = rules.Pusher(call.world, call.access, project)
    if not (pusher.may_push(name) or pusher.may_merge(name)):
        refuse(400, rules.CREATE)
    gitdata.update(bare, f"refs/heads/{name}", sha)
    content.refresh(call.world, project)
    return Reply(201, _show(call, project, name, sha))


def _delete(call: Call) -> Reply:
    project = _pushable(call)
    bare, name = call.world.repo(project), call.args[1]
    if not bare.ref(f"refs/heads/{name}"):
        not_found("Branch")
    if name == project["default_branch"]:
        refuse(400, "Cannot remove HEAD branch")
    if rules.of_branch(call.world, project, name) and call.access.project(project) < levels.MAINTAINER:
        forbidden()
    gitdata.delete(bare, f"refs/heads/{name}")
    content.refresh(call.world, project)
    return Reply(204)


def _show_tag(call: Call, project: Document, name: str) -> dict[str, Any]:
    bare = call.world.repo(project)
    sha = bare.ref(f"refs/tags/{name}")
    commit = gitdata.commit(bare, gitdata.resolve(bare, name))
    return {
        "name": name,
        "message": "" if commit["id"] == sha else commit["message"],
        "target": sha,
        "commit": commit,
        "release": None,
        "protected": bool(rules.of_tag(call.world, project, name)),
        "created_at": None,
    }


def _tags(call: Call) -> Reply:
    project = _readable(call)
    search = call.take(None, {"search": params.text}).get("search")
    refs = call.world.repo(project).refs("refs/tags/")
    names = [ref.removeprefix("refs/tags/") for ref in refs]
    found = [{"id": 0, "name": name} for name in names if _fits(name, search)]
    return call.page(found, lambda one: _show_tag(call, project, one["name"]))


def _tag(call: Call) -> Reply:
    project = _readable(call)
    if not call.world.repo(project).ref(f"refs/tags/{call.args[1]}"):
        not_found("Tag")
    return Reply(200, _show_tag(call, project, call.args[1]))


def _create_tag(call: Call) -> Reply:
    project = _pushable(call)
    asked = call.take({"tag_name": params.text, "ref": params.text}, {"message": params.text})
    bare, name = call.world.repo(project), asked["tag_name"]
    if bare.ref(f"refs/tags/{name}"):
        refuse(400, f"Tag {name} already exists")
    sha = gitdata.resolve(bare, asked["ref"])
    if not sha:
        refuse(400, f"Target {asked['ref']} is invalid")
    if not gitdata.good_name(bare, name):
        refuse(400, "Tag name invalid")
    if not rules.Pusher(call.world, call.access, project).may_tag(name):
        forbidden()
    gitdata.update(bare, f"refs/tags/{name}", sha)
    return Reply(201, _show_tag(call, project, name))


def _delete_tag(call: Call) -> Reply:
    project = _pushable(call)
    bare, name = call.world.repo(project), call.args[1]
    if not bare.ref(f"refs/tags/{name}"):
        not_found("Tag")
    if rules.of_tag(call.world, project, name):
        forbidden("Protected tags cannot be deleted")
    gitdata.delete(bare, f"refs/tags/{name}")
    return Reply(204)
