"""What GitLab's refusals and broken answers mean, by status, in our words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

import requests
from gitlab.exceptions import GitlabError, GitlabParsingError

from sigctl.errors import (
    BrokenAnswerError,
    DeniedError,
    ForgeError,
    NotThereError,
    PartialError,
    RefusedError,
    UnreachableError,
)
from sigctl.forges.http import Failure, Nature

_LONGEST = 300
"""Characters of a server's own words that a message repeats."""
_FINAL = (
    requests.exceptions.SSLError,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    requests.exceptions.TooManyRedirects,
)
CUT_OFF = (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError)
"""An answer had begun."""


class BadAnswerError(Exception):
    """An answer whose body can't be read as what it says it is."""


class GraphError(Exception):
    """A GraphQL answer with errors in it, or without the data."""

    def __init__(self, messages: list[str], name: str) -> None:
        super().__init__("; ".join(messages))
        self.messages = messages
        self.name = name

    @property
    def too_big(self) -> bool:
        """Whether asking for less at once would help."""
        return any("complexity" in m or m.startswith("Timeout") for m in self.messages)

    @property
    def invalid(self) -> bool:
        """Whether the server does not know, or does not show, what was asked for; asking again is no use."""
        signs = (
            "doesn't exist on type",
            "doesn't accept argument",
            "isn't a defined",
            "Cannot query field",
            "don't have permission",
        )
        return any(sign in m for m in self.messages for sign in signs)


def read_failure(error: Exception, headers: Mapping[str, str], url: str) -> Failure:
    """Return what a failed request means; an exception that is none of the network's is raised again."""
    if isinstance(error, GraphError):
        nature = Nature.FINAL if error.invalid or error.too_big else Nature.TRANSIENT
        return Failure(nature, PartialError(f"graphql query `{error.name}`: {plain(str(error))}"))
    if isinstance(error, BadAnswerError | GitlabParsingError):
        return Failure(
            Nature.TRANSIENT, BrokenAnswerError(f"{url} sent an answer that can't be read", CHECK_URL)
        )
    if isinstance(error, _FINAL):
        return Failure(Nature.FINAL, UnreachableError(f"can't reach {url}: {plain(str(error))}", CHECK_URL))
    if isinstance(error, requests.RequestException):
        kind = BrokenAnswerError if isinstance(error, CUT_OFF) else UnreachableError
        return Failure(Nature.TRANSIENT, kind(f"can't reach {url}: {_reason(error)}", CHECK_URL))
    if isinstance(error, GitlabError) and error.response_code:
        return _by_status(int(error.response_code), error, headers, url)
    raise error


CHECK_URL = "check `url` in the files, and that the server is up"


def _reason(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the answer was cut off"
    text = plain(str(error))
    for sign in ("Connection refused", "Name or service not known", "Connection reset", "without response"):
        if sign in text:
            return sign.lower()
    return text


def _by_status(status: int, error: GitlabError, headers: Mapping[str, str], url: str) -> Failure:
    text = sentence(error.error_message) or f"status {status}"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        limited = UnreachableError(f"{url} limits the number of requests", status=status)
        return Failure(Nature.LIMITED, limited, _seconds(headers))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        if status == HTTPStatus.NOT_IMPLEMENTED:
            return Failure(Nature.FINAL, RefusedError(text, status=status))
        broken = UnreachableError(f"{url} answers with status {status}", status=status)
        return Failure(Nature.TRANSIENT, broken, _seconds(headers))
    return Failure(Nature.FINAL, _final(status, text, headers, url))


def _final(status: int, text: str, headers: Mapping[str, str], url: str) -> ForgeError:
    if status == HTTPStatus.UNAUTHORIZED:
        return DeniedError(
            f"{url} does not accept the token", "is it expired, revoked, or of another server?", status=401
        )
    if status == HTTPStatus.FORBIDDEN:
        return DeniedError(f"not allowed: {text}", _denied_hint(text), status=status)
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        return NotThereError(text, status=status)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return RefusedError(
            f"{url} redirects to {headers.get('Location', 'another place')}; a write does not follow",
            "was it moved or renamed by hand? is `url` the server's own name?",
            status=status,
        )
    return RefusedError(text, status=status)


def _denied_hint(text: str) -> str:
    if "insufficient_scope" in text or "higher privileges" in text:
        return "the token needs the scope `api`"
    return "the token's user needs to be owner of the group, and the project must not be archived"


def _seconds(headers: Mapping[str, str]) -> float | None:
    value = headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else None


def sentence(message: Any) -> str:
    """Return a server's message as one line: strings, lists and fields with lists are all in use."""
    if isinstance(message, bytes):
        message = _decoded(message)
    return plain("; ".join(_pieces(message)))


def _decoded(body: bytes) -> Any:
    text = body.decode("utf-8", "replace")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return "" if text.lstrip().startswith("<") else text
    return data.get("errors", data) if isinstance(data, dict) else data


def _pieces(message: Any, field: str = "") -> Iterator[str]:
    if isinstance(message, Mapping):
        for name, value in message.items():
            below = "" if name in ("base", "message", "error", "error_description") else str(name)
            yield from _pieces(value, f"{field} {below}".strip())
    elif isinstance(message, list):
        for value in message:
            yield from _pieces(value, field)
    elif message is not None and message != "":
        yield f"{field} {message}".strip()


def plain(text: str) -> str:
    """Return the text on one line, bounded."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."
