"""Accounts: looking them up, and what an administrator does with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sigctl.sandbox.gitlab import ends, params, render
from sigctl.sandbox.gitlab.access import Access
from sigctl.sandbox.gitlab.api.invitations import accept
from sigctl.sandbox.gitlab.http import ApiError, Call, Reply, Routes, forbidden, not_found, refuse
from sigctl.sandbox.gitlab.render_project import project as show_project
from sigctl.sandbox.gitlab.world import GROUP, PROJECT
from sigctl.sandbox.store import Document

_SCOPES = ("api", "read_api", "read_user", "ai_features")
_ATTRIBUTES = {
    "bio": params.text,
    "location": params.text,
    "public_email": params.text,
    "organization": params.text,
    "job_title": params.text,
    "website_url": params.text,
    "linkedin": params.text,
    "note": params.text,
    "external": params.boolean,
    "can_create_group": params.boolean,
    "private_profile": params.boolean,
    "projects_limit": params.integer,
}
_CORE = {"email": params.text, "username": params.text, "name": params.text, "admin": params.boolean}
_FILTERS = {
    "username": params.text,
    "search": params.text,
    "active": params.boolean,
    "blocked": params.boolean,
    "humans": params.boolean,
    "admins": params.boolean,
    "extern_uid": params.text,
    "provider": params.text,
}


def register(routes: Routes) -> None:
    """Add the operations of this family."""
    routes.add("GET", "/user", scopes=_SCOPES)(lambda call: Reply(200, render.user_full(call, call.me)))
    routes.add("GET", "/users", anonymous=True, scopes=_SCOPES)(_list)
    routes.add("POST", "/users")(_create)
    routes.add("GET", "/users/:id", anonymous=True, scopes=_SCOPES)(_get)
    routes.add("PUT", "/users/:id")(_update)
    routes.add("DELETE", "/users/:id")(_delete)
    routes.add("GET", "/users/:id/memberships")(_memberships)
    routes.add("GET", "/users/:id/projects", anonymous=True)(_projects)
    routes.add("GET", "/users/:id/events")(lambda call: call.page([], lambda event: event))
    for verb, handler in _MOVES.items():
        routes.add("POST", f"/users/:id/{verb}")(handler)


def _list(call: Call) -> Reply:
    asked = call.take(None, _FILTERS)
    if call.user is None and not asked.get("username"):
        forbidden("Not authorized to access /api/v4/users")
    admin = call.access.is_admin
    found = [user for user in _candidates(call, asked) if _fits(user, asked) and call.has_custom(user)]
    found.sort(key=lambda user: user["id"], reverse=True)

    def show(user: Document) -> dict[str, Any]:
        return render.user_full(call, user) if admin else render.user_basic(call, user)

    return call.page(found, show, keyset="cursor")


def _candidates(call: Call, asked: dict[str, Any]) -> list[Document]:
    if asked.get("username"):
        return call.world.users.find("username", asked["username"].lower())
    return list(call.world.users)


def _fits(user: Document, asked: dict[str, Any]) -> bool:
    word = (asked.get("search") or "").lower()
    return (
        (
            not word
            or any(word in user[field].lower() for field in ("username", "name"))
            or word == user["email"].lower()
        )
        and (not asked.get("active") or user["state"] == "active")
        and (not asked.get("blocked") or user["state"] == "blocked")
        and (not asked.get("humans") or not user["bot"])
        and (not asked.get("admins") or user["admin"])
        and ("extern_uid" not in asked or _identity(user, asked))
    )


def _identity(user: Document, asked: dict[str, Any]) -> bool:
    wanted = {"provider": asked.get("provider"), "extern_uid": asked["extern_uid"]}
    return any(wanted.items() <= identity.items() for identity in user["attributes"].get("identities", ()))


def _found(call: Call) -> Document:
    return call.world.users.get(call.number(0)) or not_found("User")


def _get(call: Call) -> Reply:
    if call.user is None:
        forbidden("Not authorized to access /api/v4/users")
    user = _found(call)
    return Reply(200, render.user_full(call, user) if call.access.is_admin else render.user(call, user))


def _create(call: Call) -> Reply:
    call.admin()
    kinds = {
        **_ATTRIBUTES,
        "admin": params.boolean,
        "password": params.text,
        "reset_password": params.boolean,
    }
    required = dict.fromkeys(("email", "name", "username"), params.text)
    asked = call.take(required, {**kinds, "force_random_password": params.boolean, "avatar": params.anything})
    if not any(asked.get(way) for way in ("password", "reset_password", "force_random_password")):
        error = "password, reset_password, force_random_password are missing, at least one parameter must be provided"
        raise ApiError(400, {"error": error})
    _free(call, asked)
    attributes = {name: asked[name] for name in _ATTRIBUTES if name in asked}
    fields = {name: asked[name] for name in ("name", "email", "admin") if name in asked}
    user = call.world.add_user(asked["username"], attributes=attributes, **fields)
    accept(call.world, user)
    if "avatar" in call.files:
        call.world.users.save(user, avatar="avatar.png")
    return Reply(201, render.user_full(call, user))


def _free(call: Call, asked: dict[str, Any], but: int = 0) -> None:
    world = call.world
    for field, words in (
        ("email", "Email has already been taken"),
        ("username", "Username has already been taken"),
    ):
        if field in asked:
            other = world.users.one(field, asked[field].lower())
            group = world.groups.one("path", (0, asked[field].lower())) if field == "username" else None
            if (other is not None and other["id"] != but) or group is not None:
                refuse(409, words)


def _update(call: Call) -> Reply:
    call.admin()
    user = _found(call)
    identity = {"provider": params.text, "extern_uid": params.text}
    asked = call.take(None, {**_ATTRIBUTES, **_CORE, **identity})
    _free(call, asked, user["id"])
    attributes = user["attributes"] | {name: asked[name] for name in _ATTRIBUTES if name in asked}
    if asked.get("provider"):
        kept = [one for one in attributes.get("identities", []) if one["provider"] != asked["provider"]]
        attributes["identities"] = [*kept, {name: asked.get(name) for name in identity}]
    core = {name: asked[name] for name in _CORE if name in asked}
    return Reply(200, render.user_full(call, call.world.users.save(user, attributes=attributes, **core)))


def _delete(call: Call) -> Reply:
    call.admin()
    user = _found(call)
    world = call.world
    alone = [
        group for group in world.groups if world.owners(group) == {user["id"]} and not group["parent_id"]
    ]
    hard = call.take(None, {"hard_delete": params.boolean}).get("hard_delete")
    if alone and not hard:
        refuse(409, "User cannot be removed")
    for member in world.members.find("user", user["id"]):
        world.members.delete(member["id"])
    for token in world.tokens.find("user", user["id"]):
        world.tokens.delete(token["id"])
    for project in world.projects.find("namespace", user["namespace_id"]):
        ends.remove_project(world, project)
    world.users.delete(user["id"])
    return Reply(204)


def _move(
    new: str, *, when: tuple[str, ...], otherwise: Callable[[Document], Reply]
) -> Callable[[Call], Reply]:
    def handler(call: Call) -> Reply:
        call.admin()
        user = _found(call)
        if user["state"] not in when:
            return otherwise(user)
        call.world.users.save(user, state=new)
        return Reply(201, True)  # noqa: FBT003  # the body is `true`

    return handler


def _no(text: str, status: int = 403) -> Callable[[Document], Reply]:
    return lambda _user: Reply(status, {"message": text})


def _still_blocked(user: Document) -> Reply:
    if user["state"] in ("active", "deactivated"):
        return Reply(201, False)  # noqa: FBT003  # the body is `false`
    return Reply(403, {"message": f"403 Forbidden - A {user['state']} user cannot be unblocked by the API"})


def _already(_user: Document) -> Reply:
    return Reply(201, None)


_MOVES: dict[str, Callable[[Call], Reply]] = {
    "block": _move("blocked", when=("active", "deactivated"), otherwise=_already),
    "unblock": _move("active", when=("blocked",), otherwise=_still_blocked),
    "deactivate": _move(
        "deactivated",
        when=("active",),
        otherwise=_no("403 Forbidden - A blocked user cannot be deactivated by the API"),
    ),
    "activate": _move(
        "active",
        when=("deactivated", "active"),
        otherwise=_no("403 Forbidden - A blocked user must be unblocked to be activated"),
    ),
    "ban": _move("banned", when=("active", "deactivated"), otherwise=_no("You cannot ban blocked users.")),
    "unban": _move("active", when=("banned",), otherwise=_no("You cannot unban active users.")),
}


def _memberships(call: Call) -> Reply:
    call.admin()
    user = _found(call)
    asked = call.take(None, {"type": params.one_of("Project", "Namespace")})
    names = {GROUP: "Namespace", PROJECT: "Project"}
    wanted = asked.get("type")
    found = [m for m in call.world.members.find("user", user["id"]) if wanted in (None, names[m["source"]])]

    def show(member: Document) -> dict[str, Any]:
        sources = call.world.groups if member["source"] == GROUP else call.world.projects
        source = sources[member["source_id"]]
        return {
            "source_id": source["id"],
            "source_name": source["name"],
            "source_type": names[member["source"]],
            "access_level": member["access_level"],
        }

    return call.page(found, show)


def _projects(call: Call) -> Reply:
    user = call.world.user(call.args[0]) or not_found("User")
    own = call.world.projects.find("namespace", user["namespace_id"])
    access: Access = call.access
    return call.page([one for one in own if access.sees_project(one)], lambda one: show_project(call, one))
