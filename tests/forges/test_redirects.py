"""Wherever a server leads to: no other host, port or scheme is ever shown a token, by reads and by writes."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from hostile import TOKEN, Hostile, hostile, opened, said
from pydantic import SecretStr

from sigctl.core.kinds import Grant, Repo
from sigctl.core.plan import Action
from sigctl.errors import SigctlError
from sigctl.forges.base import Remote, Scope
from sigctl.lookaside.formats import Checksum
from sigctl.lookaside.upload import Uploader
from sigctl.lookaside.wire import Wire
from sigctl.mirror.advertise import Reader
from sigctl.mirror.git import Git

STATUSES = (301, 302, 303, 307, 308)
KINDS = ("github", "gitlab", "pagure")
PLACES = ("another port", "another host", "another scheme")
NEW = Repo("rpms/xen", visibility="private")
WRITES = {
    "create": lambda kind: Action(kind, "create", None, NEW),
    "delete": lambda kind: Action(kind, "delete", NEW, None),
    "grant": lambda kind: Action(
        kind, "create", None, Grant("repo", "rpms/xen", "person:member", "write", ())
    ),
}


def there(place: str, other: Hostile, first: str) -> str:
    """Return where the first server leads to: the same path, elsewhere."""
    base = {
        "another port": other.url,
        "another host": f"http://localhost:{other.port}",
        "another scheme": f"https://127.0.0.1:{other.port}",
    }[place]
    return base + first.split()[1]


@pytest.fixture
def other():
    def answer(_first):
        yield said(200, b"{}")

    with hostile(answer) as found:
        yield found


def leading(place, status, other):
    def answer(first):
        yield said(status, b"", Location=there(place, other, first))

    return hostile(answer)


def nothing_was_told(first: Hostile, other: Hostile, *, followed: bool = False) -> None:
    """Hold what both servers heard against what each may hear."""
    assert first.asked, "somebody was asked at all"
    assert TOKEN.encode() in first.heard or b"uthorization: Basic" in first.heard
    heard = other.heard.lower()
    for word in (TOKEN.lower().encode(), b"authorization", b"private-token", b"cookie"):
        assert word not in heard
    assert followed or b"http/1" not in heard, "what is told there, to anybody, is not what was asked for"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("status", STATUSES)
def test_a_read_takes_no_token_elsewhere_and_fails(kind, place, status, other):
    with leading(place, status, other) as server, opened(kind, server.url) as forge:
        with pytest.raises(SigctlError):
            forge.observe(Scope(orgs=frozenset({"rpms"})))
        assert forge.health().problems
        nothing_was_told(server, other)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("status", STATUSES)
def test_a_write_takes_no_token_elsewhere_and_fails(kind, place, status, other):
    with leading(place, status, other) as server, opened(kind, server.url) as forge:
        for write in WRITES.values():
            with pytest.raises(SigctlError):
                forge.execute(write(kind))
        nothing_was_told(server, other)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("status", STATUSES)
def test_a_list_of_refs_takes_no_token_elsewhere(place, status, other):
    with leading(place, status, other) as server, ExitStack() as stack:
        reader = Reader(Git(protocols=frozenset({"http", "https"})))
        stack.callback(reader.close)
        with pytest.raises(SigctlError):
            reader.read(Remote(f"{server.url}/rpms/xen.git", "bot", SecretStr(TOKEN)))
        nothing_was_told(server, other, followed=True)


@pytest.mark.parametrize(("verb", "ref"), [("fetch", "refs/heads/a"), ("push", ":refs/heads/a")])
def test_git_itself_follows_nowhere(verb, ref, other, tmp_path: Path):
    git = Git(protocols=frozenset({"http", "https"}), timeout=60)
    git.run(["init", "--bare", "--quiet", "--", str(tmp_path / "bare")])
    with leading("another port", 301, other) as server:
        remote = Remote(f"{server.url}/rpms/xen.git", "bot", SecretStr(TOKEN))
        with pytest.raises(SigctlError):
            git.run([verb, "--", remote.url, ref], at=tmp_path / "bare", remote=remote)
        assert server.asked
        assert other.heard == b""


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("status", STATUSES)
def test_a_store_of_sources_gets_no_header_of_ours_elsewhere_and_no_upload(place, status, other, tmp_path):
    file = tmp_path / "x.tgz"
    file.write_bytes(b"x")
    with leading(place, status, other) as server, ExitStack() as stack:
        wire = Wire(sleep=lambda _: None)
        stack.callback(wire.close)
        with suppress(SigctlError, OSError), wire.get(f"{server.url}/x.tgz", {"Range": "bytes=1-"}) as answer:
            assert b"authorization" not in bytes(str(answer.request.headers), "latin-1").lower()
        before = other.heard
        with pytest.raises(SigctlError):
            Uploader(f"{server.url}/upload", wire).put("xen", "c7", Checksum("sha512", "0" * 128), file)
        assert other.heard == before, "a form is sent to where the files say, and nowhere else"
        assert b"authorization" not in other.heard.lower()
