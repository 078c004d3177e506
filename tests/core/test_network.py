"""Which addresses are on the internet, whatever they are wrapped in."""

from __future__ import annotations

import socket

import pytest

from sigctl.core.network import inside, leads_inside, literal

INSIDE = {
    "0.0.0.0": "unspecified", "::": "unspecified", "127.0.0.1": "loopback", "127.8.9.10": "loopback", "::1": "loopback", "10.1.2.3": "private",
    "172.16.0.1": "private", "172.31.255.255": "private", "192.168.0.1": "private", "100.64.0.1": "private", "100.127.255.254": "private",
    "198.18.0.1": "private", "192.0.2.1": "private", "169.254.1.1": "link-local", "fe80::1": "link-local", "fe80::1%eth0": "link-local",
    "fc00::1": "private", "fd12:3456::1": "private", "fec0::1": "reserved", "224.0.0.1": "multicast", "ff02::1": "multicast", "240.0.0.1": "private",
    "255.255.255.255": "private", "169.254.169.254": "metadata", "100.100.100.200": "metadata", "168.63.129.16": "metadata", "192.0.0.192": "metadata",
    "fd00:ec2::254": "metadata", "::ffff:10.0.0.1": "private", "::ffff:169.254.169.254": "metadata", "::ffff:7f00:1": "loopback",
    "64:ff9b::10.0.0.1": "private", "64:ff9b::a9fe:a9fe": "metadata", "2002:a00:1::1": "private", "2002:7f00:1::": "loopback", "::10.0.0.1": "reserved",
    "4000::1": "reserved", "fd00:ec2::254%eth0": "metadata", "2606:4700::1111%eth0": "link-local",
}  # fmt: skip
OUTSIDE = (
    "1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.32.0.1", "172.15.0.1", "192.169.0.1", "2606:4700::1111", "2a00:1450::1",
    "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1",
)  # fmt: skip


@pytest.mark.parametrize(("address", "word"), INSIDE.items())
def test_these_are_not_on_the_internet(address, word):
    assert inside(address) == word


@pytest.mark.parametrize("address", OUTSIDE)
def test_these_are(address):
    assert inside(address) == ""


@pytest.mark.parametrize(
    "host",
    [
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "1.2.3",
        "0",
        "00",
        "0X10",
        "1.2",
        "255.255",
        "0x1.0x2.3",
        "017700000001",
    ],
)
def test_an_address_is_known_in_every_form_that_resolvers_take_for_one(host):
    assert literal(host) == socket.inet_ntoa(socket.inet_aton(host))


@pytest.mark.parametrize(
    "host",
    [
        "09",
        "256.1.1.1",
        "1.2.3.4.5",
        "1.2.3.4.0",
        "",
        "a.b",
        "1..2",
        "0x",
        "4294967296",
        "1.16777216",
        "0b11",
        "0o17",
        "1_0",
        "+1",
        "٣",
    ],
)
def test_a_name_is_no_address(host):
    assert literal(host) is None


def test_names_of_ones_own_network_lead_inside():
    assert all(
        map(
            leads_inside,
            ("localhost", "LOCALHOST.", "gitserver", "git.local", "vault.internal", "nas.home.arpa"),
        )
    )
    assert not any(map(leads_inside, ("github.com", "internal.example.org", "localhost.example.org")))


def test_an_address_leads_inside_by_what_it_is_and_not_as_a_name():
    assert all(map(leads_inside, ("10.0.0.1", "::1", "0x7f.1", "10.0.0.1.")))
    assert not any(map(leads_inside, ("8.8.8.8", "2606:4700::1111", "134744072", "example.lanX")))
    assert [
        leads_inside(host, lambda address: "" if address == "10.0.0.1" else "x") for host in ("10.1", "::2")
    ] == [
        False,
        True,
    ]
    assert literal("::0:1") == "::1"
