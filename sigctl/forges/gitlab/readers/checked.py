"""Push rules and the settings of approvals: one request for each project or group, so only where they are declared."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from typing import Any

from sigctl.core.kinds import Approvals, Key, Org, PushRules, Repo, Resource
from sigctl.core.kinds.checked import PUSH_RULES
from sigctl.errors import DeniedError, NotThereError
from sigctl.forges.gitlab.context import Context
from sigctl.forges.gitlab.names import place_of

SWITCHES = {
    "author": ("merge_requests_author_approval", True),
    "committers": ("merge_requests_disable_committers_approval", False),
    "override": ("disable_overriding_approvers_per_merge_request", False),
    "keep": ("reset_approvals_on_push", False),
}
"""Our switch -> GitLab's, and what that is where ours is on."""


def calls(
    ctx: Context, asked: Collection[Key], projects: Mapping[int, str], groups: Mapping[int, str]
) -> Iterator[tuple[str, Key, Callable[[], list[Resource]]]]:
    """Yield what reads these of projects and groups (number -> path), as far as they are asked for: kind, of what, how."""
    folded = {(one.kind, one.name.casefold()) for one in asked}
    for on, things in ((Repo.KIND, projects), (Org.KIND, groups)):
        for number, path in things.items():
            if (PushRules.KIND, path.casefold()) in folded:
                yield PushRules.KIND, Key(on, path), partial(_push_rules, ctx, on, number, path)
    for number, path in projects.items():
        if (Approvals.KIND, path.casefold()) in folded:
            yield Approvals.KIND, Key(Repo.KIND, path), partial(_approvals, ctx, number, path)


def _push_rules(ctx: Context, on: str, number: int, path: str) -> list[Resource]:
    """Return the push rules; nothing where the tier has none, or where a group has none yet: both look alike."""
    try:
        row = ctx.client.get(f"{place_of(on, number)}/push_rule")
    except (NotThereError, DeniedError):
        return []
    return [push_rules_of(on, path, row)]


def push_rules_of(on: str, path: str, row: Mapping[str, Any] | None) -> PushRules:
    """Return the push rules that REST shows; a project that never had any has none of them on."""
    plain: dict[str, Any] = {name: "" if name.endswith("_regex") else False for name in PUSH_RULES}
    plain["max_file_size"] = 0
    if row is None:
        return PushRules(on, path, **plain)
    told = {name: plain[name] if row[name] is None else row[name] for name in PUSH_RULES if name in row}
    return PushRules(on, path, **told)


def _approvals(ctx: Context, number: int, path: str) -> list[Resource]:
    try:
        return [approvals_of(path, ctx.client.get(f"/projects/{number}/approvals"))]
    except (NotThereError, DeniedError):
        return []  # they belong to paid tiers


def approvals_of(path: str, row: Mapping[str, Any]) -> Approvals:
    """Return the settings of approvals that REST shows; those that this server does not tell are unknown."""
    return Approvals(
        path,
        **{ours: row[theirs] is on for ours, (theirs, on) in SWITCHES.items() if row.get(theirs) is not None},
    )
