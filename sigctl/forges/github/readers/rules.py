"""Rulesets, in bulk by GraphQL; by REST, one by one, only those of which GraphQL does not tell everything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sigctl.core.kinds import BranchRule, ClassicRule
from sigctl.core.levels import ADMIN, MAINTAIN, WRITE, native
from sigctl.core.state import Note
from sigctl.errors import DeniedError, ForgeError, PartialError
from sigctl.forges.apart import Apart
from sigctl.forges.github import documents, rulesets
from sigctl.forges.github.failures import SCOPES
from sigctl.forges.github.graphql import Node
from sigctl.forges.github.names import split
from sigctl.forges.github.rulesets import ALWAYS, OWNERS, Bypass, Ruleset, parse
from sigctl.forges.github.session import Session, path

ROLES = {4: WRITE, 2: MAINTAIN, 5: ADMIN}
"""GitHub's number of a repository role -> the level; weaker ones can't push."""
_LEVELS = {
    frozenset({ADMIN}): ADMIN,
    frozenset({MAINTAIN, ADMIN}): MAINTAIN,
    frozenset({WRITE, MAINTAIN, ADMIN}): WRITE,
}
_RULES = (BranchRule.KIND, ClassicRule.KIND)
Login = Callable[[int], str]


def read_rules(session: Session, org: str, apart: Apart) -> list[Node]:
    """Return every repository of the org with its rulesets, whole as far as GraphQL tells them, but for what is set apart."""

    def lost(node: Node, error: ForgeError) -> None:
        if not node.get("nameWithOwner"):
            raise error
        apart.lose(node["nameWithOwner"], error, *_RULES)

    nodes = list(session.graphql.pages(documents.RULES, org, "repositories", documents.RULE_PAGE, lost))
    apart.among(len(nodes))
    return _completed(session, nodes, apart)


def read_named_rules(session: Session, paths: Iterable[str], apart: Apart) -> list[Node]:
    """Return those of the named repositories that exist, with their rulesets, but for what is set apart."""
    wanted = [dict(zip(("owner", "name"), split(one), strict=True)) for one in sorted(paths)]
    apart.among(len(wanted))

    def lost(one: Mapping[str, str], error: ForgeError) -> None:
        apart.lose(f"{one['owner']}/{one['name']}", error, *_RULES)

    found = session.graphql.named(documents.rules_by_name, wanted, "owner", lost)
    return _completed(session, [one for one in found if one], apart)


def _completed(session: Session, nodes: list[Node], apart: Apart) -> list[Node]:
    for inner in (documents.INNER_RULESETS, documents.INNER_CLASSIC):
        session.graphql.complete(
            nodes,
            inner,
            lambda node: node["nameWithOwner"],
            lost=lambda node, error: apart.lose(node["nameWithOwner"], error, *_RULES),
        )
    homes = {one["id"]: node["nameWithOwner"] for node in nodes for one in node["rulesets"]["nodes"]}
    sets = [one for node in nodes for one in node["rulesets"]["nodes"]]
    for inner in (documents.INNER_RULES, documents.INNER_BYPASS):
        session.graphql.complete(
            sets,
            inner,
            lambda node: f"ruleset `{node['name']}`",
            lambda node: split(homes[node["id"]])[0],
            lambda node, error: apart.lose(homes[node["id"]], error, *_RULES),
        )
    return nodes


def unclear(nodes: Iterable[Node]) -> list[tuple[str, int]]:
    """Return (repository, number) of our rulesets that must be asked for by REST: people among the actors, checks."""
    return [
        (node["nameWithOwner"], one["databaseId"])
        for node in nodes
        for one in node["rulesets"]["nodes"]
        if parse(one["name"])
        and (any(map(_is_nobody, _bypassers(one))) or any(map(_is_mute, one["rules"]["nodes"])))
    ]


def teams_in(nodes: Iterable[Node]) -> dict[int, str]:
    """Return number -> path of the teams among the actors, so that REST's bare numbers can be read."""
    actors = [
        one["actor"] for node in nodes for each in node["rulesets"]["nodes"] for one in _bypassers(each)
    ]
    return {
        int(one["databaseId"]): str(one["combinedSlug"]) for one in actors if one and one.get("combinedSlug")
    }


def _bypassers(ruleset: Node) -> list[Node]:
    listed: list[Node] = ruleset["bypassActors"]["nodes"]
    return listed


def _is_nobody(actor: Node) -> bool:
    team = (actor["actor"] or {}).get("combinedSlug")
    known = team or actor["organizationAdmin"] or actor["repositoryRoleDatabaseId"]
    return not known or actor["bypassMode"] is None


def _is_mute(rule: Node) -> bool:
    return str(rule["type"]) == "REQUIRED_STATUS_CHECKS"


