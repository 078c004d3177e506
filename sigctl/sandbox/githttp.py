"""git's own smart HTTP (`git http-backend`) behind an embedded forge that decides who may read and push what."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import logging
import os
import re
import tempfile
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote

from sigctl.sandbox.base import RECEIVE, UPLOAD, ZERO, GitDenied, GitTarget, Refusal, SandboxForge, Update
from sigctl.sandbox.gitrepo import environment

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

log = logging.getLogger(__name__)
PATHS = re.compile(r"^/(?P<repo>.+?)(?:\.git)?/(?P<what>info/refs|git-upload-pack|git-receive-pack)$")
_CHUNK = 65536

_CHECK = """
tab=$(printf '\\t')
refused() { # old new ref
  while IFS="$tab" read -r ref mode text; do
    [ "$ref" = "$3" ] || continue
    if [ "$mode" = force ]; then
      case $1 in *[!0]*) ;; *) continue ;; esac
      case $2 in *[!0]*) ;; *) continue ;; esac
      git merge-base --is-ancestor "$1" "$2" && continue
    fi
    printf '%b\\n' "$text" >&2
    return 0
  done < "$SANDBOX_REFUSALS"
  return 1
}
"""
_UPDATE = f'#!/bin/sh\n{_CHECK}\nrefused "$2" "$3" "$1" && exit 1\nexit 0\n'
_PRE_RECEIVE = f"#!/bin/sh\n{_CHECK}\nbad=0\nwhile read -r old new name; do refused $old $new $name && bad=1; done\nexit $bad\n"


class GitHTTP:
    """Serves the repositories of one forge; an ASGI app for the paths that match PATHS."""

    def __init__(self, forge: SandboxForge, directory: Path) -> None:
        self._forge = forge
        self._directory = directory / "git" / forge.name
        hooks = self._directory / "hooks"
        hooks.mkdir(parents=True, exist_ok=True)
        hook = hooks / ("pre-receive" if forge.all_or_nothing else "update")
        hook.write_text(_PRE_RECEIVE if forge.all_or_nothing else _UPDATE, encoding="utf-8")
        hook.chmod(0o755)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request of git."""
        found = PATHS.match(unquote(scope["path"]))
        if found is None:
            raise AssertionError(scope["path"])
        what = found["what"]
        query = scope["query_string"].decode()
        service = parse_qs(query).get("service", [""])[0] if what == "info/refs" else what
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if service not in (UPLOAD, RECEIVE):
            await _plain(send, 403, "Please upgrade your git client.")
            return
        account = self._account(headers.get("authorization", ""))
        target = (
            GitDenied(401, "Invalid username or token.")
            if account == 0
            else self._target(found["repo"], account, service)
        )
        if isinstance(target, GitDenied):
            location = f"{target.location}/{what}{'?' + query if query else ''}" if target.location else ""
            await _plain(send, target.status, target.text, location=location, realm=self._forge.realm)
            return
        if what == RECEIVE and account is not None:
            await self._push(account, target, headers, receive, send)
        else:
            variables = self._variables(scope["method"], what, query, headers)
            await _run(target.bare.path, variables, _body(receive), send)

    def _account(self, authorization: str) -> int | None:
        """Return the account, None for nobody, 0 for wrong credentials."""
        scheme, _, value = authorization.partition(" ")
        if not scheme:
            return None
        if scheme.lower() == "bearer":
            return self._forge.git_account("", value) or 0
        try:
            user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return 0
        return self._forge.git_account(user, password) or 0

    def _target(self, path: str, account: int | None, service: str) -> GitTarget | GitDenied:
        if service == RECEIVE and account is None:
            return GitDenied(401, "Authentication required.")
        return self._forge.git_target(path, account, service)

    async def _push(
        self, account: int, target: GitTarget, headers: dict[str, str], receive: Receive, send: Send
    ) -> None:
        body = _body(receive)
        if headers.pop("content-encoding", "") == "gzip":
            headers.pop("content-length", None)
            body = _inflated(body)
        updates, head = await _commands(body)
        refusals = dict(self._forge.decide(account, target, updates)) if updates else {}
        variables = self._variables("POST", RECEIVE, "", headers)
        with contextlib.ExitStack() as stack:
            if refusals:
                variables |= self._refusing(stack, refusals)
            await _run(
                target.bare.path,
                variables,
                _chain(head, body),
                send,
                lambda: self._done(account, target, updates),
            )

    def _done(self, account: int, target: GitTarget, updates: list[Update]) -> None:
        """Tell the forge what was pushed, before the client can know that the push has ended."""
        now = target.bare.refs() if updates else {}
        done = [update for update in updates if now.get(update.ref, ZERO) == update.new]
        if done:
            self._forge.pushed(account, target, done)

    def _refusing(self, stack: contextlib.ExitStack, refusals: Mapping[str, Refusal]) -> dict[str, str]:
        lines = []
        for ref, refusal in refusals.items():
            text = refusal.text.replace("\\", "\\\\").replace("\n", "\\n")
            lines.append(f"{ref}\t{'force' if refusal.only_force else 'always'}\t{text}\n")
        descriptor, name = tempfile.mkstemp(dir=self._directory, prefix="refusals-")
        stack.callback(os.unlink, name)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.writelines(lines)
        return {"SANDBOX_REFUSALS": name}

    def _variables(self, method: str, what: str, query: str, headers: dict[str, str]) -> dict[str, str]:
        """Return the CGI variables and git's configuration for one request."""
        config = {
            "http.receivepack": "true",
            "http.maxRequestBuffer": "100M",
            "uploadpack.allowFilter": "true",
            "uploadpack.allowAnySHA1InWant": "true",
            "receive.advertiseAtomic": "true",
            "core.hooksPath": str(self._directory / "hooks") if what == RECEIVE else os.devnull,
            "safe.directory": "*",
            "gc.auto": "0",
            "receive.autogc": "false",
        }
        pairs = [
            *config.items(),
            *(("receive.hideRefs", prefix.rstrip("/")) for prefix in self._forge.hidden_refs),
        ]
        variables = environment() | {
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": method,
            "QUERY_STRING": query,
            "PATH_INFO": f"/{what}",
            "REMOTE_USER": "sandbox",
            "REMOTE_ADDR": "127.0.0.1",
            "SANDBOX_REFUSALS": os.devnull,
            "GIT_CONFIG_COUNT": str(len(pairs)),
        }
        for number, (key, value) in enumerate(pairs):
            variables[f"GIT_CONFIG_KEY_{number}"] = key
            variables[f"GIT_CONFIG_VALUE_{number}"] = value
        given = {
            "CONTENT_TYPE": "content-type",
            "CONTENT_LENGTH": "content-length",
            "HTTP_CONTENT_ENCODING": "content-encoding",
            "GIT_PROTOCOL": "git-protocol",
        }
        variables |= {name: headers[header] for name, header in given.items() if header in headers}
        return variables


