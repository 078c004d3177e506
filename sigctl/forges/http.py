"""The one owner of retry, waiting, request budget and request count, for every forge."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from sigctl.errors import BudgetError, ForgeError, UnreachableError

T = TypeVar("T")
ATTEMPTS = 6
LONGEST_WAIT = 120.0
"""Seconds a single pause may take; a forge that asks for more is reported with the time it named."""


class Nature(Enum):
    """What a failure says about trying again."""

    TRANSIENT = "transient"
    """Broken on the way or on the server: a write may or may not have happened."""
    LIMITED = "limited"
    """Not carried out, come back later: safe to repeat even for a write."""
    NOT_YET = "not yet"
    """What was just made is not visible yet: safe to repeat, with a bound."""
    FINAL = "final"
    """The answer will not change."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A vendor's exception, read by its adapter: what it is in our words, and what to do with it."""

    nature: Nature
    error: ForgeError
    retry_after: float | None = None
    """Seconds the forge asked to wait."""


Reader = Callable[[Exception], Failure]
"""An adapter's function that reads its vendor's exceptions; what it doesn't know it raises again."""


class _Again(Exception):  # noqa: N818  # a signal to tenacity, never seen outside
    def __init__(self, failure: Failure) -> None:
        self.failure = failure


class Caller:
    """Runs requests of one forge: counted, within the budget, repeated when that is safe."""

    def __init__(
        self,
        read_failure: Reader,
        *,
        max_requests: int,
        max_seconds: float,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read_failure = read_failure
        self._max_requests = max_requests
        self._deadline = clock() + max_seconds
        self._sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        self._resume_at = 0.0
        self.reads = 0
        self.writes = 0

    def read(self, request: Callable[[], T]) -> T:
        """Return the answer; anything that may pass is tried again."""
        return self._run(request, write=False, repeatable=True, happened=None)

    def write(
        self, request: Callable[[], T], *, repeatable: bool = False, happened: Callable[[], T | None] | None = None
    ) -> T:
        """Return the answer of a write, sent again only when that can't do it twice.

        `repeatable` says that sending it twice is as good as once (PUT, DELETE, PATCH to a fixed value). Otherwise, after an
        answer that was lost, `happened` is asked: what it returns is the answer, None means it did not happen and it is sent
        again; with neither, the loss is raised.
        """
        return self._run(request, write=True, repeatable=repeatable, happened=happened)

    def _run(
        self, request: Callable[[], T], *, write: bool, repeatable: bool, happened: Callable[[], T | None] | None
    ) -> T:
        lost = False

        def once() -> T:
            nonlocal lost
            if lost and happened is not None and not repeatable:
                found = self.read(happened)
                if found is not None:
                    return found
            self._before(write=write)
            try:
                return request()
            except ForgeError:
                raise
            except Exception as error:  # the adapter's reader raises again what it does not know
                failure = self._read_failure(error)
                lost = failure.nature is Nature.TRANSIENT
                hopeless = lost and write and not repeatable and happened is None
                if failure.nature is Nature.FINAL or hopeless:
                    raise failure.error from error
                raise _Again(failure) from error

        retrying = Retrying(
            retry=retry_if_exception(lambda error: isinstance(error, _Again)),
            wait=self._wait,
            stop=stop_after_attempt(ATTEMPTS) | self._hopeless,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(once)
        except _Again as again:
            raise self._given_up(again.failure) from again.__cause__

    def _before(self, *, write: bool) -> None:
        with self._lock:
            if self.reads + self.writes >= self._max_requests:
                raise BudgetError(f"the run's limit of {self._max_requests} requests is used up")
            if self._clock() > self._deadline:
                raise BudgetError("the run's time limit is used up")
            pause = self._resume_at - self._clock()
            if write:
                self.writes += 1
            else:
                self.reads += 1
        if pause > 0:
            self._sleep(pause)

    def _wait(self, state: RetryCallState) -> float:
        failure = _failure(state)
        if failure.nature is Nature.LIMITED:
            pause = failure.retry_after if failure.retry_after is not None else 60.0 * 2 ** (state.attempt_number - 1)
            with self._lock:  # one thread that meets the limit speaks for all of them
                self._resume_at = max(self._resume_at, self._clock() + pause)
            return pause
        if failure.retry_after is not None:
            return failure.retry_after
        return float(min(0.2 * 2 ** (state.attempt_number - 1), 10.0))

    def _hopeless(self, state: RetryCallState) -> bool:
        wait = self._wait(state)
        return wait > LONGEST_WAIT or self._clock() + wait > self._deadline

    def _given_up(self, failure: Failure) -> ForgeError:
        if failure.nature is Nature.LIMITED and failure.retry_after and failure.retry_after > LONGEST_WAIT:
            failure.error.hint = f"the forge asks to come back in {failure.retry_after:.0f} seconds"
            return failure.error
        if failure.nature is Nature.TRANSIENT:
            return UnreachableError(failure.error.text, failure.error.hint, status=failure.error.status)
        return failure.error


def _failure(state: RetryCallState) -> Failure:
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, _Again):
        raise AssertionError(error)
    return error.failure
