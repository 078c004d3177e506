"""Projects: listing, creating and changing them."""

from __future__ import annotations

from typing import Any

from sigctl.sandbox.gitlab import content, gitdata, levels, params, paths, render, settings
from sigctl.sandbox.gitlab.api.common import namespace_of, need, project_of
from sigctl.sandbox.gitlab.api.groups import page_of_projects
from sigctl.sandbox.gitlab.http import Call, Reply, Routes, forbidden, invalid, refuse
from sigctl.sandbox.gitlab.render_project import project_full
from sigctl.sandbox.gitlab.world import PROJECT, World
from sigctl.sandbox.store import Document

_FILTERS = {
    "archived": params.boolean,
    "visibility": params.one_of(*levels.VISIBILITY),
    "search": params.text,
    "simple": params.boolean,
    "owned": params.boolean,
    "membership": params.boolean,
    "min_access_level": params.integer,
    "topic": params.texts,
    "active": params.boolean,
    "order_by": params.text,
    "sort": params.one_of("asc", "desc"),
}
_CORE = {
    "name": params.text,
    "path": params.text,
    "description": params.text,
    "visibility": params.one_of(*levels.VISIBILITY),
    "topics": params.texts,
    "tag_list": params.texts,
    "default_branch": params.text,
    "avatar": params.anything,
}
_TOO_LONG = 2000
"""Characters of a description."""


def register(routes: Routes) -> None:
    """Add the operations of this family."""
    routes.add("GET", "/projects", anonymous=True)(_list)
    routes.add("POST", "/projects")(_create)
    routes.add("GET", "/projects/:id", anonymous=True)(_get)
    routes.add("PUT", "/projects/:id")(_update)
    routes.add("GET", "/projects/:id/groups")(_groups)
    routes.add("GET", "/projects/:id/forks")(
        lambda call: call.page(_forks(call), lambda p: project_full(call, p))
    )


def _kinds(call: Call) -> dict[str, params.Kind]:
    more = settings.kinds(settings.PREMIUM_PROJECT) if call.world.premium else {}
    switches = dict.fromkeys(settings.SWITCHES, params.boolean)
    return {**settings.kinds(settings.PROJECT), **more, **switches}


def _list(call: Call) -> Reply:
    asked = call.take(None, _FILTERS)
    found = list(call.world.projects)
    if asked.get("membership"):
        found = [project for project in found if call.access.project_member(project)]
    for topic in asked.get("topic") or ():
        found = [project for project in found if topic in project["topics"]]
    found = [project for project in found if call.has_custom(project)]
    return page_of_projects(call, found, asked, keyset="id" if asked.get("order_by") in (None, "id") else "")


def _get(call: Call) -> Reply:
    return Reply(200, project_full(call, project_of(call)))


def _forks(call: Call) -> list[Document]:
    project = project_of(call)
    return [one for one in call.world.projects if one["forked_from"] == project["id"]]


def _create(call: Call) -> Reply:
    optional = {
        **_CORE,
        **_kinds(call),
        "namespace_id": params.integer,
        "initialize_with_readme": params.boolean,
    }
    asked = call.take(None, optional)
    if not asked.get("name") and not asked.get("path"):
        refuse_nameless(call)
    namespace_id = asked.get("namespace_id") or call.me["namespace_id"]
    if asked.get("namespace_id"):
        namespace_of(call, namespace_id)
    group = call.world.groups.get(namespace_id)
    if group is not None and (not call.access.may_create_project(namespace_id) or call.world.doomed(group)):
        forbidden()
    if not call.access.may_create_project(namespace_id):
        invalid("namespace", "is not valid")
    return Reply(201, project_full(call, _made(call, asked, namespace_id)))


def refuse_nameless(call: Call) -> None:
    """Refuse a project without a name."""
    call.take({"name": params.text})


def _push_rule(world: World, namespace_id: int) -> Document | None:
    """Return what a new project gets of the push rules of the nearest group that has some."""
    group = world.groups.get(namespace_id)
    found = next(
        (one["push_rule"] for one in (world.lineage(group) if group else ()) if one.get("push_rule")), None
    )
    return {**found, "id": world.store.next_id("push_rule")} if found else None


def _made(call: Call, asked: dict[str, Any], namespace_id: int) -> Document:
    world = call.world
    name = asked.get("name") or asked["path"]
    path = asked.get("path") or paths.slug(name)
    visibility = asked.get("visibility") or _default_visibility(call, namespace_id)
    _check(call, {"name": name, "path": path, "visibility": visibility, **_described(asked)}, namespace_id)
    values = settings.defaults({**settings.PROJECT, **(settings.PREMIUM_PROJECT if world.premium else {})})
    values |= _values(call, asked)
    _refuse_features(values)
    project = world.projects.add(
        {
            "name": name,
            "path": path,
            "namespace_id": namespace_id,
            "description": asked.get("description"),
            "visibility": visibility,
            "default_branch": None,
            "archived": False,
            "marked": None,
            "topics": asked.get("topics") or asked.get("tag_list") or [],
            "settings": values,
            "creator_id": call.me["id"],
            "created_at": world.clock.stamp(),
            "updated_at": world.clock.stamp(),
            "stars": [],
            "forks": 0,
            "forked_from": None,
            "initial": asked.get("default_branch"),
            "readme": False,
            "empty": True,
            "push_rule": _push_rule(world, namespace_id),
        }
    )
    for old in world.redirects.find("path", world.project_path(project).lower()):
        world.redirects.delete(old["id"])
    if world.groups.get(namespace_id) is None:
        world.add_member(PROJECT, project["id"], call.me["id"], levels.OWNER, created_by=call.me["id"])
    world.bare(project["id"]).remove()  # a request that was rolled back may have left one
    if asked.get("initialize_with_readme"):
        add_readme(call, project, world.initial_branch(project))
    return project


