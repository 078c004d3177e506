"""What Pagure's failures mean: by status and error code; its words only where several causes share a code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

import requests

from sigctl.errors import (
    BrokenAnswerError,
    DeniedError,
    ForgeError,
    NotThereError,
    RefusedError,
    UnreachableError,
)
from sigctl.forges.http import Failure, Nature
from sigctl.forges.pagure.client import Answer, GarbledError, StatusError

_LONGEST = 300
"""Characters of a server's own words that a message repeats."""
_CHECK = "check the url and the network"
_DATABASE, _TOKEN = "EDBERROR", "EINVALIDTOK"
_BUSY = "being refreshed"
"""Pagure's words for a project that a worker is still busy with, after its grants were changed."""
_HINTS = {
    "EMODIFYPROJECTNOTALLOWED": "the account behind the token must be owner or admin of the project, itself and not by a group, "
    "or an admin of the server",
    "ENOTHIGHENOUGH": "the account behind the token must be owner or admin of the project",
    "ENOTMAINADMIN": "only the owner, or an admin of the server, can hand a project over",
    "ENEWPROJECTDISABLED": "this server makes no projects by API: its admin does",
    "ENEWPROJECTFORBIDDEN": "the account behind the token may not make projects here",
}


class NotYetError(Exception):
    """What was changed does not show yet; `error` is what it comes to when that stays so."""

    def __init__(self, error: ForgeError) -> None:
        self.error = error
        super().__init__(error.text)


def reader(name: str, url: str) -> Callable[[Exception], Failure]:
    """Return the function that reads the failures of the forge with this name."""

    def read(error: Exception) -> Failure:
        failure = _read(error, url)
        if not failure.error.forge:
            failure.error.forge = name
            failure.error.text = f"{name}: {failure.error.text}"
        return failure

    return read


def _read(error: Exception, url: str) -> Failure:
    if isinstance(error, StatusError):
        return of_status(error.answer, error.what)
    if isinstance(error, NotYetError):
        return Failure(Nature.NOT_YET, error.error)
    if isinstance(error, GarbledError):
        return Failure(Nature.TRANSIENT, BrokenAnswerError(f"{url} answers with {error}", "is it a Pagure?"))
    if isinstance(error, requests.exceptions.RequestException):
        return _unanswered(error, url)
    raise error


def _unanswered(error: requests.exceptions.RequestException, url: str) -> Failure:
    if isinstance(error, requests.exceptions.SSLError):
        text = f"no trusted connection to {url}"
        return Failure(Nature.FINAL, UnreachableError(text, "check the url and the certificates"))
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return Failure(Nature.FINAL, UnreachableError(f"{url} can't be asked", _CHECK))
    if isinstance(error, requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError):
        return Failure(Nature.TRANSIENT, BrokenAnswerError(f"an answer of {url} was cut off", _CHECK))
    late = " in time" if isinstance(error, requests.exceptions.Timeout) else ""
    return Failure(Nature.TRANSIENT, UnreachableError(f"no answer from {url}{late}", _CHECK))


def of_status(answer: Answer, what: str) -> Failure:
    """Return what an answer means that is no success."""
    status, code = answer.status, code_of(answer)
    said = f"{what}: {message(answer.data) or 'no reason given'} ({status})"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Failure(Nature.LIMITED, UnreachableError(said, status=status), _seconds(answer))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        hint = "the server has trouble: try again later"
        return Failure(Nature.TRANSIENT, UnreachableError(said, hint, status=status), _seconds(answer))
    if code == _DATABASE and not answer.data.get("errors"):
        hint = "the server's database has trouble: try again later"
        return Failure(Nature.TRANSIENT, UnreachableError(said, hint, status=status))
    if _BUSY in said:
        hint = "the server is still busy with the project's last change: try again later"
        return Failure(Nature.NOT_YET, RefusedError(said, hint, status=status))
    return Failure(Nature.FINAL, _final(answer, said))


def _final(answer: Answer, said: str) -> ForgeError:
    status, code = answer.status, code_of(answer)
    if status < HTTPStatus.BAD_REQUEST:
        where = answer.headers.get("Location", "another place")
        hint = f"it leads to {where}, and nothing follows there: name the server as it names itself"
        return RefusedError(said, hint, status=status)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return DeniedError(said, _HINTS.get(code) or _token_hint(answer), status=status)
    if status == HTTPStatus.NOT_FOUND:
        hint = _HINTS.get(code) or "it does not exist, or the token may not see it"
        return NotThereError(said, hint, status=status)
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return RefusedError(said, "the server takes no bodies of this size", status=status)
    return RefusedError(said, _HINTS.get(code, ""), status=status)


def _token_hint(answer: Answer) -> str:
    if "Missing ACLs" in message(answer.data):
        return "make a token that has these ACLs too; create_branch and the like come from `pagure-admin admin-token` only"
    return "the token is wrong, expired, of another server, or may not do this: make a new one"


def code_of(answer: Answer) -> str:
    """Return Pagure's error code, "" where there is none."""
    return str(answer.data.get("error_code") or "") if isinstance(answer.data, dict) else ""


def message(data: Any) -> str:
    """Return what the server says: for its catch-all codes only the reason it adds."""
    if not isinstance(data, dict):
        return ""
    reasons = "; ".join(_flat(data.get("errors")))
    text = "" if reasons and data.get("error_code") == _DATABASE else str(data.get("error") or "")
    line = " ".join(": ".join(part for part in (text, reasons) if part).split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."


def _flat(value: Any, field: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, below in value.items():
            yield from _flat(below, str(name))
    elif isinstance(value, list):
        for one in value:
            yield from _flat(one, field)
    elif value:
        yield f"{field}: {value}" if field else str(value)


def _seconds(answer: Answer) -> float | None:
    after = answer.headers.get("Retry-After", "")
    return float(after) if after.isdecimal() else None
