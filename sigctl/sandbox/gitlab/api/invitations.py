"""Invitations by e-mail address or by account: the answer is 201 whatever happens, the error is inside."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from sigctl.sandbox.gitlab import params, render
from sigctl.sandbox.gitlab.api.common import level_complaints, not_past, source_of
from sigctl.sandbox.gitlab.api.members import add_several, owners_only
from sigctl.sandbox.gitlab.http import ApiError, Call, Reply, Routes, not_found
from sigctl.sandbox.gitlab.world import GROUP, PROJECT, World
from sigctl.sandbox.store import Document


def register(routes: Routes) -> None:
    """Add the operations of this family."""
    for kind in (GROUP, PROJECT):
        base = f"/{kind}s/:id/invitations"
        routes.add("GET", base)(_for(kind, _list))
        routes.add("POST", base)(_for(kind, _invite))
        routes.add("PUT", f"{base}/:email")(_for(kind, _update))
        routes.add("DELETE", f"{base}/:email")(_for(kind, _withdraw))


def _for(kind: str, handler: Callable[[Call, str], Reply]) -> Callable[[Call], Reply]:
    return lambda call: handler(call, kind)


def _list(call: Call, kind: str) -> Reply:
    source = source_of(call, kind, manage=True)
    word = call.take(None, {"query": params.text}).get("query") or ""
    found = [i for i in call.world.invitations.find("source", (kind, source["id"])) if word in i["email"]]
    return call.page(found, lambda one: render.invitation(call, one))


def _invite(call: Call, kind: str) -> Reply:
    source = source_of(call, kind, manage=True)
    asked = call.take(
        {"access_level": params.integer},
        {
            "email": params.texts,
            "user_id": params.texts,
            "expires_at": params.day,
            "invite_source": params.text,
        },
    )
    if not asked.get("email") and not asked.get("user_id"):
        raise ApiError(400, {"error": "email, user_id are missing, at least one parameter must be provided"})
    owners_only(call, kind, source, asked["access_level"])
    not_past(call, asked.get("expires_at"))
    failed: dict[str, object] = {}
    if asked.get("user_id"):
        answer = add_several(call, kind, source, asked["user_id"], asked)
        message = answer.get("message")
        if isinstance(message, dict):
            failed |= message
    for email in asked.get("email") or ():
        complaint = _invite_one(call, kind, source, email, asked)
        if complaint:
            failed[email] = complaint
    return Reply(201, {"status": "error", "message": failed} if failed else {"status": "success"})


def _invite_one(call: Call, kind: str, source: Document, email: str, asked: Document) -> str:
    """Invite an address, or add the account that has it; return what is wrong, in GitLab's words."""
    if "@" not in email:
        return "Invite email is invalid"
    user = call.world.users.one("email", email.lower())
    if user is not None:
        answer = add_several(call, kind, source, [user["username"]], asked)
        message = answer.get("message")
        return next(iter(message.values())) if isinstance(message, dict) else ""
    if _found(call, kind, source, email):
        return "The member's email address has already been taken"
    complaints = level_complaints(call, kind, source, 0, asked["access_level"])
    if complaints:
        return f"Access level {complaints[0]}"
    call.world.invitations.add(
        {
            "source": kind,
            "source_id": source["id"],
            "email": email,
            "access_level": asked["access_level"],
            "expires_at": asked.get("expires_at"),
            "created_at": call.world.clock.stamp(),
            "created_by": call.me["id"],
            "token": secrets.token_hex(10),
        }
    )
    return ""


def accept(world: World, user: Document) -> None:
    """Let a new account in wherever its address was invited to."""
    for one in world.invitations:
        if one["email"].lower() == user["email"].lower():
            world.invitations.delete(one["id"])
            ends, creator = one["expires_at"], one["created_by"]
            world.add_member(
                one["source"],
                one["source_id"],
                user["id"],
                one["access_level"],
                expires_at=ends,
                created_by=creator,
            )


def _found(call: Call, kind: str, source: Document, email: str) -> Document | None:
    places = call.world.invitations.find("source", (kind, source["id"]))
    return next((i for i in places if i["email"].lower() == email.lower()), None)


def _update(call: Call, kind: str) -> Reply:
    source = source_of(call, kind, manage=True)
    asked = call.take(None, {"access_level": params.integer, "expires_at": params.day})
    found = _found(call, kind, source, call.args[1]) or not_found()
    not_past(call, asked.get("expires_at"))
    return Reply(200, render.invitation(call, call.world.invitations.save(found, **asked)))


def _withdraw(call: Call, kind: str) -> Reply:
    source = source_of(call, kind, manage=True)
    found = _found(call, kind, source, call.args[1]) or not_found()
    call.world.invitations.delete(found["id"])
    return Reply(204)
