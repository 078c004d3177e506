"""Protected branches of a whole top group (a paid tier): by level only, and they hold in all its projects."""

from __future__ import annotations

from typing import Any

from sigctl.sandbox.gitlab import content, levels, params
from sigctl.sandbox.gitlab.api.common import group_of
from sigctl.sandbox.gitlab.api.protections import shown
from sigctl.sandbox.gitlab.http import ApiError, Call, Reply, Routes, not_found, refuse
from sigctl.sandbox.store import Document

_LEVEL = params.one_of(*levels.PROTECTION)
_RIGHTS = {"push": "allowed_to_push", "merge": "allowed_to_merge", "unprotect": "allowed_to_unprotect"}
_SWITCHES = ("allow_force_push", "code_owner_approval_required")


def register(routes: Routes) -> None:
    """Add the operations of this family."""
    base = "/groups/:id/protected_branches"
    routes.add("GET", base)(_list)
    routes.add("POST", base)(_protect)
    routes.add("GET", f"{base}/:name")(lambda call: Reply(200, shown(call, _found(call))))
    routes.add("PATCH", f"{base}/:name")(_change)
    routes.add("DELETE", f"{base}/:name")(_unprotect)


def _group(call: Call) -> Document:
    group = group_of(call, levels.OWNER)
    if not call.world.premium:
        not_found()
    return group


def _rules(call: Call) -> list[Document]:
    return call.world.group_rules.find("group", _group(call)["id"])


def _found(call: Call) -> Document:
    return next((rule for rule in _rules(call) if rule["name"] == call.args[1]), None) or not_found()


def _list(call: Call) -> Reply:
    word = call.take(None, {"search": params.text}).get("search") or ""
    return call.page([rule for rule in _rules(call) if word in rule["name"]], lambda rule: shown(call, rule))


def _protect(call: Call) -> Reply:
    group = _group(call)
    if group["parent_id"]:
        refuse(422, ["Group must be a top-level group"])
    optional: dict[str, params.Kind] = {f"{right}_access_level": _LEVEL for right in _RIGHTS}
    optional |= dict.fromkeys(_RIGHTS.values(), params.objects)
    asked = call.take({"name": params.text}, optional | dict.fromkeys(_SWITCHES, params.boolean))
    if any(rule["name"] == asked["name"] for rule in _rules(call)):
        refuse(409, f"Protected branch '{asked['name']}' already exists")
    rule = call.world.group_rules.add(
        {
            "group_id": group["id"],
            "name": asked["name"],
            **{right: [_line(call, one) for one in _asked(right, asked)] for right in _RIGHTS},
            **{name: bool(asked.get(name)) for name in _SWITCHES},
        }
    )
    return Reply(201, shown(call, rule))


def _asked(right: str, asked: dict[str, Any]) -> list[dict[str, Any]]:
    given = list(asked.get(_RIGHTS[right]) or ())
    level = asked.get(f"{right}_access_level")
    return given or [{"access_level": levels.MAINTAINER if level is None else level}]


def _line(call: Call, entry: dict[str, Any]) -> Document:
    if entry.get("access_level") not in levels.PROTECTION:
        raise ApiError(400, {"error": "access_level does not have a valid value"})
    return content.level_entry(call.world, {"access_level": int(entry["access_level"])})


def _change(call: Call) -> Reply:
    rule = _found(call)
    kinds: dict[str, params.Kind] = dict.fromkeys(_SWITCHES, params.boolean)
    asked = call.take(None, {**kinds, **dict.fromkeys(_RIGHTS.values(), params.objects)})
    changes: dict[str, Any] = {name: bool(asked[name]) for name in _SWITCHES if name in asked}
    for right, name in _RIGHTS.items():
        if name in asked:
            kept = {entry["id"]: entry for entry in rule[right]}
            for entry in asked[name]:
                id_ = entry.get("id")
                if id_ is not None and id_ not in kept:
                    not_found()
                if id_ is not None and params.boolean(entry.get("_destroy", False)):
                    del kept[id_]
                else:
                    line = _line(call, entry)
                    kept[id_ if id_ is not None else line["id"]] = {**line, **({"id": id_} if id_ else {})}
            changes[right] = list(kept.values())
    return Reply(200, shown(call, call.world.group_rules.save(rule, **changes)))


def _unprotect(call: Call) -> Reply:
    call.world.group_rules.delete(_found(call)["id"])
    return Reply(204)
