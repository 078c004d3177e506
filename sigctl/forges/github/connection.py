"""PyGithub's requester on connections of our own: their answers are bounded, and what leads round in circles ends."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from github.Requester import (
    HTTPRequestsConnectionClass,
    HTTPSRequestsConnectionClass,
    Requester,
    RequestsResponse,
)

from sigctl.errors import RefusedError
from sigctl.forges.bounded import Bounded

_ROUNDS = 5
"""Answers in a row that send the library on (moved, or not ready yet) before that counts as no answer."""
_ONWARD = (HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.ACCEPTED)


class _Plain(HTTPRequestsConnectionClass):
    """A connection without TLS: a server on this machine."""

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        self.session.mount("http://", Bounded())
        self._rounds = 0

    def getresponse(self) -> RequestsResponse:
        """Return the answer; RefusedError where the server only ever leads on."""
        response = super().getresponse()
        self._rounds = _counted(self._rounds, response)
        return response


class _Encrypted(HTTPSRequestsConnectionClass):
    """A connection with TLS."""

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        self.session.mount("https://", Bounded())
        self._rounds = 0

    def getresponse(self) -> RequestsResponse:
        """Return the answer; RefusedError where the server only ever leads on."""
        response = super().getresponse()
        self._rounds = _counted(self._rounds, response)
        return response


class Bound(Requester):
    """The library's requester; it takes its connections from these two names, and has no other way to be given them and keep them."""

    _Requester__httpConnectionClass = _Plain
    _Requester__httpsConnectionClass = _Encrypted


def _counted(rounds: int, response: RequestsResponse) -> int:
    if response.status not in _ONWARD:
        return 0
    if rounds >= _ROUNDS:
        raise RefusedError(f"the server led on {rounds + 1} times and never answered", "check the url")
    return rounds + 1
