"""Single requests to one server: each over a connection of its own thread, never redirected, with no cookies kept."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from pydantic import SecretStr
from requests.auth import AuthBase

from sigctl.forges.base import Settings
from sigctl.forges.bounded import Bounded

_OK, _REDIRECT = 200, 300
Form = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, decoded."""

    status: int
    headers: Mapping[str, str]
    data: Any


class StatusError(Exception):
    """An answer that is no success."""

    def __init__(self, answer: Answer, what: str) -> None:
        self.answer = answer
        self.what = what
        super().__init__(f"{what}: {answer.status}")


class GarbledError(Exception):
    """An answer whose body is no JSON though it should be."""


class _Token(AuthBase):
    """Says who asks; also keeps requests from looking into a netrc."""

    def __init__(self, token: SecretStr) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"token {self._token.get_secret_value()}"
        return request


class Client:
    """Sends requests; never waits, never repeats; safe for threads, since no two share a session."""

    def __init__(self, settings: Settings) -> None:
        self.url = settings.url.rstrip("/")
        self._auth = _Token(settings.token)
        self._timeout = settings.timeout
        self._lanes = threading.BoundedSemaphore(max(1, settings.jobs))
        self._lock = threading.Lock()
        self._idle: list[requests.Session] = []
        self._every: list[requests.Session] = []

    def send(
        self,
        verb: str,
        path: str,
        form: Form | None = None,
        query: Mapping[str, str | int] | None = None,
        token: SecretStr | None = None,
    ) -> Answer:
        """Return the answer to a request below /api/0; StatusError for anything but success, GarbledError, or requests' own."""
        with self._session() as session:
            response = session.request(
                verb,
                f"{self.url}/api/0{path}",
                params=query,
                data=form,
                auth=_Token(token) if token else self._auth,
                timeout=self._timeout,
                allow_redirects=False,
            )
        answer = Answer(response.status_code, response.headers, _decoded(response))
        if not _OK <= answer.status < _REDIRECT:
            raise StatusError(answer, f"{verb} {path}")
        return answer

    def close(self) -> None:
        """Give every connection back."""
        with self._lock:
            sessions, self._every, self._idle = self._every, [], []
        for session in sessions:
            session.close()

    @contextmanager
    def _session(self) -> Iterator[requests.Session]:
        with self._lanes:
            with self._lock:
                session = self._idle.pop() if self._idle else None
            if session is None:
                session = self._new()
            try:
                yield session
            finally:
                with self._lock:
                    self._idle.append(session)

    def _new(self) -> requests.Session:
        session = requests.Session()
        session.headers["User-Agent"] = "sigctl"
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = Bounded(pool_connections=1, pool_maxsize=1)
        for prefix in ("https://", "http://"):
            session.mount(prefix, adapter)
        with self._lock:
            self._every.append(session)
        return session


def _decoded(response: requests.Response) -> Any:
    try:
        return response.json()
    except (ValueError, RecursionError):
        if response.status_code >= _REDIRECT:  # pages of errors are HTML, a proxy's too
            return {}
        raise GarbledError(f"{len(response.content)} bytes that are no JSON") from None
