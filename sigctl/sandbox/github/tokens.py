"""Tokens: whose they are, until when, and what they may."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sigctl.sandbox.github import permissions
from sigctl.sandbox.github.state import State
from sigctl.sandbox.store import Document

ALL_SCOPES = ("admin:org", "admin:org_hook", "delete_repo", "repo", "user")
_INCLUDED = {
    "admin:org": ("write:org", "read:org"),
    "write:org": ("read:org",),
    "repo": ("public_repo", "repo:invite", "repo:status"),
    "user": ("read:user", "user:email"),
}


def add(
    state: State, account: int, value: str, *, scopes: tuple[str, ...] | None = ALL_SCOPES, **fields: Any
) -> Document:
    """Store a token: classic with these scopes, or fine-grained (None); `read_only` and `expires_at` are fields."""
    fields = {"read_only": False, "expires_at": None} | fields
    return state.add(
        state.tokens,
        value=value,
        account=account,
        scopes=list(scopes) if scopes is not None else None,
        **fields,
    )


def find(state: State, value: str) -> Document | None:
    """Return the token with this value while it is good."""
    found = state.tokens.one("value", value)
    if found is None or state.accounts[found["account"]]["suspended"]:
        return None
    installation = state.installations.get(found.get("installation"))
    if installation is not None and installation["suspended_at"] is not None:
        return None
    expires = found["expires_at"]
    if expires and datetime.fromisoformat(expires) <= state.clock.now():
        return None
    return found


def granted(token: Document) -> set[str]:
    """Return the scopes of a classic token with those they include."""
    scopes = set(token["scopes"] or ())
    return scopes | {part for scope in scopes for part in _INCLUDED.get(scope, ())}


def may_push(token: Document) -> bool:
    """Whether a token is good for pushing at all."""
    if not permissions.granted(token, "contents", permissions.WRITE):
        return False
    return not token["read_only"] and (
        token["scopes"] is None or bool(granted(token) & {"repo", "public_repo"})
    )
