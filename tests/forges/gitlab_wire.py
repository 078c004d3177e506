"""A server on loopback that says what a test tells it to: for answers that no well-behaved server gives."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from sigctl.forges.base import Settings
from sigctl.forges.gitlab.forge import GitLab

SERVER = {
    "data": {
        "metadata": {"version": "18.11.2", "enterprise": False},
        "currentUser": {"id": "gid://gitlab/User/1", "username": "owner"},
    }
}


@dataclass
class Says:
    """One answer."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    """Announce more bytes than are sent."""
    reset: bool = False
    """Close the connection without a word."""


@dataclass
class Asked:
    """One request as it came in."""

    method: str
    path: str
    query: str
    body: Any
    token: str | None


class Wire:
    """Answers by (method, path) or GraphQL operation; the last of a list is repeated."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], list[Says]] = {}
        self.asked: list[Asked] = []
        self._lock = threading.Lock()
        wire = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _any(self) -> None:
                wire.handle(self)

            do_GET = do_POST = do_PUT = do_DELETE = _any  # noqa: N815  # the names that the base class looks for

            def log_message(self, *_args: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"

    def on(self, method: str, path: str, *answers: Says) -> None:
        """Answer requests for a path below /api/v4, or for a GraphQL operation (method `QUERY`)."""
        self.answers[method, path if method == "QUERY" else f"/api/v4{path}"] = list(answers)

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        raw = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        body = json.loads(raw) if raw else None
        parts = urlsplit(request.path)
        key = (request.command, parts.path)
        if parts.path == "/api/graphql":
            key = ("QUERY", body["operationName"])
        with self._lock:
            self.asked.append(Asked(key[0], key[1], parts.query, body, request.headers.get("PRIVATE-TOKEN")))
            waiting = self.answers.get(key, [Says(404, {"message": "404 Not Found"})])
            says = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if says.reset:
            request.close_connection = True
            request.connection.close()
            return
        text = says.body if isinstance(says.body, str) else json.dumps(says.body)
        data = b"" if says.status == 204 else text.encode()
        request.send_response(says.status)
        kind = "text/plain" if isinstance(says.body, str) else "application/json"
        for name, value in {"Content-Type": kind, **says.headers}.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(data) + (10 if says.cut else 0)))
        request.end_headers()
        request.wfile.write(data)
        if says.cut:
            request.close_connection = True

    def sent(self, method: str, path: str = "") -> list[Asked]:
        """Return the requests with this method, and this end of the path."""
        return [one for one in self.asked if one.method == method and one.path.endswith(path)]


@contextmanager
def wire() -> Iterator[Wire]:
    """Serve while the context lasts."""
    served = Wire()
    thread = threading.Thread(target=served.http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield served
    finally:
        served.http.shutdown()
        served.http.server_close()
        thread.join()


def forge(
    url: str, token: str = "tok_of_the_test", sleeps: list[float] | None = None, **settings: Any
) -> GitLab:
    """Return an adapter that notes its pauses, and sets its clock forward, instead of making them."""
    pauses = sleeps if sleeps is not None else []
    given = Settings(name="gitlab", type="gitlab", url=url, token=SecretStr(token), **settings)
    return GitLab(given, pauses.append, lambda: time.monotonic() + sum(pauses))
