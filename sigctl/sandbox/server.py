"""One event loop that serves each embedded forge on its own port of 127.0.0.1."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

from sigctl.errors import UsageError
from sigctl.sandbox import seed as seeds
from sigctl.sandbox.base import Environment, SandboxForge, forge_class
from sigctl.sandbox.clock import Clock
from sigctl.sandbox.faults import Faults
from sigctl.sandbox.front import Front, Observer, Watcher
from sigctl.sandbox.listener import Listener
from sigctl.sandbox.request_log import RequestLog
from sigctl.sandbox.store import Store

log = logging.getLogger(__name__)
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things are in a sandbox directory."""

    root: Path

    @property
    def seed(self) -> Path:
        """Accounts and tokens, readable by the owner only."""
        return self.root / "seed.json"

    @property
    def ports(self) -> Path:
        """{forge: port} of the last run."""
        return self.root / "ports.json"

    @property
    def server(self) -> Path:
        """What runs now: {"pid", "ports"}; means something only while `lock` is held."""
        return self.root / "server.json"

    @property
    def lock(self) -> Path:
        """Held by the server as long as it lives."""
        return self.root / "server.lock"

    @property
    def requests(self) -> Path:
        """The request log."""
        return self.root / "requests.jsonl"

    @property
    def clock(self) -> Path:
        """By how many seconds the clock was moved."""
        return self.root / "clock"

    @property
    def log(self) -> Path:
        """What the background process has to say."""
        return self.root / "server.log"


@dataclass(frozen=True, slots=True)
class Options:
    """How to serve."""

    forges: Sequence[str] = ("github", "gitlab")
    ports: Mapping[str, int] = field(default_factory=dict)
    latency_ms: int = 0
    faults: Path | None = None
    idle_seconds: int | None = None
    observer: Observer | None = None
    watcher: Watcher | None = None
    knobs: Mapping[str, int] = field(default_factory=dict)


