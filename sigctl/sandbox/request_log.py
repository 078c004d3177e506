"""What was asked of a sandbox, a line for each request, and when somebody last did."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

UNASKED = 60.0
"""Seconds that a server waits, beyond what it may be idle, for whoever started it."""


class RequestLog:
    """Appends one JSON line per request to a file, whole lines only."""

    def __init__(self, file: Path) -> None:
        self._descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.count = 0
        self.last = time.monotonic() + UNASKED
        """When somebody last asked for something; as long as nobody has found the server, it is not idle."""

    def write(self, **entry: Any) -> None:
        """Append one entry."""
        self.count += 1
        self.last = time.monotonic()
        os.write(self._descriptor, json.dumps(entry).encode() + b"\n")

    def found(self) -> None:
        """Take note that whoever started the server has found it; looking whether it lives is no use of it."""
        self.last = min(self.last, time.monotonic())

    def close(self) -> None:
        """Give the file back."""
        os.close(self._descriptor)
