"""Groups: listing, creating, changing them, and the projects in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sigctl.sandbox.gitlab import levels, params, paths, render, settings
from sigctl.sandbox.gitlab.api.common import group_of, need
from sigctl.sandbox.gitlab.http import Call, Reply, Routes, forbidden, invalid, not_found, refuse
from sigctl.sandbox.gitlab.render_project import project as show_project
from sigctl.sandbox.gitlab.render_project import simple as show_simple
from sigctl.sandbox.gitlab.world import GROUP
from sigctl.sandbox.store import Document

_FILTERS = {
    "search": params.text,
    "skip_groups": params.integers,
    "all_available": params.boolean,
    "top_level_only": params.boolean,
    "owned": params.boolean,
    "min_access_level": params.integer,
    "visibility": params.one_of(*levels.VISIBILITY),
    "active": params.boolean,
    "order_by": params.one_of("name", "path", "id", "similarity"),
    "sort": params.one_of("asc", "desc"),
    "statistics": params.boolean,
}
_CORE = {
    "name": params.text,
    "path": params.text,
    "description": params.text,
    "visibility": params.one_of(*levels.VISIBILITY),
    "avatar": params.anything,
}


def register(routes: Routes) -> None:
    """Add the operations of this family."""
    routes.add("GET", "/groups", anonymous=True)(_list)
    routes.add("POST", "/groups")(_create)
    routes.add("GET", "/groups/:id", anonymous=True)(_get)
    routes.add("PUT", "/groups/:id")(_update)
    routes.add("GET", "/groups/:id/subgroups", anonymous=True)(_subgroups)
    routes.add("GET", "/groups/:id/descendant_groups", anonymous=True)(_descendants)
    routes.add("GET", "/groups/:id/projects", anonymous=True)(_projects)
    routes.add("GET", "/groups/:id/projects/shared", anonymous=True)(_shared_projects)


def _kinds(call: Call) -> dict[str, params.Kind]:
    more = settings.kinds(settings.PREMIUM_GROUP) if call.world.premium else {}
    return {**settings.kinds(settings.GROUP), **more}


def _list(call: Call) -> Reply:
    return _page(call, call.world.groups)


def _subgroups(call: Call) -> Reply:
    return _page(call, call.world.children(group_of(call)), everything=True)


def _descendants(call: Call) -> Reply:
    return _page(call, call.world.below(group_of(call)), everything=True)


def _page(call: Call, groups: Iterable[Document], *, everything: bool = False) -> Reply:
    asked = call.take(None, _FILTERS)
    if not everything and not asked.get("all_available", True):
        groups = [group for group in groups if call.access.group_member(group)]
    found = [
        group
        for group in groups
        if call.access.sees_group(group) and _fits(call, group, asked) and call.has_custom(group)
    ]
    key = asked.get("order_by") or "name"
    key = "name" if key == "similarity" else key
    found.sort(key=lambda g: (str(g[key]).lower() if key != "id" else g["id"], g["id"]))
    if asked.get("sort") == "desc":
        found.reverse()
    return call.page(found, lambda group: render.group(call, group))


def _fits(call: Call, group: Document, asked: dict[str, Any]) -> bool:
    word = (asked.get("search") or "").lower()
    level = levels.OWNER if asked.get("owned") else asked.get("min_access_level") or 0
    return (
        (not word or any(word in group[field].lower() for field in ("name", "path")))
        and group["id"] not in (asked.get("skip_groups") or ())
        and not (asked.get("top_level_only") and group["parent_id"])
        and (not level or call.access.group_member(group) >= level)
        and asked.get("visibility") in (None, group["visibility"])
        and asked.get("active") in (None, not call.world.doomed(group))
    )


def _get(call: Call) -> Reply:
    group = group_of(call)
    projects = call.take(None, {"with_projects": params.boolean}).get("with_projects", True)
    return Reply(200, render.group_full(call, group, projects=projects))


def _create(call: Call) -> Reply:
    optional = {**_CORE, "parent_id": params.integer, **_kinds(call), "organization_id": params.integer}
    asked = call.take({"name": params.text, "path": params.text}, optional)
    parent = _parent(call, asked.get("parent_id"))
    wanted = asked.get("visibility") or _default_visibility(call, parent)
    errors = _errors(call, asked["name"], asked["path"], parent)
    errors |= _too_open(wanted, parent)
    if errors:
        told = ", ".join(
            f":{field}=>[{', '.join(map(_quoted, complaints))}]" for field, complaints in errors.items()
        )
        refuse(400, f"Failed to save group {{{told}}}")
    group = call.world.groups.add(
        {
            "id": call.world.store.next_id("namespace"),
            "name": asked["name"],
            "path": asked["path"],
            "parent_id": parent["id"] if parent else None,
            "description": asked.get("description") or "",
            "visibility": wanted,
            "created_at": call.world.clock.stamp(),
            "marked": None,
            "settings": {
                **_inherited(parent),
                **{name: asked[name] for name in _kinds(call) if name in asked},
            },
        }
    )
    call.world.add_member(GROUP, group["id"], call.me["id"], levels.OWNER, created_by=call.me["id"])
    return Reply(201, render.group_full(call, group))


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'


def _inherited(parent: Document | None) -> dict[str, Any]:
    """Return the settings of a new group: what the one above locks is locked below."""
    found = settings.defaults({**settings.GROUP, **settings.PREMIUM_GROUP})
    if parent is not None:
        found["share_with_group_lock"] = parent["settings"]["share_with_group_lock"]
    return found


def _parent(call: Call, parent_id: int | None) -> Document | None:
    if parent_id is None:
        if not (call.me["attributes"].get("can_create_group", True) or call.access.is_admin):
            forbidden()
        return None
    parent = call.world.groups.get(parent_id)
    if parent is None or not call.access.sees_group(parent):
        not_found("Group")
    if not call.access.may_create_subgroup(parent) or call.world.doomed(parent):
        forbidden()
    return parent


def _default_visibility(call: Call, parent: Document | None) -> str:
    default: str = call.world.setting("default_group_visibility", "private")
    if parent is not None and levels.open_wider(default, parent["visibility"]):
        return str(parent["visibility"])
    return default


def _errors(call: Call, name: str, path: str, parent: Document | None, but: int = 0) -> dict[str, list[str]]:
    errors = {"name": paths.name_errors(name), "path": paths.group_path_errors(path, top=parent is None)}
    if call.world.taken(parent["id"] if parent else 0, path, but):
        errors["path"].append("has already been taken")
    return {field: complaints for field, complaints in errors.items() if complaints}


def _too_open(visibility: str, parent: Document | None) -> dict[str, list[str]]:
    if parent is None or not levels.open_wider(visibility, parent["visibility"]):
        return {}
    words = f"{visibility} is not allowed since the parent group has a {parent['visibility']} visibility."
    return {"visibility_level": [words]}


def _update(call: Call) -> Reply:
    group = group_of(call, levels.OWNER)
    kinds = {**_CORE, **_kinds(call)}
    asked = call.take(None, kinds)
    need({**asked, **call.files}, list(kinds))
    parent = call.world.groups.get(group["parent_id"])
    name, path = asked.get("name") or group["name"], asked.get("path") or group["path"]
    errors = _errors(call, name, path, parent, group["id"])
    if "visibility" in asked:
        errors |= _too_open(asked["visibility"], parent) or _too_closed(call, group, asked["visibility"])
    for field, complaints in errors.items():
        invalid(field, *complaints)
    if path != group["path"]:
        call.world.remember_paths(group)
    core: dict[str, Any] = {
        field: asked[field] for field in ("name", "path", "description", "visibility") if field in asked
    }
    if "avatar" in call.files or "avatar" in asked:
        core["avatar"] = "avatar.png" if "avatar" in call.files else None
    values = group["settings"] | {field: asked[field] for field in _kinds(call) if field in asked}
    if "default_branch_protection" in asked:
        values["default_branch_protection_defaults"] = asked.get("default_branch_protection_defaults")
    call.world.groups.save(group, settings=values, **core)
    if asked.get("share_with_group_lock"):
        for inner in call.world.below(group):
            call.world.groups.save(inner, settings=inner["settings"] | {"share_with_group_lock": True})
    return Reply(200, render.group_full(call, group))


def _too_closed(call: Call, group: Document, visibility: str) -> dict[str, list[str]]:
    start = f"{visibility} is not allowed since"
    if any(levels.open_wider(inner["visibility"], visibility) for inner in call.world.children(group)):
        return {"visibility_level": [f"{start} there are sub-groups with higher visibility."]}
    if any(levels.open_wider(project["visibility"], visibility) for project in call.world.projects_in(group)):
        return {"visibility_level": [f"{start} this group contains projects with higher visibility."]}
    return {}


_PROJECT_FILTERS = {
    "archived": params.boolean,
    "visibility": params.one_of(*levels.VISIBILITY),
    "search": params.text,
    "simple": params.boolean,
    "owned": params.boolean,
    "include_subgroups": params.boolean,
    "with_shared": params.boolean,
    "min_access_level": params.integer,
    "active": params.boolean,
    "order_by": params.text,
    "sort": params.one_of("asc", "desc"),
}


def _projects(call: Call) -> Reply:
    group = group_of(call)
    asked = call.take(None, _PROJECT_FILTERS)
    found = call.world.projects_in(group, deep=bool(asked.get("include_subgroups")))
    if asked.get("with_shared", True):
        found += _shared_with(call, group)
    return page_of_projects(call, found, asked)


def _shared_projects(call: Call) -> Reply:
    return page_of_projects(call, _shared_with(call, group_of(call)), call.take(None, _PROJECT_FILTERS))


def _shared_with(call: Call, group: Document) -> list[Document]:
    shares = call.world.shares.find("group", group["id"])
    return [call.world.projects[share["target_id"]] for share in shares if share["target"] != GROUP]


def page_of_projects(
    call: Call, projects: Iterable[Document], asked: dict[str, Any], *, keyset: str = ""
) -> Reply:
    """Return a page of those projects that the caller sees and that fit what was asked, newest first by default."""
    word = (asked.get("search") or "").lower()
    level = levels.OWNER if asked.get("owned") else asked.get("min_access_level") or 0
    access, archived = call.access, asked.get("archived")
    found = [
        project
        for project in projects
        if access.sees_project(project)
        and (archived is None or project["archived"] == archived)
        and asked.get("visibility") in (None, project["visibility"])
        and (not word or word in project["name"].lower() or word in project["path"].lower())
        and (not level or access.project_member(project) >= level)
        and asked.get("active") in (None, not (project["archived"] or project["marked"]))
    ]
    key = asked.get("order_by") or "created_at"
    key = key if key in ("id", "name", "path", "created_at", "updated_at") else "created_at"
    found.sort(
        key=lambda p: (str(p[key]).lower() if key != "id" else "", p["id"]),
        reverse=asked.get("sort") != "asc",
    )
    show = show_simple if asked.get("simple") else show_project
    return call.page(found, lambda project: show(call, project), keyset=keyset)
