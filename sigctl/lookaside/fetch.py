"""Downloads: into the store, resumed, verified, and from there to where they are wanted; many at once."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import requests

from sigctl.errors import (
    DeniedError,
    ForgeError,
    InterruptedRunError,
    NotThereError,
    PartialError,
    RefusedError,
    SigctlError,
    UnreachableError,
)
from sigctl.lookaside.formats import Checksum
from sigctl.lookaside.store import CHUNK, FileStore, OnBytes, matches, writing
from sigctl.lookaside.wire import BrokenError, Wire
from sigctl.mirror import address

MAX_BYTES = 64 << 30
"""What one run may download unless told otherwise."""
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_ROUNDS = 20
"""How often a download that breaks is taken up again while it gets on."""
_GROWTH = 1 << 16
"""Bytes that count as getting on."""


class TooMuchError(SigctlError):
    """The run would download more than it may."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What counts as too slow: fewer than `least` bytes within `seconds`."""

    least: int = 1 << 10
    seconds: float = 60.0


class Budget:
    """The bytes that a run may still download; for any number of threads."""

    def __init__(self, most: int = MAX_BYTES) -> None:
        self._most = most
        self._left = most
        self._lock = threading.Lock()

    def ask(self, size: int) -> None:
        """Raise TooMuchError when this many bytes are more than are left."""
        if size > self._left:
            raise TooMuchError(
                f"the run would download more than {self._most} bytes", "raise --max-bytes if that is right"
            )

    def take(self, size: int) -> None:
        """Use up bytes that came; raises as `ask` does."""
        with self._lock:
            self.ask(size)
            self._left -= size


class Downloader:
    """Gets files into a store; safe for several threads."""

    def __init__(
        self,
        store: FileStore,
        wire: Wire,
        *,
        budget: Budget | None = None,
        pace: Pace | None = None,
        progress: OnBytes | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.store = store
        self._wire = wire
        self._budget = budget or Budget()
        self._pace = pace or Pace()
        self._told = progress or (lambda _path, _done, _all: None)
        self._clock = clock

    def get(self, urls: Sequence[str], checksum: Checksum, label: str) -> str:
        """Return the URL that the file came from, or "" when the store has it already; its content is checked either way.

        Raises NotThereError where no URL has it, the error of a URL that might have it but failed, RefusedError where only other
        content was found, TooMuchError, InterruptedRunError. What came of a broken download stays, and the next run goes on there.
        """
        with self.store.held(f"{checksum.algorithm}-{checksum.value}"):
            if self.store.sound(checksum):
                return ""
            failed: list[ForgeError] = []
            for url in urls:
                try:
                    self._from(url, checksum, label)
                except NotThereError:
                    continue
                except ForgeError as error:
                    failed.append(
                        type(error)(f"{address.shown(url)}: {error.text}", error.hint, status=error.status)
                    )
                else:
                    return url
        if failed:
            raise max(failed, key=_weight)
        tried = f"{len(urls)} addresses were tried" if urls else "there is no address to try"
        raise NotThereError(f"no store has it: {tried}", "is the branch pushed, and the file uploaded?")

    def copy(self, urls: Sequence[str], checksum: Checksum, root: Path, path: str) -> str:
        """Return as `get` does, once a checked copy is at the path below `root`."""
        for _ in range(3):  # a file that rotted, or that another run pruned, is fetched anew
            url = self.get(urls, checksum, path)
            if self.store.copy_to(checksum, root, path):
                return url
        raise SigctlError(f"{path}: the cache does not keep what it is given", "is its disk sound?")

    def _from(self, url: str, checksum: Checksum, label: str) -> None:
        part = self.store.part(checksum)
        for _ in range(2):
            resumed = _size(part) > 0
            self._whole(url, part, label)
            with writing(part), part.open("rb") as file:
                good = matches(file, checksum, self._wire.stop)
            if good:
                self.store.keep(part, checksum)
                return
            part.unlink(missing_ok=True)
            if not resumed:
                break
        raise RefusedError("has other content than its hash says", "nothing of it was kept")

    def _whole(self, url: str, part: Path, label: str) -> None:
        """Get all the bytes; a connection that breaks is taken up again while it gets on."""
        for last in (False,) * (_ROUNDS - 1) + (True,):
            before = _size(part)
            try:
                self._wire.caller(url).read(lambda: self._some(url, part, label))
            except (UnreachableError, PartialError):
                if last or _size(part) < before + _GROWTH:
                    raise
            else:
                return

    def _some(self, url: str, part: Path, label: str) -> None:
        start = _size(part)
        headers = {
            "Accept-Encoding": "identity"
        }  # the hash is that of the file, however a server would pack it
        if start:
            headers["Range"] = f"bytes={start}-"
        with self._wire.get(url, headers) as answer:
            if start and _is_whole(answer, start):
                return  # all of it came before; its hash says whether it is the file
            start, total = self._opened(answer, start, part)
            self._budget.ask(total - start)
            with writing(part), part.open("ab" if start else "wb") as file:
                for chunk in self._chunks(answer):
                    self._budget.take(len(chunk))
                    file.write(chunk)
                    start += len(chunk)
                    self._told(label, start, total)
            if total and start != total:
                raise BrokenError(f"broke off after {start} of {total} bytes")

    def _opened(self, answer: requests.Response, start: int, part: Path) -> tuple[int, int]:
        """Return from which byte the answer goes on, and the size of the whole file (0 = not said)."""
        code = answer.status_code
        if code in (requests.codes.not_found, requests.codes.gone):
            raise NotThereError("is not there", status=code)
        if code == requests.codes.requested_range_not_satisfiable:
            part.unlink(missing_ok=True)
            raise BrokenError("has less than came of it before")
        answer.raise_for_status()
        if code == requests.codes.partial_content:
            found = _RANGE.fullmatch(answer.headers.get("content-range", ""))
            if found is None or int(found[1]) != start:
                part.unlink(missing_ok=True)
                raise BrokenError("sends another part than was asked for")
            length = answer.headers.get("content-length", "")
            total = int(found[2]) if found[2] != "*" else start + int(length) if length.isdigit() else 0
            return start, total
        if code != requests.codes.ok:
            raise RefusedError(f"answers {code}", status=code)
        length = answer.headers.get("content-length", "")
        return 0, int(length) if length.isdigit() else 0

    def _chunks(self, answer: requests.Response) -> Iterator[bytes]:
        since, came = self._clock(), 0
        while chunk := answer.raw.read1(CHUNK, decode_content=False):
            yield chunk
            if self._wire.stop.is_set():
                raise InterruptedRunError("stopped while downloading")
            came += len(chunk)
            now = self._clock()
            if now - since >= self._pace.seconds:
                if came < self._pace.least:
                    raise BrokenError(
                        f"sends less than {self._pace.least} bytes in {self._pace.seconds:.0f} seconds"
                    )
                since, came = now, 0


def _is_whole(answer: requests.Response, size: int) -> bool:
    """Whether the server says that there is nothing after this many bytes, because that is the whole file."""
    return (
        answer.status_code == requests.codes.requested_range_not_satisfiable
        and answer.headers.get("content-range", "") == f"bytes */{size}"
    )


def _weight(error: ForgeError) -> int:
    """Rank failures by what they tell: other content is worse than a server that is down, that worse than a closed door."""
    return 3 if isinstance(error, RefusedError) else 1 if isinstance(error, DeniedError) else 2


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
