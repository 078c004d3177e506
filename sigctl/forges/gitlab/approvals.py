"""How many approvals a merge needs: the one rule of a project that whoever may approve can fill, and the branches it is for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

ANY, NAME = "any_approver", "All Members"
"""Type and name of the rule that anybody who may approve can fill; a project has one at most."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The rule for any approver as it is."""

    id: int | None = None
    """The rule's own number, None where there is no such rule."""
    count: int = 0
    branches: frozenset[int] | None = None
    """Numbers of the protected branches that it is for, None for every branch."""

    def on(self, branch: int) -> int:
        """Return how many approvals a protected branch needs by it."""
        return self.count if self.branches is None or branch in self.branches else 0


def asked_of(rows: Iterable[Mapping[str, Any]]) -> Asked:
    """Return what the approval rules of a project, as REST shows them, ask of anybody who may approve."""
    for row in rows:
        if row.get("rule_type") == ANY:
            named = frozenset(int(one["id"]) for one in row.get("protected_branches") or ())
            every = bool(row.get("applies_to_all_protected_branches")) or not named
            return Asked(int(row["id"]), int(row["approvals_required"]), None if every else named)
    return Asked()


def others_of(rows: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the other rules, which somebody made by hand: name and number."""
    found = (
        (row.get("name", ""), row.get("approvals_required") or row.get("approvalsRequired"))
        for row in rows
        if str(row.get("rule_type") or row.get("type") or "").lower() == "regular"
    )
    return tuple(sorted(f"{name} ({count or 0})" for name, count in found))


def asked_in(nodes: Iterable[Mapping[str, Any]]) -> int:
    """Return how many approvals of anybody the rules ask for that GraphQL shows with one rule of branches."""
    counts = [
        int(node.get("approvalsRequired") or 0) for node in nodes if str(node.get("type")).lower() == ANY
    ]
    return max(counts, default=0)
