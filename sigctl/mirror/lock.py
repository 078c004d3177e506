"""A lock that a killed run's git goes on holding until it has ended; and what such a run leaves behind."""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
import time
from contextlib import suppress
from pathlib import Path

from sigctl.errors import GitError, InterruptedRunError

_POLL = 0.05
_HELD = b"held"


class Lock:
    """A file that one run holds at a time.

    Its descriptor is handed to every process started under it: were they left out (as the usual libraries have it), the git of a run
    that was killed would still write while the next run believes to be alone.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.descriptor = -1
        self.unclean = False
        """Whether whoever had it before ended without giving it back."""

    def acquire(self, stop: threading.Event, seconds: float) -> None:
        """Hold it; GitError when somebody else has it for so long, InterruptedRunError after `stop`."""
        self.descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._wait(stop, time.monotonic() + seconds)
        except BaseException:
            os.close(self.descriptor)
            raise
        self.unclean = os.pread(self.descriptor, len(_HELD), 0) == _HELD
        os.pwrite(self.descriptor, _HELD, 0)

    def release(self) -> None:
        """Give it back, with no process left that was started under it."""
        os.ftruncate(self.descriptor, 0)
        fcntl.flock(self.descriptor, fcntl.LOCK_UN)
        os.close(self.descriptor)

    def _wait(self, stop: threading.Event, end: float) -> None:
        while not self._try():
            if stop.wait(_POLL):
                raise InterruptedRunError("stopped while waiting for another run")
            if time.monotonic() > end:
                name = self._path.name.removesuffix(".lock")
                raise GitError(f"another run holds the cache of `{name}`", "wait for it to end")

    def _try(self) -> bool:
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def sweep(path: Path) -> None:
    """Remove what ended transfers left in a repository that is held: parts of packs, locks of git; nothing that anybody could need."""
    objects = path / "objects"
    left = [
        *path.glob("*.lock"),
        *(path / "refs").rglob("*.lock"),
        *(objects / "pack").glob("tmp_*"),
        *(objects / "pack").glob("*.keep"),
        *(objects / "pack").glob(".tmp-*"),
        *objects.glob("tmp_*"),
        *objects.glob("??/tmp_obj_*"),
    ]
    for one in left:
        with suppress(OSError):
            if one.is_dir():
                shutil.rmtree(one)
            else:
                one.unlink()
