"""Protected branches; people, groups and unprotect levels in rules need a paid tier."""

from __future__ import annotations

from typing import Any

from sigctl.sandbox.gitlab import content, levels, params, rules
from sigctl.sandbox.gitlab.api.common import project_of
from sigctl.sandbox.gitlab.http import ApiError, Call, Reply, Routes, not_found, refuse
from sigctl.sandbox.gitlab.world import PROJECT
from sigctl.sandbox.store import Document

_LEVEL = params.one_of(*levels.PROTECTION)
_RIGHTS = {"push": "allowed_to_push", "merge": "allowed_to_merge", "unprotect": "allowed_to_unprotect"}
_FREE_KEYS = ("id", "access_level", "deploy_key_id")
_NAMED = ("user_id", "group_id")


def register(routes: Routes) -> None:
    """Add the operations of this family."""
    base = "/projects/:id/protected_branches"
    routes.add("GET", base)(_list)
    routes.add("POST", base)(_protect)
    routes.add("GET", f"{base}/:name")(lambda call: Reply(200, shown(call, _found(call))))
    routes.add("PATCH", f"{base}/:name")(_change)
    routes.add("DELETE", f"{base}/:name")(_unprotect)


def shown(call: Call, rule: Document) -> dict[str, Any]:
    """Return a rule, of a project or of a group above it."""
    found = {
        "id": rule["id"],
        "name": rule["name"],
        "push_access_levels": [_entry(call, entry, keys=True) for entry in rule["push"]],
        "merge_access_levels": [_entry(call, entry) for entry in rule["merge"]],
        "allow_force_push": rule["allow_force_push"],
    }
    if call.world.enterprise:
        found |= {
            "unprotect_access_levels": [_entry(call, entry) for entry in rule["unprotect"]],
            "code_owner_approval_required": rule["code_owner_approval_required"],
            "inherited": "group_id" in rule and "/projects/" in call.path,
        }
    return found


def _entry(call: Call, entry: Document, *, keys: bool = False) -> dict[str, Any]:
    shown = {
        "id": entry["id"],
        "access_level": entry["access_level"],
        "access_level_description": rules.describe(call.world, entry),
    }
    if keys:
        shown["deploy_key_id"] = entry["deploy_key_id"]
    if call.world.enterprise:
        shown |= {name: entry[name] for name in _NAMED}
    return shown


def _list(call: Call) -> Reply:
    project = project_of(call, levels.MAINTAINER)
    word = call.take(None, {"search": params.text}).get("search") or ""
    own = call.world.branch_rules.find("project", project["id"])
    every = [*own, *rules.of_groups(call.world, project)]
    return call.page([rule for rule in every if word in rule["name"]], lambda rule: shown(call, rule))


def _found(call: Call) -> Document:
    project = project_of(call, levels.MAINTAINER)
    rules = call.world.branch_rules.find("project", project["id"])
    return next((rule for rule in rules if rule["name"] == call.args[1]), None) or not_found()


def _protect(call: Call) -> Reply:
    project = project_of(call, levels.MAINTAINER)
    optional: dict[str, params.Kind] = {
        f"{right}_access_level": _LEVEL for right in ("push", "merge", "unprotect")
    }
    optional |= dict.fromkeys(_RIGHTS.values(), params.objects)
    switches = dict.fromkeys(("allow_force_push", "code_owner_approval_required"), params.boolean)
    asked = call.take({"name": params.text}, optional | switches)
    if any(rule["name"] == asked["name"] for rule in call.world.branch_rules.find("project", project["id"])):
        refuse(409, f"Protected branch '{asked['name']}' already exists")
    entries = {right: _entries(call, project, right, asked) for right in _RIGHTS}
    if not _may_unprotect(
        call, project, [content.level_entry(call.world, one) for one in entries["unprotect"]]
    ):
        refuse(403, "403 Forbidden")  # nobody makes a rule that he could not take away again
    rule = call.world.branch_rules.add(
        {
            "project_id": project["id"],
            "name": asked["name"],
            **{
                right: [content.level_entry(call.world, entry) for entry in found]
                for right, found in entries.items()
            },
            "allow_force_push": bool(asked.get("allow_force_push")),
            "code_owner_approval_required": bool(
                asked.get("code_owner_approval_required") and call.world.premium
            ),
        }
    )
    if project.get("unprotected") == rule["name"]:
        call.world.late.pop(project["id"], None)
        call.world.projects.save(project, unprotected=None)
    return Reply(201, shown(call, rule))


def _entries(call: Call, project: Document, right: str, asked: dict[str, Any]) -> list[dict[str, int]]:
    """Return the lines of a new rule for one right: what was asked for, else maintainers."""
    given: list[dict[str, Any]] = list(asked.get(_RIGHTS[right]) or ())
    level = asked.get(f"{right}_access_level")
    if right == "unprotect" and not call.world.premium:
        return []
    if not call.world.enterprise:
        given = keys_only(given)
    if level is not None and not any(entry.get("access_level") == level for entry in given):
        given.insert(0, {"access_level": level})
    if not given:
        return [] if right == "unprotect" else [{"access_level": levels.MAINTAINER}]
    return [_checked(call, project, right, entry) for entry in given]