def read_ruleset(session: Session, repo: str, number: int, login: Login, teams: Mapping[int, str]) -> Ruleset:
    """Return one ruleset, with the people in it; DeniedError when its actors are hidden, PartialError when it is itself."""
    data = session.find(path("repos", *split(repo), "rulesets", number))
    if data is None:  # a list had it a moment ago: gone or hidden, the rest of its rule alone says too little
        hint = "the next run reads it again; the token must be one that may read rulesets"
        raise PartialError(
            f"ruleset {number} of {repo} was listed and can't be read", hint, forge=session.name
        )
    if "bypass_actors" not in data:  # absent is not empty
        raise DeniedError(f"who may bypass the rules of {repo} can't be read", SCOPES, forge=session.name)
    names = (data.get("conditions") or {}).get("ref_name") or {}
    given = {rule["type"]: rule.get("parameters") or {} for rule in data["rules"]}
    checks = given.get("required_status_checks", {}).get("required_status_checks", [])
    return Ruleset(
        data["name"],
        data["target"],
        frozenset(names.get("include", ())),
        frozenset(names.get("exclude", ())),
        frozenset(given),
        _by_level(
            (_rest_subject(one, login, teams), one.get("bypass_mode") or ALWAYS)
            for one in data["bypass_actors"]
        ),
        reviews=int(given.get("pull_request", {}).get("required_approving_review_count", 0)),
        checks=tuple(sorted(check["context"] for check in checks)),
        active=data["enforcement"] == "active",
    )


def _rest_subject(actor: Mapping[str, Any], login: Login, teams: Mapping[int, str]) -> str:
    type_, number = actor["actor_type"], int(actor.get("actor_id") or 0)
    if type_ == "OrganizationAdmin":
        return OWNERS
    if type_ == "User":
        return f"person:{login(number)}"
    if type_ == "Team":  # one that GraphQL doesn't show was deleted: it lets nobody in
        return f"team:{teams[number]}" if number in teams else ""
    if type_ == "RepositoryRole" and number in ROLES:
        return f"level:{ROLES[number]}"
    return native(f"{type_}:{number}")


def _graphql_ruleset(node: Node) -> Ruleset:
    names = node["conditions"]["refName"] or {"include": [], "exclude": []}
    reviews = [
        (rule["parameters"] or {}).get("requiredApprovingReviewCount", 0) for rule in node["rules"]["nodes"]
    ]
    return Ruleset(
        node["name"],
        (node["target"] or "").lower(),
        frozenset(names["include"]),
        frozenset(names["exclude"]),
        frozenset(rule["type"].lower() for rule in node["rules"]["nodes"]),
        _by_level((_graphql_subject(one), (one["bypassMode"] or "").lower()) for one in _bypassers(node)),
        reviews=max(reviews, default=0),
        active=node["enforcement"] == "ACTIVE",
    )


def _graphql_subject(actor: Node) -> str:
    if actor["organizationAdmin"]:
        return OWNERS
    found = actor["actor"] or {}
    if found.get("combinedSlug"):
        return f"team:{found['combinedSlug']}"
    role = actor["repositoryRoleDatabaseId"]
    return f"level:{ROLES[role]}" if role in ROLES else native(f"RepositoryRole:{role}")


def _by_level(bypass: Iterable[tuple[str, str]]) -> Bypass:
    """Return the actors with roles that stand for `this level and up` as that one level."""
    kept: set[tuple[str, str]] = set()
    by_mode: dict[str, set[str]] = defaultdict(set)
    for subject, mode in bypass:
        if not subject:
            continue
        if subject.startswith("level:"):
            by_mode[mode].add(subject.removeprefix("level:"))
        else:
            kept.add((subject, mode))
    for mode, found in by_mode.items():
        level = _LEVELS.get(frozenset(found))
        odd = {native(f"RepositoryRole:{number}") for number, role in ROLES.items() if role in found}
        kept.update((one, mode) for one in ({f"level:{level}"} if level else odd))
    return frozenset(kept)


def rules_of(
    nodes: Iterable[Node], by_rest: Mapping[tuple[str, int], Ruleset], forge: str
) -> tuple[list[BranchRule], list[Note]]:
    """Return the branch rules that our rulesets amount to, and a note for every other rule, which is left alone."""
    rules: list[BranchRule] = []
    notes: list[Note] = []
    for node in nodes:
        repo = node["nameWithOwner"]
        parts: dict[str, dict[str, dict[str, Ruleset]]] = defaultdict(lambda: defaultdict(dict))
        for one in node["rulesets"]["nodes"]:
            named = parse(one["name"])
            if named is None:
                notes.append(
                    Note("undeclared", repo, f"the ruleset `{one['name']}` is not ours: left alone", forge)
                )
                continue
            key = (repo, one["databaseId"])
            part, on, pattern = named
            parts[on][pattern][part] = by_rest[key] if key in by_rest else _graphql_ruleset(one)
        for on, found in parts.items():
            rules += rulesets.rules_of(repo, on, found)
    return rules, notes
