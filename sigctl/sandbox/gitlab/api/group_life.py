"""The end of a group and its moves: deletion that is scheduled, restored or done at once; transfer."""

from __future__ import annotations

from sigctl.sandbox.gitlab import ends, levels, params, paths, render
from sigctl.sandbox.gitlab.api.common import group_of
from sigctl.sandbox.gitlab.http import Call, Reply, Routes, bad_request, forbidden, not_found, refuse
from sigctl.sandbox.store import Document


def register(routes: Routes) -> None:
    """Add the operations of this family."""
    routes.add("DELETE", "/groups/:id")(_delete)
    routes.add("POST", "/groups/:id/restore")(_restore)
    routes.add("POST", "/groups/:id/transfer")(_transfer)


def _delete(call: Call) -> Reply:
    group = group_of(call, levels.OWNER)
    asked = call.take(None, {"permanently_remove": params.boolean, "full_path": params.text})
    if asked.get("permanently_remove"):
        if not group["marked"]:
            bad_request("Group must be marked for deletion first.")
        if asked.get("full_path") != call.world.full_path(group):
            bad_request("`full_path` is incorrect. You must enter the complete path for the group.")
        ends.remove_group(call.world, group)
    elif group["marked"]:
        refuse(400, "Group has been already marked for deletion")
    else:
        name, path = (paths.doomed(group[field], group["id"]) for field in ("name", "path"))
        call.world.groups.save(group, name=name, path=path, marked=call.world.today())
    return Reply(202, {"message": "202 Accepted"})


def _restore(call: Call) -> Reply:
    group = group_of(call, levels.OWNER)
    if not group["marked"]:
        bad_request("Group has not been marked for deletion")
    path = paths.saved(group["path"], group["id"])
    if call.world.taken(group["parent_id"] or 0, path, group["id"]):
        refuse(400, {"path": ["has already been taken"]})
    call.world.groups.save(group, name=paths.saved(group["name"], group["id"]), path=path, marked=None)
    return Reply(201, render.group_full(call, group))


def _transfer(call: Call) -> Reply:
    group = group_of(call, levels.OWNER)
    target = _target(call, call.take(None, {"group_id": params.integer}).get("group_id"))
    above = target["id"] if target else 0
    if (group["parent_id"] or 0) == above:
        word = (
            "Group is already associated to the parent group." if target else "Group is already a root group."
        )
        bad_request(f"Transfer failed: {word}")
    if target is not None and group["id"] in {one["id"] for one in call.world.lineage(target)}:
        bad_request("Transfer failed: Cannot transfer group to one of its subgroup.")
    if call.world.taken(above, group["path"], group["id"]):
        bad_request(
            "Transfer failed: The parent group already has a subgroup or a project with the same path."
        )
    call.world.remember_paths(group)
    call.world.groups.save(group, parent_id=target["id"] if target else None)
    if target is not None:
        _close(call, group, target["visibility"])
    return Reply(201, render.group_full(call, group))


def _target(call: Call, wanted: int | None) -> Document | None:
    if not wanted:
        return None
    target = call.world.groups.get(wanted)
    if target is None or not call.access.sees_group(target):
        not_found("Group")
    if not call.access.may_create_subgroup(target):
        forbidden()
    return target


def _close(call: Call, group: Document, visibility: str) -> None:
    """Make a group and all in it no more open than its new parent."""
    for inner in [group, *call.world.below(group)]:
        if levels.open_wider(inner["visibility"], visibility):
            call.world.groups.save(inner, visibility=visibility)
    for project in call.world.projects_in(group, deep=True):
        if levels.open_wider(project["visibility"], visibility):
            call.world.projects.save(project, visibility=visibility)
