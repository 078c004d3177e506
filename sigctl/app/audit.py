"""The audit log: what was changed, when, by whom, from which files; whole lines, each with the hash of the one before it.

One JSON object a line. An apply writes `begin` (who, the files' commit and digest, the plan's digest, the ids of its actions, which
guards were told to let pass and why), an `action` for each outcome, and `end`. A crash leaves at most one line cut short, which the
next entry does not count as one; what `begin` names and no `action` tells of may or may not have happened.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import socket
import threading
import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import platformdirs
from filelock import FileLock, Timeout

from sigctl.app.commit import commit_of
from sigctl.core.plan import Plan
from sigctl.errors import SigctlError
from sigctl.report.outcome import Outcome, Report

FORMAT = "sigctl/audit/1"
START = "0" * 64
_TAIL = 1 << 16


def default_file() -> Path:
    """Return where the log is when nobody says otherwise: in the user's state folder."""
    return platformdirs.user_state_path("sigctl") / "audit.jsonl"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a log: an entry, or what is wrong with it."""

    number: int
    entry: Mapping[str, Any] | None
    problem: str = ""
    cut: bool = False
    """It was never whole: the process ended while it was written."""


class Log:
    """Appends entries to a file; for any number of threads and processes."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._mutex = threading.Lock()
        self._size = -1
        self._count, self._last = 0, START

    def append(self, entry: Mapping[str, Any]) -> str:
        """Have the entry in the file, on the disk, and return its hash; SigctlError where that can't be."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._mutex, FileLock(f"{self._file}.lock", timeout=30):
                return self._append(entry)
        except Timeout:
            raise SigctlError(f"{self._file} is locked by another process") from None
        except OSError as error:
            raise SigctlError(
                f"{self._file} can't be written: {error.strerror}", "nothing is changed unrecorded"
            ) from None

    def _append(self, entry: Mapping[str, Any]) -> str:
        fresh = not self._file.exists()
        descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            if size != self._size:
                self._count, self._last = _last(self._file)
            whole = {"format": FORMAT, "number": self._count + 1, **entry, "previous": self._last}
            digest = _hash(whole)
            cut = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
            text = ("\n" if cut else "") + _canonical({**whole, "hash": digest}) + "\n"
            _write(descriptor, text.encode())
            os.fsync(descriptor)
            if fresh:
                _sync_folder(self._file.parent)
            self._count, self._last, self._size = self._count + 1, digest, os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)
        return digest


class Journal:
    """What one apply writes."""

    def __init__(
        self,
        file: Path,
        config: Path,
        stop: threading.Event,
        *,
        allowed: Mapping[str, int] | None = None,
        reason: str = "",
        sigs: Collection[str] = (),
    ) -> None:
        self._log = Log(file)
        self._config = config
        self._stop = stop
        self._allowed, self._reason = dict(allowed or {}), reason
        self._sigs = sorted(sigs)
        self._run = uuid.uuid4().hex[:12]
        self.failure: SigctlError | None = None

    def begin(self, plan: Plan) -> None:
        """Record what is about to be done; SigctlError where that can't be, and then nothing may be done."""
        self._write(
            "begin",
            who=f"{_user()}@{socket.gethostname()}",
            commit=commit_of(self._config),
            config=plan.config_digest,
            plan=plan.digest,
            forges=list(plan.forges),
            sigs=self._sigs,
            actions=[action.id for action in plan.actions],
            allowed=self._allowed,
            reason=self._reason,
        )

    def outcome(self, outcome: Outcome) -> None:
        """Record what became of an action; where that fails, the run is asked to stop."""
        try:
            self._write(
                "action",
                action=outcome.action.as_json(),
                status=outcome.status,
                why=outcome.reason,
                request=outcome.request,
            )
        except SigctlError as error:
            self.failure = self.failure or error
            self._stop.set()

    def end(self, report: Report) -> None:
        """Record how the run ended; SigctlError where that or anything before it could not be."""
        self._write("end", counts=report.counts(), converged=report.converged, exit=report.exit_code)
        if self.failure:
            raise self.failure

    def _write(self, event: str, **fields: Any) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._log.append({"time": now, "run": self._run, "event": event, **fields})


def lines(file: Path) -> Iterator[Line]:
    """Yield every line with what is wrong with it; SigctlError where there is no such file."""
    previous, count = START, 0
    try:
        with file.open("rb") as stream:
            for number, raw in enumerate(stream, start=1):
                line = _line(number, raw, previous, count)
                yield line
                if line.entry is not None:
                    previous, count = str(line.entry["hash"]), int(line.entry["number"])
    except OSError as error:
        raise SigctlError(f"{file} can't be read: {error.strerror}") from None


def _line(number: int, raw: bytes, previous: str, count: int) -> Line:
    entry = _entry(raw)
    if entry is None:
        return Line(number, None, "is cut short: the process ended while it was written", cut=True)
    if _hash({key: value for key, value in entry.items() if key != "hash"}) != entry["hash"]:
        return Line(number, entry, "was changed: it does not fit its own hash")
    if entry["previous"] != previous or entry["number"] != count + 1:
        return Line(
            number, entry, "does not follow the entry before it: something was taken out, put in or moved"
        )
    return Line(number, entry)


def _entry(raw: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(raw)
    except ValueError:
        return None
    whole = isinstance(entry, dict) and not {"hash", "previous", "number", "event"} - entry.keys()
    return entry if whole else None


def _last(file: Path) -> tuple[int, str]:
    """Return number and hash of the last whole entry."""
    size = file.stat().st_size
    step = _TAIL
    with file.open("rb") as stream:
        while size:
            stream.seek(max(0, size - step))
            for raw in reversed(stream.read().splitlines()):
                line = _line(0, raw, "", 0)
                if line.entry is not None and not line.problem.startswith("was changed"):
                    return int(line.entry["number"]), str(line.entry["hash"])
            if step >= size:
                break
            step *= 8
    return 0, START


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _hash(entry: Mapping[str, Any]) -> str:
    return hashlib.sha256(_canonical(entry).encode()).hexdigest()


def _canonical(entry: Mapping[str, Any]) -> str:
    return json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
