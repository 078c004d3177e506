"""What hangs on accounts: keys, addresses, identities, impersonation tokens; and custom attributes of anything."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Callable
from typing import Any

from sigctl.sandbox.gitlab import levels, params, render
from sigctl.sandbox.gitlab.api.common import group_of, project_of
from sigctl.sandbox.gitlab.api.keys import fingerprint, ssh_blob
from sigctl.sandbox.gitlab.http import Call, Reply, Routes, forbidden, invalid, not_found
from sigctl.sandbox.store import Document

USER = "user"
_KINDS: dict[str, dict[str, params.Kind]] = {
    "keys": {"title": params.text, "key": params.text},
    "gpg_keys": {"key": params.text},
    "emails": {"email": params.text},
}


def register(routes: Routes) -> None:
    """Add the operations of this family."""
    for type_ in _KINDS:
        for base, mine in ((f"/users/:id/{type_}", False), (f"/user/{type_}", True)):
            at = 0 if mine else 1
            for method, path, handler in (
                ("GET", base, _list),
                ("POST", base, _add),
                ("GET", f"{base}/:item", _get),
                ("DELETE", f"{base}/:item", _remove),
            ):
                routes.add(method, path)(_bound(handler, type_, at))
    routes.add("GET", "/keys/:id")(_key_by_id)
    routes.add("GET", "/keys")(_key_by_fingerprint)
    routes.add("DELETE", "/users/:id/identities/:provider")(_forget_identity)
    routes.add("GET", "/users/:id/impersonation_tokens")(_tokens)
    routes.add("POST", "/users/:id/impersonation_tokens")(_add_token)
    routes.add("DELETE", "/users/:id/impersonation_tokens/:token_id")(_revoke)
    for kind in ("user", "group", "project"):
        base = f"/{kind}s/:id/custom_attributes"
        routes.add("GET", base)(_attributes)
        routes.add("GET", f"{base}/:key")(_attribute)
        routes.add("PUT", f"{base}/:key")(_set_attribute)
        routes.add("DELETE", f"{base}/:key")(_drop_attribute)


def _bound(handler: Callable[[Call, str, int], Reply], type_: str, at: int) -> Callable[[Call], Reply]:
    return lambda call: handler(call, type_, at)


def _owner(call: Call, at: int) -> Document:
    """Return whose things these are: the caller's own, or (administrators) anybody's."""
    if at == 0:
        return call.me
    call.admin()
    return call.world.users.get(call.number(0)) or not_found("User")


def _items(call: Call, type_: str, at: int) -> list[Document]:
    return call.world.items.find("place", (type_, USER, _owner(call, at)["id"]))


def _shown(item: Document) -> dict[str, Any]:
    hidden = ("type", "owner", "owner_id", "fingerprint")
    return {name: value for name, value in item.items() if name not in hidden}


def _list(call: Call, type_: str, at: int) -> Reply:
    return call.page(_items(call, type_, at), _shown)


def _found(call: Call, type_: str, at: int) -> Document:
    wanted = call.args[at]
    return next((item for item in _items(call, type_, at) if str(item["id"]) == wanted), None) or not_found()


def _get(call: Call, type_: str, at: int) -> Reply:
    return Reply(200, _shown(_found(call, type_, at)))


def _add(call: Call, type_: str, at: int) -> Reply:
    owner = _owner(call, at)
    asked = call.take(_KINDS[type_], {"expires_at": params.text, "skip_confirmation": params.boolean})
    fields = {name: asked[name] for name in _KINDS[type_]}
    if type_ == "keys":
        mark = fingerprint(ssh_blob(asked["key"]))
        if any(item.get("fingerprint") == mark for item in call.world.items) or call.world.keys.one(
            "fingerprint", mark
        ):
            invalid("fingerprint_sha256", "has already been taken")
        fields |= {
            "fingerprint": mark,
            "usage_type": "auth_and_signing",
            "expires_at": asked.get("expires_at"),
        }
    stamp = "confirmed_at" if type_ == "emails" else "created_at"
    place = {"type": type_, "owner": USER, "owner_id": owner["id"], stamp: call.world.clock.stamp()}
    return Reply(201, _shown(call.world.items.add({**fields, **place})))


def _remove(call: Call, type_: str, at: int) -> Reply:
    call.world.items.delete(_found(call, type_, at)["id"])
    return Reply(204)


# -- keys of anybody -------------------------------------------------------------------------------------------------


def _key_by_id(call: Call) -> Reply:
    call.admin()
    item = call.world.items.get(call.number(0))
    return Reply(200, _with_owner(call, item)) if item is not None and item["type"] == "keys" else not_found()


def _with_owner(call: Call, key: Document) -> dict[str, Any]:
    return {**_shown(key), "user": render.user_full(call, call.world.users[key["owner_id"]])}


def _key_by_fingerprint(call: Call) -> Reply:
    call.admin()
    wanted = call.take({"fingerprint": params.text})["fingerprint"].removeprefix("SHA256:")
    try:
        base64.b64decode(wanted + "=" * (-len(wanted) % 4), validate=True)
    except binascii.Error:
        not_found("Key")
    for item in call.world.items:
        if item["type"] == "keys" and item["fingerprint"] == wanted:
            return Reply(200, _with_owner(call, item))
    key = call.world.keys.one("fingerprint", wanted) or not_found("Key")
    uses = call.world.key_uses.find("key", key["id"])
    shown = {name: key[name] for name in ("id", "title", "key", "created_at", "expires_at", "usage_type")}
    places = [
        {
            "id": use["id"],
            "deploy_key_id": key["id"],
            "project_id": use["project_id"],
            "can_push": use["can_push"],
        }
        for use in uses
    ]
    owner = call.world.users.get(key["user_id"])
    user = render.user_full(call, owner) if owner else None
    return Reply(200, {**shown, "user": user, "deploy_keys_projects": places})


# -- identities and tokens -------------------------------------------------------------------------------------------


def _forget_identity(call: Call) -> Reply:
    user = _owner(call, 1)
    held = user["attributes"].get("identities", [])
    kept = [one for one in held if one["provider"] != call.args[1]]
    if len(kept) == len(held):
        not_found("Identity")
    call.world.users.save(user, attributes={**user["attributes"], "identities": kept})
    return Reply(204)


def _shown_token(token: Document, *, secret: bool = False) -> dict[str, Any]:
    names = ("id", "name", "revoked", "created_at", "scopes", "user_id", "expires_at")
    shown = {name: token[name] for name in names} | {"active": not token["revoked"], "impersonation": True}
    return {**shown, "token": token["token"]} if secret else shown


def _tokens(call: Call) -> Reply:
    user = _owner(call, 1)
    state = call.take(None, {"state": params.one_of("all", "active", "inactive")}).get("state", "all")
    found = [t for t in call.world.tokens.find("user", user["id"]) if t.get("impersonation")]
    return call.page(
        [t for t in found if state == "all" or t["revoked"] == (state == "inactive")], _shown_token
    )


def _add_token(call: Call) -> Reply:
    user = _owner(call, 1)
    asked = call.take({"name": params.text, "scopes": params.texts}, {"expires_at": params.day})
    ends = {"expires_at": asked["expires_at"]} if asked.get("expires_at") else {}
    secret = f"glpat-{secrets.token_urlsafe(15)}"
    made = call.world.add_token(user, secret, asked["scopes"], name=asked["name"], impersonation=True, **ends)
    return Reply(201, _shown_token(made, secret=True))


def _revoke(call: Call) -> Reply:
    user = _owner(call, 1)
    token = call.world.tokens.get(call.number(1, "impersonation_token_id"))
    if token is None or token["user_id"] != user["id"]:
        not_found("Impersonation Token")
    call.world.tokens.save(token, revoked=True)
    return Reply(204)


# -- custom attributes -----------------------------------------------------------------------------------------------


def _bearer(call: Call) -> Document:
    kind = call.path.split("/")[3]
    if not call.access.is_admin:
        forbidden()
    if kind == "users":
        return call.world.users.get(call.number(0)) or not_found("User")
    return group_of(call, levels.NO_ACCESS) if kind == "groups" else project_of(call, levels.NO_ACCESS)


def _keep(call: Call, thing: Document, custom: dict[str, str]) -> None:
    kind = call.path.split("/")[3]
    collection = {"users": call.world.users, "groups": call.world.groups, "projects": call.world.projects}[
        kind
    ]
    collection.save(thing, custom=custom)


def _attributes(call: Call) -> Reply:
    found = [{"id": 0, "key": key, "value": value} for key, value in _bearer(call).get("custom", {}).items()]
    return call.page(found, lambda one: {"key": one["key"], "value": one["value"]})


def _attribute(call: Call) -> Reply:
    custom = _bearer(call).get("custom", {})
    if call.args[1] not in custom:
        not_found("Custom Attribute")
    return Reply(200, {"key": call.args[1], "value": custom[call.args[1]]})


def _set_attribute(call: Call) -> Reply:
    thing = _bearer(call)
    value = call.take({"value": params.text})["value"]
    _keep(call, thing, {**thing.get("custom", {}), call.args[1]: value})
    return Reply(200, {"key": call.args[1], "value": value})


def _drop_attribute(call: Call) -> Reply:
    thing = _bearer(call)
    custom = dict(thing.get("custom", {}))
    if custom.pop(call.args[1], None) is None:
        not_found("Custom Attribute")
    _keep(call, thing, custom)
    return Reply(204)
