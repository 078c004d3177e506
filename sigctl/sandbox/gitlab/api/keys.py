"""Deploy keys of the instance and of projects; one key can be used by several projects."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any

from sigctl.sandbox.gitlab import levels, params
from sigctl.sandbox.gitlab.api.common import project_of
from sigctl.sandbox.gitlab.http import Call, Reply, Routes, invalid, not_found, refuse
from sigctl.sandbox.store import Document

_NEW = {"title": params.text, "key": params.text}
_MORE = {"can_push": params.boolean, "expires_at": params.text}


def register(routes: Routes) -> None:
    """Add the operations of this family."""
    routes.add("GET", "/deploy_keys")(_list_all)
    routes.add("POST", "/deploy_keys")(_add_public)
    base = "/projects/:id/deploy_keys"
    routes.add("GET", base)(_list)
    routes.add("POST", base)(_add)
    routes.add("GET", f"{base}/:key_id")(_get)
    routes.add("PUT", f"{base}/:key_id")(_change)
    routes.add("DELETE", f"{base}/:key_id")(_remove)
    routes.add("POST", f"{base}/:key_id/enable")(_enable)


def _shown(key: Document, *, can_push: bool | None = None) -> dict[str, Any]:
    names = (
        "id",
        "title",
        "created_at",
        "expires_at",
        "key",
        "usage_type",
        "fingerprint",
        "fingerprint_sha256",
    )
    shown = {name: key[name] for name in names}
    return shown if can_push is None else {**shown, "can_push": can_push}


def _made(call: Call, asked: dict[str, Any], *, public: bool) -> Document:
    blob = ssh_blob(asked["key"])
    colons = hashlib.md5(blob, usedforsecurity=False).hexdigest()
    return {
        "title": asked["title"],
        "key": asked["key"].strip(),
        "created_at": call.world.clock.stamp(),
        "expires_at": asked.get("expires_at"),
        "usage_type": "auth_and_signing",
        "fingerprint": ":".join(colons[at : at + 2] for at in range(0, 32, 2)),
        "fingerprint_sha256": fingerprint(blob),
        "public": public,
        "user_id": call.me["id"],
    }


def ssh_blob(key: str) -> bytes:
    """Return the bytes of a public key; 400 for what is none."""
    try:
        return base64.b64decode(key.split()[1], validate=True)
    except (IndexError, binascii.Error):
        invalid("key", "must be a supported SSH public key.")


def fingerprint(blob: bytes) -> str:
    """Return the SHA-256 fingerprint of a key as GitLab writes it."""
    return base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def _list_all(call: Call) -> Reply:
    call.admin()
    public = call.take(None, {"public": params.boolean}).get("public")

    def show(key: Document) -> dict[str, Any]:
        uses = [use for use in call.world.key_uses.find("key", key["id"]) if use["can_push"]]
        return {**_shown(key), "projects_with_write_access": [{"id": use["project_id"]} for use in uses]}

    return call.page([key for key in call.world.keys if not public or key["public"]], show)


def _add_public(call: Call) -> Reply:
    call.admin()
    made = _made(call, call.take(_NEW, _MORE), public=True)
    if call.world.keys.one("fingerprint", made["fingerprint_sha256"]):
        invalid("fingerprint_sha256", "has already been taken")
    return Reply(201, _shown(call.world.keys.add(made)))


def _uses(call: Call) -> list[Document]:
    project = project_of(call, levels.MAINTAINER)
    return call.world.key_uses.find("project", project["id"])


def _list(call: Call) -> Reply:
    return call.page(
        _uses(call), lambda use: _shown(call.world.keys[use["key_id"]], can_push=use["can_push"])
    )


def _use(call: Call) -> Document:
    wanted = call.number(1, "key_id")
    return next((use for use in _uses(call) if use["key_id"] == wanted), None) or not_found("Deploy Key")


def _get(call: Call) -> Reply:
    use = _use(call)
    return Reply(200, _shown(call.world.keys[use["key_id"]], can_push=use["can_push"]))


def _add(call: Call) -> Reply:
    project = project_of(call, levels.MAINTAINER)
    asked = call.take(_NEW, _MORE)
    made = _made(call, asked, public=False)
    key = call.world.keys.one("fingerprint", made["fingerprint_sha256"])
    uses = call.world.key_uses.find("project", project["id"])
    if key is not None and any(use["key_id"] == key["id"] for use in uses):
        refuse(400, {"deploy_key.fingerprint_sha256": ["has already been taken"]})
    key = key or call.world.keys.add(made)
    return Reply(201, _enabled(call, project, key, can_push=bool(asked.get("can_push"))))


def _enabled(call: Call, project: Document, key: Document, *, can_push: bool) -> dict[str, Any]:
    call.world.key_uses.add({"project_id": project["id"], "key_id": key["id"], "can_push": can_push})
    return _shown(key, can_push=can_push)


def _enable(call: Call) -> Reply:
    project = project_of(call, levels.MAINTAINER)
    key = call.world.keys.get(call.number(1, "key_id")) or not_found("Deploy Key")
    seen = key["public"] or call.access.is_admin or key["user_id"] == call.me["id"]
    if not seen:
        not_found("Deploy Key")
    for use in call.world.key_uses.find("project", project["id"]):
        if use["key_id"] == key["id"]:
            return Reply(201, _shown(key, can_push=use["can_push"]))
    return Reply(201, _enabled(call, project, key, can_push=False))


def _change(call: Call) -> Reply:
    use = _use(call)
    asked = call.take(None, {"title": params.text, "can_push": params.boolean})
    key = call.world.keys[use["key_id"]]
    if "title" in asked:
        call.world.keys.save(key, title=asked["title"])
    if "can_push" in asked:
        call.world.key_uses.save(use, can_push=bool(asked["can_push"]))
    return Reply(200, _shown(key, can_push=use["can_push"]))


def _remove(call: Call) -> Reply:
    use = _use(call)
    call.world.key_uses.delete(use["id"])
    key = call.world.keys[use["key_id"]]
    if not key["public"] and not call.world.key_uses.find("key", key["id"]):
        call.world.keys.delete(key["id"])
    return Reply(204)
