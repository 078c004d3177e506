"""The one owner of retry, waiting, request budget and request count, for every forge."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Generic, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type

from sigctl.errors import BudgetError, ForgeError, InterruptedRunError, PartialError, UnreachableError
from sigctl.forges.base import Settings
from sigctl.forges.pacing import Pacing, Spend
from sigctl.forges.waiting import Waiting

T = TypeVar("T")
LONGEST_WAIT = 120.0
"""Seconds a single pause may take; a forge that asks for more is reported with the time it named."""
PATIENCE = 6.0
"""Seconds for which what fails in passing is tried again, unless the settings say otherwise."""


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


ATTEMPTS = {Nature.TRANSIENT: 6, Nature.LIMITED: 6, Nature.NOT_YET: 9, Nature.FINAL: 1}
"""How often a request is sent while it fails in that way: PATIENCE seconds of transient failures, about 15 of not yet there."""


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
    def __init__(self, pause: float) -> None:
        self.pause = pause


@dataclass(slots=True)
class _Course(Generic[T]):
    """One request on its way: how to send it, and what became of it so far."""

    request: Callable[[], T]
    write: bool
    repeatable: bool
    spend: Spend = field(default_factory=dict)
    happened: Callable[[], T | None] | None = None
    lost: bool = False
    """An answer was lost, so the forge may have done it."""
    failures: Counter[Nature] = field(default_factory=Counter)

    @property
    def in_doubt(self) -> bool:
        return self.lost and self.write and not self.repeatable


class Caller:
    """Runs requests of one forge: counted, within the budget, repeated when that is safe; for any number of threads."""

    def __init__(
        self,
        read_failure: Reader,
        *,
        max_requests: int,
        max_seconds: float,
        sleep: Callable[[float], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
        patience: float = PATIENCE,
        longest_wait: float = LONGEST_WAIT,
        pacing: Pacing | None = None,
        stop: threading.Event | None = None,
        told: Callable[[str], None] | None = None,
    ) -> None:
        """`stop` ends long pauses, and requests where all is `only_reading`; `told` learns of each long pause."""
        self._read_failure = read_failure
        self._max_requests = max_requests
        self._deadline = clock() + max_seconds
        self._waiting = Waiting(sleep, clock, stop=stop, told=told)
        self._clock = clock
        self._patience = patience
        self._longest_wait = longest_wait
        self._pacing = pacing
        self._lock = threading.Lock()
        self._only_reading: list[bool] = []
        self._resume_at = self._planned_until = clock()
        self.reads = 0
        self.writes = 0

    @classmethod
    def of(
        cls,
        settings: Settings,
        read_failure: Reader,
        *,
        sleep: Callable[[float], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
        longest_wait: float = LONGEST_WAIT,
        pacing: Pacing | None = None,
    ) -> Caller:
        """Return a caller as the settings want it."""
        return cls(
            read_failure,
            max_requests=settings.max_requests,
            max_seconds=settings.max_seconds,
            sleep=sleep,
            clock=clock,
            patience=settings.patience,
            longest_wait=longest_wait,
            pacing=pacing,
            stop=settings.stop,
            told=settings.told,
        )

    def read(self, request: Callable[[], T], spend: Spend | None = None) -> T:
        """Return the answer; anything that may pass is tried again.

        Raises the ForgeError that the adapter made of the last failure (UnreachableError after transient ones), BudgetError when
        the run may send no more, InterruptedRunError after `stop`.
        """
        return self._run(_Course(request, write=False, repeatable=True, spend=spend or {}))

    def write(
        self,
        request: Callable[[], T],
        *,
        repeatable: bool = False,
        happened: Callable[[], T | None] | None = None,
        spend: Spend | None = None,
    ) -> T:
        """Return the answer of a write, sent again only when that can't do it twice; raises as `read` does.

        `repeatable` says that sending it twice is as good as once (PUT, DELETE, PATCH to a fixed value). Otherwise, after an
        answer that was lost, `happened` is asked: what it returns is the answer, None means it did not happen and it is sent
        again; with neither, the loss is raised.
        """
        course = _Course(request, write=True, repeatable=repeatable, spend=spend or {}, happened=happened)
        return self._run(course)

    @contextmanager
    def only_reading(self) -> Iterator[None]:
        """While the block runs, a run that is asked to stop ends before its next request: reads leave nothing half done."""
        self._only_reading.append(True)
        try:
            yield
        finally:
            self._only_reading.pop()

    def stop(self) -> None:
        """End every pause and refuse every request from now on: each waiting thread gets an InterruptedRunError."""
        self._waiting.ended.set()

    def _run(self, course: _Course[T]) -> T:
        retrying = Retrying(
            retry=retry_if_exception_type(_Again),
            wait=_pause_of,
            stop=_never,
            sleep=self._waiting.pause,
            reraise=True,
        )
        answer: T = retrying(self._once, course)
        return answer

    def _once(self, course: _Course[T]) -> T:
        if course.in_doubt and (found := self._read_back(course)) is not None:
            return found
        self._before(course.spend, write=course.write)
        try:
            return course.request()
        except ForgeError as error:
            failure, cause = Failure(Nature.FINAL, error), error.__cause__
        except InterruptedRunError:
            raise
        except Exception as error:  # noqa: BLE001  # the adapter's reader raises again what it does not know
            failure, cause = self._read_failure(error), error
        course.lost = course.lost or failure.nature is Nature.TRANSIENT
        course.failures[failure.nature] += 1
        pause = self._next_try(course, failure)
        if pause is not None:
            raise _Again(pause)
        if course.in_doubt and (found := self._read_back(course)) is not None:
            return found
        raise _given_up(course, failure) from cause

    def _read_back(self, course: _Course[T]) -> T | None:
        """Return the answer of a write in doubt if it did happen; raise when even that can't be found out."""
        if course.happened is None:
            return None
        try:
            return self.read(course.happened)
        except UnreachableError as error:
            raise UnreachableError(
                "the answer to a write was lost and can't be read back, it may have happened",
                "run the plan again: it shows what is there",
                status=error.status,
            ) from error

    def _before(self, spend: Spend, *, write: bool) -> None:
        """Wait while the forge asked for quiet or can't take more yet, then take one request from the budget."""
        while True:
            with self._lock:
                now = self._clock()
                pause, why = self._resume_at - now, "the forge asks for it"
                if pause <= 0 and self._pacing is not None:
                    planned = self._pacing.book(spend, now)
                    if planned is not None:
                        pause, why = planned.seconds, planned.words
                        self._extend(now, pause)
                self._check(now + max(pause, 0.0))
                if pause <= 0:
                    self.writes += write
                    self.reads += not write
                    return
            self._waiting.pause(pause, why)

    def _extend(self, now: float, pause: float) -> None:
        """Let a pause that was planned not count against the time of the run."""
        self._deadline += max(0.0, now + pause - max(now, self._planned_until))
        self._planned_until = max(self._planned_until, now + pause)

    def _check(self, then: float) -> None:
        if self._waiting.ended.is_set() or (self._only_reading and self._waiting.asked_to_end):
            raise InterruptedRunError("stopped before the next request")
        if self.reads + self.writes >= self._max_requests:
            raise BudgetError(
                f"the run's limit of {self._max_requests} requests is used up",
                "narrow the run, or raise max_requests",
            )
        if then > self._deadline:
            raise BudgetError("the run's time limit is used up", "narrow the run, or raise max_seconds")

    def _next_try(self, course: _Course[T], failure: Failure) -> float | None:
        """Return the seconds until it may be sent again, None when it must not be."""
        count = course.failures[failure.nature]
        if count >= ATTEMPTS[failure.nature]:
            return None
        if failure.nature is not Nature.LIMITED and course.in_doubt and course.happened is None:
            return None
        pause = (
            failure.retry_after
            if failure.retry_after is not None
            else self._usual_pause(failure.nature, count)
        )
        if pause > self._longest_wait or self._clock() + pause > self._deadline:
            return None
        if failure.nature is Nature.LIMITED:
            with self._lock:  # one thread that meets the limit speaks for all of them
                self._resume_at = max(self._resume_at, self._clock() + pause)
            return 0.0
        return pause

    def _usual_pause(self, nature: Nature, count: int) -> float:
        """Return the seconds to wait when the forge named none: a minute for a limit, else short and doubling."""
        if nature is Nature.LIMITED:
            return 60.0 * float(2 ** (count - 1))
        short = min(0.2 * float(2 ** (count - 1)), 3.0)
        return short * (self._patience / PATIENCE) if nature is Nature.TRANSIENT else short


def _given_up(course: _Course[T], failure: Failure) -> ForgeError:
    error = failure.error
    if failure.nature is Nature.LIMITED:
        error.hint = (
            f"the forge asks to come back in {failure.retry_after:.0f} seconds"
            if failure.retry_after
            else "the forge goes on refusing: try again in some minutes"
        )
    elif failure.nature is Nature.TRANSIENT:
        if not isinstance(error, PartialError | UnreachableError):
            error = UnreachableError(error.text, error.hint, status=error.status)
        if course.in_doubt:
            error.hint = "the answer was lost and the change may have been made: run the plan again, it shows what is there"
    return error


def _pause_of(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    return error.pause if isinstance(error, _Again) else 0.0


def _never(_: RetryCallState) -> bool:
    return False
