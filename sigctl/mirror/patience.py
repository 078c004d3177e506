"""Fetches and pushes that failed in passing are tried again: a cut connection, a server that answers 5xx, one that asks to wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from sigctl.errors import InterruptedRunError, UnreachableError
from sigctl.forges.http import Caller, Failure, Nature
from sigctl.mirror.said import TOO_MANY

T = TypeVar("T")
TRIES = 3
"""A transfer can be large, so it is not tried as often as a request."""
PAUSES = (0.5, 3.0)
"""Seconds between them, where the server names none."""
_NO_LIMIT = 30 * 86_400.0


class _PassingError(Exception):
    """What may be gone by the next try; never seen outside."""

    def __init__(self, error: UnreachableError, failure: Failure) -> None:
        super().__init__(str(error))
        self.failure = failure


class Patience:
    """Runs transfers, with pauses between tries that `stop` ends; for any number of threads."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._lock = threading.Lock()
        self._callers: dict[str, Caller] = {}

    def run(self, where: str, work: Callable[[int], T], asked: Callable[[], float | None] | None = None) -> T:
        """Return what `work` returns; it is told how many tries there were before.

        `where` names the server: when it sends one away for a while, all wait. `asked` says for how long it wants to be left alone,
        in seconds; None where it doesn't say, and then it is a minute. Raises what `work` raises, UnreachableError only after `TRIES`
        of them or where the server wants more than two minutes; InterruptedRunError after `stop`.
        """
        tries = 0

        def once() -> T:
            nonlocal tries
            tries += 1
            try:
                return work(tries - 1)
            except UnreachableError as error:
                if tries == TRIES:
                    raise
                raise _PassingError(error, _failure(error, tries, asked)) from error

        return self._caller(where).read(once)

    def _caller(self, where: str) -> Caller:
        with self._lock:
            if where not in self._callers:
                self._callers[where] = Caller(
                    _read, max_requests=1_000_000, max_seconds=_NO_LIMIT, sleep=self._pause
                )
            return self._callers[where]

    def _pause(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise InterruptedRunError("stopped while waiting for a server")


def _failure(error: UnreachableError, tries: int, asked: Callable[[], float | None] | None) -> Failure:
    if error.status == TOO_MANY:
        return Failure(Nature.LIMITED, error, asked() if asked else None)
    return Failure(Nature.TRANSIENT, error, PAUSES[tries - 1])


def _read(error: Exception) -> Failure:
    if isinstance(error, _PassingError):
        return error.failure
    raise error
