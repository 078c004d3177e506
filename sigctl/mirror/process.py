"""A running git: its outputs read as they come, its input given, its end."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable
from typing import IO

_PROGRESS = re.compile(
    r"(?:remote: )?([A-Z][a-z]+(?: [a-z]+)*):\s+\d+% \((\d+)/(\d+)\)(?:, ([\d.]+) (bytes|[KMGT]iB))?"
)
_UNITS = {"bytes": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}

OnObjects = Callable[[str, int, int], None]
"""(what git is doing, objects done, objects in all)."""


Running = subprocess.Popen[bytes]


class Pipe:
    """Reads one output of a process to its end in a thread, and tells progress as it goes."""

    def __init__(self, stream: IO[bytes] | None, objects: OnObjects | None) -> None:
        if stream is None:
            raise AssertionError("a pipe was asked for")
        self._stream = stream
        self._objects = objects
        self._parts: list[bytes] = []
        self.moved = 0.0
        """Bytes that git says it has received or sent."""
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def text(self) -> str:
        """Return what was read so far."""
        return b"".join(self._parts).decode(errors="replace")

    def _read(self) -> None:
        try:
            if self._objects is None:
                self._parts.append(self._stream.read())
            else:
                self._lines(self._objects)
        finally:
            self._stream.close()
            self.ended.set()

    def _lines(self, objects: OnObjects) -> None:
        rest = b""
        while chunk := os.read(self._stream.fileno(), 65536):
            *lines, rest = re.split(rb"[\r\n]", rest + chunk)
            for line in lines:
                found = _PROGRESS.match(line.decode(errors="replace"))
                if found:
                    if found[4]:
                        self.moved = float(found[4]) * _UNITS[found[5]]
                    objects(found[1].lower(), int(found[2]), int(found[3]))
                elif line:
                    self._parts.append(line + b"\n")
        self._parts.append(rest)


def feed(stream: IO[bytes] | None, given: bytes) -> None:
    """Give a process its whole input."""
    if stream is None:
        return
    with contextlib.suppress(OSError):  # git ended before it read all; its exit code says why
        stream.write(given)
    with contextlib.suppress(OSError):
        stream.close()


def end(process: subprocess.Popen[bytes]) -> None:
    """End the process and all it started; it leads its own group, so nothing of the caller is hit."""
    for what, patience in ((signal.SIGTERM, 3.0), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, what)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            continue
        if what is signal.SIGTERM:  # a child of git may outlive it
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        return
