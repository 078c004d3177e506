"""The REST API as one ASGI endpoint: who asks, which operation, what the headers say."""

from __future__ import annotations

import hashlib
import json
import secrets
from email.utils import formatdate
from http import HTTPStatus
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response

from sigctl.sandbox.github import (  # the handlers register themselves
    age,
    apps,
    audit_log,
    collaborators,
    comments,
    gitdata,
    hooks,
    issues,
    keys,
    labels,
    orgs,
    permissions,
    properties,
    protection,
    pulls,
    repos,
    rulesets,
    switches,
    teams,
    tokens,
    users,
)
from sigctl.sandbox.github.call import Call, Reply
from sigctl.sandbox.github.errors import DOCS, ApiError, not_found
from sigctl.sandbox.github.limits import Limits
from sigctl.sandbox.github.routes import Route, match
from sigctl.sandbox.github.state import State
from sigctl.sandbox.store import Document

HANDLERS = (
    apps,
    audit_log,
    collaborators,
    comments,
    issues,
    pulls,
    protection,
    gitdata,
    orgs,
    repos,
    rulesets,
    teams,
    users,
    hooks,
    keys,
    labels,
    properties,
    switches,
)
ROOT = "/api/v3"
VERSIONS = ("2022-11-28", "2026-03-10")
_SAFE = ("GET", "HEAD")
_CREATING = ("repos/add-collaborator", "orgs/set-membership-for-user")
"""What may make something though it is no POST."""


class Rest:
    """Answers REST requests from the state."""

    def __init__(self, state: State, limits: Limits) -> None:
        self._state = state
        self._limits = limits
        self._base = f"{state.env.url}{ROOT}"

    async def answer(self, request: Request) -> Response:
        """Answer one request; what a refused one did so far is undone."""
        raw = await request.body()
        path = request.scope["raw_path"].decode("latin-1")[len(ROOT) :] or "/"
        found, params = match(request.method, path)
        headers: dict[str, str] = {}
        try:
            with self._state.store.transaction():  # by itself: time goes on even when the request is refused
                self._state.sweep()
            with self._state.store.transaction():
                token = self.token(request)
                headers |= self._common(token, found, request)
                reply = self._run(request, self._call(request, path, params, raw, token), found, headers)
        except ApiError as error:
            docs = f"{DOCS}/{found.name.partition('/')[0]}" if found else DOCS
            reply = Reply(error.status, error.document(docs), error.headers)
            headers = headers or self._common(None, found, request)
        return self._respond(request, reply, headers)

    def _run(self, request: Request, call: Call, found: Route | None, headers: dict[str, str]) -> Reply:
        version = headers["X-GitHub-Api-Version-Selected"]
        if version not in VERSIONS:
            raise ApiError(400, f"{version} is not a supported API version.")
        if call.path == "/rate_limit" and request.method in _SAFE:
            return Reply(200, self._limits.overview(call.token))
        self._limits.spend(call.token)
        headers |= self._limits.headers(call.token)
        if found is None or ("ruleset" in found.name and not age.has_rulesets(self._state)):
            raise not_found()
        self._check(found, call)
        if (request.method == "POST" and not found.name.startswith("apps/")) or found.name in _CREATING:
            self._limits.create(call.token)
        return found.handler(call)

    def token(self, request: Request) -> Document | None:
        """Return the token of a request, None when it has none; 401 for one that is no good."""
        authorization = request.headers.get("authorization", "")
        if not authorization:
            return None
        scheme, _, value = authorization.partition(" ")
        if scheme.lower() == "bearer" and value.count(".") == 2:  # noqa: PLR2004  # a signature has three parts
            app = apps.signer(self._state, value)
            return {
                "account": app["bot"],
                "app": app["id"],
                "scopes": None,
                "read_only": False,
                "expires_at": None,
            }
        found = tokens.find(self._state, value) if scheme.lower() in ("token", "bearer") else None
        if found is None:
            raise ApiError(401, "Bad credentials")
        return found

    def _call(
        self, request: Request, path: str, params: dict[str, str], raw: bytes, token: Document | None
    ) -> Call:
        return Call(
            state=self._state,
            method=request.method,
            path=path,
            params={name: unquote(value) for name, value in params.items()},
            query=dict(request.query_params),
            raw_body=raw,
            me=self._state.accounts[token["account"]] if token else None,
            token=token,
            base=self._base,
            accept=request.headers.get("accept", ""),
        )

    def _check(self, found: Route, call: Call) -> None:
        if call.token and call.token.get("app") and not found.name.startswith("apps/"):
            raise ApiError(401, "Bad credentials")
        wanted = permissions.needed(found.name, call.method)
        if call.token and wanted is not None and not permissions.granted(call.token, *wanted):
            raise ApiError(403, permissions.words(call.token))
        if call.method in _SAFE:
            if (
                call.token
                and found.scopes
                and "public_repo" not in found.scopes
                and not call.has_scope(*found.scopes)
            ):
                raise ApiError(403, f"You need at least {found.scopes[-1]} scope to access this resource.")
            return
        if call.me is None:
            raise ApiError(401, "Requires authentication")
        if call.token and call.token["read_only"]:
            raise ApiError(403, "Resource not accessible by personal access token")
        if found.scopes and not call.has_scope(*found.scopes):
            if "delete_repo" in found.scopes:
                raise ApiError(403, "Must have admin rights to Repository.")
            raise not_found()

    def _common(self, token: Document | None, found: Route | None, request: Request) -> dict[str, str]:
        headers = {
            **age.headers(self._state),
            "Date": formatdate(self._state.clock.time(), usegmt=True),
            "X-GitHub-Media-Type": "github.v3; format=json",
            "X-GitHub-Request-Id": ":".join(secrets.token_hex(2).upper() for _ in range(5)),
            "X-GitHub-Api-Version-Selected": request.headers.get("x-github-api-version", VERSIONS[0]),
            **self._limits.headers(token),
        }
        if token and token["scopes"] is not None:
            headers["X-OAuth-Scopes"] = ", ".join(token["scopes"])
            headers["X-Accepted-OAuth-Scopes"] = ", ".join(found.scopes) if found else ""
        wanted = permissions.needed(found.name, request.method) if found else None
        if token and token["scopes"] is None and wanted is not None and wanted[0]:
            headers["X-Accepted-GitHub-Permissions"] = "=".join(wanted)
        if token and token["expires_at"]:
            headers["GitHub-Authentication-Token-Expiration"] = (
                token["expires_at"].replace("T", " ").replace("Z", " UTC")
            )
        return headers

    def _respond(self, request: Request, reply: Reply, headers: dict[str, str]) -> Response:
        headers = headers | reply.headers
        if reply.body is None:
            return Response(status_code=reply.status, headers=headers)
        body = json.dumps(reply.body, separators=(",", ":")).encode()
        headers["Content-Type"] = "application/json; charset=utf-8"
        if reply.status == HTTPStatus.OK and request.method in _SAFE:
            authorization = request.headers.get("authorization", "").encode()
            headers["ETag"] = f'W/"{hashlib.sha256(authorization + body).hexdigest()}"'
            if request.headers.get("if-none-match") == headers["ETag"]:
                return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return Response(body, status_code=reply.status, headers=headers)


def operation(method: str, path: str) -> str:
    """Return the name of a REST operation, "" for none."""
    found = match(method, path[len(ROOT) :] or "/")[0]
    return found.name if found else "rate-limit/get" if path == f"{ROOT}/rate_limit" else ""
