"""What GitHub's failures mean: by status and header, never by the class or the words of the client library."""

from __future__ import annotations

import time
from collections.abc import Callable
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
from sigctl.forges.github.auth import RenewedError
from sigctl.forges.github.client import BROKEN_ON_THE_WAY, CUT_OFF, Answer, GarbledError, StatusError
from sigctl.forges.http import Failure, Nature

SCOPES = "classic tokens need admin:org and repo, apps need administration and members: write (see `sigctl doctor`)"


class GraphQLError(Exception):
    """A GraphQL answer with errors in it, or without the data; `failure` says what to do."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure
        self.errors: list[dict[str, Any]] = []
        """The errors in the answer, each with its `path`."""
        self.data: dict[str, Any] | None = None
        """What came with them: parts of it may be missing."""
        super().__init__(failure.error.text)


class NotYetError(Exception):
    """Something that this run just made can't be used yet; `error` is what it comes to when that stays so."""

    def __init__(self, error: ForgeError) -> None:
        self.error = error
        super().__init__(error.text)


def reader(name: str) -> Callable[[Exception], Failure]:
    """Return the function that reads the failures of the forge with this name."""

    def read(error: Exception) -> Failure:
        failure = _read(error)
        if not failure.error.forge:
            failure.error.forge = name
            failure.error.text = f"{name}: {failure.error.text}"
        return failure

    return read


def _read(error: Exception) -> Failure:
    if isinstance(error, StatusError):
        return of_status(error.answer, error.what)
    if isinstance(error, GraphQLError):
        return error.failure
    if isinstance(error, RenewedError):
        return Failure(Nature.LIMITED, of_status(error.error.answer, error.error.what).error, 0.0)
    if isinstance(error, NotYetError):
        return Failure(Nature.NOT_YET, error.error)
    if isinstance(error, requests.exceptions.SSLError):
        return Failure(
            Nature.FINAL,
            UnreachableError(f"no trusted connection: {_short(error)}", "check the url and the certificates"),
        )
    if isinstance(error, BROKEN_ON_THE_WAY):
        kind = BrokenAnswerError if isinstance(error, CUT_OFF) else UnreachableError
        return Failure(Nature.TRANSIENT, kind(f"no answer: {_short(error)}", "check the url and the network"))
    raise error


def of_status(answer: Answer, what: str) -> Failure:
    """Return what an answer with a status from 300 up means."""
    status, pause = answer.status, wait_of(answer)
    said = f"{what}: {message(answer.data) or 'no reason given'} ({status})"
    limited = status == HTTPStatus.FORBIDDEN and (pause is not None or _is_limit(answer))
    if limited or status == HTTPStatus.TOO_MANY_REQUESTS:
        return Failure(Nature.LIMITED, UnreachableError(said, status=status), pause)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        hint = "the server has trouble: try again later"
        return Failure(Nature.TRANSIENT, UnreachableError(said, hint, status=status), pause)
    return Failure(Nature.FINAL, _final(answer, what, said))


def _final(answer: Answer, what: str, said: str) -> ForgeError:
    status = answer.status
    if status < HTTPStatus.BAD_REQUEST:
        hint = "plan again; if it was renamed on purpose, name it by its new name and list the old one in `previously`"
        return RefusedError(f"{what}: it was renamed or moved since it was read", hint, status=status)
    if status == HTTPStatus.UNAUTHORIZED:
        return DeniedError(said, "the token is wrong, expired or revoked: make a new one", status=status)
    if status == HTTPStatus.FORBIDDEN:
        return _forbidden(answer, said)
    if status == HTTPStatus.NOT_FOUND:
        lacks = lacking(answer)
        hint = "it does not exist, or the token may not see it" + (f": {lacks}" if lacks else "")
        return NotThereError(said, hint, status=status)
    return RefusedError(said, _remedy(said), status=status)


