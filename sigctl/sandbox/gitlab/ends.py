"""Ends: what is due by date, and what goes with a group or project that is deleted for good."""

from __future__ import annotations

from datetime import date, timedelta

from sigctl.sandbox.gitlab.world import GROUP, PROJECT, World
from sigctl.sandbox.store import Document

KEPT_DAYS = 30
"""Days after which a scheduled deletion is carried out."""


def sweep(world: World) -> None:
    """Carry out what was due up to today; once a day, as the real one does."""
    today = world.today()
    if world.swept == today:
        return
    world.swept = today
    for collection in (world.members, world.shares):
        for document in collection:
            if document["expires_at"] and document["expires_at"] <= today:
                collection.delete(document["id"])
    for group in world.groups:
        if group["id"] in world.groups and _due(group["marked"], today):
            remove_group(world, group)
    for project in world.projects:
        if project["id"] in world.projects and _due(project["marked"], today):
            remove_project(world, project)


def _due(marked: str | None, today: str) -> bool:
    return marked is not None and date.fromisoformat(marked) + timedelta(
        days=KEPT_DAYS
    ) <= date.fromisoformat(today)


def remove_group(world: World, group: Document) -> None:
    """Delete a group with everything below it for good."""
    for inner in [*world.below(group), group]:
        for project in world.projects_in(inner):
            remove_project(world, project)
        for share in world.shares.find("group", inner["id"]):
            world.shares.delete(share["id"])
        for rule in world.group_rules.find("group", inner["id"]):
            world.group_rules.delete(rule["id"])
        _strip(world, GROUP, inner["id"])
        world.groups.delete(inner["id"])


def remove_project(world: World, project: Document) -> None:
    """Delete a project for good; its repository goes when the request is done."""
    for collection in (world.redirects, world.branch_rules, world.tag_rules, world.key_uses, world.mirrors):
        for document in collection.find("project", project["id"]):
            collection.delete(document["id"])
    _strip(world, PROJECT, project["id"])
    world.projects.delete(project["id"])
    world.doomed_repos.append(project["id"])


def _strip(world: World, kind: str, id_: int) -> None:
    for collection, index in (
        (world.members, "source"),
        (world.shares, "target"),
        (world.invitations, "source"),
    ):
        for document in collection.find(index, (kind, id_)):
            collection.delete(document["id"])
    for item in [item for item in world.items if (item["owner"], item["owner_id"]) == (kind, id_)]:
        world.items.delete(item["id"])
