"""As whom requests are sent: a token, or an app with a token for each org that lasts an hour and is renewed in time."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Protocol

import jwt
from pydantic import SecretStr

from sigctl.errors import DeniedError, ForgeError, NotThereError
from sigctl.forges.base import App, Settings
from sigctl.forges.github.client import Answer, Client, Credential, StatusError
from sigctl.forges.http import Caller

EARLY = 120.0
"""Seconds before its end from which a token is not used any more; git may need longer to begin."""
FOR_GIT = 900.0
_FRESH = 60.0
"""A token this young that is refused was not refused for its age."""
_SKEW = 20.0
"""Seconds by which clocks may differ unnoticed."""
_SIGNED_FOR = 540
"""Seconds a signature holds; GitHub takes ten minutes at most, by its own clock."""


class Identity(Protocol):
    """Whom requests are sent as."""

    by_org: bool
    """Each org has a credential of its own, so that no request can speak of two of them."""

    def credential(self, org: str, early: float = EARLY) -> Credential:
        """Return what to send for an org ("" = any) that is good for at least that long; DeniedError where there is nothing."""
        ...

    def renewed(self, org: str, used: Credential) -> bool:
        """Say whether another credential than this one, which was just refused, can be had."""
        ...


class Token:
    """One token for everything."""

    by_org = False

    def __init__(self, token: SecretStr) -> None:
        self._credential = Credential("token", token)

    def credential(self, org: str, early: float = EARLY) -> Credential:  # noqa: ARG002  # it is the same for all
        """Return the token."""
        return self._credential

    def renewed(self, org: str, used: Credential) -> bool:  # noqa: ARG002  # as above
        """Say no: there is only one."""
        return False


@dataclass(frozen=True, slots=True)
class Installation:
    """An app in an org."""

    number: int
    org: str
    permissions: Mapping[str, str]
    selected: bool
    """The app reaches some repositories of the org only."""
    suspended: bool

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Installation:
        """Return the installation that GitHub describes."""
        return cls(
            int(data["id"]),
            str((data.get("account") or {}).get("login") or ""),
            dict(data.get("permissions") or {}),
            data.get("repository_selection") == "selected",
            data.get("suspended_at") is not None,
        )


@dataclass(frozen=True, slots=True)
class _Held:
    credential: Credential
    made: float
    ends: float


class AppIdentity:
    """An app: signs for itself with its key, and has a token for each org it is installed in; safe for threads."""

    by_org = True

    def __init__(
        self,
        settings: Settings,
        app: App,
        client: Client,
        caller: Caller,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._name = settings.name
        self._url = settings.url
        self._orgs = sorted(org.casefold() for org in settings.orgs)
        self._app = app
        self._client = client
        self._caller = caller
        self._clock = clock
        self._wall = wall
        self._ahead = 0.0
        """Seconds by which the server's clock is ahead of ours."""
        self._held: dict[str, _Held] = {}
        self._lock = threading.Lock()
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def credential(self, org: str, early: float = EARLY) -> Credential:
        """Return the token for an org, made anew when the one at hand ends soon."""
        name = org.casefold() or self._any()
        with self._lock:
            lock = self._locks[name]
        with lock:  # one asks, the others wait for what it gets
            held = self._held.get(name)
            if held is None or self._clock() >= held.ends - early:
                held = self._held[name] = self._ask(name)
            return held.credential

    def renewed(self, org: str, used: Credential) -> bool:
        """Say whether it is worth another try: not when the token that was refused is a new one."""
        name = org.casefold() or self._any()
        with self._lock:
            held = self._held.get(name)
            if held is None or held.credential is not used:
                return True
            if self._clock() - held.made < _FRESH:
                return False
            del self._held[name]
            return True

    def about(self) -> Answer:
        """Return what GitHub says of the app itself."""
        return self._as_app("GET", "/app")

    def installation(self, org: str) -> Installation:
        """Return how the app is installed in an org; DeniedError where it is not."""
        try:
            return Installation.parse(self._as_app("GET", f"/orgs/{org}/installation").data)
        except NotThereError as error:
            text = f"the app {self._app.id} is not installed in `{org}`"
            hint = f"an owner of the org installs it from its page, for all repositories: {self._url}/settings/apps"
            raise self._denied(text, hint, HTTPStatus.NOT_FOUND) from error

    def _any(self) -> str:
        with self._lock:
            known = sorted(self._held)
        if known:
            return known[0]
        if self._orgs:
            return self._orgs[0]
        listed = self._as_app("GET", "/app/installations").data
        usable = [one.org for one in map(Installation.parse, listed) if not one.suspended]
        if not usable:
            hint = "an owner of an org installs it from its page, for all repositories"
            raise self._denied(f"the app {self._app.id} is installed nowhere", hint, HTTPStatus.FORBIDDEN)
        return min(usable).casefold()

    def _ask(self, org: str) -> _Held:
        found = self.installation(org)
        if found.suspended:
            hint = f"an owner of `{org}` lifts that under Settings, GitHub Apps"
            text = f"the app's installation in `{org}` is suspended"
            raise self._denied(text, hint, HTTPStatus.FORBIDDEN)
        if found.selected:
            text = f"the app is installed on selected repositories of `{org}`, so not all of it can be read"
            hint = f"an owner of `{org}` lets it reach all repositories, under Settings, GitHub Apps"
            raise self._denied(text, hint, HTTPStatus.FORBIDDEN)
        begun = self._clock()
        answer = self._as_app("POST", f"/app/installations/{found.number}/access_tokens")
        ends = datetime.fromisoformat(answer.data["expires_at"]).timestamp()
        lasts = ends - (_time_of(answer) or self._wall() + self._ahead)
        return _Held(Credential("token", SecretStr(answer.data["token"])), begun, begun + lasts)

    def _as_app(self, verb: str, path: str) -> Answer:
        def request() -> Answer:
            try:
                return self._client.rest(self._signed(), verb, path)
            except StatusError as error:
                unknown = (
                    error.answer.status == HTTPStatus.NOT_FOUND and "integration" in _said(error).casefold()
                )
                if error.answer.status != HTTPStatus.UNAUTHORIZED and not unknown:
                    raise
                if unknown or not self._corrected(error.answer):
                    raise self._refused(error) from error
                return self._client.rest(self._signed(), verb, path)

        return self._caller.read(request)

    def _signed(self) -> Credential:
        now = int(self._wall() + self._ahead)
        claims = {"iat": now - 60, "exp": now + _SIGNED_FOR, "iss": self._app.id}
        try:
            text = jwt.encode(claims, self._app.key.get_secret_value(), algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError):  # the reason may quote the key: it is not passed on
            hint = "give the file that the app's settings page let you download, as it is"
            raise self._denied("the app's private key is no RSA key in PEM form", hint, None) from None
        return Credential("Bearer", SecretStr(text))

    def _corrected(self, answer: Answer) -> bool:
        """Take the server's time for ours where they differ, and say whether that changes anything."""
        theirs = _time_of(answer)
        if theirs is None or abs(theirs - (self._wall() + self._ahead)) <= _SKEW:
            return False
        self._ahead = theirs - self._wall()
        return True

    def _refused(self, error: StatusError) -> ForgeError:
        said = _said(error)
        words = said.casefold()
        if "integration" in words:
            hint = "compare the app's id in the files with the one on its settings page"
        elif "'exp'" in words or "'iat'" in words or "issued at" in words or "expiration" in words:
            hint = "this machine's clock is wrong: set it"
        else:
            hint = f"the private key is not (or no longer) one of app {self._app.id}: make a new one on its settings page"
        return self._denied(f"the app can't sign in: {said}", hint, error.answer.status)

    def _denied(self, text: str, hint: str, status: int | None) -> DeniedError:
        return DeniedError(text, hint, forge=self._name, status=status)


