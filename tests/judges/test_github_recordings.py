"""Our REST readers understand what the real GitHub answered, errors included."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pydantic import SecretStr
from recordings import Exchange, recordings

from sigctl.errors import DeniedError, ForgeError, NotThereError, RefusedError, UnreachableError
from sigctl.forges.base import Settings
from sigctl.forges.github.client import Answer
from sigctl.forges.github.failures import of_status
from sigctl.forges.github.readers.orgs import read_org
from sigctl.forges.github.readers.people import read_account, read_invitations
from sigctl.forges.github.readers.repos import read_repo_invitations
from sigctl.forges.github.session import Session

pytestmark = pytest.mark.judge


@contextmanager
def replaying(exchange: Exchange) -> Iterator[Session]:
    """Return a session with a server that gives the recorded answer to every request."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = exchange.body.encode()
            self.send_response(exchange.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    session = Session(Settings("gh", "github", f"http://127.0.0.1:{server.server_port}", SecretStr("token")))
    try:
        yield session
    finally:
        session.close()
        server.shutdown()
        server.server_close()
        thread.join()


def recorded(*shape: str) -> list[Exchange]:
    """Return the good answers to GETs of paths like this, each body once; `*` stands for any one part."""
    found = {}
    for one in recordings():
        parts = one.path.partition("?")[0].strip("/").split("/")
        fits = len(parts) == len(shape) and all(a in ("*", b) for a, b in zip(shape, parts, strict=True))
        if fits and one.verb == "GET" and one.status == 200:
            found[one.body] = one
    return list(found.values())


def test_there_are_enough_recordings_for_this_to_mean_something() -> None:
    assert len(recordings()) > 1500
    assert {one.status for one in recordings()} >= {200, 201, 204, 301, 403, 404, 422}


def test_orgs_are_read_or_their_hidden_settings_are_reported() -> None:
    seen = {"read": 0, "denied": 0}
    for exchange in recorded("orgs", "*"):
        data = json.loads(exchange.body)
        with replaying(exchange) as session:
            if data.get("default_repository_permission") is None:
                with pytest.raises(DeniedError):
                    read_org(session, data["login"])
                seen["denied"] += 1
            else:
                org = read_org(session, data["login"])
                assert (org.path, org.title) == (data["login"], data.get("name") or "")
                seen["read"] += 1
    assert min(seen.values()) > 0


def test_org_invitations_are_read() -> None:
    exchanges = [one for one in recorded("orgs", "*", "invitations") if "page=2" not in one.path]
    assert exchanges
    for exchange in exchanges:
        with replaying(exchange) as session:
            members, notes = read_invitations(session, "org")
        assert len(members) + len(notes) == len(json.loads(exchange.body))
        assert {member.state for member in members} <= {"invited"}


def test_repository_invitations_are_read() -> None:
    exchanges = recorded("repos", "*", "*", "invitations")
    assert exchanges
    for exchange in exchanges:
        with replaying(exchange) as session:
            grants, notes = read_repo_invitations(session, "o/r")
        assert len(grants) + len(notes) == len(json.loads(exchange.body))
        assert {grant.level for grant in grants} <= {"read", "triage", "write", "maintain", "admin"}


def test_accounts_are_read_by_their_number() -> None:
    exchanges = recorded("user", "*")
    numbered = [one for one in exchanges if one.path.rpartition("/")[2].isdecimal()]
    assert numbered
    for exchange in numbered:
        with replaying(exchange) as session:
            account = read_account(session, exchange.path.rpartition("/")[2])
        assert account.login == json.loads(exchange.body)["login"]


MEANING: dict[int, type[ForgeError]] = {
    301: RefusedError,
    302: RefusedError,
    307: RefusedError,
    400: RefusedError,
    401: DeniedError,
    404: NotThereError,
    409: RefusedError,
    410: RefusedError,
    422: RefusedError,
}


def test_every_recorded_failure_has_a_meaning_and_a_reason() -> None:
    failures = [one for one in recordings() if one.status >= 301]
    assert len(failures) > 30
    for one in failures:
        data = json.loads(one.body) if one.body[:1] in "{[" and one.body else {}
        error = of_status(Answer(one.status, one.headers, data), f"{one.verb} {one.path}").error
        expected = MEANING.get(one.status)
        if expected is not None:
            assert type(error) is expected
        else:
            assert isinstance(error, DeniedError | RefusedError | UnreachableError)
        assert one.path in error.text
