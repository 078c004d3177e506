"""Deploy keys: on one repository each, and never changed."""

from __future__ import annotations

from typing import Any

from sigctl.sandbox.github.call import NO_CONTENT, Call, Reply
from sigctl.sandbox.github.errors import ApiError, invalid, not_found
from sigctl.sandbox.github.routes import route
from sigctl.sandbox.sshkeys import bare
from sigctl.sandbox.store import Document

_PATH = "/repos/{owner}/{repo}/keys"


@route("GET", _PATH, "repos/list-deploy-keys", "repo")
def list_keys(call: Call) -> Reply:
    """List the deploy keys; admins only."""
    repo = call.part_of_repo("admin")
    return call.page(call.state.keys.find("repo", repo["id"]), lambda key: _shown(call, repo, key))


@route("POST", _PATH, "repos/create-deploy-key", "repo")
def add_key(call: Call) -> Reply:
    """Add a key that nobody has anywhere; where the org wants none, nobody can."""
    repo, state = call.changeable_repo("admin"), call.state
    if not state.accounts[repo["owner"]].get("deploy_keys_enabled_for_repositories", True):
        raise ApiError(422, "Deploy keys are disabled for this repository")
    try:
        text = bare(call.field("key", str, "PublicKey", required=True))
    except ValueError:
        raise invalid(
            "PublicKey", "key", "custom", "key is invalid. You must supply a key in OpenSSH public key format"
        ) from None
    if state.keys.one("key", text) is not None:
        raise invalid("PublicKey", "key", "custom", "key is already in use")
    made = state.add(
        state.keys,
        repo=repo["id"],
        key=text,
        title=call.field("title", str, "PublicKey") or text.split()[1][-12:],
        read_only=bool(call.field("read_only", bool, "PublicKey")),
        by=call.user()["login"],
    )
    return Reply(201, _shown(call, repo, made))


@route("GET", f"{_PATH}/{{key_id}}", "repos/get-deploy-key", "repo")
def get_key(call: Call) -> Reply:
    """Tell of a key."""
    repo = call.part_of_repo("admin")
    return Reply(200, _shown(call, repo, _named(call, repo)))


@route("DELETE", f"{_PATH}/{{key_id}}", "repos/delete-deploy-key", "repo")
def remove_key(call: Call) -> Reply:
    """Take a key out."""
    call.state.keys.delete(_named(call, call.changeable_repo("admin"))["id"])
    return Reply(NO_CONTENT)


def _named(call: Call, repo: Document) -> Document:
    number = call.params["key_id"]
    found = call.state.keys.get(int(number)) if number.isdecimal() else None
    if found is None or found["repo"] != repo["id"]:
        raise not_found()
    return found


def _shown(call: Call, repo: Document, key: Document) -> dict[str, Any]:
    return {
        "id": key["id"],
        "key": key["key"],
        "url": f"{call.base}/repos/{call.state.full_name(repo)}/keys/{key['id']}",
        "title": key["title"],
        "verified": True,
        "created_at": key["created_at"],
        "read_only": key["read_only"],
        "added_by": key["by"],
        "last_used": None,
        "enabled": True,
    }
