"""Audit events of groups and projects, which paid tiers keep (knob `gitlab_premium`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sigctl.sandbox.gitlab import levels, params
from sigctl.sandbox.gitlab.api.common import group_of, project_of
from sigctl.sandbox.gitlab.http import READS, Call, Reply, Routes, not_found
from sigctl.sandbox.gitlab.merge_requests import moment
from sigctl.sandbox.gitlab.world import GROUP, PROJECT, World
from sigctl.sandbox.store import Collection, Document

_NAMES = {
    "members": {"POST": "member_created", "PUT": "member_updated", "DELETE": "member_destroyed"},
    "share": {"POST": "group_share_with_group_link_created", "DELETE": "group_share_with_group_link_removed"},
    "protected_branches": {
        "POST": "protected_branch_created",
        "PATCH": "protected_branch_updated",
        "DELETE": "protected_branch_removed",
    },
    "protected_tags": {"POST": "protected_tag_created", "DELETE": "protected_tag_removed"},
    "archive": {"POST": "project_archived"},
    "unarchive": {"POST": "project_unarchived"},
    "hooks": {"POST": "webhook_created", "PUT": "webhook_updated", "DELETE": "webhook_destroyed"},
    "": {"PUT": "{kind}_updated", "DELETE": "{kind}_destroyed"},
}
"""What the path goes on with after the id -> method -> name of the event."""


def register(routes: Routes) -> None:
    """Add the operations of this family."""
    for kind in (GROUP, PROJECT):
        routes.add("GET", f"/{kind}s/:id/audit_events")(_for(kind))


def _for(kind: str) -> Callable[[Call], Reply]:
    return lambda call: _list(call, kind)


def events_of(world: World) -> Collection:
    """Return the events, by the group or project in which they happened."""
    return world.store.collection("audit_events", entity=lambda e: (e["entity"], e["entity_id"]))


def note(call: Call, reply: Reply, before: Document | None) -> None:
    """Write down what a request did; `before` is the group or project of its path, as it was found before."""
    if call.method in READS or not call.world.premium or call.user is None:
        return
    parts = call.path.split("/")[3:]
    kind, source = {"groups": GROUP, "projects": PROJECT}.get(parts[0]), before
    name = _NAMES.get(parts[2] if len(parts) > 2 else "", {}).get(call.method, "")  # noqa: PLR2004  # after the id
    if len(parts) == 1 and kind and isinstance(reply.body, dict):
        every = call.world.groups if kind == GROUP else call.world.projects
        source, name = every.get(reply.body.get("id")), f"{kind}_created"
    if kind is None or source is None or not name:
        return
    about: dict[str, Any] = {}
    if name.startswith("member_"):
        number = call.args[1] if len(call.args) > 1 else str(call.given.get("user_id", ""))
        user = call.world.users.get(int(number)) if str(number).isdecimal() else None
        if user is not None:
            about = {"target_type": "User", "target_id": user["id"], "target_details": user["name"]}
    events_of(call.world).add(
        {
            "entity": kind,
            "entity_id": source["id"],
            "author_id": call.user["id"],
            "event_name": name.format(kind=kind),
            "details": {"author_name": call.user["name"], **about},
            "created_at": moment(call.world),
        }
    )


def source_of(call: Call) -> Document | None:
    """Return the group or project that the path names, None for none."""
    first = call.path.split("/")[3]
    if not call.args or first not in ("groups", "projects"):
        return None
    return call.world.group(call.args[0]) if first == "groups" else call.world.project(call.args[0])


def _list(call: Call, kind: str) -> Reply:
    source = group_of(call, levels.OWNER) if kind == GROUP else project_of(call, levels.MAINTAINER)
    if not call.world.premium:
        not_found()
    since = call.take(None, {"created_after": params.text}).get("created_after") or ""
    found = [
        one
        for one in reversed(events_of(call.world).find("entity", (kind, source["id"])))
        if one["created_at"][:19] >= since[:19]
    ]
    return call.page(found, lambda one: _shown(kind, one))


def _shown(kind: str, one: Document) -> Mapping[str, Any]:
    names = ("id", "author_id", "entity_id", "event_name", "details", "created_at")
    return {**{name: one[name] for name in names}, "entity_type": kind.capitalize()}
