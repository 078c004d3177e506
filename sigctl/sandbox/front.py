"""What stands in front of each embedded forge: the request log, latency, faults, and the way to git."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qs

from sigctl.sandbox.base import SandboxForge
from sigctl.sandbox.faults import NOTHING, Faults, What
from sigctl.sandbox.githttp import PATHS, GitHTTP
from sigctl.sandbox.request_log import RequestLog

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)
HEALTH = "/-/sandbox/health"
_GRAPHQL_NAME = re.compile(r"\b(?:query|mutation)\s+(\w+)")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One API request and its answer as they went over the wire (requests of git are not among them)."""

    forge: str
    method: str
    path: str
    """As it was sent, an encoded slash stays encoded."""
    query: str
    headers: list[tuple[str, str]]
    body: bytes
    status: int
    response_headers: list[tuple[str, str]]
    response_body: bytes
    faulty: bool
    """A fault was put into the answer: it is not the forge's own."""


Observer = Callable[[Exchange], None]


@dataclass(frozen=True, slots=True)
class Boundary:
    """One side of a request, of git too: `before` it runs, or `after` it took effect and before its answer leaves."""

    side: Literal["before", "after"]
    forge: str
    method: str
    path: str
    operation: str


Watcher = Callable[[Boundary], None]
"""Called in the event loop, which stands still meanwhile: nothing else happens on any forge."""