async def _run(
    path: Path,
    variables: dict[str, str],
    body: AsyncIterator[bytes],
    send: Send,
    ended: Callable[[], None] = lambda: None,
) -> None:
    """Run git http-backend on a repository, streaming the request in and the answer out."""
    process = await asyncio.create_subprocess_exec(
        "git",
        "http-backend",
        env=variables | {"GIT_PROJECT_ROOT": str(path)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    if process.stdin is None or process.stdout is None:
        raise AssertionError(process)
    feeding = asyncio.create_task(_feed(process.stdin, body))
    try:
        status, headers = await _cgi_headers(process.stdout)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        while chunk := await process.stdout.read(_CHUNK):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await process.wait()
        ended()
        await send({"type": "http.response.body", "body": b""})
    finally:
        feeding.cancel()
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            await feeding
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _feed(stdin: asyncio.StreamWriter, body: AsyncIterator[bytes]) -> None:
    try:
        async for chunk in body:
            stdin.write(chunk)
            await stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        log.debug("git stopped reading early")
    finally:
        stdin.close()


async def _cgi_headers(stdout: asyncio.StreamReader) -> tuple[int, list[tuple[bytes, bytes]]]:
    status, headers = 200, []
    while line := (await stdout.readline()).strip():
        name, _, value = line.partition(b":")
        if name.lower() == b"status":
            status = int(value.split()[0])
        else:
            headers.append((name.lower(), value.strip()))
    return (status if headers else 500), headers


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ConnectionResetError("the client went away")
        if message.get("body"):
            yield message["body"]
        if not message.get("more_body"):
            return


async def _inflated(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
    async for chunk in body:
        yield inflater.decompress(chunk)
    yield inflater.flush()


async def _chain(head: bytes, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield head
    async for chunk in body:
        yield chunk


async def _commands(body: AsyncIterator[bytes]) -> tuple[list[Update], bytes]:
    """Return the updates a push asks for, and what was read of it so far; reads up to the first flush packet."""
    data, at = bytearray(), 0
    updates: list[Update] = []
    while True:
        while len(data) < at + 4 or len(data) < at + int(data[at : at + 4], 16):
            try:
                data += await anext(body)
            except StopAsyncIteration:
                return updates, bytes(data)
        length = int(data[at : at + 4], 16)
        if length == 0:
            return updates, bytes(data)
        parts = bytes(data[at + 4 : at + length]).partition(b"\0")[0].decode().strip().split(" ", 2)
        if len(parts) == 3:  # noqa: PLR2004  # old, new, ref; "shallow <id>" has two
            updates.append(Update(*parts))
        at += length


async def _plain(send: Send, status: int, text: str, *, location: str = "", realm: str = "") -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-cache")]
    if status == 401:  # noqa: PLR2004
        headers.append((b"www-authenticate", f'Basic realm="{realm}"'.encode()))
    if location:
        headers.append((b"location", location.encode()))
    body = f"{text}\n".encode()
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
