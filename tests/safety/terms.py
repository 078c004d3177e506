"""What people and deploy keys can do on a GitLab beside pushing: merge, with how many approvals, change rules, use features.

Read from what the embedded server holds, line by line: who is named by himself, by his group, by a level; nothing of sigctl's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sigctl.sandbox.gitlab import levels
from sigctl.sandbox.gitlab.access import Access

Said = tuple[str, str]
"""Who, and what he can do."""
MOST = 3
"""Approvals; nobody asks for more."""
SWITCHES = {
    "author": ("merge_requests_author_approval", True),
    "committers": ("merge_requests_disable_committers_approval", False),
    "override": ("disable_overriding_approvers_per_merge_request", False),
    "keep": ("reset_approvals_on_push", False),
}
"""What approvals are worth: the setting, and its value where they are worth less."""
_UNCHECKED = (
    "reject_unsigned_commits",
    "deny_delete_tag",
    "member_check",
    "prevent_secrets",
    "commit_message_regex",
)
NEW = {
    "merge_requests_author_approval": False,
    "merge_requests_disable_committers_approval": False,
    "disable_overriding_approvers_per_merge_request": False,
    "reset_approvals_on_push": True,
}


def facts(world: Any, project: Any) -> list[Any]:
    """Return the documents that all of this rests on, beside the project's own and its rules."""
    uses = world.key_uses.find("project", project["id"])
    return [world.approval_rules.find("project", project["id"]), uses]


def of_person(world: Any, project: Any, access: Access, branches: Iterable[str]) -> Iterator[str]:
    """Yield what somebody can do; who may change the rules of a project could let himself merge and approve."""
    yield from _features(project, access)
    level = access.project_member(project)
    if level < levels.DEVELOPER or project["archived"]:
        return
    able = level >= levels.MAINTAINER
    if world.premium:
        held = {**NEW, **project.get("approvals", {})}
        loose = (word for word, (name, value) in SWITCHES.items() if able or held[name] == value)
        yield from (f"approvals: {word}" for word in loose)
        yield from (f"push without {name}" for name in _UNCHECKED if able or not _asks(project, name))
    for branch in branches:
        rules = _matching(world, project, branch)
        if able or not rules or any(_lets(world, access, level, one) for r in rules for one in r["merge"]):
            yield f"merge refs/heads/{branch}"
            asked = 0 if able else _approvals(world, project, branch)
            yield from (f"merge refs/heads/{branch} on {n} approvals" for n in range(asked, MOST))
            if able or not any(rule["code_owner_approval_required"] for rule in rules):
                yield f"merge refs/heads/{branch} without its owners"
        if able and not rules:
            yield f"no rules of refs/heads/{branch}"
        elif able and any(_unprotects(world, access, level, rule) for rule in rules):
            yield f"rules of refs/heads/{branch}"


def of_keys(world: Any, project: Any, branches: Iterable[str]) -> Iterator[Said]:
    """Yield what deploy keys can do: one that may write pushes where no rule is, or where one names it."""
    for use in world.key_uses.find("project", project["id"]):
        who = f"key:{world.keys[use['key_id']]['fingerprint_sha256']}"
        yield who, "pull"
        if not use["can_push"] or project["archived"]:
            continue
        for branch in branches:
            rules = _matching(world, project, branch)
            if not rules or any(one["deploy_key_id"] == use["key_id"] for r in rules for one in r["push"]):
                yield who, f"push refs/heads/{branch}"
                if not rules or any(rule["allow_force_push"] for rule in rules):
                    yield who, f"force push refs/heads/{branch}"


def _matching(world: Any, project: Any, branch: str) -> list[Any]:
    own = world.branch_rules.find("project", project["id"])
    above = [one for group in world.above(project) for one in world.group_rules.find("group", group["id"])]
    return [rule for rule in (*own, *above) if _matches(rule["name"], branch)]


def _matches(pattern: str, branch: str) -> bool:
    """Whether the pattern is for the branch: its texts between the stars come one after the other."""
    first, *rest = pattern.split("*")
    if not rest:
        return pattern == branch
    if not branch.startswith(first) or not branch.endswith(rest[-1]):
        return False
    at, end = len(first), len(branch) - len(rest[-1])
    for part in rest[:-1]:
        at = branch.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return at <= end


def _lets(world: Any, access: Access, level: int, one: Any) -> bool:
    """Whether a line of a rule is for somebody who can write there."""
    if one["deploy_key_id"]:
        return False
    if one["user_id"]:
        return bool(access.user and one["user_id"] == access.user["id"])
    if one["group_id"]:
        group = world.groups.get(one["group_id"])
        return group is not None and access.group_member(group) >= levels.DEVELOPER
    return levels.NO_ACCESS < one["access_level"] <= min(level, levels.MAINTAINER)


def _unprotects(world: Any, access: Access, level: int, rule: Any) -> bool:
    lines = rule["unprotect"]
    return not lines or any(_lets(world, access, level, one) for one in lines)


def _approvals(world: Any, project: Any, branch: str) -> int:
    """Return how many approvals by anybody a merge into the branch needs: a rule that has lost its branches is for all."""
    if not world.premium:
        return 0
    own = {rule["id"]: rule["name"] for rule in world.branch_rules.find("project", project["id"])}
    asked = 0
    for one in world.approval_rules.find("project", project["id"]):
        mine = (
            list(own) if one["all_protected"] else [number for number in one["branch_ids"] if number in own]
        )
        everywhere = not mine and not one["all_protected"]
        if everywhere or any(_matches(own[number], branch) for number in mine):
            asked = max(asked, int(one["approvals_required"]))
    return asked


def _asks(project: Any, name: str) -> bool:
    """Whether pushes are looked at for this."""
    return bool((project.get("push_rule") or {}).get(name))


def _features(project: Any, access: Access) -> Iterator[str]:
    seen = access.sees_project(project)
    for name, value in project["settings"].items():
        if name.endswith("_access_level"):
            inside = value == "private" and access.project_member(project) >= levels.GUEST
            if inside or (value == "enabled" and seen) or value == "public":
                yield f"use {name.removesuffix('_access_level')}"
