"""Push mirrors: disabled unless said otherwise; the password in the URL is never shown again, the URL never changes."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from sigctl.sandbox.gitlab import levels, params
from sigctl.sandbox.gitlab.api.common import project_of
from sigctl.sandbox.gitlab.http import Call, Reply, Routes, invalid, not_found
from sigctl.sandbox.store import Document

_MORE = {
    "enabled": params.boolean,
    "only_protected_branches": params.boolean,
    "keep_divergent_refs": params.boolean,
    "auth_method": params.one_of("ssh_public_key", "password"),
}


def register(routes: Routes) -> None:
    """Add the operations of this family."""
    base = "/projects/:id/remote_mirrors"
    routes.add("GET", base)(_list)
    routes.add("POST", base)(_add)
    routes.add("GET", f"{base}/:mirror_id")(lambda call: Reply(200, _shown(_found(call))))
    routes.add("PUT", f"{base}/:mirror_id")(_change)
    routes.add("DELETE", f"{base}/:mirror_id")(_remove)
    routes.add("POST", f"{base}/:mirror_id/sync")(_sync)


def scrubbed(url: str) -> str:
    """Return a URL in which user and password are stars."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    stars = ":".join("*****" for part in (parts.username, parts.password) if part)
    return parts._replace(netloc=f"{stars}@{host}" if stars else host).geturl()


def _shown(mirror: Document) -> dict[str, Any]:
    return {
        "id": mirror["id"],
        "enabled": mirror["enabled"],
        "url": scrubbed(mirror["url"]),
        "update_status": "none",
        "last_update_at": None,
        "last_update_started_at": None,
        "last_successful_update_at": None,
        "last_error": None,
        "only_protected_branches": mirror["only_protected_branches"],
        "keep_divergent_refs": mirror["keep_divergent_refs"],
        "auth_method": mirror["auth_method"],
        "host_keys": [],
    }


def _list(call: Call) -> Reply:
    project = project_of(call, levels.MAINTAINER)
    return call.page(call.world.mirrors.find("project", project["id"]), _shown)


def _found(call: Call) -> Document:
    project = project_of(call, levels.MAINTAINER)
    mirror = call.world.mirrors.get(call.number(1, "mirror_id"))
    return mirror if mirror is not None and mirror["project_id"] == project["id"] else not_found()


def _add(call: Call) -> Reply:
    project = project_of(call, levels.MAINTAINER)
    asked = call.take({"url": params.text}, _MORE)
    parts = urlsplit(asked["url"])
    if parts.scheme not in ("http", "https", "ssh", "git") or not parts.hostname:
        invalid("url", "is blocked: Only allowed schemes are http, https, ssh, git")
    mirror = {
        "project_id": project["id"],
        "url": asked["url"],
        "enabled": bool(asked.get("enabled")),
        "only_protected_branches": bool(asked.get("only_protected_branches")),
        "keep_divergent_refs": asked.get("keep_divergent_refs"),
        "auth_method": asked.get("auth_method") or "password",
    }
    return Reply(201, _shown(call.world.mirrors.add(mirror)))


def _change(call: Call) -> Reply:
    mirror = _found(call)
    asked = call.take(None, _MORE)
    return Reply(200, _shown(call.world.mirrors.save(mirror, **asked)))


def _remove(call: Call) -> Reply:
    call.world.mirrors.delete(_found(call)["id"])
    return Reply(204)


def _sync(call: Call) -> Reply:
    if not _found(call)["enabled"]:
        invalid("base", "Cannot proceed with the push mirroring. Please verify your mirror configuration.")
    return Reply(204)
