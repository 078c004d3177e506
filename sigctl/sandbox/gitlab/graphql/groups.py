"""The fields of a group."""

from __future__ import annotations

from typing import Any

from sigctl.sandbox.gitlab import levels
from sigctl.sandbox.gitlab.graphql.connection import connect
from sigctl.sandbox.gitlab.graphql.fields import Context, level, shows
from sigctl.sandbox.gitlab.graphql.members import group_members
from sigctl.sandbox.gitlab.world import GROUP
from sigctl.sandbox.store import Document


@shows("Group Namespace", "fullPath")
def _group_path(context: Context, group: Document, _arguments: dict[str, Any]) -> str:
    return context.world.full_path(group)


@shows("Group Namespace", "fullName")
def _group_name(context: Context, group: Document, _arguments: dict[str, Any]) -> str:
    return context.world.full_name(group)


@shows("Group AccessLevelGroup", "webUrl")
def _group_url(context: Context, group: Document, _arguments: dict[str, Any]) -> str:
    return f"{context.url}/groups/{context.world.full_path(group)}"


@shows("Group AccessLevelGroup", "parent")
def _group_parent(context: Context, group: Document, _arguments: dict[str, Any]) -> Document | None:
    return context.world.groups.get(group["parent_id"])


@shows("Group", "archived", "emailsDisabled")
def _group_off(_context: Context, _group: Document, _arguments: dict[str, Any]) -> bool:
    return False


@shows("Group", "updatedAt")
def _group_updated(_context: Context, group: Document, _arguments: dict[str, Any]) -> str:
    return str(group["created_at"])


@shows("Group", "descendantGroupsCount")
def _descendants_count(context: Context, group: Document, _arguments: dict[str, Any]) -> int:
    return len(context.world.children(group))


@shows("Group", "projectsCount")
def _projects_count(context: Context, group: Document, _arguments: dict[str, Any]) -> int:
    return len(context.world.projects_in(group))


@shows("Group", "groupMembersCount")
def _members_count(context: Context, group: Document, _arguments: dict[str, Any]) -> int:
    return len(context.world.members.find("source", (GROUP, group["id"])))


@shows("Group", "maxAccessLevel")
def _group_level(context: Context, group: Document, _arguments: dict[str, Any]) -> Document:
    return level(context.access.group_member(group))


@shows("Group", "userPermissions")
def _group_rights(context: Context, group: Document, _arguments: dict[str, Any]) -> Document:
    access = context.access
    creates = access.may_create_project(group["id"])
    return {"createProjects": creates, "readGroup": True, "removeGroup": access.group(group) >= levels.OWNER}


@shows("Group", "groupMembers")
def _group_members(context: Context, group: Document, arguments: dict[str, Any]) -> Document:
    return connect(group_members(context.world, group, arguments), arguments)
