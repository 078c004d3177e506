"""Push rules of projects and groups, which paid tiers have: what is in a push decides."""

from __future__ import annotations

from functools import partial
from typing import Any

from sigctl.sandbox.gitlab import levels, params
from sigctl.sandbox.gitlab.api.common import group_of, project_of
from sigctl.sandbox.gitlab.http import ApiError, Call, Reply, Routes, not_found, refuse
from sigctl.sandbox.gitlab.pushes import SWITCHES, TEXTS, compiled
from sigctl.sandbox.gitlab.world import GROUP, PROJECT
from sigctl.sandbox.store import Document

_NAMES: dict[str, params.Kind] = {
    **dict.fromkeys(SWITCHES, params.boolean),
    **dict.fromkeys(TEXTS, params.text),
    "max_file_size": params.integer,
}


def register(routes: Routes) -> None:
    """Add the operations of this family."""
    for kind in (PROJECT, GROUP):
        base = f"/{kind}s/:id/push_rule"
        routes.add("GET", base)(partial(_get, kind=kind))
        routes.add("POST", base)(partial(_add, kind=kind))
        routes.add("PUT", base)(partial(_change, kind=kind))
        routes.add("DELETE", base)(partial(_remove, kind=kind))


def _owner(call: Call, kind: str) -> Document:
    """Return the project or group; what the tier lacks is not there."""
    found = project_of(call, levels.MAINTAINER) if kind == PROJECT else group_of(call)
    if not call.world.premium or (kind == GROUP and call.access.group(found) < levels.OWNER):
        not_found()
    return found


def _shown(kind: str, owner: Document) -> dict[str, Any]:
    rule = owner["push_rule"]
    names = {"id": rule["id"], "created_at": rule["created_at"]}
    own = {"project_id": owner["id"]} if kind == PROJECT else {}
    return {**names, **own, **{name: rule[name] for name in _NAMES}}


def _get(call: Call, kind: str) -> Reply:
    owner = _owner(call, kind)
    if not owner.get("push_rule"):
        if kind == GROUP:
            not_found()
        return Reply(200, None)
    return Reply(200, _shown(kind, owner))


def _asked(call: Call) -> dict[str, Any]:
    asked = call.take(None, _NAMES)
    if not asked:
        names = ", ".join(_NAMES)
        raise ApiError(400, {"error": f"{names} are missing, at least one parameter must be provided"})
    wrong = {
        name: ["must be a valid regex"] for name in TEXTS if name in asked and compiled(asked[name]) is None
    }
    if (asked.get("max_file_size") or 0) < 0:
        wrong["max_file_size"] = ["must be greater than or equal to 0"]
    if wrong:
        refuse(400, wrong)
    return asked


def _saved(call: Call, kind: str, owner: Document, rule: dict[str, Any]) -> dict[str, Any]:
    things = call.world.projects if kind == PROJECT else call.world.groups
    return _shown(kind, things.save(owner, push_rule=rule))


def _add(call: Call, kind: str) -> Reply:
    owner, asked = _owner(call, kind), _asked(call)
    if owner.get("push_rule"):
        exists = "Group push rule exists, try updating" if kind == GROUP else "Project push rule exists"
        refuse(422, exists)
    plain = {**dict.fromkeys(SWITCHES, False), **dict.fromkeys(TEXTS, ""), "max_file_size": 0}
    made = {"id": call.world.store.next_id("push_rule"), "created_at": call.world.clock.stamp()}
    return Reply(201, _saved(call, kind, owner, {**made, **plain, **asked}))


def _change(call: Call, kind: str) -> Reply:
    owner, asked = _owner(call, kind), _asked(call)
    if not owner.get("push_rule"):
        not_found("Push Rule")
    return Reply(200, _saved(call, kind, owner, {**owner["push_rule"], **asked}))


def _remove(call: Call, kind: str) -> Reply:
    owner = _owner(call, kind)
    if not owner.get("push_rule"):
        not_found("Push Rule")
    things = call.world.projects if kind == PROJECT else call.world.groups
    things.save(owner, push_rule=None)
    return Reply(204)