@dataclass(slots=True)
class Answer:
    """A whole answer of an API."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] | None = None
    body: bytes = b""

    async def send(self, message: Message) -> None:
        """Take one ASGI message of the answer."""
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message["headers"])
        else:
            self.body += message.get("body", b"")

    def replace(self, what: What) -> None:
        """Make it the answer that the fault asks for."""
        if what.graphql_errors is not None:
            data = json.loads(self.body) if self.body[:1] == b"{" else {}
            if what.body is not ...:
                data["data"] = what.body
            self._json({**data, "errors": what.graphql_errors})
            self.status = what.status or 200
        elif what.status is not None or what.body is not ...:
            self.status = what.status or self.status
            body = "" if what.body is ... else what.body
            if isinstance(body, str):
                self.body = body.encode()
                self.headers = [(b"content-type", b"text/plain; charset=utf-8")]
            else:
                self._json(body)
        headers = {name.lower().encode(): str(value).encode() for name, value in what.headers.items()}
        old = [
            (name, value) for name, value in self.headers or [] if name not in {*headers, b"content-length"}
        ]
        self.headers = [*old, *headers.items(), (b"content-length", str(len(self.body)).encode())]

    def _json(self, body: Any) -> None:
        self.body = json.dumps(body).encode()
        kept = [(n, v) for n, v in self.headers or [] if n not in (b"content-type", b"content-length")]
        self.headers = [(b"content-type", b"application/json; charset=utf-8"), *kept]


class Front:
    """The ASGI app that a port serves: one forge with everything that is common to all of them."""

    def __init__(
        self,
        forge: SandboxForge,
        *,
        directory: Path,
        requests: RequestLog,
        faults: Faults,
        hang_up: Callable[[Scope, bool], None],
        latency_ms: int = 0,
        observer: Observer | None = None,
        watcher: Watcher | None = None,
    ) -> None:
        self._forge = forge
        self._api: ASGIApp = forge.app()
        self._git = GitHTTP(forge, directory)
        self._requests = requests
        self._faults = faults
        self._hang_up = hang_up
        self._latency = latency_ms / 1000
        self._observer = observer
        self._watcher = watcher

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            raise AssertionError(scope["type"])
        if scope["path"] == HEALTH:
            self._requests.found()
            await _reply(send, Answer(200, [(b"content-length", b"2")], b"ok"))
        elif PATHS.match(scope["path"]):
            await self._serve_git(scope, receive, send)
        else:
            await self._serve_api(scope, receive, send)

    async def _serve_git(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = time.perf_counter()
        operation = scope["path"].rsplit("/", 1)[1]
        if operation == "refs":
            operation = "info/refs:" + parse_qs(scope["query_string"].decode()).get("service", [""])[0]
        status, noted = 0, False

        async def noting(message: Message) -> None:
            """Note a request before its client can know that it has ended."""
            nonlocal status, noted
            if message["type"] == "http.response.start":
                status = message["status"]
            elif not message.get("more_body"):
                self._watch("after", scope, operation)
                self._note(scope, operation, status, begun)
                noted = True
            await send(message)

        what = self._faults.pick(self._forge.name, scope["method"], scope["path"], operation)
        await self._before(what)
        self._watch("before", scope, operation)
        try:
            if what.reset:
                self._hang_up(scope, True)  # noqa: FBT003  # the protocol's own name for it is shorter than any
            elif what.status is not None:
                answer = Answer(what.status, [])
                answer.replace(what)
                await _reply(noting, answer)
            else:
                await self._git(scope, receive, noting)
        finally:
            if not noted:
                self._note(scope, operation, status, begun)

    async def _serve_api(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = time.perf_counter()
        body = await _whole(receive)
        if body is None:
            return
        operation = self._operation(scope, body)
        what = self._faults.pick(self._forge.name, scope["method"], _path(scope), operation)
        await self._before(what)
        self._watch("before", scope, operation)
        answer = Answer()
        if what.spares_the_request:
            await self._run(scope, body, answer)
        self._watch("after", scope, operation)
        if what.crash == "after":
            os._exit(137)
        if what is not NOTHING:
            answer.replace(what)
        await asyncio.sleep(self._latency + (what.delay_ms / 1000 if what.after else 0))
        self._note(scope, operation, 0 if what.reset else answer.status, begun)
        if what.reset:
            self._hang_up(scope, True)  # noqa: FBT003  # as above
        elif what.cut is not None:
            await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
            await send({"type": "http.response.body", "body": answer.body[: what.cut], "more_body": True})
            self._hang_up(scope, False)  # noqa: FBT003  # as above
        else:
            self._observe(scope, body, answer, faulty=what is not NOTHING)
            await _reply(send, answer)

    def _watch(self, side: Literal["before", "after"], scope: Scope, operation: str) -> None:
        if self._watcher is not None:
            self._watcher(Boundary(side, self._forge.name, scope["method"], _path(scope), operation))

    async def _before(self, what: What) -> None:
        if what.crash == "before":
            os._exit(137)
        if what.delay_ms and not what.after:
            await asyncio.sleep(what.delay_ms / 1000)

    async def _run(self, scope: Scope, body: bytes, answer: Answer) -> None:
        sent = False

        async def again() -> Message:
            nonlocal sent
            if sent:
                await asyncio.Event().wait()
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        try:
            await self._api(scope, again, answer.send)
        except Exception:
            log.exception("%s %s %s", self._forge.name, scope["method"], scope["path"])
            text = b'{"message": "the sandbox failed; see server.log"}'
            answer.status, answer.body = 500, text
            answer.headers = [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(text)).encode()),
            ]

    def _operation(self, scope: Scope, body: bytes) -> str:
        if not scope["path"].endswith("/graphql"):
            return self._forge.operation(scope["method"], _path(scope))
        try:
            request = json.loads(body)
            name = request.get("operationName")
            if not name:
                found = _GRAPHQL_NAME.search(request.get("query", ""))
                name = found[1] if found else ""
        except (ValueError, AttributeError, TypeError):
            return ""
        return str(name)

    def _note(self, scope: Scope, operation: str, status: int, begun: float) -> None:
        self._requests.write(
            forge=self._forge.name,
            method=scope["method"],
            path=_path(scope),
            operation=operation,
            status=status,
            ms=round((time.perf_counter() - begun) * 1000, 1),
        )

    def _observe(self, scope: Scope, body: bytes, answer: Answer, *, faulty: bool) -> None:
        if self._observer is None:
            return
        self._observer(
            Exchange(
                forge=self._forge.name,
                method=scope["method"],
                path=_path(scope),
                query=scope["query_string"].decode(),
                headers=[(name.decode(), value.decode("latin-1")) for name, value in scope["headers"]],
                body=body,
                status=answer.status,
                response_headers=[(n.decode(), v.decode("latin-1")) for n, v in answer.headers or []],
                response_body=answer.body,
                faulty=faulty,
            )
        )


def _path(scope: Scope) -> str:
    """Return the path as it was sent: an encoded slash stays encoded."""
    return str((scope.get("raw_path") or scope["path"].encode()).decode("latin-1"))


async def _whole(receive: Receive) -> bytes | None:
    """Return the whole body of a request, None when the client went away."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


async def _reply(send: Send, answer: Answer) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers or []})
    await send({"type": "http.response.body", "body": answer.body})