class Signed:
    """Sends single requests as whom the settings say; a token that ended is replaced once."""

    def __init__(self, client: Client, identity: Identity) -> None:
        self.identity = identity
        self._client = client

    def rest(
        self,
        verb: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        *,
        org: str = "",
    ) -> Answer:
        """Return the answer; the org is the one in the path unless it is named. Raises as Client does, and RenewedError."""
        place = org or org_of(path)
        return self._sent(place, lambda credential: self._client.rest(credential, verb, path, body, query))

    def graphql(self, document: str, variables: Mapping[str, Any], *, org: str = "") -> Answer:
        """Return the answer to a document about one org ("" = about none); raises as `rest` does."""
        return self._sent(org, lambda credential: self._client.graphql(credential, document, variables))

    def place(self, org: str) -> str:
        """Return what tells requests apart that can't go together: the org where each has its own token, else nothing."""
        return org.casefold() if self.identity.by_org else ""

    def _sent(self, org: str, send: Callable[[Credential], Answer]) -> Answer:
        credential = self.identity.credential(org)
        try:
            return send(credential)
        except StatusError as error:
            if error.answer.status == HTTPStatus.UNAUTHORIZED and self.identity.renewed(org, credential):
                raise RenewedError(error) from error
            raise


class RenewedError(Exception):
    """The token had ended and there is another now: nothing was done, the same can be sent again."""

    def __init__(self, error: StatusError) -> None:
        self.error = error
        super().__init__(str(error))


def org_of(path: str) -> str:
    """Return the org that an API path speaks of, "" for none."""
    parts = path.partition("?")[0].split("/")
    return parts[2] if len(parts) > 2 and parts[1] in ("orgs", "repos") else ""  # noqa: PLR2004  # "", "orgs", name


def identity_of(
    settings: Settings,
    client: Client,
    caller: Caller,
    *,
    clock: Callable[[], float],
    wall: Callable[[], float],
) -> Identity:
    """Return whom the settings want requests to be sent as."""
    if settings.app is None:
        return Token(settings.token)
    return AppIdentity(settings, settings.app, client, caller, clock=clock, wall=wall)


def _said(error: StatusError) -> str:
    data = error.answer.data if isinstance(error.answer.data, dict) else {}
    return str(data.get("message") or "no reason given")


def _time_of(answer: Answer) -> float | None:
    try:
        return parsedate_to_datetime(answer.headers.get("date", "")).replace(tzinfo=UTC).timestamp()
    except (ValueError, TypeError):
        return None
