"""Stores on loopback with the accidents a network has, and an upload form behind a client certificate."""

from __future__ import annotations

import datetime as dt
import email
import hashlib
import ipaddress
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self
from urllib.parse import unquote

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

EMPTY = {name: hashlib.new(name).hexdigest() for name in ("md5", "sha1", "sha256", "sha512")}


def hash_of(content: bytes, name: str = "sha512") -> str:
    return hashlib.new(name, content).hexdigest()


@dataclass
class Fault:
    """Meets requests whose path holds `where`; `times` of them, then no more (None = always)."""

    where: str = ""
    status: int = 0
    body: bytes | None = None
    """In place of the right content, with a 200."""
    cut_after: int | None = None
    """Bytes of the answer that are sent before the connection is cut."""
    no_range: bool = False
    """Answers with the whole file whatever was asked for."""
    wrong_range: bool = False
    gate: threading.Event | None = None
    """Half of the file is sent, then nothing until this is set."""
    before: Callable[[], None] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    times: int | None = None


@dataclass
class Seen:
    method: str
    path: str
    range: str = ""


class Quiet(ThreadingHTTPServer):
    """A server to whom connections that break, and handshakes that are refused, are nothing to print."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        pass


class FileServer:
    """Serves a dictionary of path -> content; knows Range."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.seen: list[Seen] = []
        self.faults: list[Fault] = []
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.serve(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def paths(self) -> list[str]:
        return [one.path for one in self.seen]

    def fault(self, path: str) -> Fault:
        with self._lock:
            for one in self.faults:
                if one.where in path and one.times != 0:
                    if one.times is not None:
                        one.times -= 1
                    return one
        return Fault()

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        asked = request.headers.get("range", "")
        with self._lock:
            self.seen.append(Seen(request.command, request.path, asked))
        fault = self.fault(request.path)
        if fault.before:
            fault.before()
        content = self.files.get(unquote(request.path)) if fault.body is None else fault.body
        if fault.status or content is None:
            self._answer(request, fault.status or 404, b"no\n", fault.headers)
            return
        status, start = 200, 0
        if asked and not fault.no_range:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            status = 206 if start < len(content) else 416
        headers = dict(fault.headers)
        if status == 416:
            headers.setdefault("Content-Range", f"bytes */{len(content)}")
            self._answer(request, 416, b"", headers)
            return
        if status == 206:
            told = start + 1 if fault.wrong_range else start
            headers["Content-Range"] = f"bytes {told}-{len(content) - 1}/{len(content)}"
        self._answer(request, status, content[start:], headers, fault)

    def _answer(
        self,
        request: BaseHTTPRequestHandler,
        status: int,
        body: bytes,
        headers: dict[str, str],
        fault: Fault | None = None,
    ) -> None:
        request.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            request.send_header(name, value)
        request.end_headers()
        fault = fault or Fault()
        if fault.gate is not None:
            request.wfile.write(body[: len(body) // 2])
            request.wfile.flush()
            fault.gate.wait(30)
            body = body[len(body) // 2 :]
        cut = fault.cut_after
        try:
            request.wfile.write(body if cut is None else body[:cut])
            request.wfile.flush()
        except OSError:
            return
        if cut is not None:
            request.close_connection = True


class Authority:
    """Signs certificates for this test only."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.file = folder / f"{name}.pem"
        certificate = self._sign(self._name, self._key.public_key(), ca=True)
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str, *, days: int = 1) -> Path:
        """A certificate and its key in one file that only the owner reads."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self._sign(subject, key.public_key(), ca=False, days=days)
        file = self.folder / f"{name}.pem"
        file.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        file.chmod(0o600)
        return file

    def _sign(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, *, ca: bool, days: int = 1
    ) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=2))
            .not_valid_after(now + dt.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if not ca:
            names = x509.SubjectAlternativeName(
                [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("store.example.org")]
            )
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self._key, hashes.SHA256())


class UploadServer:
    """The form `name branch sha1sum|sha512sum [file]` behind a client certificate; keeps files as a store has them."""

    def __init__(self, authority: Authority, files: dict[str, bytes] | None = None) -> None:
        self.files = {} if files is None else files
        self.posts: list[dict[str, bytes]] = []
        self.fails: list[int] = []
        """Statuses to answer with, one a post."""
        self.moved = ""
        """Where to send whoever posts."""
        self.forgets = False
        self.says: str | None = None
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                outer.post(self)

            def log_message(self, *_: object) -> None:
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority.issue("server"))
        context.load_verify_locations(authority.file)
        context.verify_mode = ssl.CERT_REQUIRED
        self._server = Quiet(("127.0.0.1", 0), Handler)
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.url = f"https://127.0.0.1:{self._server.server_address[1]}/sources/upload.cgi"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def post(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["content-length"]))
        head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
        message = email.message_from_bytes(head + body, policy=HTTP)
        fields = {
            part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
            for part in message.iter_parts()
        }
        self.posts.append(fields)
        status, text = self._answer(fields)
        answer = text.encode()
        request.send_response(307 if self.moved else status)
        if self.moved:
            request.send_header("Location", self.moved)
        request.send_header("Content-Length", str(len(answer)))
        request.end_headers()
        request.wfile.write(answer)

    def _answer(self, fields: dict[str, bytes]) -> tuple[int, str]:
        if self.fails:
            return self.fails.pop(0), "no"
        if self.says is not None:
            return 200, self.says
        kind = next((name for name in ("sha1", "sha512") if f"{name}sum" in fields), "")
        if not {"name", "branch"} <= set(fields) or not kind:
            return 400, "a field is missing"
        value = fields[f"{kind}sum"].decode()
        path = f"/{fields['name'].decode()}/{fields['branch'].decode()}/{value}"
        if "file" not in fields:
            return 200, "Available" if path in self.files else "Missing"
        if hash_of(fields["file"], kind) != value:
            return 400, "the file is not what its hash says"
        if not self.forgets:
            self.files[path] = fields["file"]
        return 200, "stored"
