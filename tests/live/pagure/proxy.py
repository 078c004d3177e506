"""A server between sigctl and Pagure that tells of each write once it is done, before its answer goes on."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

READS = ("GET", "HEAD")
ASKS_ONLY = "/whoami"
"""The end of the one path that is asked by POST and changes nothing."""
_NOT_PASSED_ON = ("transfer-encoding", "connection", "content-length", "keep-alive", "server", "date")
_PATIENCE = 120.0


class Proxy:
    """Hands every request on; `after` is told each write, with its answer not yet given."""

    def __init__(self, url: str) -> None:
        self.target = urlsplit(url)
        self.after: Callable[[str], None] | None = None
        self.writes: list[str] = []
        self.troubles: list[str] = []
        """What went wrong while somebody was told: that would only be an answer of 500 to sigctl."""

    def handed_on(self, handler: BaseHTTPRequestHandler) -> None:
        """Send the request on and its answer back."""
        length = int(handler.headers.get("content-length") or 0)
        body = handler.rfile.read(length) if length else None
        headers = {name: value for name, value in handler.headers.items() if name.lower() != "connection"}
        there = http.client.HTTPConnection(self.target.hostname or "", self.target.port, timeout=_PATIENCE)
        try:
            there.request(handler.command, handler.path, body, headers)
            answer = there.getresponse()
            data = answer.read()
        finally:
            there.close()
        if handler.command not in READS and not handler.path.endswith(ASKS_ONLY):
            self._written(f"{handler.command} {handler.path}: {answer.status}")
        handler.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _NOT_PASSED_ON:
                handler.send_header(name, value)
        handler.send_header("content-length", str(len(data)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(data)

    def _written(self, text: str) -> None:
        self.writes.append(text)
        try:
            if self.after is not None:
                self.after(text)
        except Exception as error:  # noqa: BLE001  # whatever it is, the test tells of it
            self.troubles.append(f"{text}: {type(error).__name__}: {error}")


@contextmanager
def between(url: str) -> Iterator[tuple[Proxy, str]]:
    """Serve while the context lasts; yields the proxy and its address."""
    proxy = Proxy(url)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            proxy.handed_on(self)

        do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = do_GET  # noqa: N815  # names that the library asks for

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
