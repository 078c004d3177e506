"""Servers on loopback that mean no good: they answer everything with the same, and note every byte that they are told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

from pydantic import SecretStr

from sigctl.forges import open_forge
from sigctl.forges.base import Forge, Settings

TOKEN = "tok-0f-the-test-and-nobody-else"
"""A canary: it opens nothing."""
_WAIT = 60.0

Answer = Callable[[str], Iterable[bytes]]
"""From the first line of a request to the bytes that are sent back, headers and all."""


class Hostile:
    """A listening socket, what came in, and what goes out."""

    def __init__(self, answer: Answer) -> None:
        self.heard = b""
        self.asked: list[str] = []
        self._answer = answer
        self._lock = threading.Lock()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def serve(self) -> None:
        """Take connections until the socket is closed."""
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _talk(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(_WAIT)
            got = b""
            while b"\r\n\r\n" not in got:
                piece = connection.recv(65536)
                got += piece
                if not piece or not got[:1].isalpha():  # no HTTP: somebody begins to speak TLS
                    break
            first = got.partition(b"\r\n")[0].decode("latin-1")
            with self._lock:
                self.heard += got
                self.asked.append(first)
            if got[:1].isalpha():
                for piece in self._answer(first):
                    connection.sendall(piece)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):  # what was still on its way would break what was sent
                    pass


@contextmanager
def hostile(answer: Answer) -> Iterator[Hostile]:
    """Serve while the context lasts."""
    served = Hostile(answer)
    thread = threading.Thread(target=served.serve, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        served.close()
        thread.join(_WAIT)


def said(status: int, body: bytes = b"", **headers: str) -> bytes:
    """Return a whole answer."""
    lines = {"Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close"}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} Said\r\n{head}\r\n".encode("latin-1") + body


@contextmanager
def opened(kind: str, url: str) -> Iterator[Forge]:
    """Open a forge of this kind there, which waits for nothing."""
    forge = open_forge(Settings(kind, kind, url, SecretStr(TOKEN), patience=0, timeout=20, jobs=1))
    try:
        yield forge
    finally:
        forge.close()
