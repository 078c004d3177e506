"""How many requests an account has left; told in headers, enforced when a test asks for it."""

from __future__ import annotations

from typing import Any

from sigctl.sandbox.github.errors import ApiError
from sigctl.sandbox.github.state import State
from sigctl.sandbox.store import Document

HOUR, MINUTE = 3600, 60
TOLD = 15_000
"""Points an hour that headers tell when the knob `rate_limit` does not say otherwise; then they are not enforced."""


class Limits:
    """Counts per account, window of an hour, and resource (core, graphql)."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._enforced = state.env.options.get("rate_limit", 0)
        self._used: dict[tuple[int, str, int], int] = {}

    @property
    def limit(self) -> int:
        """Points an hour."""
        return self._enforced or TOLD

    def spend(self, token: Document | None, resource: str = "core", points: int = 1) -> None:
        """Count points; 403 when none are left."""
        key = self._key(token, resource)
        self._used[key] = self._used.get(key, 0) + points
        if self._enforced and self._used[key] > self._enforced:
            who = token["account"] if token else 0
            text = f"API rate limit exceeded for user ID {who}."
            raise ApiError(403, text, headers=self.headers(token, resource))

    def create(self, token: Document | None) -> None:
        """Count something made; 403 with Retry-After when more was made in this minute than the knob allows."""
        most = self._state.env.options.get("creations_a_minute", 0)
        if not most:
            return
        now = int(self._state.clock.time())
        key = (token["account"] if token else 0, "creations", now // MINUTE)
        self._used[key] = self._used.get(key, 0) + 1
        if self._used[key] > most:
            text = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
            raise ApiError(403, text, headers={"Retry-After": str(MINUTE - now % MINUTE)})

    def headers(self, token: Document | None, resource: str = "core") -> dict[str, str]:
        """Return the headers about a resource."""
        state = self.rate(token, resource)
        return {f"X-RateLimit-{name.capitalize()}": str(value) for name, value in state.items()} | {
            "X-RateLimit-Resource": resource
        }

    def rate(self, token: Document | None, resource: str = "core") -> dict[str, int]:
        """Return limit, remaining, reset and used of a resource."""
        used = self._used.get(self._key(token, resource), 0)
        reset = (int(self._state.clock.time()) // HOUR + 1) * HOUR
        return {"limit": self.limit, "remaining": max(0, self.limit - used), "reset": reset, "used": used}

    def overview(self, token: Document | None) -> dict[str, Any]:
        """Return the body of GET /rate_limit, which costs nothing."""
        core, graphql = self.rate(token), self.rate(token, "graphql")
        return {
            "resources": {"core": core, "graphql": graphql, "search": {**core, "limit": 30}},
            "rate": core,
        }

    def _key(self, token: Document | None, resource: str) -> tuple[int, str, int]:
        return token["account"] if token else 0, resource, int(self._state.clock.time()) // HOUR
