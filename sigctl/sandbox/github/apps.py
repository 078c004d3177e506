"""Apps: registered with a public key, installed in orgs, and let in by signatures and by tokens that last an hour."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import jwt

from sigctl.sandbox.github import repo_shapes, shapes, tokens
from sigctl.sandbox.github.call import NO_CONTENT, Call, Reply
from sigctl.sandbox.github.errors import ApiError, invalid, not_found
from sigctl.sandbox.github.routes import route
from sigctl.sandbox.github.state import ORG, State
from sigctl.sandbox.store import Document

BOT = "Bot"
HOUR = timedelta(hours=1)
_LONGEST, _LEEWAY = 600, 60
ALL_PERMISSIONS = {
    "actions": "write",
    "administration": "write",
    "contents": "write",
    "issues": "write",
    "members": "write",
    "metadata": "read",
    "organization_administration": "write",
    "organization_custom_properties": "admin",
    "organization_hooks": "write",
    "pull_requests": "write",
    "repository_custom_properties": "write",
    "repository_hooks": "write",
    "statuses": "write",
}


def register(
    state: State, slug: str, public_key: str, permissions: Mapping[str, str] | None = None
) -> Document:
    """Make an app with a public key (PEM)."""
    bot = _actor(state, slug)
    granted = dict(ALL_PERMISSIONS if permissions is None else permissions)
    return state.add(state.apps, slug=slug, key=public_key, bot=bot["id"], permissions=granted)


def install(state: State, app: Document, org: Document, repos: Sequence[int] | None = None) -> Document:
    """Install an app in an org with the permissions it asks for, on all repositories or on some (ids).

    Each installation acts as an account of its own, all of one name, so that it can do nothing in another org.
    """
    return state.add(
        state.installations,
        app=app["id"],
        org=org["id"],
        bot=_actor(state, app["slug"])["id"],
        permissions=dict(app["permissions"]),
        repos=None if repos is None else list(repos),
        suspended_at=None,
    )


def _actor(state: State, slug: str) -> Document:
    nothing = dict.fromkeys(("name", "email", "description"))
    flags = {"site_admin": False, "suspended": False, "two_factor": True}
    return state.add(state.accounts, login=f"{slug}[bot]", type=BOT, **nothing, **flags)


def signer(state: State, value: str) -> Document:
    """Return the app that signed; 401 in GitHub's words for a signature that is no good, by the sandbox's clock."""
    try:
        claims = jwt.decode(value, options={"verify_signature": False})
    except jwt.PyJWTError:
        raise ApiError(401, "A JSON web token could not be decoded") from None
    number = str(claims.get("iss", ""))
    app = state.apps.get(int(number)) if number.isdecimal() else None
    if app is None:
        raise ApiError(404, "Integration not found")
    try:
        jwt.decode(
            value, app["key"], algorithms=["RS256"], options={"verify_exp": False, "verify_iat": False}
        )
    except jwt.PyJWTError:
        raise ApiError(401, "A JSON web token could not be decoded") from None
    now, issued, ends = state.clock.time(), claims.get("iat"), claims.get("exp")
    if not isinstance(issued, int) or issued > now + _LEEWAY:
        text = (
            "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
        )
        raise ApiError(401, text)
    if not isinstance(ends, int) or ends <= now:
        text = "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires"
        raise ApiError(401, text)
    if ends > now + _LONGEST + _LEEWAY:
        raise ApiError(401, "'Expiration time' claim ('exp') is too far in the future")
    return app


@route("GET", "/app", "apps/get-authenticated")
def get_app(call: Call) -> Reply:
    """Tell of the app that signed."""
    app = _app(call)
    shown = {
        "id": app["id"],
        "slug": app["slug"],
        "node_id": f"A_{app['id']}",
        "owner": shapes.simple_user(call, call.state.accounts[app["bot"]]),
        "name": app["slug"],
        "description": None,
        "external_url": "https://example.org",
        "html_url": f"{call.state.env.url}/apps/{app['slug']}",
        "created_at": app["created_at"],
        "updated_at": app["updated_at"],
        "permissions": app["permissions"],
        "events": [],
        "installations_count": len(call.state.installations.find("app", app["id"])),
    }
    return Reply(200, shown)


@route("GET", "/app/installations", "apps/list-installations")
def list_installations(call: Call) -> Reply:
    """List where the app is installed."""
    found = call.state.installations.find("app", _app(call)["id"])
    return call.page(found, lambda one: _shown(call, one))


@route("GET", "/orgs/{org}/installation", "apps/get-org-installation")
def get_org_installation(call: Call) -> Reply:
    """Tell of the app's installation in an org."""
    app, org = _app(call), call.state.account(call.params["org"], ORG)
    found = call.state.installations.one("pair", (app["id"], org["id"]))
    if found is None:
        raise not_found()
    return Reply(200, _shown(call, found))


