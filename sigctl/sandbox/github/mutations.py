"""The GraphQL mutations: branch protection for patterns, which REST can't make."""

from __future__ import annotations

from typing import Any

from sigctl.sandbox.github import rights
from sigctl.sandbox.github.protection import OPEN
from sigctl.sandbox.github.resolvers import Context, ResolveError, resolves
from sigctl.sandbox.github.state import REPO, TEAM, USER, from_node_id
from sigctl.sandbox.store import Document

_SWITCHES = {
    "allowsDeletions": "allows_deletions",
    "allowsForcePushes": "allows_force_pushes",
    "blocksCreations": "block_creations",
    "isAdminEnforced": "enforce_admins",
    "lockBranch": "lock_branch",
    "requiresLinearHistory": "linear_history",
    "requiresConversationResolution": "conversation_resolution",
}


@resolves("Mutation.createBranchProtectionRule")
def _create(_: object, context: Context, **arguments: Any) -> dict[str, Any]:
    given, state = arguments["input"], context.state
    type_, number = from_node_id(given["repositoryId"])
    repo = state.repos.get(int(number)) if type_ == REPO and number.isdecimal() else None
    if repo is None or not context.sees(repo):
        raise _unknown(given["repositoryId"])
    _may_change(context, repo)
    if any(each["pattern"] == given["pattern"] for each in state.protections.find("repo", repo["id"])):
        raise ResolveError("UNPROCESSABLE", f"Name already protected: {given['pattern']}")
    fields = _fields(context, dict(OPEN), given)
    made = state.add(
        state.protections, repo=repo["id"], creator=context.user, pattern=given["pattern"], **fields
    )
    return {"branchProtectionRule": made, "clientMutationId": given.get("clientMutationId")}


@resolves("Mutation.updateBranchProtectionRule")
def _update(_: object, context: Context, **arguments: Any) -> dict[str, Any]:
    given = arguments["input"]
    rule = _rule(context, given["branchProtectionRuleId"])
    fields = _fields(context, {name: rule[name] for name in OPEN}, given)
    if given.get("pattern"):
        fields["pattern"] = given["pattern"]
    context.state.touch(context.state.protections, rule, **fields)
    return {"branchProtectionRule": rule, "clientMutationId": given.get("clientMutationId")}


@resolves("Mutation.deleteBranchProtectionRule")
def _delete(_: object, context: Context, **arguments: Any) -> dict[str, Any]:
    given = arguments["input"]
    context.state.protections.delete(_rule(context, given["branchProtectionRuleId"])["id"])
    return {"clientMutationId": given.get("clientMutationId")}


def _rule(context: Context, id_: str) -> Document:
    prefix, number = from_node_id(id_)
    found = context.state.protections.get(int(number)) if prefix == "BPR" and number.isdecimal() else None
    repo = context.state.repos.get(found["repo"]) if found else None
    if found is None or repo is None or not context.sees(repo):
        raise _unknown(id_)
    _may_change(context, repo)
    return found


def _may_change(context: Context, repo: Document) -> None:
    if not rights.may(context.state, repo, context.user, "admin") or not context.has_scope(
        "repo", "public_repo"
    ):
        raise ResolveError("FORBIDDEN", "Viewer does not have permission to change branch protection rules.")
    if repo["archived"]:
        raise ResolveError("FORBIDDEN", "Repository was archived so is read-only.")


def _fields(context: Context, fields: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Return the fields with what the input names changed."""
    fields |= {ours: given[theirs] for theirs, ours in _SWITCHES.items() if given.get(theirs) is not None}
    before = fields["restrictions"] or _people(context, [])
    if given.get("pushActorIds") is not None:
        before = _people(context, given["pushActorIds"])
    if given.get("restrictsPushes", fields["restrictions"] is not None):
        fields["restrictions"] = before
    else:
        fields["restrictions"] = None
    if given.get("bypassForcePushActorIds") is not None:
        fields["force_allowances"] = _people(context, given["bypassForcePushActorIds"])
    fields["reviews"] = _reviews(context, fields["reviews"], given)
    if given.get("requiresStatusChecks", fields["checks"] is not None):
        old = fields["checks"] or {"strict": True, "contexts": []}
        contexts = given.get("requiredStatusCheckContexts", old["contexts"])
        fields["checks"] = {
            "strict": given.get("requiresStrictStatusChecks", old["strict"]),
            "contexts": contexts,
        }
    else:
        fields["checks"] = None
    return fields


def _reviews(context: Context, before: Document | None, given: dict[str, Any]) -> dict[str, Any] | None:
    if not given.get("requiresApprovingReviews", before is not None):
        return None
    old = before or {
        "count": 1,
        "dismiss_stale": False,
        "code_owners": False,
        "last_push": False,
        "bypass": None,
    }
    actors = given.get("bypassPullRequestActorIds")
    return {
        "count": given.get("requiredApprovingReviewCount", old["count"]),
        "dismiss_stale": given.get("dismissesStaleReviews", old["dismiss_stale"]),
        "code_owners": given.get("requiresCodeOwnerReviews", old["code_owners"]),
        "last_push": given.get("requireLastPushApproval", old["last_push"]),
        "bypass": _people(context, actors) if actors is not None else old["bypass"] or _people(context, []),
    }


def _people(context: Context, ids: list[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {"users": [], "teams": []}
    for id_ in ids:
        type_, number = from_node_id(id_)
        if type_ == USER and number.isdecimal() and int(number) in context.state.accounts:
            found["users"].append(int(number))
        elif type_ == TEAM and number.isdecimal() and int(number) in context.state.teams:
            found["teams"].append(int(number))
        else:
            raise _unknown(id_)
    return found


def _unknown(id_: str) -> ResolveError:
    return ResolveError("NOT_FOUND", f"Could not resolve to a node with the global id of '{id_}'.")
