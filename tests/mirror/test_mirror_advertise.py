"""Reading refs: what servers say, and what they say wrong."""

from __future__ import annotations

import threading

import pytest
from githttp import Fault, Server, git
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from sigctl.errors import (
    DeniedError,
    ForgeError,
    InterruptedRunError,
    NotThereError,
    PartialError,
    RefusedError,
    UnreachableError,
)
from sigctl.forges.base import Remote
from sigctl.mirror import pkt
from sigctl.mirror.advertise import Reader
from sigctl.mirror.git import Git

A, B = "a" * 40, "b" * 40
KIND = "application/x-git-upload-pack-advertisement"


def packet(text: str | bytes) -> bytes:
    raw = text if isinstance(text, bytes) else text.encode()
    return f"{len(raw) + 4:04x}".encode() + raw


def body(*lines: str | bytes, end: bytes = b"0000") -> bytes:
    return packet("# service=git-upload-pack\n") + b"0000" + b"".join(map(packet, lines)) + end


def reader(**more) -> Reader:
    return Reader(Git(), **more)


def test_an_advertisement_is_read_whole():
    said = pkt.parse(
        body(
            f"{A} HEAD\0multi_ack symref=HEAD:refs/heads/xen-412 object-format=sha1 agent=git/2\n",
            f"{A} refs/heads/xen-412\n",
            f"{B} refs/tags/v1\n",
            f"{A} refs/tags/v1^{{}}\n",
            f"{A} refs/pull/1/head",
        )
    )
    assert said.tips == {"refs/heads/xen-412": A, "refs/tags/v1": B, "refs/pull/1/head": A}
    assert said.head == "refs/heads/xen-412"
    assert not said.shallow


def test_an_empty_repository_has_no_refs():
    said = pkt.parse(body(f"{'0' * 40} capabilities^{{}}\0symref=HEAD:refs/heads/main object-format=sha1\n"))
    assert said.tips == {}
    assert said.head == ""


def test_a_shallow_one_says_so():
    assert pkt.parse(body(f"{A} refs/heads/x\0agent=git\n", f"shallow {A}\n")).shallow


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"", RefusedError),
        (b"<html>login</html>", RefusedError),
        (body(f"{A} refs/heads/x\0agent\n", end=b""), PartialError),
        (body(f"{A} refs/heads/x\0agent\n")[:-9], PartialError),
        (body("ERR access denied or repository not exported: /x"), NotThereError),
        (body("ERR upload-pack: not now"), RefusedError),
        (body(f"{'a' * 64} refs/heads/x\0object-format=sha256\n"), RefusedError),
        (body("nonsense"), RefusedError),
        (body(f"{A} \0agent"), RefusedError),
        (b"zzzz", RefusedError),
    ],
)
def test_a_broken_answer_is_an_error_never_an_empty_repository(raw, kind):
    with pytest.raises(kind):
        pkt.parse(raw)


@given(
    st.integers(
        min_value=0, max_value=len(body(f"{A} HEAD\0symref=HEAD:refs/heads/x\n", f"{A} refs/heads/x\n")) - 1
    )
)
def test_an_answer_cut_anywhere_is_an_error(at):
    whole = body(f"{A} HEAD\0symref=HEAD:refs/heads/x\n", f"{A} refs/heads/x\n")
    with pytest.raises(ForgeError):
        pkt.parse(whole[:at])


@given(st.binary(max_size=300))
def test_no_bytes_make_it_crash(raw):
    with pytest.raises(ForgeError):
        pkt.parse(raw)
    try:
        pkt.parse(body(raw))
    except ForgeError:
        return


def test_too_many_refs_are_refused():
    with pytest.raises(RefusedError, match="more than 3"):
        pkt.parse(body(f"{A} HEAD\0agent", *(f"{A} refs/heads/{n}\n" for n in range(4))), max_refs=3)


def test_http_and_files_say_the_same(world):
    upstream = world.bare("upstream/xen", "xen-412")
    tip = upstream.commit("xen-412", "one")
    upstream.tag("v1", tip)
    upstream.point("refs/pull/1/head", tip)
    near, far = Remote(f"file://{upstream.path}"), Remote(world.url("upstream/xen"))
    one = Reader(Git(protocols=frozenset({"file"}))).read(near)
    other = reader().read(far)
    assert one.tips == other.tips == upstream.refs()
    assert one.head == other.head == "refs/heads/xen-412"