def _described(asked: dict[str, Any]) -> dict[str, Any]:
    return {"description": asked["description"]} if "description" in asked else {}


def add_readme(call: Call, project: Document, branch: str) -> None:
    """Give an empty project its first commit."""
    who = (call.me["name"], call.me["email"])
    files: dict[str, bytes | None] = {"README.md": f"# {project['name']}\n".encode()}
    now = call.world.clock.now()
    gitdata.write(call.world.repo(project), branch, files, message="Initial commit", who=who, when=now)
    content.refresh(call.world, project)


def _default_visibility(call: Call, namespace_id: int) -> str:
    default: str = call.world.setting("default_project_visibility", "private")
    group = call.world.groups.get(namespace_id)
    if group is not None and levels.open_wider(default, group["visibility"]):
        return str(group["visibility"])
    return default


def _values(call: Call, asked: dict[str, Any]) -> dict[str, Any]:
    known = _kinds(call)
    return settings.switched({name: value for name, value in asked.items() if name in known})


def _refuse_features(values: dict[str, Any]) -> None:
    if complaints := settings.feature_complaints(values):
        refuse(400, complaints)


def _check(call: Call, fields: dict[str, Any], namespace_id: int, but: int = 0) -> None:
    """Refuse what a project can't be, with all complaints."""
    errors: dict[str, list[str]] = {}
    if "path" in fields:
        errors["path"] = paths.project_path_errors(fields["path"])
        if call.world.taken(namespace_id, fields["path"], but):
            words = ["has already been taken"]
            errors |= {"project_namespace.name": words, "name": words, "path": [*errors["path"], *words]}
    if "name" in fields:
        errors.setdefault("name", []).extend(paths.name_errors(fields["name"]))
        same = [p for p in call.world.projects.find("namespace", namespace_id) if p["name"] == fields["name"]]
        if not errors["name"] and any(project["id"] != but for project in same):
            errors["name"] = ["has already been taken"]
    if len(fields.get("description") or "") > _TOO_LONG:
        errors["description"] = [f"is too long (maximum is {_TOO_LONG} characters)"]
    group = call.world.groups.get(namespace_id)
    if (
        "visibility" in fields
        and group is not None
        and levels.open_wider(fields["visibility"], group["visibility"])
    ):
        errors["visibility_level"] = [
            f"{fields['visibility']} is not allowed in a {group['visibility']} group."
        ]
    found = {field: complaints for field, complaints in errors.items() if complaints}
    if found:
        refuse(400, found)


def _update(call: Call) -> Reply:
    project = project_of(call, levels.MAINTAINER)
    kinds = {**_CORE, **_kinds(call)}
    asked = call.take(None, kinds)
    need({**asked, **call.files}, list(kinds))
    level, own = call.access.project(project), ("name", "path", "visibility")
    if level < levels.OWNER and any(field in asked and asked[field] != project[field] for field in own):
        forbidden()
    changed = {
        field: asked[field]
        for field in (*own, "description")
        if field in asked and asked[field] != project[field]
    }
    _check(call, changed, project["namespace_id"], project["id"])
    if "default_branch" in asked:
        _change_head(call, project, asked["default_branch"])
    if "path" in changed:
        call.world.remember_path(project)
    if asked.get("topics") is not None or asked.get("tag_list") is not None:
        changed["topics"] = asked["topics"] if asked.get("topics") is not None else asked["tag_list"]
    if "avatar" in call.files or "avatar" in asked:
        changed["avatar"] = "avatar.png" if "avatar" in call.files else None
    values = project["settings"] | _values(call, asked)
    _refuse_features(values)
    call.world.projects.save(project, settings=values, updated_at=call.world.clock.stamp(), **changed)
    return Reply(200, project_full(call, project))


def _change_head(call: Call, project: Document, branch: str) -> None:
    bare = call.world.repo(project)
    if branch == project["default_branch"]:
        return
    if not bare.ref(f"refs/heads/{branch}"):
        refuse(400, {"base": [f"Could not change HEAD: branch '{branch}' does not exist"]})
    bare.set_head(branch)
    content.refresh(call.world, project)


def _groups(call: Call) -> Reply:
    project = project_of(call)
    kinds = {"search": params.text, "with_shared": params.boolean, "skip_groups": params.integers}
    asked = call.take(None, kinds)
    found = call.world.above(project)
    if asked.get("with_shared"):
        shares = call.world.shares.find("target", (PROJECT, project["id"]))
        found += [call.world.groups[share["group_id"]] for share in shares]
    word = (asked.get("search") or "").lower()
    skipped = asked.get("skip_groups") or ()
    kept = [
        g for g in found if g["id"] not in skipped and word in g["name"].lower() and call.access.sees_group(g)
    ]

    def show(group: Document) -> dict[str, Any]:
        shown = render.group(call, group)
        return {
            name: shown[name] for name in ("id", "web_url", "name", "avatar_url", "full_name", "full_path")
        }

    return call.page(kept, show)
