"""The fields of memberships and branch rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sigctl.sandbox.gitlab import approvals, rules
from sigctl.sandbox.gitlab.graphql.connection import connect
from sigctl.sandbox.gitlab.graphql.fields import Context, level, shows
from sigctl.sandbox.gitlab.world import GROUP, PROJECT
from sigctl.sandbox.store import Document


@shows("GroupMember ProjectMember", "accessLevel")
def _member_level(_context: Context, member: Document, _arguments: dict[str, Any]) -> Document:
    return level(member["access_level"])


@shows("GroupMember ProjectMember", "user")
def _member_user(context: Context, member: Document, _arguments: dict[str, Any]) -> Document | None:
    return context.world.users.get(member["user_id"])


@shows("GroupMember ProjectMember", "createdBy")
def _member_creator(context: Context, member: Document, _arguments: dict[str, Any]) -> Document | None:
    return context.world.users.get(member["created_by"])


@shows("GroupMember ProjectMember", "updatedAt")
def _member_updated(_context: Context, member: Document, _arguments: dict[str, Any]) -> str:
    return str(member["created_at"])


@shows("GroupMember ProjectMember", "expiresAt")
def _member_ends(_context: Context, member: Document, _arguments: dict[str, Any]) -> str | None:
    return f"{member['expires_at']}T00:00:00Z" if member["expires_at"] else None


@shows("GroupMember", "group")
def _member_group(context: Context, member: Document, _arguments: dict[str, Any]) -> Document | None:
    return context.world.groups.get(member["source_id"])


@shows("ProjectMember", "project")
def _member_project(context: Context, member: Document, _arguments: dict[str, Any]) -> Document | None:
    return context.world.projects.get(member["source_id"])


@shows("UserCore CurrentUser", "groupMemberships")
def _in_groups(context: Context, user: Document, arguments: dict[str, Any]) -> Document:
    found = [m for m in context.world.members.find("user", user["id"]) if m["source"] == GROUP]
    return connect(
        [m for m in found if context.access.sees_group(context.world.groups[m["source_id"]])], arguments
    )


@shows("UserCore CurrentUser", "projectMemberships")
def _in_projects(context: Context, user: Document, arguments: dict[str, Any]) -> Document:
    found = [m for m in context.world.members.find("user", user["id"]) if m["source"] == PROJECT]
    projects = context.world.projects
    return connect([m for m in found if context.access.sees_project(projects[m["source_id"]])], arguments)


@shows("BranchRule", "branchProtection")
def _protection(_context: Context, rule: Document, _arguments: dict[str, Any]) -> Document | None:
    return rule if rule["id"] > 0 else None


@shows("BranchRule", "approvalRules")
def _approval_rules(context: Context, rule: Document, arguments: dict[str, Any]) -> Document:
    project = context.world.projects.get(rule.get("project_id"))
    held = context.world.approval_rules.find("project", project["id"]) if project else []
    return connect([one for one in held if approvals.shown_with(context.world, one, rule)], arguments)


@shows("ApprovalProjectRule", "type")
def _approval_type(_context: Context, rule: Document, _arguments: dict[str, Any]) -> str:
    return str(rule["rule_type"]).upper()


@shows("BranchRule", "isDefault")
def _is_default(context: Context, rule: Document, _arguments: dict[str, Any]) -> bool:
    return "project_id" in rule and bool(
        context.world.projects[rule["project_id"]]["default_branch"] == rule["name"]
    )


@shows("BranchRule", "isProtected")
def _is_protected(_context: Context, _rule: Document, _arguments: dict[str, Any]) -> bool:
    return True


@shows("BranchRule", "matchingBranchesCount")
def _matching(context: Context, rule: Document, _arguments: dict[str, Any]) -> int:
    return sum(
        rules.matches(rule["name"], name) for name in context.world.bare(rule["project_id"]).branches()
    )


@shows("BranchRule", "createdAt", "updatedAt")
def _rule_time(context: Context, rule: Document, _arguments: dict[str, Any]) -> str:
    return str(context.world.projects[rule["project_id"]]["created_at"])


@shows("BranchProtection", "isGroupLevel")
def _of_group(_context: Context, rule: Document, _arguments: dict[str, Any]) -> bool:
    return "group_id" in rule


@shows("BranchProtection", "modificationBlockedByPolicy")
def _never(_context: Context, _rule: Document, _arguments: dict[str, Any]) -> bool:
    return False


def _lines(right: str) -> Callable[[Context, Document, dict[str, Any]], Document]:
    return lambda _context, rule, arguments: connect(rule[right], arguments)


for _right in ("push", "merge", "unprotect"):
    shows("BranchProtection", f"{_right}AccessLevels")(_lines(_right))


@shows("PushAccessLevel MergeAccessLevel UnprotectAccessLevel", "accessLevelDescription")
def _described(context: Context, entry: Document, _arguments: dict[str, Any]) -> str:
    return rules.describe(context.world, entry)


@shows("PushAccessLevel MergeAccessLevel UnprotectAccessLevel", "user")
def _entry_user(context: Context, entry: Document, _arguments: dict[str, Any]) -> Document | None:
    return context.world.users.get(entry["user_id"])


@shows("PushAccessLevel MergeAccessLevel UnprotectAccessLevel", "group")
def _entry_group(context: Context, entry: Document, _arguments: dict[str, Any]) -> Document | None:
    return context.world.groups.get(entry["group_id"])


@shows("PushAccessLevel", "deployKey")
def _entry_key(context: Context, entry: Document, _arguments: dict[str, Any]) -> Document | None:
    return context.world.keys.get(entry["deploy_key_id"])


@shows("AccessLevelDeployKey", "user")
def _key_user(context: Context, key: Document, _arguments: dict[str, Any]) -> Document | None:
    return context.world.users.get(key["user_id"])