def _remedy(said: str) -> str:
    """Return what to do about a request that was understood and refused, "" where the words say it all."""
    words = said.casefold()
    if "seat" in words:
        return "free a seat in the org or buy one, then run again"
    if "suspended" in words:
        return "the person's account is suspended: take the person out of the files, or wait until it is not"
    return ""


def wait_of(answer: Answer, now: Callable[[], float] = time.time) -> float | None:
    """Return the seconds the answer asks to wait: Retry-After, else until the reset when nothing remains, else None."""
    after = answer.headers.get("retry-after", "")
    if after.isdecimal():
        return float(after)
    reset = answer.headers.get("x-ratelimit-reset", "")
    if answer.headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
        return max(1.0, float(reset) - now() + 1.0)
    return None


def message(data: Any) -> str:
    """Return what the forge says in an error body, with the details of a validation."""
    if not isinstance(data, dict):
        return ""
    details = []
    for one in data.get("errors") or []:
        if isinstance(one, dict):
            details.append(
                one.get("message") or " ".join(str(one[k]) for k in ("field", "code") if one.get(k))
            )
        else:
            details.append(str(one))
    text = str(data.get("message") or "")
    return ": ".join(part for part in (text, "; ".join(d for d in details if d)) if part)


def _is_limit(answer: Answer) -> bool:
    # a secondary limit may come as a bare 403: then its words are the only sign
    words = message(answer.data).casefold()
    return "rate limit" in words or "abuse detection" in words


def _forbidden(answer: Answer, said: str) -> ForgeError:
    words = message(answer.data).casefold()
    if "archived" in words:
        return RefusedError(said, "unarchive it first", status=HTTPStatus.FORBIDDEN)
    if "upgrade to" in words:
        hint = "the plan of the org does not include this for private repositories: make it public, or change the plan"
        return RefusedError(said, hint, status=HTTPStatus.FORBIDDEN)
    return DeniedError(said, way_out(answer, words), status=HTTPStatus.FORBIDDEN)


def way_out(answer: Answer, said: str) -> str:
    """Return what to do about a refusal that is about who asks, by its headers and its words."""
    sso, words = answer.headers.get("x-github-sso", ""), said.casefold()
    if sso or "saml" in words:
        link = sso.partition("url=")[2].partition(";")[0]
        return f"authorize the token for the org's single sign-on{': ' + link if link else ''}"
    if "ip allow list" in words:
        return "add this machine's address to the org's allow list"
    if "suspended" in words:
        return "unsuspend the account or the app's installation"
    return lacking(answer) or SCOPES


def lacking(answer: Answer) -> str:
    """Return which permission or scope the headers of a refusal ask for, "" where they don't tell."""
    accepted = answer.headers.get(
        "x-accepted-github-permissions", ""
    )  # comes with every answer, good ones too
    if accepted and "not accessible" in message(answer.data).casefold():
        wanted = " or ".join(part.strip().replace("=", ": ") for part in accepted.split(";"))
        return f"the app or the token needs the permission {wanted}"
    has = _words(answer.headers.get("x-oauth-scopes"))
    enough = _words(answer.headers.get("x-accepted-oauth-scopes"))
    if has is None or not enough or set(has) & set(enough):
        return ""
    return f"the token needs the scope {' or '.join(enough)}, and has {', '.join(has) or 'none'}"


def _words(header: str | None) -> list[str] | None:
    return None if header is None else [part.strip() for part in header.split(",") if part.strip()]


def _short(error: BaseException) -> str:
    """Return why there was no answer, in a few words and without the addresses of objects."""
    if isinstance(error, requests.exceptions.Timeout):
        return "nothing came in time"
    seen: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or one in seen:
            continue
        seen.append(one)
        if isinstance(one, OSError) and one.strerror:
            return one.strerror.lower()
        inner = [arg for arg in one.args if isinstance(arg, BaseException)]
        waiting += [one.__cause__, one.__context__, getattr(one, "reason", None), *inner]
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the answer was cut short"
    return str(error) if isinstance(error, GarbledError) else type(error).__name__
