"""Several repositories at once, ended together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def each(work: Callable[[T], R], items: Sequence[T], jobs: int, stop: threading.Event) -> Iterator[R]:
    """Yield what `work` returns for each item, as it is ready; none of it is running any more when this ends.

    When anything is raised, here or in the caller's loop (Ctrl-C), `stop` is set so that running work ends soon.
    """
    if not items:
        return
    with ThreadPoolExecutor(max(1, min(jobs, len(items)))) as pool:
        futures = [pool.submit(work, item) for item in items]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            stop.set()
            for future in futures:
                future.cancel()
            raise
