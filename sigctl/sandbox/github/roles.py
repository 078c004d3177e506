"""Repository roles that the org of an enterprise makes for itself (on the web), each based on one of the usual ones."""

from __future__ import annotations

from typing import Any

from sigctl.sandbox.github import rights
from sigctl.sandbox.github.call import Call, Reply
from sigctl.sandbox.github.errors import not_found
from sigctl.sandbox.github.routes import route
from sigctl.sandbox.github.state import State
from sigctl.sandbox.store import Document

_PATH = "/orgs/{org}/custom-repository-roles"


def make(state: State, org: Document, name: str, base: str) -> None:
    """Make a role, as an owner does on the web."""
    made = {
        "id": state.store.next_id("roles", 8001),
        "name": name,
        "base_role": base,
        "at": state.clock.stamp(),
    }
    state.accounts.save(org, plan="enterprise", roles=[*_held(org), made])


def _held(org: Document) -> list[Document]:
    found: list[Document] = org.get("roles", [])
    return found


def chosen(call: Call, owner: int, resource: str, default: str) -> tuple[str, str]:
    """Return the role that a body gives, and its own name where it is one that the org has made."""
    word = call.field("permission", str, resource) or default
    own = next((one for one in _held(call.state.accounts[owner]) if one["name"] == word), None)
    if own is not None:
        return rights.UNWORDS[own["base_role"]], own["name"]
    call.choice("permission", rights.ROLES[1:], resource)
    return word, ""


def team_word(state: State, team: Document, repo: Document) -> str:
    """Return the exact name of what a team has on a repository, its parents' grants included."""
    links = [
        link
        for each in state.parents(team)
        for link in state.team_repos.find("pair", (each["id"], repo["id"]))
    ]
    best = max(links, key=lambda link: rights.RANK[link["permission"]], default=None)
    return "none" if best is None else best.get("own") or rights.WORDS[best["permission"]]


@route("GET", _PATH, "orgs/list-custom-repo-roles", "admin:org")
def list_roles(call: Call) -> Reply:
    """List the roles; 404 where the plan has no such thing."""
    org = _enterprise(call)
    found = _held(org)
    return Reply(200, {"total_count": len(found), "custom_roles": [_shown(call, org, one) for one in found]})


def _enterprise(call: Call) -> Document:
    org = call.owned_org()
    if org["plan"] != "enterprise":
        raise not_found()
    return org


def _shown(call: Call, org: Document, one: Document) -> dict[str, Any]:
    from sigctl.sandbox.github import shapes  # noqa: PLC0415  # it shows rights in turn

    return {
        "id": one["id"],
        "name": one["name"],
        "description": None,
        "base_role": one["base_role"],
        "permissions": [],
        "organization": shapes.simple_user(call, org),
        "created_at": one["at"],
        "updated_at": one["at"],
    }
