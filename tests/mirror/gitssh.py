"""A real ssh server on loopback that serves git by key, as a forge does, and can break a connection."""

from __future__ import annotations

import asyncio
import os
import shlex
import threading
from pathlib import Path
from typing import Self

import asyncssh
from githttp import CLEAN

_SERVICES = ("git-upload-pack", "git-receive-pack")


class SshServer:
    """Runs git's two services for whoever has the one key it knows; nothing else is run."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._host_key = asyncssh.generate_private_key("ssh-ed25519")
        login = asyncssh.generate_private_key("ssh-ed25519")
        self.key_file = folder / "id"
        login.write_private_key(str(self.key_file))
        self.key_file.chmod(0o600)
        self._allowed = folder / "authorized_keys"
        login.write_public_key(str(self._allowed))
        self.known_hosts = folder / "known_hosts"
        self.cut_after: int | None = None
        """Bytes of an answer after which the next connection is cut, once."""
        self.lose_report = False
        """Whether the next push is done and its answer lost."""
        self.served: list[str] = []
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"ssh://git@127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        self._acceptor = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(60)
        self.port = self._acceptor.get_port()
        self.trust(self._host_key)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(60)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)
        self._loop.close()

    def trust(self, key: asyncssh.SSHKey | None) -> None:
        """Write what clients believe the server's key to be."""
        line = f"[127.0.0.1]:{self.port} {key.export_public_key().decode()}" if key else ""
        self.known_hosts.write_text(line)

    async def _listen(self) -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[self._host_key],
            authorized_client_keys=str(self._allowed),
            process_factory=self._serve,
            encoding=None,
        )

    async def _close(self) -> None:
        self._acceptor.close()
        await self._acceptor.wait_closed()

    async def _serve(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        words = shlex.split(process.command or "")
        self.served.append(words[0] if words else "")
        if len(words) != 2 or words[0] not in _SERVICES:
            process.exit(1)
            return
        child = await asyncio.create_subprocess_exec(
            *words,
            env={**CLEAN, "PATH": os.environ["PATH"], "GIT_PROTOCOL": process.env.get("GIT_PROTOCOL", "")},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        feeding = asyncio.create_task(_pump(process.stdin, child.stdin))
        errors = asyncio.create_task(_pump(child.stderr, process.stderr))
        if self.lose_report and words[0] == _SERVICES[1]:
            self.lose_report = whole = False
            while size := int(head := await child.stdout.readexactly(4), 16):
                process.stdout.write(head + await child.stdout.readexactly(size - 4))
            process.stdout.write(head)
            await child.stdout.read()
        else:
            cut, self.cut_after = self.cut_after, None
            whole = await _pump(child.stdout, process.stdout, cut)
        if not whole:
            process.channel.get_connection().abort()
        await errors
        code = await child.wait()
        feeding.cancel()
        if whole:
            process.exit(code)


async def _pump(source, target, limit: int | None = None) -> bool:
    """Carry bytes to their end, or to a limit; return whether it was the end."""
    try:
        while data := await source.read(16384):
            if limit is not None:
                data, limit = data[:limit], limit - len(data)
            target.write(data)
            await target.drain()
            if limit is not None and limit <= 0:
                return False
        if isinstance(target, asyncio.StreamWriter):
            target.close()
    except (OSError, asyncssh.Error):
        return True
    return True
