"""Workflow and security settings of repositories and orgs."""

from __future__ import annotations

from typing import Any

from sigctl.sandbox.github.call import NO_CONTENT, Call, Reply
from sigctl.sandbox.github.errors import ApiError, invalid, unprocessable
from sigctl.sandbox.github.routes import route
from sigctl.sandbox.store import Collection, Document

_REPO, _ORG = "/repos/{owner}/{repo}/actions/permissions", "/orgs/{org}/actions/permissions"
_ALLOWED = ("all", "local_only", "selected")
_BORN: dict[str, Any] = {
    "enabled": True,
    "enabled_repositories": "all",
    "allowed_actions": "all",
    "selected": {"github_owned_allowed": True, "verified_allowed": False, "patterns_allowed": []},
    "workflow": {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": False},
}


def _thing(call: Call, *, change: bool = False) -> tuple[Collection, Document, dict[str, Any], str]:
    """Return the repository or org of the path with its settings and its URL; admins and owners only."""
    state = call.state
    if "org" in call.params or "org_id" in call.params:
        org = call.owned_org("You must be an org admin.")
        return state.accounts, org, {**_BORN, **org.get("actions", {})}, f"{call.base}/orgs/{org['login']}"
    repo = call.changeable_repo("admin") if change else call.part_of_repo("admin")
    url = f"{call.base}/repos/{state.full_name(repo)}"
    return state.repos, repo, {**_BORN, **repo.get("actions", {})}, url


@route("GET", _REPO, "actions/get-github-actions-permissions-repository", "repo")
@route("GET", _ORG, "actions/get-github-actions-permissions-organization", "admin:org")
def get_permissions(call: Call) -> Reply:
    """Tell whether workflows run, and whose actions they may use; that only where they do."""
    collection, _, held, url = _thing(call)
    on_org = collection is call.state.accounts
    shown: dict[str, Any] = (
        {"enabled_repositories": held["enabled_repositories"]} if on_org else {"enabled": held["enabled"]}
    )
    if on_org and held["enabled_repositories"] == "selected":
        shown["selected_repositories_url"] = f"{url}/actions/permissions/repositories"
    if held["enabled_repositories"] != "none" if on_org else held["enabled"]:
        shown["allowed_actions"] = held["allowed_actions"]
        if held["allowed_actions"] == "selected":
            shown["selected_actions_url"] = f"{url}/actions/permissions/selected-actions"
    return Reply(200, shown)


@route("PUT", _REPO, "actions/set-github-actions-permissions-repository", "repo")
@route("PUT", _ORG, "actions/set-github-actions-permissions-organization", "admin:org")
def set_permissions(call: Call) -> Reply:
    """Set them; a repository may not allow more than its org."""
    collection, thing, held, _ = _thing(call, change=True)
    if collection is call.state.accounts:
        word = call.choice("enabled_repositories", ("all", "none", "selected"), "Actions")
        if word is None:
            raise invalid("Actions", "enabled_repositories", "missing_field")
        changes: dict[str, Any] = {"enabled_repositories": word}
    else:
        changes = {"enabled": call.field("enabled", bool, "Actions", required=True)}
    allowed = call.choice("allowed_actions", _ALLOWED, "Actions")
    if allowed is not None:
        if collection is call.state.repos:
            _within(call, thing, allowed)
        changes["allowed_actions"] = allowed
    collection.save(thing, actions={**held, **changes})
    return Reply(NO_CONTENT)


def _within(call: Call, repo: Document, allowed: str) -> None:
    org = call.state.accounts[repo["owner"]]
    most = {**_BORN, **org.get("actions", {})}["allowed_actions"]
    if most not in ("all", allowed):
        raise ApiError(409, "Conflict: the organization does not allow this setting")


@route("GET", f"{_REPO}/selected-actions", "actions/get-allowed-actions-repository", "repo")
@route("GET", f"{_ORG}/selected-actions", "actions/get-allowed-actions-organization", "admin:org")
def get_selected(call: Call) -> Reply:
    """Tell which actions are selected; 409 where none are to be."""
    _, _, held, _ = _thing(call)
    return Reply(200, _selected(held)["selected"])


@route("PUT", f"{_REPO}/selected-actions", "actions/set-allowed-actions-repository", "repo")
@route("PUT", f"{_ORG}/selected-actions", "actions/set-allowed-actions-organization", "admin:org")
def set_selected(call: Call) -> Reply:
    """Select actions."""
    collection, thing, held, _ = _thing(call, change=True)
    chosen = dict(_selected(held)["selected"])
    for name, type_ in (
        ("github_owned_allowed", bool),
        ("verified_allowed", bool),
        ("patterns_allowed", list),
    ):
        if (value := call.field(name, type_, "Actions")) is not None:
            chosen[name] = value
    collection.save(thing, actions={**held, "selected": chosen})
    return Reply(NO_CONTENT)


def _selected(held: dict[str, Any]) -> dict[str, Any]:
    if held["allowed_actions"] != "selected":
        raise ApiError(409, "Conflict: actions are not limited to selected ones")
    return held


@route(
    "GET", f"{_REPO}/workflow", "actions/get-github-actions-default-workflow-permissions-repository", "repo"
)
@route(
    "GET",
    f"{_ORG}/workflow",
    "actions/get-github-actions-default-workflow-permissions-organization",
    "admin:org",
)
def get_workflow(call: Call) -> Reply:
    """Tell what the token of a workflow may do."""
    return Reply(200, _thing(call)[2]["workflow"])


@route(
    "PUT", f"{_REPO}/workflow", "actions/set-github-actions-default-workflow-permissions-repository", "repo"
)
@route(
    "PUT",
    f"{_ORG}/workflow",
    "actions/set-github-actions-default-workflow-permissions-organization",
    "admin:org",
)
def set_workflow(call: Call) -> Reply:
    """Set what it may do."""
    collection, thing, held, _ = _thing(call, change=True)
    chosen = dict(held["workflow"])
    word = call.choice("default_workflow_permissions", ("read", "write"), "Actions")
    if word is not None:
        chosen["default_workflow_permissions"] = word
    approve = call.field("can_approve_pull_request_reviews", bool, "Actions")
    if approve is not None:
        chosen["can_approve_pull_request_reviews"] = approve
    collection.save(thing, actions={**held, "workflow": chosen})
    return Reply(NO_CONTENT)


# -- security ------------------------------------------------------------------------------------------------------------

ANALYSIS = ("secret_scanning", "secret_scanning_push_protection")


def analysis(repo: Document) -> dict[str, Any]:
    """Return what admins are told of a repository's security."""
    held = repo.get("security", {})
    names = (*ANALYSIS, "dependabot_security_updates")
    return {name: {"status": "enabled" if held.get(name) else "disabled"} for name in names}


def analysed(repo: Document, given: Any) -> dict[str, Any]:
    """Return the security of a repository with what a body says of it; 422 for push protection without scanning."""
    if not isinstance(given, dict):
        raise invalid("Repository", "security_and_analysis")
    held = dict(repo.get("security", {}))
    for name in ANALYSIS:
        if name in given:
            held[name] = given[name].get("status") == "enabled"
    if given.get("secret_scanning", {}).get("status") == "disabled":
        held["secret_scanning_push_protection"] = False
    if held.get("secret_scanning_push_protection") and not held.get("secret_scanning"):
        raise unprocessable("Secret scanning must be enabled to enable secret scanning push protection")
    return held


_ALERTS = "/repos/{owner}/{repo}/vulnerability-alerts"
_FIXES = "/repos/{owner}/{repo}/automated-security-fixes"
_PRIVATE = "/repos/{owner}/{repo}/private-vulnerability-reporting"


def _set(call: Call, name: str, *, on: bool) -> Reply:
    repo = call.changeable_repo("admin")
    held = {**repo.get("security", {}), name: on}
    if name == "alerts" and not on:
        held["dependabot_security_updates"] = False
    call.state.repos.save(repo, security=held)
    return Reply(NO_CONTENT)


@route("GET", _ALERTS, "repos/check-vulnerability-alerts", "repo")
def get_alerts(call: Call) -> Reply:
    """Answer 204 where dependencies with holes are told of, 404 where not."""
    if not call.part_of_repo("admin").get("security", {}).get("alerts"):
        raise ApiError(404, "Vulnerability alerts are disabled.")
    return Reply(NO_CONTENT)


@route("PUT", _ALERTS, "repos/enable-vulnerability-alerts", "repo")
def alerts_on(call: Call) -> Reply:
    """Switch them on."""
    return _set(call, "alerts", on=True)


@route("DELETE", _ALERTS, "repos/disable-vulnerability-alerts", "repo")
def alerts_off(call: Call) -> Reply:
    """Switch them off, and what rests on them."""
    return _set(call, "alerts", on=False)


@route("PUT", _FIXES, "repos/enable-automated-security-fixes", "repo")
def fixes_on(call: Call) -> Reply:
    """Switch proposals on; 422 without alerts."""
    if not call.part_of_repo("admin").get("security", {}).get("alerts"):
        raise unprocessable("Vulnerability alerts must be enabled to configure automated security fixes.")
    return _set(call, "dependabot_security_updates", on=True)


@route("DELETE", _FIXES, "repos/disable-automated-security-fixes", "repo")
def fixes_off(call: Call) -> Reply:
    """Switch them off."""
    return _set(call, "dependabot_security_updates", on=False)


@route("GET", _PRIVATE, "repos/check-private-vulnerability-reporting")
def get_private(call: Call) -> Reply:
    """Tell whether holes can be reported in private."""
    repo = _public(call.part_of_repo())
    return Reply(200, {"enabled": bool(repo.get("security", {}).get("private"))})


@route("PUT", _PRIVATE, "repos/enable-private-vulnerability-reporting", "repo", "public_repo")
def private_on(call: Call) -> Reply:
    """Switch it on."""
    _public(call.part_of_repo("admin"))
    return _set(call, "private", on=True)


@route("DELETE", _PRIVATE, "repos/disable-private-vulnerability-reporting", "repo", "public_repo")
def private_off(call: Call) -> Reply:
    """Switch it off."""
    _public(call.part_of_repo("admin"))
    return _set(call, "private", on=False)


def _public(repo: Document) -> Document:
    if repo["visibility"] != "public":
        raise unprocessable("Private vulnerability reporting is only for public repositories")
    return repo
