"""Addresses of binary sources: anybody can write one into a line, so where it leads is looked up once, judged, and then gone to."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from lookaside_server import Authority, Fault, UploadServer, hash_of

from sigctl.app import sources
from sigctl.errors import RefusedError, UnreachableError
from sigctl.lookaside.formats import Checksum
from sigctl.lookaside.upload import Uploader
from sigctl.lookaside.wire import Wire
from sigctl.mirror.gate import Gate
from sigctl.spec.model import Lookaside

A = b"content of a\n"


def names(**table: str):
    """A resolver that knows these names below example.org, and addresses."""

    def resolve(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        found = table.get(host.removesuffix(".example.org"), host if host[0].isdigit() else "")
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (found, port))]

    return resolve


def wire(judge=lambda _: "", **table: str) -> Wire:
    return Wire(sleep=lambda _: None, gate=Gate(resolve=names(**table), judge=judge))


def inner(address: str) -> str:
    return "private" if address != "127.0.0.1" else ""


def test_a_store_is_gone_to_where_its_name_was_found(box):
    box.metadata(f"{box.store(A)} SOURCES/a")
    named = box.server.url.replace("127.0.0.1", "store.example.org")
    found = box.do("fetch", wire=wire(store="127.0.0.1"), stores=(named,)).looked[0].items[0]
    assert (found.state, found.url.startswith(named)) == ("fetched", True)


def test_a_store_or_a_redirect_of_it_that_leads_inside_is_not_asked(box):
    box.metadata(f"{box.store(A)} SOURCES/a")
    port = box.server.url.rpartition(":")[2]
    for host in ("inner", "store"):
        box.server.seen.clear()
        box.server.faults = [Fault("", 302, headers={"Location": f"http://inner.example.org:{port}/secret"})]
        there = wire(inner, store="127.0.0.1", inner="127.0.0.2")
        stores = (f"http://{host}.example.org:{port}",)
        item = box.do("fetch", wire=there, stores=stores).looked[0].items[0]
        assert item.state == "failed"
        assert "`inner.example.org` leads to an address that is not on the internet (private)" in item.reason
        assert "`internal_hosts`" in item.hint
        assert "/secret" not in box.server.paths()
        assert bool(box.server.seen) is (host == "store")
        assert box.left() == []


@pytest.mark.parametrize("line", ["{hash} SOURCES/a {url}/a", "- SOURCES/a.tar git+{tls}/a.git#{commit}"])
def test_a_line_that_names_an_address_inside_is_refused(box, line):
    tls = box.server.url.replace("http:", "https:")
    box.metadata(line.format(hash=hash_of(A), url=box.server.url, tls=tls, commit="c" * 40))
    box.server.files["/a"] = A
    strict = Gate(resolve=names())
    options = box.options(gate=strict, stores=(), lookaside=Lookaside(stores={}))
    (item,) = sources.checkout("fetch", box.root, options).looked[0].items
    assert item.state == "failed"
    assert "not on the internet" in item.reason or "is not the internet" in item.reason
    assert box.server.seen == []


def test_a_store_that_the_command_line_names_may_be_anywhere(box):
    box.metadata(f"{box.store(A)} SOURCES/a")
    (item,) = sources.checkout("fetch", box.root, box.options(gate=Gate())).looked[0].items
    assert item.state == "fetched"


def test_certificates_are_those_of_the_name_and_not_of_the_address(tmp_path: Path):
    authority = Authority(tmp_path)
    with UploadServer(authority) as form:
        there = Wire(
            sleep=lambda _: None,
            certificate=authority.issue("member"),
            authority=authority.file,
            gate=Gate(resolve=names(store="127.0.0.1", other="127.0.0.1"), judge=lambda _: ""),
        )
        asked = Checksum("sha512", hash_of(A))
        good, other, within = (
            Uploader(form.url.replace("127.0.0.1", host), there)
            for host in ("store.example.org", "other.example.org", "127.0.0.1")
        )
        assert good.has("xen", "c10s-sig-virt", asked, "a") is False
        assert within.has("xen", "c10s-sig-virt", asked, "a") is False
        with pytest.raises(UnreachableError, match="certificate is not trusted"):
            other.has("xen", "c10s-sig-virt", asked, "a")
        strict = Wire(gate=Gate(resolve=names(store="10.0.0.7")))
        with pytest.raises(RefusedError, match=r"not on the internet \(private\)"):
            Uploader("https://store.example.org/upload", strict).has("xen", "b", asked, "a")
