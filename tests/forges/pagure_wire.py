"""A server on loopback that says what a test tells it to, in Pagure's words: for answers that are hard to get from a real one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import SecretStr

from sigctl.core.kinds import Resource
from sigctl.core.plan import Action, Verb
from sigctl.forges.base import Settings
from sigctl.forges.pagure.forge import Pagure

TOKEN = "tok_of_the_test"


@dataclass
class Says:
    """One answer."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    """Close the connection in place of an answer."""


@dataclass
class Asked:
    """One request as it came in."""

    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    token: str


def error(code: str, text: str = "", status: int = 400, errors: Any = None) -> Says:
    """Return a refusal as Pagure words it."""
    body = {"error": text, "error_code": code}
    return Says(body if errors is None else {**body, "errors": errors}, status)


def project(path: str, owner: str = "keeper", **access: Mapping[str, list[str]]) -> dict[str, Any]:
    """Return a project as lists and single reads show it."""
    none: dict[str, list[str]] = {"admin": [], "commit": [], "collaborator": [], "ticket": []}
    return {
        "fullname": path,
        "name": path.rpartition("/")[2],
        "namespace": path.rpartition("/")[0],
        "description": "d",
        "user": {"name": owner},
        "access_users": {**none, "owner": [owner], **access.get("users", {})},
        "access_groups": {**none, **access.get("groups", {})},
    }


def page(key: str, rows: list[Any], total: int | None = None, pages: int = 1) -> Says:
    """Return one page of a list."""
    return Says(
        {key: rows, f"total_{key}": len(rows) if total is None else total, "pagination": {"pages": pages}}
    )


def options(**settings: bool) -> Says:
    """Return a project's options."""
    usual = {"issue_tracker": True, "pull_requests": True, "pull_request_access_only": False}
    return Says({"settings": {**usual, **settings}, "status": "ok"})


class Wire:
    """Answers by (method, path below /api/0); the last of a list is repeated."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._answers: dict[tuple[str, str], list[Says]] = {}
        self._lock = threading.Lock()
        wire = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _any(self) -> None:
                wire.handle(self)

            do_GET = do_POST = do_PATCH = _any  # noqa: N815  # the names that the base class looks for

            def log_message(self, *_args: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        self.on("POST", "/-/whoami", Says({"username": "keeper"}))

    def on(self, method: str, path: str, *answers: Says) -> None:
        """Answer requests like this."""
        self._answers[method, path] = list(answers)

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        raw = request.rfile.read(int(request.headers.get("Content-Length") or 0)).decode()
        parts = urlsplit(request.path)
        key = (request.command, unquote(parts.path).removeprefix("/api/0"))
        query, form = (
            {name: value[0] for name, value in parse_qs(text).items()} for text in (parts.query, raw)
        )
        with self._lock:
            self.asked.append(Asked(*key, query, form, request.headers.get("Authorization", "")))
            waiting = self._answers.get(key, [error("ENOPROJECT", "Project not found", 404)])
            says = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if says.cut:
            request.close_connection = True
            request.connection.close()
            return
        data = (says.body if isinstance(says.body, str) else json.dumps(says.body)).encode()
        request.send_response(says.status)
        for name, value in {
            "Content-Type": "application/json",
            "Set-Cookie": "pagure=x; Path=/",
            **says.headers,
        }.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)

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


def forge(served: Wire, **settings: Any) -> Pagure:
    """Return an adapter whose clock moves with its pauses, which take no time."""
    ticks = count()
    pauses: list[float] = []
    given = Settings("pagure", "pagure", served.url, SecretStr(TOKEN), **settings)
    return Pagure(given, sleep=pauses.append, clock=lambda: next(ticks) * 1e-6 + sum(pauses))


def do(adapter: Pagure, before: Resource | None, after: Resource | None) -> str:
    """Execute the one action that leads from before to after."""
    verb: Verb = "create" if before is None else "delete" if after is None else "update"
    return adapter.execute(Action("pagure", verb, before, after))
