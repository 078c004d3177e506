"""What can be learned of a server and a token, or an app, without changing anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from http import HTTPStatus

from sigctl.errors import DeniedError, ForgeError, NotThereError
from sigctl.forges.base import Health
from sigctl.forges.github.auth import AppIdentity
from sigctl.forges.github.client import Answer
from sigctl.forges.github.needs import permissions_missing, scopes_missing
from sigctl.forges.github.readers.orgs import read_org
from sigctl.forges.github.session import Session, path

_SOON = 14
"""Days before its end from which a token is worth a word."""
_UNTOLD = "such a token does not tell what it may change: the first refusal names the permission"


def health(session: Session, today: date | None = None) -> Health:
    """Return what was found out; a server that can't be asked, or a wrong token, is a finding."""
    try:
        identity = session.client.identity
        if isinstance(identity, AppIdentity):
            return _of_app(session, identity)
        return _of_token(session, today or datetime.now(UTC).date())
    except DeniedError as error:
        return Health(reachable=True, problems=(_line(error),))
    except ForgeError as error:
        return Health(reachable=False, problems=(_line(error),))


def _of_token(session: Session, today: date) -> Health:
    answer = _ask(session)
    told = answer.headers.get("x-oauth-scopes")
    scopes = frozenset(part for part in (told or "").replace(" ", "").split(",") if part)
    expires = _expires(answer.headers)
    problems = _ending(expires, today)
    notes: list[str] = []
    if told is not None:  # fine-grained tokens have no scopes to show
        problems += scopes_missing(scopes, always=True)
        notes += scopes_missing(scopes, always=False)
    else:
        notes.append(_UNTOLD)
    problems += [line for org in sorted(session.settings.orgs) for line in _unreadable(session, org)]
    login = answer.data.get("login", "") if isinstance(answer.data, dict) else ""
    found = Health(
        reachable=True,
        me=login,
        scopes=tuple(sorted(scopes)),
        expires=expires,
        problems=tuple(problems),
        notes=tuple(notes),
    )
    return _with_server(found, answer)


def _of_app(session: Session, identity: AppIdentity) -> Health:
    answer = identity.about()
    problems: list[str] = []
    notes: list[str] = []
    for org in sorted(session.settings.orgs):
        try:
            found = identity.installation(org)
            problems += permissions_missing(found.permissions, org, always=True)
            notes += permissions_missing(found.permissions, org, always=False)
            identity.credential(org)
            problems += _unreadable(session, org)
        except ForgeError as error:
            problems.append(_line(error))
    me = f"{answer.data.get('slug') or answer.data.get('name') or ''}[bot]"
    return _with_server(Health(reachable=True, me=me, problems=tuple(problems), notes=tuple(notes)), answer)


def _unreadable(session: Session, org: str) -> list[str]:
    """Return what of an org can't be read, one line for each cause."""
    reads: list[Callable[[], object]] = [
        partial(read_org, session, org),
        partial(session.get, path("orgs", org, "invitations")),
        partial(session.get, path("orgs", org, "teams")),
    ]
    lines = []
    for read in reads:
        try:
            read()
        except ForgeError as error:
            lines.append(_line(error))
    return list(dict.fromkeys(lines))


def _ask(session: Session) -> Answer:
    try:
        return session.get("/user")
    except (DeniedError, NotThereError) as error:
        if error.status == HTTPStatus.UNAUTHORIZED:
            raise
        return session.get("/rate_limit")  # a token may be nobody's, but may ask this


def _with_server(found: Health, answer: Answer) -> Health:
    return replace(found, version=answer.headers.get("x-github-enterprise-version", ""))


def _line(error: ForgeError) -> str:
    return str(error).replace("\n  hint: ", ": ")


def _expires(headers: Mapping[str, str]) -> str:
    """Return the ISO date in a header like `2026-12-31 09:00:00 UTC`, "" where there is none."""
    return headers.get("github-authentication-token-expiration", "").partition(" ")[0]


def _ending(expires: str, today: date) -> list[str]:
    try:
        left = (date.fromisoformat(expires) - today).days
    except ValueError:
        return []
    return [f"the token ends on {expires}, in {left} days: make a new one"] if left <= _SOON else []
