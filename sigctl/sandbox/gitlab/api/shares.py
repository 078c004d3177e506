"""Groups and projects shared with other groups."""

from __future__ import annotations

from sigctl.sandbox.gitlab import levels, params, render
from sigctl.sandbox.gitlab.api.common import group_of, not_past, project_of
from sigctl.sandbox.gitlab.api.members import owners_only
from sigctl.sandbox.gitlab.http import Call, Reply, Routes, not_found, refuse
from sigctl.sandbox.gitlab.world import GROUP, PROJECT
from sigctl.sandbox.store import Document

_ASKED = {"group_id": params.integer, "group_access": params.one_of(levels.MINIMAL, *levels.MEMBER)}
_ENDS = {"expires_at": params.day}


def register(routes: Routes) -> None:
    """Add the operations of this family."""
    routes.add("POST", "/groups/:id/share")(_share_group)
    routes.add("DELETE", "/groups/:id/share/:group_id")(_unshare_group)
    routes.add("POST", "/projects/:id/share")(_share_project)
    routes.add("DELETE", "/projects/:id/share/:group_id")(_unshare_project)
    routes.add("GET", "/groups/:id/invited_groups")(_invited_to_group)
    routes.add("GET", "/projects/:id/invited_groups")(_invited_to_project)


def _invited(call: Call, asked: Document) -> Document:
    found = call.world.group(asked["group_id"])
    if found is None or not call.access.sees_group(found):
        not_found("Group")
    return found


def _share(call: Call, target: str, target_id: int, asked: Document) -> Document:
    if call.world.shares.one("key", (target, target_id, asked["group_id"])):
        words = "Shared group The group has already been shared with this group"
        refuse(409, words if target == GROUP else "Group already shared with this group")
    not_past(call, asked.get("expires_at"))
    document = {
        "target": target,
        "target_id": target_id,
        "group_id": asked["group_id"],
        "group_access": asked["group_access"],
        "expires_at": asked.get("expires_at"),
        "created_at": call.world.clock.stamp(),
    }
    return call.world.shares.add(document)


def _share_group(call: Call) -> Reply:
    group = group_of(call, levels.OWNER)
    asked = call.take(_ASKED, _ENDS)
    invited = _invited(call, asked)
    if invited["id"] == group["id"]:
        not_found()
    if call.world.sharing_stays_inside(group) and not _same_top(call, group, invited):
        not_found()
    _share(call, GROUP, group["id"], asked)
    return Reply(201, render.group_full(call, group))


def _same_top(call: Call, one: Document, other: Document) -> bool:
    return bool(call.world.lineage(one)[-1]["id"] == call.world.lineage(other)[-1]["id"])


def _share_project(call: Call) -> Reply:
    project = project_of(call, levels.MAINTAINER)
    asked = call.take(_ASKED, _ENDS)
    invited = _invited(call, asked)
    above = call.world.above(project)
    if above and above[0]["settings"]["share_with_group_lock"]:
        refuse(400, "The project sharing with group is disabled")
    if invited["id"] in {group["id"] for group in above}:
        refuse(409, "Group cannot be shared with the group it is in or one of its ancestors.")
    owners_only(call, PROJECT, project, asked["group_access"])
    share = _share(call, PROJECT, project["id"], asked)
    shown = {
        "id": share["id"],
        "project_id": project["id"],
        "group_id": share["group_id"],
        "group_access": share["group_access"],
        "expires_at": share["expires_at"],
    }
    return Reply(201, shown)


def _unshare_group(call: Call) -> Reply:
    group = group_of(call, levels.OWNER)
    return _unshare(call, GROUP, group["id"])


def _unshare_project(call: Call) -> Reply:
    project = project_of(call, levels.MAINTAINER)
    return _unshare(call, PROJECT, project["id"])


def _unshare(call: Call, target: str, target_id: int) -> Reply:
    found = call.world.shares.one("key", (target, target_id, call.number(1, "group_id")))
    if found is None:
        not_found("" if target == GROUP else "Group Link")
    call.world.shares.delete(found["id"])
    return Reply(204)


def _invited_to_group(call: Call) -> Reply:
    return _list(call, GROUP, group_of(call)["id"])


def _invited_to_project(call: Call) -> Reply:
    return _list(call, PROJECT, project_of(call)["id"])


def _list(call: Call, target: str, target_id: int) -> Reply:
    world = call.world
    groups = [world.groups[share["group_id"]] for share in world.shares.find("target", (target, target_id))]
    return call.page(
        [g for g in groups if call.access.sees_group(g)], lambda group: render.group(call, group)
    )
