"""Ctrl-C: the first ends a run between two actions, the second at once."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType

import click

ASKED = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def interruptible(stop: threading.Event) -> Iterator[None]:
    """Let the first Ctrl-C (or SIGTERM) set `stop`, by which the run ends between two actions, and the second end it at once.

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
        self._raised = 0

    def listen(self, reading: socket.socket) -> None:
        """Set `stop` at the first signal and wake the main thread at each further one, until the other end is closed."""
        ours = 0  # signals that we sent come in like any other
        while number := reading.recv(1):
            if number[0] not in ASKED:
                continue
            if ours:
                ours -= 1
                continue
            self._count += 1
            if self._count == 1:
                self._stop.set()
                click.echo("stopping after what runs now; once more to stop at once", err=True)
            else:
                ours += 1
                signal.pthread_kill(threading.main_thread().ident or 0, number[0])

    def woken(self, _number: int, _frame: FrameType | None) -> None:
        """Raise KeyboardInterrupt in the main thread, once for each signal after the first."""
        if self._count > self._raised + 1:
            self._raised += 1
            raise KeyboardInterrupt
