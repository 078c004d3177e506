"""Approval rules of projects and the settings around them, which paid tiers have."""

from __future__ import annotations

from typing import Any

from sigctl.sandbox.gitlab import levels, params, render
from sigctl.sandbox.gitlab.access import Access
from sigctl.sandbox.gitlab.api.common import need, project_of
from sigctl.sandbox.gitlab.approvals import ANY, REGULAR, branches_of, settings_of
from sigctl.sandbox.gitlab.http import Call, Reply, Routes, invalid, not_found, refuse
from sigctl.sandbox.store import Document

ALL_MEMBERS = "All Members"
_LISTS = {"user_ids": params.integers, "group_ids": params.integers, "protected_branch_ids": params.integers}
_MORE: dict[str, params.Kind] = {
    **_LISTS,
    "usernames": params.texts,
    "applies_to_all_protected_branches": params.boolean,
}
_SETTINGS: dict[str, params.Kind] = {
    "approvals_before_merge": params.integer,
    "reset_approvals_on_push": params.boolean,
    "selective_code_owner_removals": params.boolean,
    "disable_overriding_approvers_per_merge_request": params.boolean,
    "merge_requests_author_approval": params.boolean,
    "merge_requests_disable_committers_approval": params.boolean,
    "require_password_to_approve": params.boolean,
    "require_reauthentication_to_approve": params.boolean,
}
_MOST = 100


def register(routes: Routes) -> None:
    """Add the operations of this family."""
    base = "/projects/:id/approval_rules"
    routes.add("GET", base)(_list)
    routes.add("POST", base)(_add)
    routes.add("GET", f"{base}/:rule_id")(lambda call: Reply(200, _shown(call, _found(call))))
    routes.add("PUT", f"{base}/:rule_id")(_change)
    routes.add("DELETE", f"{base}/:rule_id")(_remove)
    routes.add("GET", "/projects/:id/approvals")(_settings)
    routes.add("POST", "/projects/:id/approvals")(_set)


def _paid(call: Call, level: int) -> Document:
    project = project_of(call, level)
    if not call.world.premium:
        not_found()
    return project


def _shown(call: Call, rule: Document) -> dict[str, Any]:
    world = call.world
    users = [world.users[number] for number in rule["user_ids"]]
    groups = [world.groups[number] for number in rule["group_ids"] if number in world.groups]
    project = world.projects[rule["project_id"]]
    eligible = {member["id"]: member for member in users}
    for group in groups:
        for member in world.members.find("source", ("group", group["id"])):
            eligible.setdefault(member["user_id"], world.users[member["user_id"]])
    return {
        "id": rule["id"],
        "name": rule["name"],
        "rule_type": rule["rule_type"],
        "report_type": None,
        "eligible_approvers": [render.user_basic(call, user) for user in eligible.values()],
        "approvals_required": rule["approvals_required"],
        "users": [render.user_basic(call, user) for user in users],
        "groups": [render.group(call, group) for group in groups],
        "contains_hidden_groups": False,
        "protected_branches": [
            {"id": one["id"], "name": one["name"]} for one in branches_of(world, project, rule) or ()
        ],
        "applies_to_all_protected_branches": bool(rule["all_protected"]),
    }


def _list(call: Call) -> Reply:
    project = _paid(call, levels.DEVELOPER)
    return call.page(
        call.world.approval_rules.find("project", project["id"]), lambda rule: _shown(call, rule)
    )


def _found(call: Call) -> Document:
    project = _paid(call, levels.DEVELOPER)
    wanted = call.number(1, "approval_rule_id")
    rules = call.world.approval_rules.find("project", project["id"])
    return next((rule for rule in rules if rule["id"] == wanted), None) or not_found()


def _add(call: Call) -> Reply:
    project = _paid(call, levels.MAINTAINER)
    asked = call.take(
        {"name": params.text, "approvals_required": params.integer},
        {**_MORE, "rule_type": params.one_of(REGULAR, "code_owner", "report_approver", ANY)},
    )
    kept = _kept(call, project, asked)
    kind = asked.get("rule_type") or (REGULAR if kept.get("user_ids") or kept.get("group_ids") else ANY)
    rules = call.world.approval_rules.find("project", project["id"])
    if kind == ANY and any(rule["rule_type"] == ANY for rule in rules):
        invalid("rule_type", "any-approver for the project already exists")
    if any((rule["name"], rule["rule_type"]) == (asked["name"], kind) for rule in rules):
        invalid("name", "has already been taken")
    plain = {"user_ids": [], "group_ids": [], "branch_ids": [], "all_protected": False}
    rule = {"project_id": project["id"], "name": asked["name"], "rule_type": kind, **plain, **kept}
    return Reply(201, _shown(call, call.world.approval_rules.add(rule)))


def _change(call: Call) -> Reply:
    project = _paid(call, levels.MAINTAINER)
    rule = _found(call)
    asked = call.take(None, {"name": params.text, "approvals_required": params.integer, **_MORE})
    named = {"name": asked["name"]} if asked.get("name") else {}
    return Reply(
        200,
        _shown(call, call.world.approval_rules.save(rule, **named, **_kept(call, project, asked))),
    )


def _kept(call: Call, project: Document, asked: dict[str, Any]) -> dict[str, Any]:
    """Return what a body says of a rule; those who can't approve and branches of other projects are left out, as GitLab does."""
    found: dict[str, Any] = {}
    if "approvals_required" in asked:
        count = asked["approvals_required"]
        if not 0 <= count <= _MOST:
            invalid(
                "approvals_required",
                f"must be less than or equal to {_MOST}"
                if count > 0
                else "must be greater than or equal to 0",
            )
        found["approvals_required"] = count
    if "user_ids" in asked or "usernames" in asked:
        names = [call.world.user(name) for name in asked.get("usernames") or ()]
        numbers = [*(asked.get("user_ids") or ()), *(user["id"] for user in names if user)]
        found["user_ids"] = [number for number in numbers if _approves(call, project, number)]
    if "group_ids" in asked:
        groups = call.world.groups
        found["group_ids"] = [
            n for n in asked["group_ids"] or () if n in groups and call.access.sees_group(groups[n])
        ]
    if "protected_branch_ids" in asked:
        mine = {rule["id"] for rule in call.world.branch_rules.find("project", project["id"])}
        found["branch_ids"] = [number for number in asked["protected_branch_ids"] or () if number in mine]
    if "applies_to_all_protected_branches" in asked:
        found["all_protected"] = bool(asked["applies_to_all_protected_branches"])
    return found


def _approves(call: Call, project: Document, number: int) -> bool:
    user = call.world.users.get(number)
    return user is not None and Access(call.world, user).project_member(project) >= levels.DEVELOPER


def _remove(call: Call) -> Reply:
    _paid(call, levels.MAINTAINER)
    call.world.approval_rules.delete(_found(call)["id"])
    return Reply(204)


def _settings(call: Call) -> Reply:
    return Reply(200, settings_of(_paid(call, levels.DEVELOPER)))


def _set(call: Call) -> Reply:
    project = _paid(call, levels.MAINTAINER)
    asked = call.take(None, _SETTINGS)
    need(asked, list(_SETTINGS))
    after = {**settings_of(project), **{name: value for name, value in asked.items() if value is not None}}
    if after["selective_code_owner_removals"] and after["reset_approvals_on_push"]:
        refuse(
            400,
            {
                "base": [
                    "selective_code_owner_removals can only be enabled when reset_approvals_on_push is disabled"
                ]
            },
        )
    call.world.projects.save(project, approvals=after)
    return Reply(201, settings_of(project))
