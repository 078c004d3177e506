"""What approvals a merge needs, as paid tiers have it."""

from __future__ import annotations

from typing import Any

from sigctl.sandbox.gitlab import rules
from sigctl.sandbox.gitlab.world import World
from sigctl.sandbox.store import Document

REGULAR, ANY = "regular", "any_approver"
_NEW = {
    "approvals_before_merge": 0,
    "reset_approvals_on_push": True,
    "selective_code_owner_removals": False,
    "disable_overriding_approvers_per_merge_request": False,
    "merge_requests_author_approval": False,
    "merge_requests_disable_committers_approval": False,
    "require_password_to_approve": False,
    "require_reauthentication_to_approve": False,
}


def settings_of(project: Document) -> dict[str, Any]:
    """Return the settings of approvals of a project."""
    return {**_NEW, **project.get("approvals", {})}


def branches_of(world: World, project: Document, rule: Document) -> list[Document] | None:
    """Return the protected branches that an approval rule is for, None for every branch: also once it has lost the last of them."""
    mine = world.branch_rules.find("project", project["id"])
    if rule["all_protected"]:
        return mine
    return [one for one in mine if one["id"] in rule["branch_ids"]] or None


def required(world: World, project: Document, branch: str) -> int:
    """Return how many approvals a merge into a branch needs of anybody who may approve; rules for named people ask for theirs besides."""
    if not world.premium:
        return 0
    found = [
        int(rule["approvals_required"])
        for rule in world.approval_rules.find("project", project["id"])
        for held in [branches_of(world, project, rule)]
        if held is None or any(rules.matches(one["name"], branch) for one in held)
    ]
    return max(found, default=0)


ALL_BRANCHES, ALL_PROTECTED = "All branches", "All protected branches"


def wide_rows(world: World, project: Document) -> list[Document]:
    """Return what GraphQL shows among the branch rules of a project that no protection stands behind."""
    held = world.approval_rules.find("project", project["id"])
    rows: list[Document] = []
    for number, name in enumerate((ALL_PROTECTED, ALL_BRANCHES), start=-1):
        row = {"id": number, "name": name, "project_id": project["id"]}
        if any(shown_with(world, one, row) for one in held):
            rows.append(row)
    return rows


def shown_with(world: World, approval: Document, row: Document) -> bool:
    """Whether GraphQL shows an approval rule with one row of the branch rules."""
    if row["id"] > 0:
        return not approval["all_protected"] and row["id"] in approval["branch_ids"]
    if row["name"] == ALL_PROTECTED:
        return bool(approval["all_protected"])
    return branches_of(world, world.projects[approval["project_id"]], approval) is None
