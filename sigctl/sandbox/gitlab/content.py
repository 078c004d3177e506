"""What follows when the branches of a project change: its default branch, and the protection that comes a moment later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sigctl.sandbox.gitlab import gitdata, settings
from sigctl.sandbox.store import Document

if TYPE_CHECKING:
    from sigctl.sandbox.gitlab.world import World


def refresh(world: World, project: Document) -> None:
    """Take note of the branches that git has now; the first default branch gets its protection some requests later."""
    bare = world.repo(project)
    branch = gitdata.default_branch(bare)
    first = project["empty"] and branch is not None
    if branch is not None and branch != bare.head():
        bare.set_head(branch)
    world.projects.save(
        project,
        default_branch=branch,
        empty=branch is None,
        readme=gitdata.has_readme(bare, branch),
        updated_at=world.clock.stamp(),
    )
    if first:
        world.projects.save(project, unprotected=branch)
        world.late[project["id"]] = world.protection_lag


def tick(world: World) -> None:
    """Count a request; what is due by now gets its protection."""
    for project_id, left in list(world.late.items()):
        if left > 0:
            world.late[project_id] = left - 1
            continue
        del world.late[project_id]
        project = world.projects.get(project_id)
        if project is not None:
            protect_default(world, project)


def protect_default(world: World, project: Document) -> None:
    """Protect the first default branch as the group's (or the instance's) defaults say."""
    branch = project.pop("unprotected", None)
    world.projects.save(project)
    rules = branch_defaults(world, project)
    everyone = {"access_level": 30}
    open_to_all = everyone in rules["allowed_to_push"] and rules["allow_force_push"]
    named = {rule["name"] for rule in world.branch_rules.find("project", project["id"])}
    if branch is None or branch in named or open_to_all:
        return
    add_rule(
        world,
        project,
        branch,
        push=[entry["access_level"] for entry in rules["allowed_to_push"]],
        merge=[entry["access_level"] for entry in rules["allowed_to_merge"]],
        force=rules["allow_force_push"],
    )


def branch_defaults(world: World, project: Document) -> dict[str, Any]:
    """Return how a new default branch is protected in this place."""
    group = world.groups.get(project["namespace_id"])
    if group is not None:
        return settings.branch_defaults(group["settings"])
    return settings.branch_defaults(
        {"default_branch_protection": world.setting("default_branch_protection", 2)}
    )


def add_rule(
    world: World, project: Document, name: str, *, push: list[int], merge: list[int], force: bool = False
) -> Document:
    """Return a new protection of a branch or pattern by level."""
    return world.branch_rules.add(
        {
            "project_id": project["id"],
            "name": name,
            "push": [level_entry(world, {"access_level": level}) for level in push],
            "merge": [level_entry(world, {"access_level": level}) for level in merge],
            "unprotect": [],
            "allow_force_push": force,
            "code_owner_approval_required": False,
        }
    )


def level_entry(world: World, given: dict[str, int]) -> Document:
    """Return one line of a rule: a level, a person, a group or a deploy key, with an id of its own."""
    found = {name: given.get(name) for name in ("user_id", "group_id", "deploy_key_id")}
    named = any(value is not None for value in found.values())
    level = 40 if named else given["access_level"]
    return {"id": world.store.next_id("access_level"), "access_level": level, **found}
