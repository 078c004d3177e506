"""Roles of the server's own making (the highest tier): of the whole instance, or of a top group where namespaces have plans."""

from __future__ import annotations

from typing import Any

from sigctl.sandbox.gitlab import levels, params
from sigctl.sandbox.gitlab.api.common import group_of
from sigctl.sandbox.gitlab.http import Call, Reply, Routes, bad_request, forbidden, not_found
from sigctl.sandbox.gitlab.world import ULTIMATE
from sigctl.sandbox.store import Document

ABILITIES = (
    "admin_cicd_variables",
    "admin_group_member",
    "admin_merge_request",
    "admin_push_rules",
    "admin_terraform_state",
    "admin_vulnerability",
    "admin_web_hook",
    "archive_project",
    "manage_deploy_tokens",
    "manage_group_access_tokens",
    "manage_project_access_tokens",
    "read_code",
    "read_dependency",
    "read_runners",
    "read_vulnerability",
    "remove_group",
    "remove_project",
)


def register(routes: Routes) -> None:
    """Add the operations of this family."""
    for base in ("/member_roles", "/groups/:id/member_roles"):
        routes.add("GET", base)(_list)
        routes.add("POST", base)(_create)
        routes.add("DELETE", f"{base}/:role_id")(_delete)


def shown(role: Document) -> dict[str, Any]:
    """Return a role as it is shown by itself, and with a member who has it."""
    names = ("id", "name", "description", "group_id", "base_access_level", *ABILITIES)
    return {name: role[name] for name in names}


def _owner(call: Call) -> int | None:
    """Return the id of the top group whose roles are meant, None for those of the instance; refuse who may not."""
    if call.world.tier < ULTIMATE:
        not_found()
    if "groups" not in call.path.split("/"):
        if call.world.plans or not call.access.is_admin:
            forbidden()
        return None
    group = group_of(call, levels.OWNER)
    if not call.world.plans or group["parent_id"]:
        bad_request("Creation of member roles is not allowed for this group")
    return int(group["id"])


def _of(call: Call) -> list[Document]:
    owner = _owner(call)
    return [role for role in call.world.member_roles if role["group_id"] == owner]


def _list(call: Call) -> Reply:
    return Reply(200, [shown(role) for role in _of(call)])


def _create(call: Call) -> Reply:
    owner = _owner(call)
    asked = call.take(
        {"base_access_level": params.one_of(*levels.MEMBER)},
        {"name": params.text, "description": params.text, **dict.fromkeys(ABILITIES, params.boolean)},
    )
    if not any(asked.get(ability) for ability in ABILITIES):
        bad_request("Cannot create a member role with no enabled permissions")
    role = call.world.member_roles.add(
        {
            "group_id": owner,
            "name": asked.get("name") or f"{levels.NAMES[asked['base_access_level']]} - custom",
            "description": asked.get("description"),
            "base_access_level": asked["base_access_level"],
            **{ability: bool(asked.get(ability)) for ability in ABILITIES},
        }
    )
    return Reply(201, shown(role))


def _delete(call: Call) -> Reply:
    wanted = call.number(len(call.args) - 1, "role_id")
    role = next((one for one in _of(call) if one["id"] == wanted), None) or not_found()
    if any(member.get("member_role_id") == role["id"] for member in call.world.members):
        bad_request("Role is assigned to one or more members")
    call.world.member_roles.delete(role["id"])
    return Reply(204)
