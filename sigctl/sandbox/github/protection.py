"""Classic branch protection: read and replaced by REST for one branch, made for patterns by GraphQL."""

from __future__ import annotations

from typing import Any

from sigctl.sandbox.github import rules, shapes
from sigctl.sandbox.github.call import NO_CONTENT, Call, Reply
from sigctl.sandbox.github.errors import ApiError, invalid, not_found, unprocessable
from sigctl.sandbox.github.routes import route
from sigctl.sandbox.github.state import ORG, USER, State
from sigctl.sandbox.store import Document

_SCOPES = ("repo", "public_repo")
_PATH = "/repos/{owner}/{repo}/branches/{branch*}/protection"
_REQUIRED = ("required_status_checks", "enforce_admins", "required_pull_request_reviews", "restrictions")
_SWITCHES = {
    "enforce_admins": "enforce_admins",
    "required_linear_history": "linear_history",
    "allow_force_pushes": "allows_force_pushes",
    "allow_deletions": "allows_deletions",
    "block_creations": "block_creations",
    "required_conversation_resolution": "conversation_resolution",
    "lock_branch": "lock_branch",
    "allow_fork_syncing": "fork_syncing",
}
"""Field of the body -> field of the document."""
OPEN: dict[str, Any] = {
    **dict.fromkeys(_SWITCHES.values(), False),
    "restrictions": None,
    "force_allowances": None,
    "reviews": None,
    "checks": None,
}
"""A rule that only forbids force and deletion, as a new one does."""


@route("GET", _PATH, "repos/get-branch-protection", *_SCOPES)
def get_protection(call: Call) -> Reply:
    """Tell how a branch is protected."""
    repo, branch, _ = _branch(call)
    return Reply(200, _shown(call, repo, branch, _held(call, repo, branch)))


@route("PUT", _PATH, "repos/update-branch-protection", *_SCOPES)
def set_protection(call: Call) -> Reply:
    """Replace the whole protection of a branch that exists."""
    repo, branch, state = _branch(call)
    if repo["archived"]:
        raise ApiError(403, "Repository was archived so is read-only.")
    body = call.json()
    missing = [name for name in _REQUIRED if name not in body]
    if missing:
        raise unprocessable(f'Invalid request.\n\n"{missing[0]}" wasn\'t supplied.')
    wrong = [
        name for name in _REQUIRED if name != "enforce_admins" and not isinstance(body[name], dict | None)
    ]
    if wrong:
        raise unprocessable(f'Invalid request.\n\n"{wrong[0]}" is not an object.')
    fields = OPEN | {ours: bool(body[theirs]) for theirs, ours in _SWITCHES.items() if theirs in body}
    fields["checks"] = _checks(body["required_status_checks"])
    fields["reviews"] = _reviews(call, repo, body["required_pull_request_reviews"])
    if body["restrictions"] is not None:
        if state.accounts[repo["owner"]]["type"] != ORG:
            raise unprocessable("Only organization repositories can have users and team restrictions")
        fields["restrictions"] = _people(call, repo, body["restrictions"])
    found = next(
        (each for each in state.protections.find("repo", repo["id"]) if each["pattern"] == branch), None
    )
    if found is None:
        found = state.add(state.protections, repo=repo["id"], pattern=branch, creator=call.caller, **fields)
    else:
        state.touch(state.protections, found, **fields)
    return Reply(200, _shown(call, repo, branch, found))


@route("DELETE", _PATH, "repos/delete-branch-protection", *_SCOPES)
def delete_protection(call: Call) -> Reply:
    """Delete the rule that protects a branch."""
    repo, branch, state = _branch(call)
    state.protections.delete(_held(call, repo, branch)["id"])
    return Reply(NO_CONTENT)


def _branch(call: Call) -> tuple[Document, str, State]:
    repo, branch = call.part_of_repo("admin"), call.params["branch"]
    if not call.state.bare(repo).ref(rules.HEADS + branch):
        raise ApiError(404, "Branch not found")
    return repo, branch, call.state


