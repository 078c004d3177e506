"""Rules on branches in bulk from GraphQL, on tags from REST where a repository is declared."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sigctl.core.kinds import BranchRule
from sigctl.core.kinds.branch import BRANCH, TAG
from sigctl.errors import DeniedError, NotThereError, PartialError
from sigctl.forges.apart import Apart
from sigctl.forges.base import Scope
from sigctl.forges.gitlab.approvals import asked_in, asked_of, others_of
from sigctl.forges.gitlab.context import GROUPS, USERS, Context
from sigctl.forges.gitlab.failures import GraphError
from sigctl.forges.gitlab.graphql import must, rules_below
from sigctl.forges.gitlab.names import number_of
from sigctl.forges.gitlab.protections import KINDS, Names, Protection, of_graphql, of_rest, to_rule

Rules = dict[int, list[Protection]]
"""Project's number -> its protected branches."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where rules must be known: of whom nobody speaks, they may stay hidden."""

    repos: frozenset[str]
    """Paths, folded; empty = every project that there is."""
    tagged: frozenset[str]
    """Those where rules on tags are looked for, too: at a request each."""
    reviewed: frozenset[str] = frozenset()
    """Those for which reviews are declared: approval rules made by hand are told of there."""

    @classmethod
    def of(cls, scope: Scope) -> Wanted:
        """Return it for a scope: tags where a rule on them is declared, or everywhere for a thorough look."""
        repos = {path.casefold() for path in scope.repos}
        declared = {rule.repo.casefold() for rule in scope.rules if rule.on == TAG}
        declared |= {path.casefold() for path in scope.tagged}
        reviewed = {rule.repo.casefold() for rule in scope.rules if rule.reviews is not None}
        return cls(frozenset(repos), frozenset(repos if scope.thorough else declared), frozenset(reviewed))

    def has(self, path: str) -> bool:
        """Whether the rules of this repository must be known."""
        return not self.repos or path.casefold() in self.repos


def branches_below(
    ctx: Context, group: str, wanted: Wanted, apart: Apart, *, of_groups: Collection[object] | None = ()
) -> Rules:
    """Return the protected branches of the projects of a group and of those below it.

    Where they are wanted and not shown, the project is set apart: that they are hidden never means that there are none. `of_groups`
    are the rules of whole groups (None: unknown): projects show them among their own, so they are left out. A server that has such
    rules and can't tell them apart in bulk is to be asked for each project: then nothing is returned.
    """
    grouped = of_groups is None or bool(of_groups)
    try:
        return _below(ctx, rules_below(named=ctx.enterprise, grouped=grouped), group, wanted, apart)
    except PartialError as error:
        if not grouped or not isinstance(error.__cause__, GraphError) or not error.__cause__.invalid:
            raise
    return {} if of_groups else branches_below(ctx, group, wanted, apart)


def _below(ctx: Context, document: str, group: str, wanted: Wanted, apart: Apart) -> Rules:
    found: Rules = {}
    for page in ctx.graph.walk(document, group, "projects", deep=True):
        for node in must(page, "nodes", group):
            path = must(node, "fullPath", group)
            if node.get("branchRules") is not None or wanted.has(path):
                number = number_of(must(node, "id", group))
                found[number] = []
                with apart.about(path, BranchRule.KIND):
                    found[number] = _of_node(ctx, number, node)
    return found


def branches_of(ctx: Context, number: int) -> list[Protection]:
    """Return the protected branches of one project, with the approvals that merges into them need."""
    rows_ = ctx.client.pages(f"/projects/{number}/{KINDS[BRANCH]}")
    found = [of_rest(row) for row in rows_ if not row.get("inherited")]  # those are of a whole group
    rows = approval_rules(ctx, number) if found and ctx.enterprise else None
    if rows is None:
        return found
    asked, others = asked_of(rows), others_of(rows)
    return [
        replace(one, reviews=None if one.number is None else asked.on(one.number), others=others)
        for one in found
    ]


def approval_rules(ctx: Context, number: int) -> list[Mapping[str, Any]] | None:
    """Return the approval rules of a project; None where its tier has none, or hides them: then they are unknown."""
    try:
        return ctx.client.pages(f"/projects/{number}/approval_rules")
    except (NotThereError, DeniedError):
        return None


