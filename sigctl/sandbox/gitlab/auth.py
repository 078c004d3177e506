"""Who is asking: tokens in a header or parameter, their scopes and end, and administrators who act as someone else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sigctl.sandbox.gitlab.http import READS, ApiError, Route, forbidden, not_found
from sigctl.sandbox.store import Document

if TYPE_CHECKING:
    from starlette.requests import Request

    from sigctl.sandbox.gitlab.world import World

_EXPIRED = "Token is expired. You can either do re-authorization or token refresh."
_REVOKED = "Token was revoked. You have to re-authorize from the user."
_NARROW = "The request requires higher privileges than provided by the access token."


class Door:
    """Lets requests in."""

    def __init__(self, world: World) -> None:
        self._world = world

    def token(self, secret: str) -> Document | None:
        """Return the token if it is good and its owner may come in."""
        found = self._world.tokens.one("secret", secret)
        if found is None or found["revoked"] or self._ended(found):
            return None
        return found if self._world.users[found["user_id"]]["state"] == "active" else None

    def _ended(self, token: Document) -> bool:
        return bool(token["expires_at"]) and token["expires_at"] <= self._world.today()

    def enter(
        self, request: Request, given: Mapping[str, Any], route: Route
    ) -> tuple[Document | None, Document | None]:
        """Return account and token for a request to an operation; 401 and 403 as GitLab says them."""
        token = self.identify(request, given)
        if token is None:
            if route.anonymous:
                return None, None
            raise ApiError(401, {"message": "401 Unauthorized"})
        wanted = route.scopes or ("api", "read_api")
        if request.method not in READS:
            wanted = ("api",)
        if not set(wanted) & set(token["scopes"]):
            error = {"error": "insufficient_scope", "error_description": _NARROW, "scope": " ".join(wanted)}
            raise ApiError(403, error)
        return self._as_someone_else(request, given, self._world.users[token["user_id"]]), token

    def identify(self, request: Request, given: Mapping[str, Any]) -> Document | None:
        """Return the token that came with a request, None when none came; 401 when it is no good."""
        secret = request.headers.get("private-token") or str(given.get("private_token") or "")
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if not secret and scheme.lower() == "bearer":
            secret = value.strip()
        if not secret:
            return None
        found = self._world.tokens.one("secret", secret)
        if found is None:
            raise ApiError(401, {"message": "401 Unauthorized"})
        for bad, words in ((found["revoked"], _REVOKED), (self._ended(found), _EXPIRED)):
            if bad:
                raise ApiError(401, {"error": "invalid_token", "error_description": words})
        state = self._world.users[found["user_id"]]["state"]
        if state != "active":
            forbidden(f"Your account has been {state}.")
        return found

    def _as_someone_else(self, request: Request, given: Mapping[str, Any], user: Document) -> Document:
        name = str(request.headers.get("sudo") or given.get("sudo") or "")
        if not name:
            return user
        if not user["admin"]:
            forbidden("Must be admin to use sudo")
        return self._world.user(name) or not_found(f"User with ID or username '{name}'")
