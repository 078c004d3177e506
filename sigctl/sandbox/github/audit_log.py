"""The audit log of an org, which only those of an enterprise have (knob `github_enterprise`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sigctl.sandbox.github.call import Call, Reply
from sigctl.sandbox.github.errors import ApiError, not_found
from sigctl.sandbox.github.routes import AFTER, route
from sigctl.sandbox.github.state import State
from sigctl.sandbox.store import Collection, Document

Json = dict[str, Any]
_PLAIN = {
    "repos/add-collaborator": "repo.add_member",
    "repos/remove-collaborator": "repo.remove_member",
    "teams/add-or-update-membership-for-user-in-org": "team.add_member",
    "teams/remove-membership-for-user-in-org": "team.remove_member",
    "teams/add-or-update-repo-permissions-in-org": "team.add_repository",
    "teams/remove-repo-in-org": "team.remove_repository",
    "teams/create": "team.create",
    "teams/update-in-org": "team.update",
    "teams/delete-in-org": "team.destroy",
    "orgs/set-membership-for-user": "org.update_member",
    "orgs/remove-membership-for-user": "org.remove_member",
    "orgs/remove-member": "org.remove_member",
    "orgs/create-invitation": "org.invite_member",
    "repos/create-in-org": "repo.create",
    "repos/delete": "repo.destroy",
    "repos/transfer": "repo.transfer",
    "repos/replace-all-topics": "repo.update_topics",
    "repos/create-repo-ruleset": "repository_ruleset.create",
    "repos/update-repo-ruleset": "repository_ruleset.update",
    "repos/delete-repo-ruleset": "repository_ruleset.destroy",
    "repos/update-branch-protection": "protected_branch.update",
    "repos/delete-branch-protection": "protected_branch.destroy",
}
"""Operation -> what the log calls it."""
_BY_FIELD = {
    "repos/update": {
        "archived": "repo.archived",
        "visibility": "repo.access",
        "private": "repo.access",
        "default_branch": "repo.update_default_branch",
        "name": "repo.rename",
        "": "repo.update",
    },
    "orgs/update": {
        "default_repository_permission": "org.update_default_repository_permission",
        "members_can_create_repositories": "org.update_member_repository_creation_permission",
        "": "org.update",
    },
}
"""Operation -> field of the body -> what the log calls it; "" for any other field."""


def entries_of(state: State) -> Collection:
    """Return what was done, by org."""
    return state.store.collection("audit_log", org=lambda e: e["org"].lower())


def note(name: str, call: Call) -> None:
    """Write down what a request did."""
    if not call.state.env.options.get("github_enterprise") or call.me is None:
        return
    what = _PLAIN.get(name) or _of_body(_BY_FIELD.get(name), call.json)
    if not what:
        return
    given = call.params
    org = given.get("org") or given.get("owner") or ""
    repo = given.get("repo") or (str(call.json().get("name") or "") if name == "repos/create-in-org" else "")
    team = given.get("team_slug") or (str(call.json().get("name") or "") if name == "teams/create" else "")
    entries_of(call.state).add(
        {
            "org": org,
            "action": what,
            "actor": call.me["login"],
            "at": int(call.state.clock.time() * 1000),
            "user": given.get("username", ""),
            "repo": f"{given.get('owner') or org}/{repo}" if repo else "",
            "team": f"{org}/{team}" if team else "",
        }
    )


def _of_body(names: Mapping[str, str] | None, body: Callable[[], Json]) -> str:
    if names is None:
        return ""
    return next((what for field, what in names.items() if field in body()), names[""])


AFTER.append(note)


@route("GET", "/orgs/{org}/audit-log", "orgs/get-audit-log", "admin:org")
def audit_log(call: Call) -> Reply:
    """List what was done, for owners, the newest first."""
    org = call.owned_org()
    if not call.state.env.options.get("github_enterprise"):
        raise not_found()
    since = _since(call.query.get("phrase", ""))
    found = [e for e in entries_of(call.state).find("org", org["login"].lower()) if e["at"] >= since]
    return call.page(found[::-1], _shape)


def _since(phrase: str) -> float:
    start, _, day = phrase.partition("created:>=")
    if phrase and start:
        raise ApiError(422, "The phrase can't be read.")
    try:
        return datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000 if day else 0
    except ValueError:
        raise ApiError(422, "The phrase can't be read.") from None


def _shape(entry: Document) -> Json:
    shown: Json = {
        "@timestamp": entry["at"],
        "created_at": entry["at"],
        "_document_id": f"sandbox-{entry['id']}",
        "action": entry["action"],
        "actor": entry["actor"],
        "org": entry["org"],
    }
    return shown | {name: entry[name] for name in ("user", "repo", "team") if entry[name]}