def tags_of(ctx: Context, number: int) -> list[Protection]:
    """Return the protected tags of one project."""
    return [of_rest(row) for row in ctx.client.pages(f"/projects/{number}/{KINDS[TAG]}")]


def _of_node(ctx: Context, number: int, node: Mapping[str, Any]) -> list[Protection]:
    path = must(node, "fullPath", "a project")
    rules = must(node, "branchRules", path)
    rows = must(rules, "nodes", path)
    if must(rules, "pageInfo", path)["hasNextPage"] or any(map(_is_cut, rows)):
        return branches_of(ctx, number)
    everywhere = [one for row in rows if not row.get("branchProtection") for one in _approvals(row) or ()]
    found = []
    for row in rows:
        if (row.get("branchProtection") or {}).get("isGroupLevel"):
            continue
        if (protection := of_graphql(row)) is not None:
            own = _approvals(row)
            asked = None if own is None else asked_in([*own, *everywhere])
            others = dict.fromkeys(others_of([*(own or ()), *everywhere]))
            found.append(replace(protection, reviews=asked, others=tuple(others)))
    return found


def _approvals(rule: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    """Return the approval rules shown with a rule of branches, None where they are not shown: then they are unknown."""
    told = rule.get("approvalRules")
    return None if told is None else list(told.get("nodes") or ())


def _is_cut(rule: Mapping[str, Any]) -> bool:
    protection = rule.get("branchProtection") or {}
    names = ("pushAccessLevels", "mergeAccessLevels", "unprotectAccessLevels")
    lists = [rule.get("approvalRules") or {}, *(protection.get(field) or {} for field in names)]
    return any((one.get("pageInfo") or {}).get("hasNextPage") for one in lists)


def rules(
    ctx: Context, branches: Rules, paths: Mapping[int, str], wanted: Wanted, apart: Apart
) -> tuple[list[BranchRule], list[tuple[str, str, str]]]:
    """Return the rules of these projects (number -> path): on branches, as read in bulk, and on tags where they are wanted.

    With them comes what there is to say of approval rules that somebody made by hand: topic, repository, text.
    """
    missing = [number for number, path in paths.items() if number not in branches and wanted.has(path)]
    tagged = [number for number, path in paths.items() if path.casefold() in wanted.tagged]

    def read(one: Callable[[Context, int], list[Protection]], number: int) -> Callable[[], list[Protection]]:
        def run() -> list[Protection]:
            with apart.about(paths[number], BranchRule.KIND):
                return one(ctx, number)
            return []

        return run

    found = ctx.client.together([read(branches_of, n) for n in missing] + [read(tags_of, n) for n in tagged])
    rest = zip([*((n, BRANCH) for n in missing), *((n, TAG) for n in tagged)], found, strict=True)
    bulk = [((number, BRANCH), some) for number, some in branches.items() if number in paths]
    every = [*bulk, *rest]
    told: list[BranchRule] = []
    for (number, on), some in every:
        with apart.about(paths[number], BranchRule.KIND):
            told += [rule_of(ctx, paths[number], on, one) for one in some]
    return told, [
        ("undeclared", paths[n], f"approval rules that somebody made by hand stay: {', '.join(names)}")
        for (n, _), some in every
        if paths[n].casefold() in wanted.reviewed
        if (names := sorted({name for one in some for name in one.others}))
    ]


def rule_of(ctx: Context, repo: str, on: str, protection: Protection) -> BranchRule:
    """Return the rule in our words, the people, groups and deploy keys in it by name; a key that was not read by its number."""
    names = Names(
        lambda number: _login(ctx, number),
        lambda number: _path(ctx, number),
        lambda number: ctx.keys.get(number) or str(number),
    )
    return to_rule(repo, on, protection, names)


def _login(ctx: Context, number: int) -> str:
    return ctx.known.name(USERS, number) or str(ctx.client.get(f"/users/{number}")["username"])


def _path(ctx: Context, number: int) -> str:
    return ctx.known.name(GROUPS, number) or str(
        ctx.client.get(f"/groups/{number}", with_projects="false")["full_path"]
    )
