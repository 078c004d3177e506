"""Ctrl-C: the first ends a run between two actions, the second at once."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import FrameType
from typing import NoReturn

import click
from rich.console import Console

ASKED = (signal.SIGINT, signal.SIGTERM)
GRACE = 3.0
"""Seconds that the run has to end by itself after the second signal; then, or at a third one, the process ends, as by kill."""


@contextmanager
def interruptible(stop: threading.Event) -> Iterator[None]:
    """Let the first Ctrl-C (or SIGTERM) set `stop`, by which the run ends between two actions, and the second end it within GRACE.

    Python runs a handler only in the main thread, and only once that wakes: where the main thread waits for others, a signal may be
    noticed when they have ended, a pause later. So a thread of its own reads what arrives
    (https://docs.python.org/3/library/signal.html#signal.set_wakeup_fd). For the main thread only.
    """
    presses = _Presses(stop)
    with ExitStack() as after:
        reading, writing = socket.socketpair()
        after.enter_context(reading)
        writing.settimeout(0)
        for number in ASKED:
            after.callback(signal.signal, number, signal.signal(number, presses.woken))
        listener = threading.Thread(target=presses.listen, args=(reading,), name="ctrl-c", daemon=True)
        listener.start()
        after.callback(listener.join)
        after.callback(writing.close)
        after.callback(
            signal.set_wakeup_fd, signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
        )
        yield


@contextmanager
def asking() -> Iterator[None]:
    """Let Ctrl-C end a question, and the run with it, at once: nothing runs that it could leave half done."""
    with ExitStack() as after:
        for number in ASKED:
            after.callback(signal.signal, number, signal.signal(number, signal.default_int_handler))
        after.callback(signal.set_wakeup_fd, signal.set_wakeup_fd(-1))
        yield


class _Presses:
    """How often the run was asked to stop, and what came of it."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._count = 0
        self._raised = False

    def listen(self, reading: socket.socket) -> None:
        """Set `stop` at the first signal, wake the main thread at the second, end the process at the third, until the other end is closed."""
        ours = False  # the signal that we sent comes in like any other
        while number := _next(reading, GRACE if self._count > 1 else None):
            if number[0] not in ASKED:
                continue
            if ours:
                ours = False
                continue
            self._count += 1
            if self._count == 1:
                self._stop.set()
                _tell("stopping after what runs now; once more to stop at once")
            elif self._count == 2:  # noqa: PLR2004  # once more
                ours = True
                signal.pthread_kill(threading.main_thread().ident or 0, number[0])
            else:
                _end()

    def woken(self, _number: int, _frame: FrameType | None) -> None:
        """Raise KeyboardInterrupt in the main thread, once, after the second signal."""
        if self._count > 1 and not self._raised:
            self._raised = True
            raise KeyboardInterrupt


def _next(reading: socket.socket, patience: float | None) -> bytes:
    """Return the next signal, nothing once the other end is closed; after so many seconds without either, the process ends."""
    reading.settimeout(patience)
    try:
        return reading.recv(1)
    except TimeoutError:
        _end()


def _end() -> NoReturn:
    """Leave the threads that wait for a slow answer: what they sent may have happened, as with any crash."""
    with suppress(OSError):
        Console(stderr=True).show_cursor()
    _tell("interrupted at once: what was under way may have happened, the next run finds out")
    os._exit(130)


def _tell(text: str) -> None:
    with suppress(OSError):  # whoever read it may be gone, and the run ends all the same
        click.echo(text, err=True)
