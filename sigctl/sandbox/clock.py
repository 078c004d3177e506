"""The time of the embedded forges; tests and the command line can move it forward."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path


class Clock:
    """Real time plus an offset kept in a file, so that another process can move the clock of a running sandbox."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._name = str(file)
        self._seen = 0
        self._offset = 0.0

    def time(self) -> float:
        """Return seconds since the epoch."""
        return time.time() + self.offset()

    def now(self) -> datetime:
        """Return the time in UTC, whole seconds."""
        return datetime.fromtimestamp(int(self.time()), UTC)

    def stamp(self) -> str:
        """Return the time as forges write it: 2026-11-30T12:00:00Z."""
        return self.now().strftime("%Y-%m-%dT%H:%M:%SZ")

    def offset(self) -> float:
        """Return by how many seconds the clock was moved."""
        try:
            seen = os.stat(self._name).st_mtime_ns  # noqa: PTH116  # asked for several times a request
        except FileNotFoundError:
            self._offset, self._seen = 0.0, 0
        else:
            if seen != self._seen:
                self._offset, self._seen = float(self._file.read_text(encoding="utf-8") or 0), seen
        return self._offset

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        moved = self.offset() + seconds
        fresh = self._file.with_suffix(".new")
        fresh.write_text(repr(moved), encoding="utf-8")
        fresh.replace(self._file)
        self._offset, self._seen = moved, 0
