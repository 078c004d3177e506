"""Listening for webhooks: what is proved to be from a forge asks for a look at what it is about, soon and once."""

from __future__ import annotations

import asyncio
import importlib.util
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sigctl.errors import UsageError
from sigctl.watch.hooks import SHORTEST, RefusedDeliveryError, read
from sigctl.watch.store import Store

if TYPE_CHECKING:
    from collections.abc import Generator

    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

QUIET, LONGEST = 2.0, 15.0
"""Seconds without a further event after which one is looked into; and the longest that a stream of them can put it off."""
MOST = 500
"""Repositories that wait at once; with more, whole forges are looked at."""
BODY = 4 * 1024 * 1024
"""Bytes of a delivery that are read; GitHub sends up to 25 MB, for pushes of thousands of commits, which are then told by the schedule."""
Place = tuple[str, str]
"""Forge, and path of a repository there, "" for all of the forge."""


@dataclass(frozen=True, slots=True)
class Door:
    """One forge that may knock: of which type, with which secrets."""

    forge: str
    type: str
    secrets: tuple[str, ...]


def doors_of(given: Mapping[str, tuple[str, str]]) -> dict[str, Door]:
    """Return the doors by forge, of (type, text with a secret on each line); UsageError for a secret that can be guessed."""
    out = {}
    for forge, (type_, text) in given.items():
        secrets = tuple(dict.fromkeys(filter(None, map(str.strip, text.splitlines()))))
        if any(len(one) < SHORTEST for one in secrets) or not secrets:
            raise UsageError(
                f"a webhook secret of {forge} is shorter than {SHORTEST} characters",
                "make one with `openssl rand -hex 32`",
            )
        out[forge] = Door(forge, type_, secrets)
    return out


@dataclass(slots=True)
class Inbox:
    """What waits to be looked at; for any number of threads."""

    quiet: float = QUIET
    longest: float = LONGEST
    clock: Callable[[], float] = time.monotonic
    _places: set[Place] = field(default_factory=set)
    _first: float = 0.0
    _last: float = 0.0
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _closed: bool = False

    def add(self, place: Place) -> None:
        """Let this be looked at."""
        with self._changed:
            self._last = self.clock()
            if not self._places:
                self._first = self._last
            self._places.add(place if len(self._places) < MOST else (place[0], ""))
            self._changed.notify_all()

    def take(self) -> frozenset[Place]:
        """Return what is to be looked at, once no more came for a while; nothing when it is closed."""
        with self._changed:
            while not self._closed:
                if not self._places:
                    self._changed.wait()
                    continue
                left = min(self._last + self.quiet, self._first + self.longest) - self.clock()
                if left <= 0:
                    found, self._places = frozenset(self._places), set()
                    return found
                self._changed.wait(left)
            return frozenset()

    def close(self) -> None:
        """End every wait."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def check_installed() -> None:
    """Raise UsageError where what serves HTTP is not installed."""
    missing = [name for name in ("starlette", "uvicorn") if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(f"sigctl webhook needs {' and '.join(missing)}", "pip install 'sigctl[webhook]'")


def application(
    doors: Mapping[str, Door],
    inbox: Inbox,
    store: Store,
    *,
    told: Callable[[str], None] = lambda _: None,
    clock: Callable[[], float] = time.time,
) -> Starlette:
    """Return the app: POST /FORGE takes a delivery, GET /healthz says that it listens. Nothing else is answered.

    A delivery that is not proved to be from the forge, or that came before, changes nothing; `told` hears why in one line.
    """
    from starlette.applications import Starlette  # noqa: PLC0415  # comes with the extra
    from starlette.responses import PlainTextResponse  # noqa: PLC0415  # the same
    from starlette.routing import Route  # noqa: PLC0415  # the same

    async def take(request: Request) -> Response:
        door = doors.get(request.path_params["forge"])
        if door is None:
            return PlainTextResponse("no such forge\n", 404)
        body = await _body(request)
        if body is None:
            told(f"{door.forge}: a delivery of more than {BODY} bytes was not read")
            return PlainTextResponse("too large\n", 413)
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            found = read(door.type, headers, body, door.secrets, clock())
        except RefusedDeliveryError as error:
            told(f"{door.forge}: a delivery was refused: {error}")
            return PlainTextResponse("refused\n", 401)
        if not await asyncio.to_thread(store.first, f"{door.forge}:{found.id}", clock()):
            told(f"{door.forge}: a delivery came a second time")
            return PlainTextResponse("known\n", 200)
        inbox.add((door.forge, found.repo))
        return PlainTextResponse("taken\n", 202)

    async def health(_: Request) -> Response:
        return PlainTextResponse("listening\n")

    return Starlette(
        routes=[Route("/healthz", health, methods=["GET"]), Route("/{forge}", take, methods=["POST"])]
    )


async def _body(request: Request) -> bytes | None:
    """Return the body, None where it is longer than what is read."""
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > BODY:
        return None
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > BODY:
            return None
        parts.append(part)
    return b"".join(parts)


def serve(
    app: Starlette,
    host: str,
    port: int,
    *,
    ready: Callable[[str, int], None],
    stop: threading.Event,
    signals: Sequence[int] = (signal.SIGINT, signal.SIGTERM),
) -> None:
    """Serve until a signal comes or `stop` is set; UsageError where the address can't be had."""
    import uvicorn  # noqa: PLC0415  # comes with the extra

    class Server(uvicorn.Server):
        @contextmanager
        def capture_signals(self) -> Generator[None, None, None]:
            """Leave signals to us: the end is then an ordinary one."""
            yield

    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=64,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=5,
    )
    server = Server(config)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        for number in signals:
            loop.add_signal_handler(number, stop.set)
        running = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started and not running.done():  # noqa: ASYNC110  # uvicorn tells it no other way
            await asyncio.sleep(0.01)
        ready(host, int(listening.getsockname()[1]))
        while not stop.is_set() and not running.done():  # noqa: ASYNC110  # set from threads and signals
            await asyncio.sleep(0.1)
        server.should_exit = True
        await running

    listening = _bound(config)
    asyncio.run(main())


def _bound(config: Any) -> Any:
    import socket  # noqa: PLC0415  # only where something listens

    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((config.host, config.port))
    except OSError as error:
        found.close()
        raise UsageError(f"{config.host}:{config.port} can't be listened on: {error.strerror}") from None
    return found
