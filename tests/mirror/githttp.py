"""Git's own smart HTTP on loopback, with the accidents a network has; and a quick way to make histories."""

from __future__ import annotations

import base64
import os
import socket
import struct
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
CLEAN = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "member",
    "GIT_AUTHOR_EMAIL": "member@example.org",
    "GIT_COMMITTER_NAME": "member",
    "GIT_COMMITTER_EMAIL": "member@example.org",
}


def git(at: Path, *args: str, text: str | None = None, **env: str) -> str:
    done = subprocess.run(
        ["git", *args], cwd=at, input=text, env={**CLEAN, **env}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"git {args}: {done.stderr}"
    return done.stdout.strip()


class Bare:
    """A bare repository to make histories in."""

    def __init__(self, path: Path, default: str = "master") -> None:
        self.path = path
        path.mkdir(parents=True)
        git(path, "init", "--bare", "--quiet", "--initial-branch", default)
        git(path, "config", "http.receivepack", "true")
        git(path, "config", "gc.auto", "0")

    def commit(self, ref: str, *messages: str, onto: str | None = None) -> str:
        """Put commits on a ref; `onto` starts them elsewhere, "" nowhere."""
        full = ref if ref.startswith("refs/") else f"refs/heads/{ref}"
        tip = self.refs().get(full, "") if onto is None else onto
        for message in messages or ("change",):
            parents = ["-p", tip] if tip else []
            tip = git(self.path, "commit-tree", EMPTY_TREE, *parents, "-m", message)
        git(self.path, "update-ref", full, tip)
        return tip

    def bulk(self, ref: str, commits: int) -> str:
        """Put many commits with a file each on a ref, quickly."""
        lines = [f"reset refs/heads/{ref}\n"]
        for number in range(commits):
            body = f"{ref} {number}\n" * 20
            lines.append(
                f"commit refs/heads/{ref}\ncommitter member <member@example.org> {1_600_000_000 + number} +0000\n"
                f"data 6\nchange\nM 100644 inline f{number % 50}\ndata {len(body)}\n{body}\n"
            )
        git(self.path, "fast-import", "--quiet", "--force", text="".join(lines))
        return self.refs()[f"refs/heads/{ref}"]

    def tag(self, name: str, at: str, *, annotated: bool = True, force: bool = False) -> None:
        flags = (["-a", "-m", name] if annotated else []) + (["-f"] if force else [])
        git(self.path, "tag", *flags, name, at)

    def point(self, ref: str, sha: str) -> None:
        git(self.path, "update-ref", ref, sha)

    def delete(self, ref: str) -> None:
        git(self.path, "update-ref", "-d", ref)

    def head(self, ref: str) -> None:
        git(self.path, "symbolic-ref", "HEAD", ref)

    def refs(self) -> dict[str, str]:
        out = git(self.path, "for-each-ref", "--format=%(objectname) %(refname)")
        return {name: sha for sha, _, name in (line.partition(" ") for line in out.splitlines())}

    def has(self, sha: str) -> bool:
        done = subprocess.run(
            ["git", "cat-file", "-e", sha], cwd=self.path, env=CLEAN, capture_output=True, check=False
        )
        return done.returncode == 0

    def hook(self, name: str, script: str) -> None:
        path = self.path / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)


@dataclass
class Seen:
    method: str
    path: str
    query: str
    authorization: str


