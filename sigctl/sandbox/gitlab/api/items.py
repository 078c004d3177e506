"""Small things that hang on groups and projects, one engine for all: labels, webhooks, badges, milestones, variables, tokens."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sigctl.sandbox.gitlab import levels, params
from sigctl.sandbox.gitlab.api.common import level_in, source_of
from sigctl.sandbox.gitlab.http import Call, Reply, Routes, forbidden, not_found, refuse
from sigctl.sandbox.gitlab.params import Kind
from sigctl.sandbox.gitlab.world import GROUP, PROJECT
from sigctl.sandbox.store import Document

_BOOL, _TEXT = params.boolean, params.text


@dataclass(frozen=True, slots=True)
class Family:
    """One type of thing: what it takes, what it is when nobody says, who may change it."""

    name: str
    """The part of the path."""
    required: Mapping[str, Kind]
    optional: Mapping[str, tuple[Kind, Any]]
    by: str = "id"
    """The field that names one in a path besides the id."""
    level: int = levels.MAINTAINER
    read: int = levels.NO_ACCESS
    kinds: tuple[str, ...] = (GROUP, PROJECT)
    hidden: tuple[str, ...] = ()
    """Fields that are taken and never shown."""
    content: bool = False
    """An archived project does not take changes of it."""
    shows: Callable[[Call, str, Document], dict[str, Any]] = field(default=lambda _call, _kind, _item: {})


def _milestone(_call: Call, kind: str, item: Document) -> dict[str, Any]:
    return {
        "iid": item["id"],
        f"{kind}_id": item["owner_id"],
        "state": item.get("state", "active"),
        "expired": False,
    }


def _badge(_call: Call, kind: str, item: Document) -> dict[str, Any]:
    return {"rendered_link_url": item["link_url"], "rendered_image_url": item["image_url"], "kind": kind}


def _label(call: Call, _kind: str, item: Document) -> dict[str, Any]:
    me = call.user["id"] if call.user else 0
    shown = {"description_html": item["description"] or "", "text_color": "#FFFFFF"}
    return {
        **shown,
        "subscribed": me in item.get("subscribers", []),
        "is_project_label": item["owner"] == PROJECT,
    }


def _deploy_token(call: Call, _kind: str, item: Document) -> dict[str, Any]:
    ends = item["expires_at"]
    shown = {
        "username": item["username"] or f"gitlab+deploy-token-{item['id']}",
        "revoked": False,
        "expired": False,
    }
    token = {"token": item["token"]} if call.method == "POST" else {}
    return {**shown, "expires_at": f"{ends}T00:00:00.000Z" if ends else None, **token}


def _hook(_call: Call, kind: str, item: Document) -> dict[str, Any]:
    return {f"{kind}_id": item["owner_id"]}


def _variable(_call: Call, _kind: str, item: Document) -> dict[str, Any]:
    hidden = bool(item.get("masked_and_hidden"))
    return {"hidden": hidden, **({"value": None, "masked": True} if hidden else {})}


_HOOK_EVENTS = [
    "push",
    "tag_push",
    "issues",
    "confidential_issues",
    "merge_requests",
    "note",
    "confidential_note",
    "job",
    "pipeline",
    "wiki_page",
    "deployment",
    "feature_flag",
    "releases",
    "repository_update",
]
LABELS = Family(
    "labels",
    {"name": _TEXT, "color": _TEXT},
    {"description": (_TEXT, None), "priority": (params.integer, None)},
    by="name",
    level=levels.PLANNER,
    content=True,
    shows=_label,
)
HOOKS = Family(
    "hooks",
    {"url": _TEXT},
    {
        "name": (_TEXT, None),
        "description": (_TEXT, None),
        **{f"{event}_events": (_BOOL, event == "push") for event in _HOOK_EVENTS},
        "enable_ssl_verification": (_BOOL, True),
        "push_events_branch_filter": (_TEXT, None),
        "branch_filter_strategy": (params.one_of("wildcard", "regex", "all_branches"), "wildcard"),
        "token": (_TEXT, None),
    },
    read=levels.MAINTAINER,
    hidden=("token",),
    kinds=(PROJECT, GROUP),
    shows=_hook,
)
BADGES = Family(
    "badges",
    {"link_url": _TEXT, "image_url": _TEXT},
    {"name": (_TEXT, None)},
    shows=_badge,
    kinds=(GROUP, PROJECT),
)
MILESTONES = Family(
    "milestones",
    {"title": _TEXT},
    {"description": (_TEXT, None), "due_date": (params.day, None), "start_date": (params.day, None)},
    level=levels.PLANNER,
    content=True,
    shows=_milestone,
)
VARIABLES = Family(
    "variables",
    {"key": _TEXT, "value": _TEXT},
    {
        "variable_type": (params.one_of("env_var", "file"), "env_var"),
        "protected": (_BOOL, False),
        "masked": (_BOOL, False),
        "raw": (_BOOL, False),
        "environment_scope": (_TEXT, "*"),
        "description": (_TEXT, None),
        "masked_and_hidden": (_BOOL, False),
    },
    by="key",
    read=levels.MAINTAINER,
    hidden=("id", "masked_and_hidden"),
    shows=_variable,
)
DEPLOY_TOKENS = Family(
    "deploy_tokens",
    {"name": _TEXT, "scopes": params.texts},
    {"username": (_TEXT, None), "expires_at": (params.day, None)},
    read=levels.MAINTAINER,
    shows=_deploy_token,
)
FAMILIES = (LABELS, HOOKS, BADGES, MILESTONES, VARIABLES, DEPLOY_TOKENS)
_INNER = ("type", "owner", "owner_id", "subscribers", "token")


def register(routes: Routes) -> None:
    """Add the operations of this family."""
    for family in FAMILIES:
        for kind in family.kinds:
            base = f"/{kind}s/:id/{family.name}"
            for method, path, handler in (
                ("GET", base, _list),
                ("POST", base, _add),
                ("GET", f"{base}/:item", _get),
                ("PUT", f"{base}/:item", _change),
                ("DELETE", f"{base}/:item", _remove),
            ):
                routes.add(method, path)(_bound(handler, kind, family))
    for kind in LABELS.kinds:
        routes.add("PUT", f"/{kind}s/:id/labels")(_bound(_change, kind, LABELS))
        for verb in ("subscribe", "unsubscribe"):
            routes.add("POST", f"/{kind}s/:id/labels/:item/{verb}")(_bound(_subscribe, kind, LABELS))
    routes.add("PUT", "/projects/:id/labels/:item/promote")(_bound(_promote, PROJECT, LABELS))
    routes.add("POST", "/projects/:id/milestones/:item/promote")(_bound(_promote, PROJECT, MILESTONES))
    for kind in MILESTONES.kinds:
        for part in ("issues", "merge_requests"):
            routes.add("GET", f"/{kind}s/:id/milestones/:item/{part}")(
                lambda call: call.page([], lambda one: one)
            )
    routes.add("GET", "/deploy_tokens")(_all_tokens)


def _bound(
    handler: Callable[[Call, str, Family], Reply], kind: str, family: Family
) -> Callable[[Call], Reply]:
    return lambda call: handler(call, kind, family)


def _source(call: Call, kind: str, family: Family, level: int) -> Document:
    if family is HOOKS and kind == GROUP and not call.world.premium:
        not_found()  # webhooks of groups belong to paid tiers
    source = source_of(call, kind)
    if level and level_in(call, kind, source) < level:
        forbidden()
    if family.content and call.method != "GET" and source.get("archived"):
        forbidden()
    return source


def show(call: Call, kind: str, family: Family, item: Document) -> dict[str, Any]:
    """Return an item as the API shows it."""
    plain = {name: value for name, value in item.items() if name not in (*_INNER, *family.hidden)}
    return {**plain, **family.shows(call, kind, item)}


def _items(call: Call, kind: str, family: Family, owner_id: int) -> list[Document]:
    return call.world.items.find("place", (family.name, kind, owner_id))


def _list(call: Call, kind: str, family: Family) -> Reply:
    source = _source(call, kind, family, family.read)
    found = _items(call, kind, family, source["id"])
    if family is LABELS and kind == PROJECT:
        for group in call.world.above(source):
            found = found + _items(call, GROUP, family, group["id"])
    return call.page(found, lambda item: show(call, kind, family, item))


def _found(call: Call, kind: str, family: Family, source: Document, name: str) -> Document:
    for item in _items(call, kind, family, source["id"]):
        if str(item[family.by]) == name or str(item["id"]) == name:
            return item
    return not_found()


def _get(call: Call, kind: str, family: Family) -> Reply:
    source = _source(call, kind, family, family.read)
    return Reply(200, show(call, kind, family, _found(call, kind, family, source, call.args[1])))


def _add(call: Call, kind: str, family: Family) -> Reply:
    source = _source(call, kind, family, family.level)
    required = dict(family.required)
    if call.given.get("masked_and_hidden"):
        required.setdefault("value", _TEXT)
    asked = call.take(required, {name: taken for name, (taken, _) in family.optional.items()})
    if family.by != "id" and any(
        i[family.by] == asked[family.by] for i in _items(call, kind, family, source["id"])
    ):
        if family is LABELS:
            refuse(409, "Label already exists")
        refuse(400, {family.by: [f"({asked[family.by]}) has already been taken"]})
    return Reply(201, show(call, kind, family, create(call, kind, family, source["id"], asked)))


def create(call: Call, kind: str, family: Family, owner_id: int, asked: dict[str, Any]) -> Document:
    """Return a new item."""
    fields = {name: default for name, (_, default) in family.optional.items()} | asked
    if family is DEPLOY_TOKENS:
        fields["token"] = f"gldt-{secrets.token_urlsafe(15)}"
    if family in (HOOKS, MILESTONES, BADGES):
        fields["created_at"] = call.world.clock.stamp()
    place = {"type": family.name, "owner": kind, "owner_id": owner_id}
    return call.world.items.add({**fields, **place})


def _change(call: Call, kind: str, family: Family) -> Reply:
    source = _source(call, kind, family, family.level)
    kinds = {**family.required, **{name: taken for name, (taken, _) in family.optional.items()}}
    asked = call.take(None, {**kinds, "new_name": _TEXT, "state_event": params.one_of("close", "activate")})
    name = call.args[1] if len(call.args) > 1 else str(asked.get("name"))
    item = _found(call, kind, family, source, name)
    if asked.pop("new_name", None):
        asked["name"] = call.given["new_name"]
    event = asked.pop("state_event", None)
    if event:
        asked["state"] = "closed" if event == "close" else "active"
    return Reply(200, show(call, kind, family, call.world.items.save(item, **asked)))


def _remove(call: Call, kind: str, family: Family) -> Reply:
    source = _source(call, kind, family, family.level)
    call.world.items.delete(_found(call, kind, family, source, call.args[1])["id"])
    return Reply(204)


def _subscribe(call: Call, kind: str, family: Family) -> Reply:
    source = _source(call, kind, family, levels.NO_ACCESS)
    item = _found(call, kind, family, source, call.args[1])
    others = [id_ for id_ in item.get("subscribers", []) if id_ != call.me["id"]]
    on = call.path.endswith("/subscribe")
    call.world.items.save(item, subscribers=[*others, call.me["id"]] if on else others)
    return Reply(201, show(call, kind, family, item))


def _promote(call: Call, kind: str, family: Family) -> Reply:
    source = _source(call, kind, family, levels.REPORTER)
    group = call.world.groups.get(source["namespace_id"])
    if group is None:
        refuse(400, "400 Bad request - Project does not belong to a group")
    item = _found(call, kind, family, source, call.args[1])
    call.world.items.save(item, owner=GROUP, owner_id=group["id"])
    return Reply(201 if family is MILESTONES else 200, show(call, GROUP, family, item))


def _all_tokens(call: Call) -> Reply:
    call.admin()
    found = [item for item in call.world.items if item["type"] == DEPLOY_TOKENS.name]
    return call.page(found, lambda item: show(call, item["owner"], DEPLOY_TOKENS, item))
