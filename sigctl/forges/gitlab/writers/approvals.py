"""The approvals that merges into a protected branch need: one rule for a whole project, so one change of it at a time."""

from __future__ import annotations

from typing import Any

from sigctl.errors import NotThereError, RefusedError
from sigctl.forges.gitlab.approvals import ANY, NAME, Asked, asked_of
from sigctl.forges.gitlab.context import Context

_TIER = "approval rules need a paid tier: take `reviews` out of the rule, or let only those `merge` who look at changes first"


def ask(ctx: Context, project: int, pattern: str, count: int, *, kept: bool = False) -> None:
    """Let merges into the protected branch need so many approvals by anybody who may approve; all others stay as they are.

    `kept` says that it needed as many before: then the number, which all share, stays as another rule's change has made it.
    RefusedError where the server has no approval rules, or takes this one only in part.
    """
    with ctx.alone(project):
        numbers = _numbers(ctx, project)
        branch = numbers.get(pattern)
        asked = _now(ctx, project, needed=count > 0)
        if branch is None or asked.on(branch) == count:
            return
        if kept and count and asked.on(branch):
            return
        held = (
            set()
            if not asked.count
            else set(numbers.values())
            if asked.branches is None
            else set(asked.branches)
        )
        held = held | {branch} if count else held - {branch}
        body = {
            "approvals_required": count or (asked.count if held else 0),
            "protected_branch_ids": sorted(held),
            "applies_to_all_protected_branches": False,
        }
        done = _sent(ctx, project, asked, body)
        if done.on(branch) != count:
            raise RefusedError(f"`{pattern}`: the server took the number of approvals only in part", _TIER)


def _numbers(ctx: Context, project: int) -> dict[str, int]:
    rows = ctx.client.pages(f"/projects/{project}/protected_branches")
    return {row["name"]: int(row["id"]) for row in rows if not row.get("inherited")}


def _now(ctx: Context, project: int, *, needed: bool) -> Asked:
    try:
        return asked_of(ctx.client.pages(_place(project)))
    except NotThereError as error:
        if needed:
            raise RefusedError("this server has no approval rules", _TIER, status=error.status) from error
        return Asked()


def _sent(ctx: Context, project: int, asked: Asked, body: dict[str, Any]) -> Asked:
    if asked.id is not None:
        return asked_of([ctx.client.put(f"{_place(project)}/{asked.id}", body)])
    made = {"name": NAME, "rule_type": ANY, **body}

    def happened() -> Any:
        rows = ctx.client.peek(f"{_place(project)}?per_page=100") or []
        return next((row for row in rows if row.get("rule_type") == ANY), None)

    return asked_of([ctx.client.post(_place(project), made, happened=happened)])


def _place(project: int) -> str:
    return f"/projects/{project}/approval_rules"
