"""PyGithub's requester, one per request at a time: who we are, where the API is, and what its answers mean by status.

PyGithub's objects are not used: they take a redirected write (307) for a success, hide whether a PUT invited (201) or changed
(204), and check bodies more strictly than GitHub writes them. Its requester brings authentication, connections and encoding.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import github
import requests
from pydantic import SecretStr
from requests.utils import parse_header_links

from sigctl.errors import PartialError, RefusedError
from sigctl.forges.base import Settings
from sigctl.forges.github.connection import Bound

PUBLIC = "https://github.com"
API_VERSION = "2022-11-28"
PAGE = 100
_OK, _REDIRECT = 200, 300
logging.getLogger("github.Requester").setLevel(
    logging.INFO
)  # below that it writes whole answers, tokens among them


@dataclass(frozen=True, slots=True)
class Credential:
    """What a request shows to be let in."""

    scheme: str
    """`token`, or `Bearer` for a signature."""
    secret: SecretStr


class _Carried(github.Auth.Auth):
    """Authentication that each request brings along."""

    def __init__(self) -> None:
        self.credential: Credential | None = None

    def authentication(self, headers: dict[str, Any]) -> None:
        """Add the request's own; nothing where there is no secret, which is how to ask as nobody."""
        if self.token:
            super().authentication(headers)

    @property
    def token_type(self) -> str:
        """The scheme of the request at hand."""
        return self.credential.scheme if self.credential else ""

    @property
    def token(self) -> str:
        """The secret of the request at hand."""
        return self.credential.secret.get_secret_value() if self.credential else ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, decoded; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    data: Any

    @property
    def request_id(self) -> str:
        """GitHub's own name for the exchange, for its support."""
        return self.headers.get("x-github-request-id", "")


class StatusError(Exception):
    """An answer that is no success: any status from 300 up."""

    def __init__(self, answer: Answer, what: str) -> None:
        self.answer = answer
        self.what = what
        super().__init__(f"{what}: {answer.status}")


class GarbledError(Exception):
    """An answer whose body is no JSON though it should be."""


def api_of(url: str) -> str:
    """Return the base of the REST API of the server that people open at this URL."""
    return "https://api.github.com" if url == PUBLIC else f"{url}/api/v3"


class Client:
    """Sends single requests; never waits, never repeats; safe for threads, since no two share a connection."""

    def __init__(self, settings: Settings) -> None:
        self.version = ""
        """What an Enterprise Server says of itself with each answer, "" as long as nothing was said."""
        self._settings = settings
        self._idle: list[tuple[Bound, _Carried]] = []
        self._every: list[Bound] = []
        self._lock = threading.Lock()
        self._lanes = threading.BoundedSemaphore(settings.jobs)

    def rest(
        self,
        credential: Credential,
        verb: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Return the answer; StatusError from 300 up, GarbledError, or an exception of requests."""
        with self._client(credential) as client, _kept_at_home(f"{verb} {path}"):
            status, headers, text = client.requestJson(verb, path, dict(query or {}), {}, body)
        self.version = headers.get("x-github-enterprise-version", self.version)
        answer = Answer(status, headers, _decoded(text, status))
        if status >= _REDIRECT:
            raise StatusError(answer, f"{verb} {path}")
        if headers.get("x-github-sso", "").startswith("partial-results"):
            hint = "authorize the token for the single sign-on of every org it is in, under its settings"
            raise PartialError(
                f"{verb} {path}: the answer leaves out orgs with single sign-on", hint, status=status
            )
        return answer

    def graphql(self, credential: Credential, document: str, variables: Mapping[str, Any]) -> Answer:
        """Return the answer to a GraphQL document, with its errors still in it; raises as `rest` does."""
        with self._client(credential) as client, _kept_at_home("GraphQL"):
            url = client.graphql_url
            body = {"query": document, "variables": variables}
            status, headers, text = client.requestJson("POST", url, {}, {}, body)
        self.version = headers.get("x-github-enterprise-version", self.version)
        answer = Answer(status, headers, _decoded(text, status))
        if status >= _REDIRECT:
            raise StatusError(answer, "GraphQL")
        return answer

    def close(self) -> None:
        """Give every connection back."""
        with self._lock:
            clients, self._every, self._idle = self._every, [], []
        for client in clients:
            client.close()

    @contextmanager
    def _client(self, credential: Credential) -> Iterator[Bound]:
        with self._lanes:
            with self._lock:
                idle = self._idle.pop() if self._idle else None
            client, carried = idle or self._new()
            carried.credential = credential
            try:
                yield client
            finally:
                carried.credential = None
                with self._lock:
                    self._idle.append((client, carried))

    def _new(self) -> tuple[Bound, _Carried]:
        carried = _Carried()
        client = Bound(
            auth=carried,
            base_url=api_of(self._settings.url),
            timeout=max(1, int(self._settings.timeout)),
            user_agent="sigctl",
            per_page=PAGE,
            verify=True,
            retry=None,
            pool_size=None,
            api_version=API_VERSION,
        )
        with self._lock:
            self._every.append(client)
        return client, carried


@contextmanager
def _kept_at_home(what: str) -> Iterator[None]:
    """Say it in our words when the library refuses to follow a redirect or a link to another server: nothing was sent there."""
    try:
        yield
    except (RuntimeError, AssertionError) as error:
        where = str(error).partition(", please")[0].partition(", you may")[0]
        hint = "the url of the forge in the files must be the one that the server itself uses, https and all"
        raise RefusedError(f"{what}: the server leads to another place: {where}", hint) from error


def next_page(answer: Answer) -> str | None:
    """Return the URL of the page that follows, None after the last."""
    for link in parse_header_links(answer.headers.get("link", "")):
        if link.get("rel") == "next":
            return link["url"]
    return None


def _decoded(text: str, status: int) -> Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        if status >= _REDIRECT:  # proxies and load balancers answer errors in HTML
            return (
                {"message": text.strip().partition("\n")[0][:200]}
                if not text.lstrip().startswith("<")
                else {}
            )
        raise GarbledError(f"{len(text)} characters that are no JSON") from None


BROKEN_ON_THE_WAY = (requests.exceptions.RequestException, GarbledError)
"""Everything that means: the request may have arrived or not, no usable answer did."""
CUT_OFF = (
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
    GarbledError,
)
"""Those of them that mean: an answer had begun."""