def _held(call: Call, repo: Document, branch: str) -> Document:
    found = rules.protection(call.state, repo, branch)
    if found is None:
        raise ApiError(404, "Branch not protected")
    return found


def _checks(given: Any) -> dict[str, Any] | None:
    if given is None:
        return None
    named = [each["context"] for each in given.get("checks") or []]
    return {"strict": bool(given.get("strict")), "contexts": sorted({*(given.get("contexts") or []), *named})}


def _reviews(call: Call, repo: Document, given: Any) -> dict[str, Any] | None:
    if given is None:
        return None
    return {
        "count": given.get("required_approving_review_count", 1),
        "dismiss_stale": bool(given.get("dismiss_stale_reviews")),
        "code_owners": bool(given.get("require_code_owner_reviews")),
        "last_push": bool(given.get("require_last_push_approval")),
        "bypass": _people(call, repo, given.get("bypass_pull_request_allowances") or {}),
    }


def _people(call: Call, repo: Document, given: Any) -> dict[str, list[int]]:
    """Return the ids of users and teams named by login and slug; 422 for those that may not be named."""
    state = call.state
    users, teams = [], []
    for login in given.get("users") or []:
        found = state.accounts.one("login", login.lower())
        if found is None or found["type"] != USER:
            raise invalid("ProtectedBranch", "users", message=f"{login} does not exist")
        users.append(found["id"])
    for slug in given.get("teams") or []:
        team = state.teams.one("slug", (repo["owner"], slug))
        if team is None:
            raise invalid("ProtectedBranch", "teams", message=f"{slug} does not exist")
        teams.append(team["id"])
    return {"users": users, "teams": teams}


def _shown(call: Call, repo: Document, branch: str, found: Document) -> dict[str, Any]:
    if found is None:
        raise not_found()
    url = f"{call.base}/repos/{call.state.full_name(repo)}/branches/{branch}/protection"
    shown: dict[str, Any] = {
        "url": url,
        "required_signatures": {"url": f"{url}/required_signatures", "enabled": False},
        **{theirs: {"enabled": found[ours]} for theirs, ours in _SWITCHES.items()},
    }
    shown["enforce_admins"]["url"] = f"{url}/enforce_admins"
    if found["checks"] is not None:
        checks = [{"context": context, "app_id": None} for context in found["checks"]["contexts"]]
        extra = {
            "url": f"{url}/required_status_checks",
            "contexts_url": f"{url}/required_status_checks/contexts",
        }
        shown["required_status_checks"] = {**extra, **found["checks"], "checks": checks}
    if found["reviews"] is not None:
        reviews = found["reviews"]
        shown["required_pull_request_reviews"] = {
            "url": f"{url}/required_pull_request_reviews",
            "dismiss_stale_reviews": reviews["dismiss_stale"],
            "require_code_owner_reviews": reviews["code_owners"],
            "required_approving_review_count": reviews["count"],
            "require_last_push_approval": reviews["last_push"],
        }
        if any(reviews["bypass"].values()):
            bypass = _listed(call, reviews["bypass"])
            shown["required_pull_request_reviews"]["bypass_pull_request_allowances"] = bypass
    if found["restrictions"] is not None:
        place = f"{url}/restrictions"
        urls = {"url": place, **{f"{kind}_url": f"{place}/{kind}" for kind in ("users", "teams", "apps")}}
        shown["restrictions"] = {**urls, **_listed(call, found["restrictions"])}
    return shown


def _listed(call: Call, people: Document) -> dict[str, list[Any]]:
    state = call.state
    return {
        "users": [shapes.simple_user(call, state.accounts[user]) for user in people["users"]],
        "teams": [shapes.team(call, state.teams[team]) for team in people["teams"] if team in state.teams],
        "apps": [],
    }
