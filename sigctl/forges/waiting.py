"""Waiting for a forge: told when it is long, and ended when the run is asked to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TypeVar

from sigctl.errors import InterruptedRunError

T = TypeVar("T")
LONG = 3.0
"""Seconds from which a wait is told of, and ends at once when the run is asked to stop."""
_SLICE = 0.25


class Waiting:
    """The pauses of one forge's requests, for any number of threads."""

    def __init__(
        self,
        sleep: Callable[[float], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
        *,
        stop: threading.Event | None = None,
        told: Callable[[str], None] | None = None,
    ) -> None:
        self.ended = threading.Event()
        """Nothing is sent any more."""
        self._stop = stop or self.ended
        self._sleep = sleep or self._doze
        self._clock = clock
        self._told = told or (lambda _: None)
        self._told_until = 0.0
        self._lock = threading.Lock()

    @property
    def asked_to_end(self) -> bool:
        """Whether the run was asked to stop."""
        return self._stop.is_set()

    def pause(self, seconds: float, why: str = "") -> None:
        """Return after so many seconds, or sooner when all is ended; InterruptedRunError where a long one would keep a run from stopping."""
        if seconds <= 0:
            return
        if seconds >= LONG:
            self._tell(seconds, why)
            if self._stop.is_set() and not self.ended.is_set():
                raise InterruptedRunError("stopped rather than wait")
        self._sleep(seconds)

    def _tell(self, seconds: float, why: str) -> None:
        with self._lock:  # many threads wait for the same thing, and one line is enough
            until = self._clock() + seconds
            if not why or until < self._told_until + 1.0:
                return
            self._told_until = until
        back = datetime.fromtimestamp(time.time() + seconds)  # noqa: DTZ006  # the hour as the reader's clock shows it
        self._told(f"paused until {back:%H:%M:%S}: {why}")

    def _doze(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self.ended.wait(min(left, _SLICE)):
                return
            if seconds >= LONG and self._stop.is_set():
                raise InterruptedRunError("stopped while waiting")


def parallel(work: Sequence[Callable[[], T]], jobs: int, name: str, stop: Callable[[], object]) -> list[T]:
    """Return the results in order; the first error ends what has not begun, and Ctrl-C calls `stop` to end every wait too."""
    if len(work) <= 1:
        return [one() for one in work]
    with ThreadPoolExecutor(max_workers=min(len(work), jobs), thread_name_prefix=name) as pool:
        futures = [pool.submit(one) for one in work]
        try:
            return [future.result() for future in futures]
        except BaseException as error:
            if not isinstance(error, Exception):
                stop()
            for future in futures:
                future.cancel()
            raise
