"""What can be learned of a server and a token without changing anything."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from http import HTTPStatus

from sigctl.errors import DeniedError, ForgeError, NotThereError
from sigctl.forges.base import Health
from sigctl.forges.github.client import Answer
from sigctl.forges.github.session import Session

NEEDED = {
    "admin:org": "orgs, members, teams and who is in them can't be changed",
    "repo": "repositories, grants and branch rules can't be changed",
    "delete_repo": "repositories can't be deleted where the files ask for it",
}
"""Scope of a classic token -> what does not work without it; what is most needed comes first."""
_SOON = 14
"""Days before its end from which a token is worth a word."""


def health(session: Session, today: date | None = None) -> Health:
    """Return what was found out; a server that can't be asked, or a wrong token, is a finding."""
    try:
        answer = _ask(session)
    except DeniedError as error:
        return Health(reachable=True, problems=(str(error).replace("\n  hint: ", ": "),))
    except ForgeError as error:
        return Health(reachable=False, problems=(str(error).replace("\n  hint: ", ": "),))
    told = answer.headers.get("x-oauth-scopes")
    scopes = tuple(sorted(part for part in (told or "").replace(" ", "").split(",") if part))
    expires = _expires(answer.headers)
    problems = _ending(expires, today or datetime.now(UTC).date())
    if told is not None:  # fine-grained tokens and apps have no scopes to show
        problems += [
            f"the token lacks the scope {scope}: {what}"
            for scope, what in NEEDED.items()
            if scope not in scopes
        ]
    version = answer.headers.get("x-github-enterprise-version", "")
    login = answer.data.get("login", "") if isinstance(answer.data, dict) else ""
    return Health(
        reachable=True, me=login, version=version, scopes=scopes, expires=expires, problems=tuple(problems)
    )


def _ask(session: Session) -> Answer:
    try:
        return session.get("/user")
    except (DeniedError, NotThereError) as error:
        if error.status == HTTPStatus.UNAUTHORIZED:
            raise
        return session.get("/rate_limit")  # an app is nobody, but may ask this


def _expires(headers: Mapping[str, str]) -> str:
    """Return the ISO date in a header like `2026-12-31 09:00:00 UTC`, "" where there is none."""
    return headers.get("github-authentication-token-expiration", "").partition(" ")[0]


def _ending(expires: str, today: date) -> list[str]:
    try:
        left = (date.fromisoformat(expires) - today).days
    except ValueError:
        return []
    return [f"the token ends on {expires}, in {left} days: make a new one"] if left <= _SOON else []
