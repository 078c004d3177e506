"""The server of one port: uvicorn's, beside others in one loop, that ends as soon as it is asked to."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Generator

import uvicorn

PATIENCE = 1.0
"""Seconds that answers may take once a server is asked to end."""


class Listener(uvicorn.Server):
    """Ends as soon as it is asked to: uvicorn looks for that ten times a second, and tests start thousands of servers."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._asked_to_end = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals alone: several servers share the loop, which may be in a thread."""
        yield

    def end(self) -> None:
        """Stop serving; called in the loop, or before it runs."""
        self.should_exit = True
        self._asked_to_end.set()

    async def main_loop(self) -> None:
        """Wait until it is asked to end."""
        await self.on_tick(0)  # sets the headers that every answer has
        await self._asked_to_end.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, and close those there are once they are answered, or after a second."""
        for server in self.servers:
            server.close()
        for listening in sockets or []:
            listening.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        loop = asyncio.get_running_loop()
        until = loop.time() + PATIENCE
        while (self.server_state.connections or self.server_state.tasks) and loop.time() < until:  # noqa: ASYNC110  # uvicorn tells nobody
            await asyncio.sleep(0.001)
        for task in self.server_state.tasks:
            task.cancel()