@dataclass
class Fault:
    """Meets requests whose path and query hold `where`; `times` of them, then no more (None = always)."""

    where: str
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    kind: str = "text/plain"
    cut_after: int | None = None
    """Bytes of the real answer that are sent before the connection is cut."""
    take: int | None = None
    """Bytes of the request's body after which the connection is cut; git's own service gets that much and then an end."""
    stall: threading.Event | None = None
    """What is waited for before a cut, while the client waits for more."""
    reset: bool = False
    """A cut is a reset, which also loses what was sent last."""
    before: Callable[[], None] | None = None
    """Called before the request is served."""
    times: int | None = None


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, root: Path, latency: float = 0.0) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.root = root
        self.latency = latency
        self.faults: list[Fault] = []
        self.seen: list[Seen] = []
        self.sent: Counter[str] = Counter()
        """Bytes of answers by path."""
        self.password = ""
        self.room: int | None = None
        """Bytes that a file at the target may have."""
        self.lock = threading.Lock()
        self.cached: dict[object, tuple[int, list[tuple[str, str]], bytes]] | None = None
        """Answers to reads by request, for benchmarks in which nothing changes."""
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()
        self.thread.join(5)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what these tests are about."""

    def fault(self, handler: _Handler) -> Fault | None:
        with self.lock:
            for fault in self.faults:
                if fault.where in handler.path and fault.times != 0 and fault.take is None:
                    if fault.times is not None:
                        fault.times -= 1
                    return fault
        return None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Server

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self.answer(b"")

    def do_POST(self) -> None:
        with self.server.lock:
            cut = next(
                (
                    f
                    for f in self.server.faults
                    if f.take is not None and f.where in self.path and f.times != 0
                ),
                None,
            )
            if cut and cut.times is not None:
                cut.times -= 1
        if cut is None:
            self.answer(self.body())
            return
        url = urlsplit(self.path)
        with self.server.lock:
            self.server.seen.append(Seen(self.command, url.path, url.query, ""))
        self.cgi(url.path, url.query, self.body()[: cut.take])
        self.hang_up(reset=cut.reset)

    def hang_up(self, *, reset: bool) -> None:
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        self.close_connection = True

    def body(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("content-length", 0)))
        parts = []
        while size := int(self.rfile.readline().strip() or b"0", 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def answer(self, body: bytes) -> None:
        server = self.server
        url = urlsplit(self.path)
        authorization = self.headers.get("authorization", "")
        with server.lock:
            server.seen.append(Seen(self.command, url.path, url.query, authorization))
        if server.latency:
            time.sleep(server.latency)
        fault = server.fault(self)
        if fault and fault.before:
            fault.before()
        if fault and fault.status:
            self.send(fault.status, [("Content-Type", fault.kind), *fault.headers.items()], fault.body)
            return
        wanted = "Basic " + base64.b64encode(f"bot:{server.password}".encode()).decode()
        if server.password and authorization != wanted:
            self.send(401, [("WWW-Authenticate", 'Basic realm="git"')], b"")
            return
        code, headers, out = self.served(url.path, url.query, body)
        if fault and fault.cut_after is not None:
            self.send(code, headers, out[: fault.cut_after], claim=len(out) + 1)
            if fault.stall is not None:
                fault.stall.wait(60)
            self.hang_up(reset=fault.reset)
            return
        self.send(code, headers, out)

    def served(self, path: str, query: str, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        if self.server.cached is None or "receive-pack" in path:
            return self.cgi(path, query, body)
        key = (path, query, body, self.headers.get("git-protocol", ""))
        if key not in self.server.cached:
            self.server.cached[key] = self.cgi(path, query, body)
        return self.server.cached[key]

    def cgi(self, path: str, query: str, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        env = {
            **CLEAN,
            "GIT_PROJECT_ROOT": str(self.server.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("content-encoding", ""),
            "GIT_PROTOCOL": self.headers.get("git-protocol", ""),
            "REMOTE_USER": "bot",
            "REMOTE_ADDR": "127.0.0.1",
        }
        room = self.server.room
        command = ["git", "http-backend"]
        if room is not None and path.endswith("receive-pack"):
            command = ["sh", "-c", f'trap "" XFSZ; ulimit -f {room // 512}; exec git http-backend']
        done = subprocess.run(command, input=body, env=env, capture_output=True, check=False)
        head, _, out = done.stdout.partition(b"\r\n\r\n")
        headers = [tuple(line.split(": ", 1)) for line in head.decode().split("\r\n") if ": " in line]
        status = next((int(value[:3]) for name, value in headers if name == "Status"), 200)
        return status, [(name, value) for name, value in headers if name != "Status"], out

    def send(self, code: int, headers: list[tuple[str, str]], out: bytes, claim: int | None = None) -> None:
        self.send_response(code)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(out) if claim is None else claim))
        self.end_headers()
        self.server.sent[urlsplit(self.path).path] += len(out)
        self.wfile.write(out)
        self.wfile.flush()
