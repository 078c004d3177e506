"""Fetches and pushes that failed in passing are tried again: a server that answers 5xx or is away for a moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from sigctl.errors import InterruptedRunError, UnreachableError
from sigctl.forges.http import Caller, Failure, Nature

T = TypeVar("T")
TRIES = 3
"""A transfer can be large, so it is not tried as often as a request."""
_NO_LIMIT = 30 * 86_400.0


class _PassingError(Exception):
    """What may be gone by the next try; never seen outside."""

    def __init__(self, error: UnreachableError) -> None:
        super().__init__(str(error))
        self.error = error


class Patience:
    """Runs transfers, with pauses between tries that `stop` ends; for any number of threads."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._caller = Caller(_failure, max_requests=1_000_000, max_seconds=_NO_LIMIT, sleep=self._pause)

    def run(self, work: Callable[[int], T]) -> T:
        """Return what `work` returns; it is told how many tries there were before.

        Raises what it raises, UnreachableError only after `TRIES` of them; InterruptedRunError after `stop`.
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
                raise _PassingError(error) from error

        return self._caller.read(once)

    def _pause(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise InterruptedRunError("stopped while waiting for a server")


def _failure(error: Exception) -> Failure:
    if isinstance(error, _PassingError):
        return Failure(Nature.TRANSIENT, error.error)
    raise error
