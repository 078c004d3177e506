"""Service accounts: accounts of programs, of the instance or of a top group, that show up among members like anybody."""

from __future__ import annotations

import secrets
from typing import Any

from sigctl.sandbox.gitlab import levels, params
from sigctl.sandbox.gitlab.api.common import group_of
from sigctl.sandbox.gitlab.http import Call, Reply, Routes, bad_request, forbidden, not_found, refuse
from sigctl.sandbox.store import Document

_MARK = "service_account"


def register(routes: Routes) -> None:
    """Add the operations of this family."""
    for base in ("/service_accounts", "/groups/:id/service_accounts"):
        routes.add("GET", base)(_list)
        routes.add("POST", base)(_create)
    routes.add("DELETE", "/groups/:id/service_accounts/:user_id")(_delete)


def _shown(user: Document) -> dict[str, Any]:
    return {
        "id": user["id"],
        "username": user["username"],
        "public_email": None,
        "name": user["name"],
        "email": user["email"],
    }


def _owner(call: Call) -> int:
    """Return the id of the top group, 0 for the instance; refuse who may not."""
    if not call.world.enterprise:
        not_found()
    if "groups" not in call.path.split("/"):
        return 0 if call.access.is_admin else forbidden()
    group = group_of(call, levels.OWNER)
    if group["parent_id"]:
        bad_request("Service accounts are made in top groups only")
    return int(group["id"])


def _of(call: Call) -> list[Document]:
    owner = _owner(call)
    return [user for user in call.world.users if user["attributes"].get(_MARK) == owner]


def _list(call: Call) -> Reply:
    return call.page(_of(call), _shown)


def _create(call: Call) -> Reply:
    owner = _owner(call)
    asked = call.take(None, {"name": params.text, "username": params.text, "email": params.text})
    of = f"group_{owner}_" if owner else ""
    username = asked.get("username") or f"service_account_{of}{secrets.token_hex(16)}"
    if call.world.user(username) is not None or call.world.group(username) is not None:
        refuse(400, "Username has already been taken")
    user = call.world.add_user(
        username,
        name=asked.get("name") or "Service account user",
        email=asked.get("email") or f"{username}@noreply.gitlab.example.com",
        bot=True,
        attributes={_MARK: owner},
    )
    return Reply(201, _shown(user))


def _delete(call: Call) -> Reply:
    wanted = call.number(1, "user_id")
    user = next((one for one in _of(call) if one["id"] == wanted), None) or not_found()
    for member in call.world.members.find("user", user["id"]):
        call.world.members.delete(member["id"])
    for token in call.world.tokens.find("user", user["id"]):
        call.world.tokens.save(token, revoked=True)
    call.world.users.delete(user["id"])
    return Reply(204)
