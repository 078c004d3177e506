"""Resolvers of rulesets and branch protection."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sigctl.sandbox.github import rights, rules
from sigctl.sandbox.github.resolvers import Context, connection, plain, resolves
from sigctl.sandbox.github.state import node_id
from sigctl.sandbox.store import Document

_PARAMETERS = {"pull_request": "PullRequestParameters", "update": "UpdateParameters"}
_MODES = {"always": "ALWAYS", "pull_request": "PULL_REQUEST"}
_CAMEL = {
    "dismissStaleReviewsOnPush": "dismiss_stale_reviews_on_push",
    "requireCodeOwnerReview": "require_code_owner_review",
    "requireLastPushApproval": "require_last_push_approval",
    "requiredReviewThreadResolution": "required_review_thread_resolution",
}


def register() -> None:
    """Register the fields that are an entry of the document."""
    plain(
        "RepositoryRuleset",
        databaseId="id",
        id=lambda r: node_id("RRS", r["id"]),
        createdAt="created_at",
        updatedAt="updated_at",
        enforcement=lambda r: r["enforcement"].upper(),
        target=lambda r: r["target"].upper(),
    )
    plain(
        "BranchProtectionRule",
        databaseId="id",
        id=lambda r: node_id("BPR", r["id"]),
        allowsDeletions="allows_deletions",
        allowsForcePushes="allows_force_pushes",
        blocksCreations="block_creations",
        isAdminEnforced="enforce_admins",
        lockBranch="lock_branch",
        lockAllowsFetchAndMerge=lambda _: False,
        requiresLinearHistory="linear_history",
        requiresConversationResolution="conversation_resolution",
        requiresCommitSignatures=lambda _: False,
        requiresDeployments=lambda _: False,
        requiredDeploymentEnvironments=lambda _: [],
        restrictsPushes=lambda r: r["restrictions"] is not None,
        restrictsReviewDismissals=lambda _: False,
        requiresApprovingReviews=lambda r: r["reviews"] is not None,
        requiredApprovingReviewCount=lambda r: r["reviews"] and r["reviews"]["count"],
        dismissesStaleReviews=lambda r: bool(r["reviews"] and r["reviews"]["dismiss_stale"]),
        requiresCodeOwnerReviews=lambda r: bool(r["reviews"] and r["reviews"]["code_owners"]),
        requireLastPushApproval=lambda r: bool(r["reviews"] and r["reviews"]["last_push"]),
        requiresStatusChecks=lambda r: r["checks"] is not None,
        requiresStrictStatusChecks=lambda r: bool(r["checks"] and r["checks"]["strict"]),
        requiredStatusCheckContexts=lambda r: r["checks"]["contexts"] if r["checks"] else [],
    )


@resolves("Repository.branchProtectionRules")
def _protections(repo: Document, context: Context, **arguments: Any) -> dict[str, Any]:
    seen = rights.may(context.state, repo, context.user, "push")
    return connection(context.state.protections.find("repo", repo["id"]) if seen else [], arguments)


@resolves("BranchProtectionRule.repository")
def _repo_of(rule: Document, context: Context) -> Document:
    return context.state.repos[rule["repo"]]


@resolves("BranchProtectionRule.creator")
def _creator(rule: Document, context: Context) -> Document | None:
    return context.state.accounts.get(rule["creator"])


@resolves("BranchProtectionRule.matchingRefs")
def _matching(rule: Document, context: Context, **arguments: Any) -> dict[str, Any]:
    repo = _repo_of(rule, context)
    heads = context.state.bare(repo).branches()
    found = [
        {"ref": rules.HEADS + name, "sha": sha, "name": name, "prefix": rules.HEADS, "repository": repo}
        for name, sha in heads.items()
        if rules.glob(rule["pattern"]).fullmatch(name)
    ]
    return connection(found, arguments)


@resolves("BranchProtectionRule.pushAllowances")
def _pushers(rule: Document, context: Context, **arguments: Any) -> dict[str, Any]:
    return connection(_allowances(rule, context, rule["restrictions"], "PA"), arguments)


@resolves("BranchProtectionRule.bypassForcePushAllowances")
def _forcers(rule: Document, context: Context, **arguments: Any) -> dict[str, Any]:
    return connection(_allowances(rule, context, rule["force_allowances"], "BFPA"), arguments)


@resolves("BranchProtectionRule.bypassPullRequestAllowances")
def _reviewless(rule: Document, context: Context, **arguments: Any) -> dict[str, Any]:
    return connection(
        _allowances(rule, context, rule["reviews"] and rule["reviews"]["bypass"], "BPRA"), arguments
    )


@resolves("BranchProtectionRule.reviewDismissalAllowances")
def _dismissers(rule: Document, context: Context, **arguments: Any) -> dict[str, Any]:
    return connection(_allowances(rule, context, None, "RDA"), arguments)


def _allowances(
    rule: Document, context: Context, people: Document | None, prefix: str
) -> Iterable[dict[str, Any]]:
    if people is None:
        return []
    actors = [context.state.accounts[user] for user in people["users"]]
    actors += [context.state.teams[team] for team in people["teams"] if team in context.state.teams]
    return [
        {"id": node_id(prefix, f"{rule['id']}:{actor['id']}"), "actor": actor, "branchProtectionRule": rule}
        for actor in actors
    ]


@resolves("Repository.rulesets")
def _repo_rulesets(repo: Document, context: Context, **arguments: Any) -> dict[str, Any]:
    found = context.state.rulesets.find("repo", repo["id"])
    if arguments.get("includeParents") is not False:
        found = found + context.state.rulesets.find("org", repo["owner"])
    return connection(_targeted(found, arguments), arguments)


@resolves("Organization.rulesets")
def _org_rulesets(org: Document, context: Context, **arguments: Any) -> dict[str, Any]:
    seen = context.state.role(org["id"], context.user) is not None
    found = context.state.rulesets.find("org", org["id"]) if seen else []
    return connection(_targeted(found, arguments), arguments)


def _targeted(found: list[Document], arguments: dict[str, Any]) -> list[Document]:
    targets = arguments.get("targets")
    return [each for each in found if targets is None or each["target"].upper() in targets]


@resolves("Repository.ruleset", "Organization.ruleset")
def _ruleset(owner: Document, context: Context, **arguments: Any) -> Document | None:
    found = context.state.rulesets.get(arguments["databaseId"])
    return found if found and owner["id"] in (found["repo"], found["org"]) else None


@resolves("RepositoryRuleset.source")
def _source(ruleset: Document, context: Context) -> Document:
    if ruleset["repo"] is not None:
        return context.state.repos[ruleset["repo"]]
    return context.state.accounts[ruleset["org"]]


@resolves("RepositoryRuleset.conditions")
def _conditions(ruleset: Document, _: Context) -> dict[str, Any]:
    found = ruleset["conditions"] or {}
    names, ids = found.get("repository_name"), found.get("repository_id")
    return {
        "refName": found.get("ref_name"),
        "repositoryName": names and {"protected": False, **names},
        "repositoryId": ids
        and {"repositoryIds": [node_id("Repository", id_) for id_ in ids["repository_ids"]]},
        "repositoryProperty": None,
    }


@resolves("RepositoryRuleset.rules")
def _rules(ruleset: Document, _: Context, **arguments: Any) -> dict[str, Any]:
    wanted = arguments.get("type")
    found = [rule for rule in ruleset["rules"] if wanted in (None, rule["type"].upper())]

    def shown(rule: Document) -> dict[str, Any]:
        id_ = node_id("RRU", f"{ruleset['id']}:{rule['type']}")
        return {
            "id": id_,
            "type": rule["type"].upper(),
            "parameters": _parameters(rule),
            "repositoryRuleset": ruleset,
        }

    return connection(found, arguments, node=shown)


def _parameters(rule: Document) -> dict[str, Any] | None:
    given, kind = rule.get("parameters"), _PARAMETERS.get(rule["type"])
    if not given or not kind:
        return None
    switches = {camel: given.get(snake, False) for camel, snake in _CAMEL.items()}
    return {
        "kind": kind,
        **switches,
        "requiredApprovingReviewCount": given.get("required_approving_review_count", 0),
        "updateAllowsFetchAndMerge": given.get("update_allows_fetch_and_merge", False),
    }


@resolves("RepositoryRuleset.bypassActors")
def _bypassers(ruleset: Document, context: Context, **arguments: Any) -> dict[str, Any] | None:
    """Hidden from readers; users are not among the actors GraphQL knows, and `exempt` is not among its modes."""
    state = context.state
    repo = state.repos.get(ruleset["repo"])
    seen = (
        rights.may(state, repo, context.user, "push")
        if repo
        else state.is_owner(ruleset["org"], context.user)
    )
    if not seen:
        return None

    def shown(actor: Document) -> dict[str, Any]:
        team = actor["actor_type"] == "Team"
        role = actor["actor_id"] if actor["actor_type"] == "RepositoryRole" else None
        return {
            "id": node_id("RRBA", f"{ruleset['id']}:{actor['actor_type']}:{actor['actor_id']}"),
            "actor": state.teams.get(actor["actor_id"]) if team else None,
            "bypassMode": _MODES.get(actor["bypass_mode"]),
            "deployKey": actor["actor_type"] == "DeployKey",
            "enterpriseOwner": False,
            "organizationAdmin": actor["actor_type"] == "OrganizationAdmin",
            "repositoryRoleDatabaseId": role,
            "repositoryRoleName": rights.WORDS[rules.REPOSITORY_ROLES[role]]
            if role in rules.REPOSITORY_ROLES
            else None,
            "repositoryRuleset": ruleset,
        }

    return connection(ruleset["bypass_actors"], arguments, node=shown)
