"""Access tokens of groups and projects: each comes with a bot account, which shows up as a member."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from sigctl.sandbox.gitlab import levels, params
from sigctl.sandbox.gitlab.api.common import not_past, source_of
from sigctl.sandbox.gitlab.api.members import owners_only
from sigctl.sandbox.gitlab.http import Call, Reply, Routes, bad_request, not_found
from sigctl.sandbox.gitlab.world import GROUP, PROJECT
from sigctl.sandbox.store import Document

_SCOPES = (
    "api",
    "read_api",
    "read_repository",
    "write_repository",
    "read_registry",
    "write_registry",
    "create_runner",
)


def register(routes: Routes) -> None:
    """Add the operations of this family."""
    for kind in (GROUP, PROJECT):
        base = f"/{kind}s/:id/access_tokens"
        routes.add("GET", base)(_for(kind, _list))
        routes.add("POST", base)(_for(kind, _create))
        routes.add("GET", f"{base}/:token_id")(_for(kind, _get))
        routes.add("DELETE", f"{base}/:token_id")(_for(kind, _revoke))


def _for(kind: str, handler: Callable[[Call, str], Reply]) -> Callable[[Call], Reply]:
    return lambda call: handler(call, kind)


def _shown(call: Call, kind: str, source: Document, token: Document) -> dict[str, Any]:
    member = call.world.member(kind, source["id"], token["user_id"])
    names = ("id", "name", "revoked", "created_at", "scopes", "user_id", "expires_at")
    shown = {name: token[name] for name in names}
    return {
        **shown,
        "description": None,
        "last_used_at": None,
        "active": not token["revoked"] and member is not None,
        "access_level": member["access_level"] if member else None,
        "resource_type": kind,
        "resource_id": source["id"],
    }


def _tokens(call: Call, kind: str) -> tuple[Document, list[Document]]:
    source = source_of(call, kind, manage=True)
    bots = [
        user for user in call.world.users if user["attributes"].get("project_bot") == [kind, source["id"]]
    ]
    return source, [token for bot in bots for token in call.world.tokens.find("user", bot["id"])]


def _list(call: Call, kind: str) -> Reply:
    source, found = _tokens(call, kind)
    return call.page(
        [token for token in found if not token["revoked"]], lambda token: _shown(call, kind, source, token)
    )


def _found(call: Call, kind: str) -> tuple[Document, Document]:
    source, found = _tokens(call, kind)
    wanted = call.number(1, "token_id")
    return source, next((token for token in found if token["id"] == wanted), None) or not_found("Token")


def _get(call: Call, kind: str) -> Reply:
    return Reply(200, _shown(call, kind, *_found(call, kind)))


def _create(call: Call, kind: str) -> Reply:
    source = source_of(call, kind, manage=True)
    required = {"name": params.text, "scopes": params.texts, "expires_at": params.day}
    asked = call.take(required, {"access_level": params.one_of(*levels.MEMBER)})
    if not set(asked["scopes"]) <= set(_SCOPES):
        bad_request("Scopes can only contain available scopes")
    not_past(call, asked["expires_at"])
    level = asked.get("access_level") or levels.MAINTAINER
    owners_only(call, kind, source, level)
    username = f"{kind}_{source['id']}_bot_{secrets.token_hex(16)}"
    mark = {"project_bot": [kind, source["id"]]}
    bot = call.world.add_user(username, name=asked["name"], bot=True, attributes=mark)
    ends = asked["expires_at"]
    call.world.add_member(kind, source["id"], bot["id"], level, created_by=call.me["id"], expires_at=ends)
    token = call.world.add_token(bot, "", asked["scopes"], name=asked["name"], expires_at=ends)
    return Reply(201, {**_shown(call, kind, source, token), "token": token["token"]})


def _revoke(call: Call, kind: str) -> Reply:
    source, token = _found(call, kind)
    call.world.tokens.save(token, revoked=True)
    member = call.world.member(kind, source["id"], token["user_id"])
    if member is not None:
        call.world.members.delete(member["id"])
    return Reply(204)
