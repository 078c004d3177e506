"""Answers of a forge, bounded while they are read: in bytes, in time and in depth, whatever the server goes on to send."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from sigctl.errors import PartialError

MOST_BYTES = 64 << 20
"""Bytes of one answer, as they are after decompression: the largest page that is asked for is a hundred entries, a few hundred KiB."""
MOST_SECONDS = 300.0
"""Seconds that one answer may take from its first byte to its last; the time limit of a request starts anew with every byte."""
MOST_DEEP = 100
"""Lists and objects inside each other; answers of forges have less than twenty."""
_RUN = re.compile(rb"[\[{]{%d}" % (MOST_DEEP + 1))
_STRING = re.compile(rb'"[^"]*+"?')
_OTHERS = bytes(set(range(256)) - set(b'[]{}"'))
_HINT = "no forge answers like this: check its url in the files, and what stands between here and there"


class Bounded(HTTPAdapter):
    """Connections whose answers are read whole before anyone sees them, and never without an end."""

    def __init__(
        self, *, most_bytes: int = MOST_BYTES, most_seconds: float = MOST_SECONDS, **given: Any
    ) -> None:
        super().__init__(**given)
        self._most_bytes, self._most_seconds = most_bytes, most_seconds

    def send(self, request: requests.PreparedRequest, *args: Any, **given: Any) -> requests.Response:
        """Return the answer; PartialError where it is longer, slower or deeper than any that is meant."""
        response = super().send(request, *args, **given)
        what = f"{request.method} {urlsplit(str(request.url)).path}"
        response.raw = _Counted(response.raw, what, self._most_bytes, time.monotonic() + self._most_seconds)
        response.encoding = response.encoding or "utf-8"  # else it is guessed, at length
        try:
            deep = too_deep(response.content)
        except BaseException:
            response.close()
            raise
        if deep:
            text = f"{what}: the answer has more than {MOST_DEEP} lists and objects inside each other"
            raise PartialError(text, _HINT)
        return response


class _Counted:
    """A body that is counted while it comes, and is otherwise as the library gives it."""

    def __init__(self, raw: Any, what: str, most: int, end: float) -> None:
        self._raw = raw
        self._what = what
        self._most = most
        self._end = end

    def stream(self, size: int, **given: Any) -> Iterator[bytes]:
        """Yield the body in pieces, decompressed where that is asked for."""
        count = 0
        for piece in self._raw.stream(size, **given):
            count += len(piece)
            if count > self._most:
                raise PartialError(f"{self._what}: the answer is longer than {self._most} bytes", _HINT)
            if time.monotonic() > self._end:
                raise PartialError(f"{self._what}: the answer came too slowly", _HINT)
            yield piece

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)


def too_deep(body: bytes) -> bool:
    """Whether a JSON text has more than MOST_DEEP lists and objects inside each other; what is no JSON has not.

    Pairs of brackets are taken away from the inside, all of one depth at a time: a text of many megabytes takes a fraction of the
    time that reading it takes.
    """
    openings = body.count(b"[") + body.count(b"{")
    if openings <= MOST_DEEP or body.lstrip()[:1] not in (b"[", b"{"):
        return False
    left = _brackets(body)
    for _ in range(MOST_DEEP):
        if _RUN.search(left):
            return True
        shorter = left.replace(b"[]", b"").replace(b"{}", b"")
        if len(shorter) == len(left):
            return False  # all is paired, or it is no JSON, which whoever reads it will find
        left = shorter
    return bool(left)


def _brackets(body: bytes) -> bytes:
    """Return the brackets that are in no string."""
    plain = body.replace(rb"\\", b"").replace(rb"\"", b"").translate(None, _OTHERS)
    return _STRING.sub(b"", plain.replace(b'""', b""))