class Sandbox:
    """The forges of one directory, ready to be served; holds the directory's lock until closed."""

    def __init__(self, directory: Path, options: Options) -> None:
        self.layout = Layout(directory)
        directory.mkdir(parents=True, exist_ok=True)
        self._lock = hold(self.layout.lock)
        self.seed = seeds.load(self.layout.seed)
        self.clock = Clock(self.layout.clock)
        self.faults = Faults(options.faults)
        self.requests = RequestLog(self.layout.requests)
        self._sockets = {name: self._bind(name, options) for name in options.forges}
        self.ports = {name: found.getsockname()[1] for name, found in self._sockets.items()}
        _write(self.layout.ports, self.ports)
        self.forges = {name: self._forge(name, options) for name in options.forges}
        self._transports: dict[tuple[int, int], asyncio.Transport] = {}
        self._servers = [self._server(name, forge, options) for name, forge in self.forges.items()]
        self._idle_seconds = options.idle_seconds
        self._loop: asyncio.AbstractEventLoop | None = None

    async def serve(self, started: Callable[[], None]) -> None:
        """Serve until `stop`; `started` is called when every port answers."""
        self._loop = asyncio.get_running_loop()
        tasks = [
            asyncio.create_task(server.serve(sockets=[self._sockets[name]]))
            for name, server in zip(self.forges, self._servers, strict=True)
        ]
        while not all(server.started for server in self._servers):
            if any(task.done() for task in tasks):
                break
            await asyncio.sleep(0.001)
        started()
        if self._idle_seconds is not None:
            tasks.append(asyncio.create_task(self._stop_when_idle(self._idle_seconds)))
        await asyncio.gather(*tasks)

    def stop(self) -> None:
        """End serving, soon; from any thread."""
        for server in self._servers:
            server.should_exit = True
            if self._loop is not None:
                with contextlib.suppress(RuntimeError):  # it has ended already
                    self._loop.call_soon_threadsafe(server.end)

    def close(self) -> None:
        """Give back files, sockets and the lock."""
        for forge in self.forges.values():
            forge.store.close()
        for found in self._sockets.values():
            found.close()
        self.requests.close()
        os.close(self._lock)

    def document(self) -> dict[str, Any]:
        """Return how to reach the forges and as whom."""
        return document(self.seed, self.ports)

    def _bind(self, name: str, options: Options) -> socket.socket:
        try:
            before = int(json.loads(self.layout.ports.read_text(encoding="utf-8")).get(name, 0))
        except (FileNotFoundError, ValueError):
            before = 0
        wanted = options.ports.get(name, 0)
        for port in (wanted,) if wanted else (before, 0):
            # asyncio turns Nagle's delay off only where the protocol is named
            found = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                found.bind((HOST, port))
            except OSError:
                found.close()
                continue
            found.listen(1024)
            return found
        raise UsageError(f"port {wanted} of {HOST} is in use", "give another one, or 0 for any that is free")

    def _forge(self, name: str, options: Options) -> SandboxForge:
        repositories = self.layout.root / "repos" / name
        repositories.mkdir(parents=True, exist_ok=True)
        env = Environment(
            directory=repositories,
            store=Store(self.layout.root / f"{name}.sqlite"),
            clock=self.clock,
            seed=self.seed,
            url=f"http://{HOST}:{self.ports[name]}",
            options=dict(options.knobs),
        )
        forge = forge_class(name)(env)
        with forge.store.transaction():
            forge.seed()
        return forge

    def _server(self, name: str, forge: SandboxForge, options: Options) -> Listener:
        front = Front(
            forge,
            directory=self.layout.root,
            requests=self.requests,
            faults=self.faults,
            hang_up=self._hang_up,
            latency_ms=options.latency_ms,
            observer=options.observer,
            watcher=options.watcher,
        )
        transports, port = self._transports, self.ports[name]

        class Protocol(H11Protocol):
            """Remembers its connection, so that a fault can break it."""

            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's own narrowing
                super().connection_made(transport)
                transports[port, transport.get_extra_info("peername")[1]] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                transports.pop((port, self.transport.get_extra_info("peername")[1]), None)
                super().connection_lost(exc)

        config = uvicorn.Config(
            front,
            http=Protocol,
            ws="none",
            lifespan="off",
            loop="asyncio",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=600,
        )
        return Listener(config)

    def _hang_up(self, scope: Scope, reset: bool) -> None:  # noqa: FBT001  # one of two ways to end
        transport = self._transports.get((scope["server"][1], scope["client"][1]))
        if transport is None:
            return
        if reset:
            found: socket.socket = transport.get_extra_info("socket")
            found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        else:
            transport.close()

    async def _stop_when_idle(self, seconds: int) -> None:
        while (left := self.requests.last + seconds - time.monotonic()) > 0:
            await asyncio.sleep(min(left, 1.0))
            if all(server.should_exit for server in self._servers):
                return
        self.stop()


def hold(file: Path, *, seconds: float = 3.0) -> int:
    """Take the directory's lock and return its descriptor; UsageError when another sandbox keeps it."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise UsageError(f"{file.parent}: another sandbox uses this directory") from None
            time.sleep(0.01)
        else:
            return descriptor


def document(seed: seeds.Seed, ports: Mapping[str, int]) -> dict[str, Any]:
    """Return the JSON document that tells how to reach the forges and as whom."""
    bot = seed.bot
    return {
        "forges": {
            name: {"url": f"http://{HOST}:{port}", "token": bot.token, "read_token": bot.read_token}
            for name, port in ports.items()
        },
        "users": seed.users(),
    }


def serve_here(directory: Path, options: Options) -> None:
    """Serve in this process until SIGTERM or SIGINT."""
    sandbox = Sandbox(directory, options)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, sandbox.stop)
        await sandbox.serve(
            lambda: _write(sandbox.layout.server, {"pid": os.getpid(), "ports": sandbox.ports})
        )

    try:
        asyncio.run(main())
    finally:
        sandbox.layout.server.unlink(missing_ok=True)
        sandbox.close()


@contextlib.contextmanager
def serving(directory: Path, options: Options) -> Iterator[Sandbox]:
    """Serve from a background thread of this process while the context lasts."""
    sandbox = Sandbox(directory, options)
    started = threading.Event()

    def run() -> None:
        try:
            asyncio.run(sandbox.serve(started.set))
        finally:
            started.set()

    thread = threading.Thread(target=run, name="sandbox", daemon=True)
    thread.start()
    started.wait(10)
    try:
        yield sandbox
    finally:
        sandbox.stop()
        thread.join(10)
        sandbox.close()


def _write(file: Path, data: object) -> None:
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps(data), encoding="utf-8")
    fresh.replace(file)
