"""Where a query begins: people, groups and projects, and the query itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sigctl.sandbox.gitlab import levels
from sigctl.sandbox.gitlab.api.instance import REVISION, VERSION
from sigctl.sandbox.gitlab.graphql.connection import connect
from sigctl.sandbox.gitlab.graphql.fields import Context, numbers, shows
from sigctl.sandbox.store import Document


@shows("Query", "echo")
def _echo(context: Context, _root: Document, arguments: dict[str, Any]) -> str:
    name = context.access.user["username"] if context.access.user else "nil"
    return f'"{name}" says: {arguments["text"]}'


@shows("Query", "queryComplexity")
def _complexity(context: Context, _root: Document, _arguments: dict[str, Any]) -> Document:
    return {"score": context.score, "limit": context.limit}


@shows("Query", "metadata")
def _metadata(context: Context, _root: Document, _arguments: dict[str, Any]) -> Document:
    enterprise = context.world.enterprise
    version = f"{VERSION}-ee" if enterprise else VERSION
    return {"enterprise": enterprise, "revision": REVISION, "version": version, "kas": {"enabled": False}}


@shows("Query", "currentUser")
def _current_user(context: Context, _root: Document, _arguments: dict[str, Any]) -> Document | None:
    return context.access.user


@shows("Query", "group", "namespace")
def _group(context: Context, _root: Document, arguments: dict[str, Any]) -> Document | None:
    path = arguments["fullPath"]
    found = None if path.isdecimal() else context.world.group(path)
    return found if found is not None and context.access.sees_group(found) else None


@shows("Query", "project")
def _project(context: Context, _root: Document, arguments: dict[str, Any]) -> Document | None:
    path = arguments["fullPath"]
    found = None if path.isdecimal() else context.world.project(path)
    return found if found is not None and context.access.sees_project(found) else None


@shows("Query", "groups")
def _groups(context: Context, _root: Document, arguments: dict[str, Any]) -> Document:
    return connect(_sought_groups(context, context.world.groups, arguments), arguments)


@shows("Group", "descendantGroups")
def _descendants(context: Context, group: Document, arguments: dict[str, Any]) -> Document:
    deep = arguments.get("includeParentDescendants", True)
    found = context.world.below(group) if deep else context.world.children(group)
    return connect(_sought_groups(context, found, arguments), arguments)


def _sought_groups(context: Context, groups: Iterable[Document], arguments: dict[str, Any]) -> list[Document]:
    word = (arguments.get("search") or "").lower()
    ids = numbers(arguments["ids"], "Group") if arguments.get("ids") else None
    owned = arguments.get("owned") or arguments.get("ownedOnly")
    found = [
        group
        for group in groups
        if context.access.sees_group(group)
        and (not word or word in group["name"].lower() or word in context.world.full_path(group).lower())
        and (ids is None or group["id"] in ids)
        and (not owned or context.access.group_member(group) >= levels.OWNER)
        and not (arguments.get("topLevelOnly") and group["parent_id"])
    ]
    return sorted(found, key=lambda group: (group["name"].lower(), group["id"]))


@shows("Query", "projects")
def _projects(context: Context, _root: Document, arguments: dict[str, Any]) -> Document:
    world = context.world
    found: Iterable[Document] = world.projects
    if arguments.get("fullPaths"):
        found = [project for path in arguments["fullPaths"] if (project := world.project(path)) is not None]
    if arguments.get("membership"):
        found = [project for project in found if context.access.project_member(project)]
    for topic in arguments.get("topics") or ():
        found = [project for project in found if topic in project["topics"]]
    wanted = {"ONLY": True, "EXCLUDE": False}.get(arguments.get("archived") or "")
    found = [project for project in found if wanted in (None, project["archived"])]
    return connect(_sought_projects(context, found, arguments), arguments)


@shows("Group Namespace", "projects")
def _group_projects(context: Context, group: Document, arguments: dict[str, Any]) -> Document:
    found = context.world.projects_in(group, deep=arguments["includeSubgroups"])
    if not arguments["includeArchived"]:
        found = [project for project in found if not project["archived"]]
    if arguments["notAimedForDeletion"]:
        found = [project for project in found if not project["marked"]]
    rows = _sought_projects(context, found, arguments)
    if (arguments.get("sort") or "").startswith(("PATH", "FULL_PATH")):
        rows.sort(key=context.world.project_path, reverse=arguments["sort"].endswith("DESC"))
    return connect(rows, arguments)


def _sought_projects(
    context: Context, projects: Iterable[Document], arguments: dict[str, Any]
) -> list[Document]:
    word = (arguments.get("search") or "").lower()
    ids = numbers(arguments["ids"], "Project") if arguments.get("ids") else None
    found = [
        project
        for project in projects
        if (ids is None or project["id"] in ids)
        and (not word or word in project["name"].lower() or word in project["path"].lower())
        and context.access.sees_project(project)
    ]
    return sorted(found, key=lambda project: -int(project["id"]))


@shows("Query", "user")
def _user(context: Context, _root: Document, arguments: dict[str, Any]) -> Document | None:
    if context.access.user is None:
        return None
    if arguments.get("id"):
        return context.world.users.get(next(iter(numbers([arguments["id"]], "User"))))
    return context.world.users.one("username", (arguments.get("username") or "").lower())


@shows("Query", "users")
def _users(context: Context, _root: Document, arguments: dict[str, Any]) -> Document:
    users, names = context.world.users, arguments.get("usernames")
    if context.access.user is None and not names:
        raise ValueError(
            "The resource that you are attempting to access does not exist or you don't have permission to perform this action"
        )
    if names and arguments.get("ids"):
        raise ValueError("Provide either a list of usernames or ids")
    found: Iterable[Document] = users
    if names:
        found = [
            user for name in dict.fromkeys(n.lower() for n in names) for user in users.find("username", name)
        ]
    elif arguments.get("ids"):
        found = [user for id_ in numbers(arguments["ids"], "User") if (user := users.get(id_)) is not None]
    word = (arguments.get("search") or "").lower()
    rows = [
        user
        for user in found
        if (not word or word in user["username"].lower() or word in user["name"].lower())
        and (not arguments.get("admins") or user["admin"])
        and arguments.get("active") in (None, user["state"] == "active")
    ]
    return connect(sorted(rows, key=lambda user: -int(user["id"])), arguments)