def keys_only(given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the lines that the Community Edition reads from a list: those of deploy keys; levels have a word of their own."""
    return [
        entry for entry in given if any(entry.get(name) is not None for name in (*_NAMED, "deploy_key_id"))
    ]


def _checked(call: Call, project: Document, right: str, entry: dict[str, Any]) -> dict[str, int]:
    """Return one line; 400 or 422 for what can't stand in a rule here."""
    world = call.world
    named = [name for name in (*_NAMED, "deploy_key_id") if entry.get(name) is not None]
    if any(name in _NAMED for name in named) and not world.premium:
        word = "Push" if right == "push" else "Merge"
        refuse(422, [f"{word} access levels {named[0].removesuffix('_id')} is not available in this tier"])
    if not named:
        if entry.get("access_level") not in levels.PROTECTION or (
            right == "unprotect" and not entry["access_level"]
        ):
            raise ApiError(400, {"error": f"{_RIGHTS[right]}[0][access_level] does not have a valid value"})
        return {"access_level": int(entry["access_level"])}
    if "user_id" in named and not _reaches(call, project, int(entry["user_id"])):
        refuse(422, [f"{right.title()} access levels user is not a member of the project"])
    if "group_id" in named and not world.shares.one("key", (PROJECT, project["id"], int(entry["group_id"]))):
        above = {group["id"] for group in world.above(project)}
        if int(entry["group_id"]) not in above:
            refuse(422, [f"{right.title()} access levels group does not have access to the project"])
    if "deploy_key_id" in named and not key_pushes(call, project, int(entry["deploy_key_id"])):
        refuse(422, [f"{right.title()} access levels deploy key is not enabled for this project"])
    return {name: int(entry[name]) for name in named}


def _reaches(call: Call, project: Document, user_id: int) -> bool:
    from sigctl.sandbox.gitlab.access import Access  # noqa: PLC0415  # of someone else than the caller

    user = call.world.users.get(user_id)
    return user is not None and Access(call.world, user).project_member(project) >= levels.DEVELOPER


def key_pushes(call: Call, project: Document, key_id: int) -> bool:
    """Whether a deploy key is enabled for a project and may push there."""
    return any(
        use["key_id"] == key_id and use["can_push"]
        for use in call.world.key_uses.find("project", project["id"])
    )


def _change(call: Call) -> Reply:
    rule = _found(call)
    project = project_of(call)
    if not _may_unprotect(call, project, rule["unprotect"]):
        refuse(403, "403 Forbidden")
    kinds: dict[str, params.Kind] = {
        "allow_force_push": params.boolean,
        "code_owner_approval_required": params.boolean,
        **dict.fromkeys(_RIGHTS.values(), params.objects),
    }
    asked = call.take(None, kinds)
    changes: dict[str, Any] = {}
    if "allow_force_push" in asked:
        changes["allow_force_push"] = bool(asked["allow_force_push"])
    if call.world.enterprise:  # the Community Edition does not know the others here, and says nothing
        if "code_owner_approval_required" in asked:
            changes["code_owner_approval_required"] = bool(asked["code_owner_approval_required"])
        for right, name in _RIGHTS.items():
            if name in asked:
                changes[right] = _merged(call, project, right, rule[right], asked[name])
    return Reply(200, shown(call, call.world.branch_rules.save(rule, **changes)))


def _merged(
    call: Call, project: Document, right: str, held: list[Document], asked: list[dict[str, Any]]
) -> list[Document]:
    """Return the lines of a right after a change: by id changed or destroyed, without id added."""
    kept = {entry["id"]: entry for entry in held}
    for entry in asked:
        id_ = entry.get("id")
        if id_ is not None and id_ not in kept:
            not_found()
        if id_ is not None and params.boolean(entry.get("_destroy", False)):
            del kept[id_]
        elif id_ is not None:
            kept[id_] = {**content.level_entry(call.world, _checked(call, project, right, entry)), "id": id_}
        else:
            added = content.level_entry(call.world, _checked(call, project, right, entry))
            kept[added["id"]] = added
    return list(kept.values())


def _unprotect(call: Call) -> Reply:
    rule = _found(call)
    if not _may_unprotect(call, project_of(call), rule["unprotect"]):
        refuse(403, "403 Forbidden")
    call.world.branch_rules.delete(rule["id"])
    return Reply(204)


def _may_unprotect(call: Call, project: Document, entries: list[Document]) -> bool:
    """Whether the caller is among those who may change or take away a rule; without entries, whoever may change rules is."""
    level, me = call.access.project(project), call.me
    for entry in entries:
        group = call.world.groups.get(entry["group_id"])
        if entry["user_id"] == me["id"] or (group is not None and call.access.group_member(group)):
            return True
        if not entry["user_id"] and group is None and level >= entry["access_level"] > levels.NO_ACCESS:
            return True
    return call.access.is_admin or not entries
