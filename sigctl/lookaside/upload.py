"""Puts files into a store: the form `name branch sha1sum|sha512sum [file]`, with a client certificate."""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

import requests

from sigctl.errors import PartialError, RefusedError, SigctlError, UnreachableError
from sigctl.lookaside.formats import Checksum, shown
from sigctl.lookaside.store import said_no
from sigctl.lookaside.wire import AsGiven, Wire

KINDS = ("sha1", "sha512")
"""What the form knows."""
AVAILABLE, MISSING = "available", "missing"
_LONGEST_ANSWER = 1 << 16


class Uploader:
    """One store's upload form; the connection shows the client certificate."""

    def __init__(
        self,
        url: str,
        wire: Wire,
        *,
        slow: float = 600.0,
        told: Callable[[str, int, int], None] | None = None,
    ) -> None:
        self.url = url
        self._wire = wire
        self._slow = slow
        self._told = told or (lambda _name, _done, _all: None)

    def has(self, package: str, branch: str, checksum: Checksum, name: str) -> bool:
        """Return whether the store has the file already.

        Raises DeniedError without a good certificate, RefusedError for an answer that is neither Available nor Missing.
        """
        fields = _fields(package, branch, checksum)
        with _certificate_in_mind():
            answer = self._wire.caller(self.url).read(
                lambda: self._post(_Form(fields, boundary=_boundary()), None)
            )
        word = answer.strip().rstrip(".").lower()
        if word not in (AVAILABLE, MISSING):
            raise RefusedError(
                f"{name}: the store answers `{shown(answer.strip())}`", "is this the upload form?"
            )
        return word == AVAILABLE

    def put(self, package: str, branch: str, checksum: Checksum, file: Path) -> bool:
        """Return whether the file had to be sent; in either case the store says that it has it when this returns.

        Raises as `has`, and PartialError when the store does not have it after all.
        """
        if self.has(package, branch, checksum, file.name):
            return False
        fields = _fields(package, branch, checksum)
        with _certificate_in_mind():
            self._wire.caller(self.url).write(lambda: self._send(fields, file), repeatable=True)
        if not self.has(package, branch, checksum, file.name):
            raise PartialError(
                f"{file.name}: the store took it and does not have it", "look at the store's log"
            )
        return True

    def _send(self, fields: dict[str, str], file: Path) -> str:
        try:
            with file.open("rb") as content:
                size = file.stat().st_size
                form = _Form(fields, file.name, content, size, self._told, boundary=_boundary())
                return self._post(form, self._slow)
        except requests.RequestException:
            raise
        except OSError as error:
            raise said_no(file, error) from error

    def _post(self, form: _Form, timeout: float | None) -> str:
        with self._wire.session(self.url).post(
            self.url,
            data=form,
            headers={"Content-Type": form.kind},
            auth=AsGiven(),
            verify=self._wire.authority,
            timeout=(self._wire.timeout, timeout or self._wire.timeout),
            stream=True,
            allow_redirects=False,
        ) as answer:
            if answer.is_redirect:
                raise RefusedError(
                    "the upload form redirects", "name its new address as `upload` of the store"
                )
            text = answer.raw.read(_LONGEST_ANSWER, decode_content=True).decode("utf-8", "replace")
            if answer.status_code == requests.codes.conflict or (
                requests.codes.bad_request <= answer.status_code < requests.codes.unauthorized
            ):
                raise RefusedError(f"the store says `{shown(text.strip())}`", status=answer.status_code)
            answer.raise_for_status()
            return text


@contextmanager
def _certificate_in_mind() -> Iterator[None]:
    """Say what else a broken connection can mean: with TLS 1.3 the server's own word may be lost with it."""
    try:
        yield
    except (UnreachableError, PartialError) as error:
        error.hint = (
            error.hint or "a server that does not accept the client certificate may end like that too"
        )
        raise


def kind_for(checksum: Checksum | None) -> str:
    """Return the algorithm to upload with; SigctlError where the form does not know that of the line."""
    if checksum is None:
        return KINDS[-1]
    if checksum.algorithm not in KINDS:
        raise SigctlError(
            f"the upload form does not know {checksum.algorithm}", f"declare the file by {' or '.join(KINDS)}"
        )
    return checksum.algorithm


def _fields(package: str, branch: str, checksum: Checksum) -> dict[str, str]:
    return {"name": package, "branch": branch, f"{kind_for(checksum)}sum": checksum.value}


def _boundary() -> str:
    return f"sigctl{secrets.token_hex(16)}"


class _Form:
    """A multipart form that is read piece by piece: a file larger than the memory can be sent."""

    def __init__(
        self,
        fields: dict[str, str],
        name: str = "",
        file: BinaryIO | None = None,
        size: int = 0,
        told: Callable[[str, int, int], None] | None = None,
        *,
        boundary: str,
    ) -> None:
        self.kind = f"multipart/form-data; boundary={boundary}"
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
            for field, value in fields.items()
        ]
        end = f"--{boundary}--\r\n"
        if file is not None:
            parts.append(
                f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{quote(name, safe=" +()")}"\r\n'
                "Content-Type: application/octet-stream\r\n\r\n"
            )
            end = f"\r\n{end}"
        head = "".join(parts).encode()
        self._length = len(head) + size + len(end)
        self._pieces: list[BinaryIO] = [io.BytesIO(head), *([file] if file else []), io.BytesIO(end.encode())]
        self._file, self._name, self._size, self._sent, self._told = file, name, size, 0, told

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self.read(1 << 16):
            yield chunk

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes; b"" at the end."""
        while self._pieces:
            chunk = self._pieces[0].read(size if size > 0 else 1 << 16)
            if chunk:
                if self._pieces[0] is self._file and self._told:
                    self._sent += len(chunk)
                    self._told(self._name, self._sent, self._size)
                return chunk
            self._pieces.pop(0)
        return b""
