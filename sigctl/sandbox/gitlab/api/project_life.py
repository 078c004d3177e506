"""The end of a project and its moves: archiving, scheduled deletion, restoring, transfer, stars, forks."""

from __future__ import annotations

from sigctl.sandbox.gitlab import content, ends, levels, params, paths
from sigctl.sandbox.gitlab.api.common import namespace_of, project_of
from sigctl.sandbox.gitlab.http import Call, Reply, Routes, bad_request, forbidden, not_found, refuse
from sigctl.sandbox.gitlab.render_project import project_full
from sigctl.sandbox.gitlab.world import PROJECT


def register(routes: Routes) -> None:
    """Add the operations of this family."""
    routes.add("POST", "/projects/:id/archive")(lambda call: _archive(call, archived=True))
    routes.add("POST", "/projects/:id/unarchive")(lambda call: _archive(call, archived=False))
    routes.add("DELETE", "/projects/:id")(_delete)
    routes.add("POST", "/projects/:id/restore")(_restore)
    routes.add("PUT", "/projects/:id/transfer")(_transfer)
    routes.add("POST", "/projects/:id/star")(lambda call: _star(call, starred=True))
    routes.add("POST", "/projects/:id/unstar")(lambda call: _star(call, starred=False))
    routes.add("POST", "/projects/:id/fork")(_fork)
    routes.add("POST", "/projects/:id/housekeeping")(_housekeeping)
    routes.add("GET", "/projects/:id/storage")(_storage)


def _archive(call: Call, *, archived: bool) -> Reply:
    project = project_of(call, levels.OWNER)
    call.world.projects.save(project, archived=archived, updated_at=call.world.clock.stamp())
    return Reply(201, project_full(call, project))


def _delete(call: Call) -> Reply:
    project = project_of(call, levels.OWNER)
    asked = call.take(None, {"permanently_remove": params.boolean, "full_path": params.text})
    if asked.get("permanently_remove"):
        if not project["marked"]:
            bad_request("Project must be marked for deletion first.")
        if asked.get("full_path") != call.world.project_path(project):
            bad_request("`full_path` is incorrect. You must enter the complete path for the project.")
        ends.remove_project(call.world, project)
    elif project["marked"]:
        refuse(400, "Project has been already marked for deletion")
    else:
        name, path = (paths.doomed(project[field], project["id"]) for field in ("name", "path"))
        call.world.projects.save(project, name=name, path=path, marked=call.world.today())
    return Reply(202, {"message": "202 Accepted"})


def _restore(call: Call) -> Reply:
    project = project_of(call, levels.OWNER)
    if not project["marked"]:
        bad_request("Project has not been marked for deletion")
    path = paths.saved(project["path"], project["id"])
    if call.world.taken(project["namespace_id"], path, project["id"]):
        refuse(400, {"path": ["has already been taken"]})
    call.world.projects.save(
        project, name=paths.saved(project["name"], project["id"]), path=path, marked=None
    )
    return Reply(201, project_full(call, project))


def _transfer(call: Call) -> Reply:
    project = project_of(call, levels.OWNER)
    target = namespace_of(call, call.take({"namespace": params.text})["namespace"])
    world = call.world
    if not call.access.may_create_project(target):
        not_found("Namespace")
    if target == project["namespace_id"]:
        refuse(400, "Project is already in this namespace.")
    same_name = any(one["name"] == project["name"] for one in world.projects.find("namespace", target))
    if same_name or world.taken(target, project["path"], project["id"]):
        refuse(400, "Project with same name or path in target namespace already exists")
    world.remember_path(project)
    group = world.groups.get(target)
    visibility = project["visibility"]
    if group is not None and levels.open_wider(visibility, group["visibility"]):
        visibility = group["visibility"]
    world.projects.save(project, namespace_id=target, visibility=visibility, updated_at=world.clock.stamp())
    owner = world.personal(target)
    if owner is not None and not world.member(PROJECT, project["id"], owner["id"]):
        world.add_member(PROJECT, project["id"], owner["id"], levels.OWNER, created_by=call.me["id"])
    return Reply(200, project_full(call, project))


def _star(call: Call, *, starred: bool) -> Reply:
    project = project_of(call)
    if (call.me["id"] in project["stars"]) == starred:
        return Reply(304)
    kept = [id_ for id_ in project["stars"] if id_ != call.me["id"]]
    call.world.projects.save(project, stars=[*kept, call.me["id"]] if starred else kept)
    return Reply(201, project_full(call, project))


def _fork(call: Call) -> Reply:
    origin = project_of(call)
    kinds = {
        "namespace": params.text,
        "namespace_id": params.integer,
        "namespace_path": params.text,
        "name": params.text,
        "path": params.text,
    }
    asked = call.take(None, kinds)
    wanted = asked.get("namespace_id") or asked.get("namespace_path") or asked.get("namespace")
    target = namespace_of(call, wanted) if wanted else int(call.me["namespace_id"])
    if not call.access.reads_code(origin):
        forbidden()
    if not call.access.may_create_project(target):
        not_found("Target Namespace")
    path = asked.get("path") or origin["path"]
    if call.world.taken(target, path):
        refuse(409, {"path": ["has already been taken"]})
    world, now = call.world, call.world.clock.stamp()
    fork = {**origin, "namespace_id": target, "path": path, "name": asked.get("name") or origin["name"]}
    del fork["id"]
    fork |= {
        "forked_from": origin["id"],
        "forks": 0,
        "stars": [],
        "creator_id": call.me["id"],
        "created_at": now,
    }
    fork |= {
        "archived": False,
        "marked": None,
        "unprotected": None,
        "empty": True,
        "initial": origin["default_branch"],
    }
    project = world.projects.add(fork)
    world.projects.save(origin, forks=origin["forks"] + 1)
    source = str(world.repo(origin).path)
    world.repo(project).git("fetch", "-q", source, "refs/heads/*:refs/heads/*", "refs/tags/*:refs/tags/*")
    content.refresh(world, project)
    return Reply(201, project_full(call, project))


def _housekeeping(call: Call) -> Reply:
    project_of(call, levels.OWNER)
    return Reply(201, None)


def _storage(call: Call) -> Reply:
    call.admin()
    project = project_of(call)
    shown = {
        "project_id": project["id"],
        "disk_path": f"{project['id']}.git",
        "created_at": project["created_at"],
    }
    return Reply(200, {**shown, "repository_storage": "default"})
