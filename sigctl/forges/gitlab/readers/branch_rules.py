"""Rules on branches in bulk from GraphQL, on tags from REST where a repository is declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sigctl.core.kinds import BranchRule
from sigctl.core.kinds.branch import BRANCH, TAG
from sigctl.forges.base import Scope
from sigctl.forges.gitlab.context import GROUPS, USERS, Context
from sigctl.forges.gitlab.graphql import must, rules_below
from sigctl.forges.gitlab.names import number_of
from sigctl.forges.gitlab.protections import KINDS, Protection, of_graphql, of_rest, to_rule

Rules = dict[int, list[Protection]]
"""Project's number -> its protected branches."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where rules must be known: of whom nobody speaks, they may stay hidden."""

    repos: frozenset[str]
    """Paths, folded; empty = every project that there is."""
    tagged: frozenset[str]
    """Those where rules on tags are looked for, too: at a request each."""

    @classmethod
    def of(cls, scope: Scope) -> Wanted:
        """Return it for a scope: tags where a rule on them is declared, or everywhere for a thorough look."""
        repos = {path.casefold() for path in scope.repos}
        declared = {rule.repo.casefold() for rule in scope.rules if rule.on == TAG}
        return cls(frozenset(repos), frozenset(repos if scope.thorough else declared))

    def has(self, path: str) -> bool:
        """Whether the rules of this repository must be known."""
        return not self.repos or path.casefold() in self.repos


def branches_below(ctx: Context, group: str, wanted: Wanted, *, deep: bool = True) -> Rules:
    """Return the protected branches of the projects of a group, and (`deep`) of those below it.

    PartialError where they are wanted and not shown: that they are hidden from the token never means that there are none.
    """
    found: Rules = {}
    for page in ctx.graph.walk(rules_below(named=ctx.enterprise), group, "projects", deep=deep):
        for node in must(page, "nodes", group):
            if node.get("branchRules") is not None or wanted.has(must(node, "fullPath", group)):
                number = number_of(must(node, "id", group))
                found[number] = _of_node(ctx, number, node)
    return found


def branches_of(ctx: Context, number: int) -> list[Protection]:
    """Return the protected branches of one project."""
    return [of_rest(row) for row in ctx.client.pages(f"/projects/{number}/{KINDS[BRANCH]}")]


def tags_of(ctx: Context, number: int) -> list[Protection]:
    """Return the protected tags of one project."""
    return [of_rest(row) for row in ctx.client.pages(f"/projects/{number}/{KINDS[TAG]}")]


def _of_node(ctx: Context, number: int, node: Mapping[str, Any]) -> list[Protection]:
    path = must(node, "fullPath", "a project")
    rules = must(node, "branchRules", path)
    rows = must(rules, "nodes", path)
    if must(rules, "pageInfo", path)["hasNextPage"] or any(map(_is_cut, rows)):
        return branches_of(ctx, number)
    return [protection for row in rows if (protection := of_graphql(row)) is not None]


def _is_cut(rule: Mapping[str, Any]) -> bool:
    protection = rule.get("branchProtection") or {}
    lists = [protection.get(field) or {} for field in ("pushAccessLevels", "mergeAccessLevels")]
    return any((one.get("pageInfo") or {}).get("hasNextPage") for one in lists)


def rules(ctx: Context, branches: Rules, paths: Mapping[int, str], wanted: Wanted) -> list[BranchRule]:
    """Return the rules of these projects (number -> path): on branches, as read in bulk, and on tags where they are wanted."""
    missing = [number for number, path in paths.items() if number not in branches and wanted.has(path)]
    tagged = [number for number, path in paths.items() if path.casefold() in wanted.tagged]

    def read(one: Callable[[Context, int], list[Protection]], number: int) -> Callable[[], list[Protection]]:
        return lambda: one(ctx, number)

    found = ctx.client.together([read(branches_of, n) for n in missing] + [read(tags_of, n) for n in tagged])
    rest = zip([*((n, BRANCH) for n in missing), *((n, TAG) for n in tagged)], found, strict=True)
    bulk = [((number, BRANCH), some) for number, some in branches.items() if number in paths]
    return [rule_of(ctx, paths[n], on, one) for (n, on), some in [*bulk, *rest] for one in some]


def rule_of(ctx: Context, repo: str, on: str, protection: Protection) -> BranchRule:
    """Return the rule in our words, the people and groups in it by name."""
    return to_rule(
        repo, on, protection, lambda number: _login(ctx, number), lambda number: _path(ctx, number)
    )


def _login(ctx: Context, number: int) -> str:
    return ctx.known.name(USERS, number) or str(ctx.client.get(f"/users/{number}")["username"])


def _path(ctx: Context, number: int) -> str:
    return ctx.known.name(GROUPS, number) or str(
        ctx.client.get(f"/groups/{number}", with_projects="false")["full_path"]
    )