@route("GET", "/app/installations/{installation_id}", "apps/get-installation")
def get_installation(call: Call) -> Reply:
    """Tell of one installation."""
    return Reply(200, _shown(call, _installation(call)))


@route("POST", "/app/installations/{installation_id}/access_tokens", "apps/create-installation-access-token")
def create_token(call: Call) -> Reply:
    """Make a token for an installation that lasts an hour; 403 for one that is suspended."""
    found, state = _installation(call), call.state
    if found["suspended_at"] is not None:
        raise ApiError(403, "This installation has been suspended")
    wanted = call.field("permissions", dict, "Installation") or found["permissions"]
    if any(found["permissions"].get(name) not in (level, "write", "admin") for name, level in wanted.items()):
        raise invalid("Installation", "permissions")
    ends = (state.clock.now() + HOUR).strftime("%Y-%m-%dT%H:%M:%SZ")
    token = tokens.add(
        state,
        found["bot"],
        f"ghs_{secrets.token_hex(18)}",
        scopes=None,
        expires_at=ends,
        installation=found["id"],
        permissions=wanted,
    )
    shown = {
        "token": token["value"],
        "expires_at": ends,
        "permissions": wanted,
        "repository_selection": _selection(found),
    }
    if found["repos"] is not None:
        shown["repositories"] = [repo_shapes.repo(call, state.repos[one]) for one in found["repos"]]
    return Reply(201, shown)


@route("PUT", "/app/installations/{installation_id}/suspended", "apps/suspend-installation")
def suspend(call: Call) -> Reply:
    """Suspend an installation: its tokens end."""
    call.state.touch(call.state.installations, _installation(call), suspended_at=call.state.clock.stamp())
    return Reply(NO_CONTENT)


@route("DELETE", "/app/installations/{installation_id}/suspended", "apps/unsuspend-installation")
def unsuspend(call: Call) -> Reply:
    """Let a suspended installation go on."""
    call.state.touch(call.state.installations, _installation(call), suspended_at=None)
    return Reply(NO_CONTENT)


def _app(call: Call) -> Document:
    app = call.token.get("app") if call.token else None
    if app is None:
        raise ApiError(401, "A JSON web token could not be decoded")
    return call.state.apps[app]


def _installation(call: Call) -> Document:
    app, number = _app(call), call.params["installation_id"]
    found = call.state.installations.get(int(number)) if number.isdecimal() else None
    if found is None or found["app"] != app["id"]:
        raise not_found()
    return found


def _selection(found: Document) -> str:
    return "all" if found["repos"] is None else "selected"


def _shown(call: Call, found: Document) -> dict[str, Any]:
    app, org = call.state.apps[found["app"]], call.state.accounts[found["org"]]
    url = f"{call.base}/app/installations/{found['id']}"
    return {
        "id": found["id"],
        "account": shapes.simple_user(call, org),
        "repository_selection": _selection(found),
        "access_tokens_url": f"{url}/access_tokens",
        "repositories_url": f"{call.base}/installation/repositories",
        "html_url": f"{call.state.env.url}/organizations/{org['login']}/settings/installations/{found['id']}",
        "app_id": app["id"],
        "target_id": org["id"],
        "target_type": ORG,
        "permissions": found["permissions"],
        "events": [],
        "created_at": found["created_at"],
        "updated_at": found["updated_at"],
        "single_file_name": None,
        "app_slug": app["slug"],
        "suspended_by": None,
        "suspended_at": found["suspended_at"],
    }
