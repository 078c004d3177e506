"""People, and what people, groups and projects have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sigctl.sandbox.gitlab.graphql.fields import Context, shows
from sigctl.sandbox.store import Document


def _gid(kind: str) -> Callable[[Context, Document, dict[str, Any]], str]:
    return lambda _context, thing, _arguments: f"gid://gitlab/{kind}/{thing['id']}"


for _name, _kinds in {
    "User": "UserCore CurrentUser AccessLevelUser",
    "Group": "Group Namespace AccessLevelGroup",
    "Project": "Project",
    "DeployKey": "AccessLevelDeployKey",
    "GroupMember": "GroupMember",
    "ProjectMember": "ProjectMember",
    "Projects::BranchRule": "BranchRule",
    "ApprovalProjectRule": "ApprovalProjectRule",
}.items():
    shows(_kinds, "id")(_gid(_name))


@shows("Group Project", "markedForDeletion")
def _marked(_context: Context, thing: Document, _arguments: dict[str, Any]) -> bool:
    return bool(thing["marked"])


@shows("Group Project", "markedForDeletionOn")
def _marked_on(_context: Context, thing: Document, _arguments: dict[str, Any]) -> str | None:
    return f"{thing['marked']}T00:00:00Z" if thing["marked"] else None


@shows("UserCore CurrentUser Group Project AccessLevelUser AccessLevelGroup", "avatarUrl")
def _avatar(_context: Context, _thing: Document, _arguments: dict[str, Any]) -> None:
    return None


@shows("UserCore CurrentUser AccessLevelUser", "webPath")
def _web_path(_context: Context, user: Document, _arguments: dict[str, Any]) -> str:
    return f"/{user['username']}"


@shows("UserCore CurrentUser AccessLevelUser", "webUrl")
def _user_url(context: Context, user: Document, _arguments: dict[str, Any]) -> str:
    return f"{context.url}/{user['username']}"


@shows("UserCore CurrentUser", "active")
def _active(_context: Context, user: Document, _arguments: dict[str, Any]) -> bool:
    return bool(user["state"] == "active")


@shows("UserCore CurrentUser", "human")
def _human(_context: Context, user: Document, _arguments: dict[str, Any]) -> bool:
    return not user["bot"]


@shows("UserCore CurrentUser", "lastActivityOn")
def _last_active(_context: Context, user: Document, _arguments: dict[str, Any]) -> str | None:
    return str(user["attributes"].get("last_activity_on") or "") or None


@shows("UserCore CurrentUser", "type")
def _user_type(_context: Context, user: Document, _arguments: dict[str, Any]) -> str:
    return str(user["attributes"].get("type") or ("PROJECT_BOT" if user["bot"] else "HUMAN"))


@shows("UserCore CurrentUser AccessLevelUser", "publicEmail")
def _public_email(_context: Context, user: Document, _arguments: dict[str, Any]) -> str | None:
    return str(user["attributes"].get("public_email") or "") or None
