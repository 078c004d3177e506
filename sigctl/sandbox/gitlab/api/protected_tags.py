"""Protected tags: who may create what matches; nobody changes one by a push."""

from __future__ import annotations

from typing import Any

from sigctl.sandbox.gitlab import content, levels, params, rules
from sigctl.sandbox.gitlab.api.common import project_of
from sigctl.sandbox.gitlab.api.protections import key_pushes, keys_only
from sigctl.sandbox.gitlab.http import Call, Reply, Routes, not_found, refuse
from sigctl.sandbox.store import Document

_PAID = ("user_id", "group_id")


def register(routes: Routes) -> None:
    """Add the operations of this family."""
    base = "/projects/:id/protected_tags"
    routes.add("GET", base)(_list)
    routes.add("POST", base)(_protect)
    routes.add("GET", f"{base}/:name")(lambda call: Reply(200, _shown(call, _found(call))))
    routes.add("DELETE", f"{base}/:name")(_unprotect)


def _shown(call: Call, rule: Document) -> dict[str, Any]:
    return {"name": rule["name"], "create_access_levels": [_entry(call, entry) for entry in rule["create"]]}


def _entry(call: Call, entry: Document) -> dict[str, Any]:
    shown = {
        "id": entry["id"],
        "access_level": entry["access_level"],
        "access_level_description": rules.describe(call.world, entry),
        "deploy_key_id": entry["deploy_key_id"],
    }
    return shown | ({name: entry[name] for name in _PAID} if call.world.enterprise else {})


def _list(call: Call) -> Reply:
    project = project_of(call, levels.MAINTAINER)
    found = sorted(call.world.tag_rules.find("project", project["id"]), key=lambda rule: str(rule["name"]))
    return call.page(found, lambda rule: _shown(call, rule))


def _found(call: Call) -> Document:
    project = project_of(call, levels.MAINTAINER)
    rules = call.world.tag_rules.find("project", project["id"])
    return next((rule for rule in rules if rule["name"] == call.args[1]), None) or not_found()


def _protect(call: Call) -> Reply:
    project = project_of(call, levels.MAINTAINER)
    optional = {
        "create_access_level": params.one_of(*levels.TAG_PROTECTION),
        "allowed_to_create": params.objects,
    }
    asked = call.take({"name": params.text}, optional)
    if any(rule["name"] == asked["name"] for rule in call.world.tag_rules.find("project", project["id"])):
        refuse(409, f"Protected tag '{asked['name']}' already exists")
    given: list[dict[str, Any]] = list(asked.get("allowed_to_create") or ())
    if not call.world.premium and any(entry.get(name) for entry in given for name in _PAID):
        refuse(422, ["Create access levels user or group is not available in this tier"])
    if not call.world.enterprise:
        given = keys_only(given)
    keys = [int(one["deploy_key_id"]) for one in given if one.get("deploy_key_id") is not None]
    if not all(key_pushes(call, project, key) for key in keys):
        refuse(422, ["Create access levels deploy key is not enabled for this project"])
    if asked.get("create_access_level") is not None:
        given.insert(0, {"access_level": asked["create_access_level"]})
    entries = [content.level_entry(call.world, one) for one in given or [{"access_level": levels.MAINTAINER}]]
    rule = call.world.tag_rules.add({"project_id": project["id"], "name": asked["name"], "create": entries})
    return Reply(201, _shown(call, rule))


def _unprotect(call: Call) -> Reply:
    call.world.tag_rules.delete(_found(call)["id"])
    return Reply(204)