def test_a_head_without_its_branch_is_no_head(world):
    upstream = world.bare("upstream/xen", "master")
    upstream.commit("xen-412", "one")
    assert reader().read(Remote(world.url("upstream/xen"))).head == ""
    assert Reader(Git(protocols=frozenset({"file"}))).read(Remote(f"file://{upstream.path}")).head == ""


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, DeniedError), (403, DeniedError), (404, NotThereError), (410, NotThereError), (418, RefusedError)],
)
def test_status_codes_are_told_apart(world, status, kind):
    world.server.faults.append(Fault("xen", status=status))
    with pytest.raises(kind) as caught:
        reader().read(Remote(world.url("upstream/xen"), "bot", SecretStr("hunter2-secret")))
    assert "hunter2" not in str(caught.value)
    assert len(world.server.seen) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_what_may_pass_is_asked_again(world, status):
    world.bare("upstream/xen").commit("master", "one")
    world.server.faults.append(Fault("xen", status=status, headers={"Retry-After": "0"}, times=2))
    assert reader().read(Remote(world.url("upstream/xen"))).tips
    assert len(world.server.seen) == 3


def test_a_connection_cut_in_the_middle_is_asked_again(world):
    world.bare("upstream/xen").commit("master", "one")
    world.server.faults.append(Fault("xen", cut_after=70, times=1))
    assert set(reader().read(Remote(world.url("upstream/xen"))).tips) == {"refs/heads/master"}


def test_a_server_that_is_not_there_is_unreachable_and_stopping_does_not_wait(tmp_path):
    with Server(tmp_path) as gone:
        url = gone.url
    stop = threading.Event()
    stop.set()
    with pytest.raises((UnreachableError, InterruptedRunError)):
        Reader(Git(stop=stop)).read(Remote(f"{url}/xen.git"))


def test_a_page_for_people_is_no_repository(world):
    world.server.faults.append(Fault("xen", status=200, kind="text/html", body=b"<html>"))
    with pytest.raises(RefusedError, match="not git's smart HTTP"):
        reader().read(Remote(world.url("upstream/xen")))


def test_the_size_of_an_answer_is_bounded(world):
    upstream = world.bare("upstream/xen")
    tip = upstream.commit("master", "one")
    git(
        upstream.path,
        "update-ref",
        "--stdin",
        text="".join(f"create refs/tags/v{n} {tip}\n" for n in range(200)),
    )
    with pytest.raises(RefusedError, match="longer than 4096 bytes"):
        reader(max_bytes=4096).read(Remote(world.url("upstream/xen")))


def test_a_redirect_on_the_same_server_is_followed_with_the_token(world):
    world.bare("upstream/new").commit("master", "one")
    world.server.password = "s3cret-token"
    there = f"{world.server.url}/upstream/new.git/info/refs?service=git-upload-pack"
    world.server.faults.append(Fault("old", status=301, headers={"Location": there}))
    said = reader().read(Remote(world.url("upstream/old"), "bot", SecretStr("s3cret-token")))
    assert said.url == world.url("upstream/new")
    assert said.tips


def test_a_token_is_never_sent_to_another_server(world, tmp_path):
    with Server(tmp_path / "other") as other:
        there = f"{other.url}/xen.git/info/refs?service=git-upload-pack"
        world.server.faults.append(Fault("xen", status=302, headers={"Location": there}))
        with pytest.raises(NotThereError):
            reader().read(Remote(world.url("upstream/xen"), "bot", SecretStr("s3cret-token")))
        assert [s.authorization for s in other.seen] == [""]
    assert world.server.seen[0].authorization


@pytest.mark.parametrize("there", ["/login", "ftp://x/info/refs?service=git-upload-pack", "http://forge.example.org/info/refs?service=git-upload-pack"])  # fmt: skip
def test_a_redirect_to_something_else_is_refused(world, there):
    world.server.faults.append(Fault("xen", status=302, headers={"Location": there}))
    with pytest.raises(Exception, match=r"redirects|protocol"):
        reader().read(Remote(world.url("upstream/xen")))


def test_redirects_end(world):
    there = world.url("upstream/xen") + "/info/refs?service=git-upload-pack"
    world.server.faults.append(Fault("xen", status=302, headers={"Location": there}))
    with pytest.raises(RefusedError, match="more than 5 redirects"):
        reader().read(Remote(world.url("upstream/xen")))


def test_a_netrc_file_is_not_looked_at(world, tmp_path, monkeypatch):
    world.bare("upstream/xen").commit("master", "one")
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    reader().read(Remote(world.url("upstream/xen")))
    assert [s.authorization for s in world.server.seen] == [""]


def test_many_are_read_at_once_and_one_failure_stops_none(world):
    names = [f"r{number}" for number in range(8)]
    for name in names[1:]:
        world.bare(f"upstream/{name}").commit("master", name)
    barrier = threading.Barrier(8, timeout=60)
    world.server.faults.append(Fault("info/refs", before=barrier.wait))
    found = reader().read_all({name: Remote(world.url(f"upstream/{name}")) for name in names})
    assert isinstance(found["r0"], NotThereError)
    assert all(found[name].tips for name in names[1:])


def test_connections_are_kept(world):
    world.bare("upstream/xen").commit("master", "one")
    accepted = []
    original = world.server.get_request
    world.server.get_request = lambda: accepted.append(1) or original()
    one = reader(readers=1)
    for _ in range(5):
        one.read(Remote(world.url("upstream/xen")))
    assert len(accepted) == 1
