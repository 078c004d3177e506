"""Which addresses are on the internet: what is not can be asked only from inside, so nobody outside may have us ask there."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

_METADATA = frozenset({"169.254.169.254", "168.63.129.16", "100.100.100.200", "192.0.0.192", "fd00:ec2::254"})
"""Where clouds tell a machine its own secrets; one of them looks like any address of the internet."""
_UNICAST = ipaddress.ip_network("2000::/3")
"""All that is given out of IPv6."""
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
_LAST = 0xFFFFFFFF
_FORMS = re.compile(r"(0[xX][0-9a-fA-F]+)|(0[0-7]*)|[1-9][0-9]*")
"""A number in base 16, 8 or 10."""

_V4 = ipaddress.IPv4Address
_V6 = ipaddress.IPv6Address


def inside(address: str) -> str:
    """Return what an address is that is not on the internet, in a word (private, loopback ...); "" for one that is.

    One that holds another (mapped, translated, tunnelled) is what that one is. ValueError for what is no address.
    """
    bare = address.partition("%")[0]
    found = ipaddress.ip_address(bare)
    for one in _held(found):
        if str(one) in _METADATA:
            return "metadata"
        if word := _word(one):
            return word
    return "link-local" if bare != address else ""


def _held(address: _V4 | _V6) -> list[_V4 | _V6]:
    """Return the addresses that one leads to: itself, or the one that it stands for, or both."""
    if isinstance(address, _V4):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address in _TRANSLATED:
        return [_V4(int(address) & _LAST)]
    return [address, *([address.sixtofour] if address.sixtofour is not None else [])]


def _word(address: _V4 | _V6) -> str:
    words = (
        ("unspecified", address.is_unspecified),
        ("loopback", address.is_loopback),
        ("link-local", address.is_link_local),
        ("multicast", address.is_multicast),
        ("private", address.is_private or not address.is_global),
        ("reserved", address.is_reserved or (isinstance(address, _V6) and address not in _UNICAST)),
    )
    return next((word for word, holds in words if holds), "")


def leads_inside(host: str, judge: Callable[[str], str] = inside) -> bool:
    """Whether a host is this machine or in a network that is not the internet, by its address or name; nothing is looked up.

    Addresses count in every form that resolvers take for one: decimal, octal, hexadecimal, short.
    """
    bare = host.rstrip(".").lower()
    address = literal(bare)
    return _is_local_name(bare) if address is None else bool(judge(address))


def literal(host: str) -> str | None:
    """Return the address that a host is, in whatever form resolvers take for one; None where it is a name that is looked up."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        number = _number(host)
    return None if number is None else str(_V4(number))


def _is_local_name(host: str) -> bool:
    """Whether a name is nobody's on the internet: a bare word, or one that ends in what is kept for networks of one's own."""
    return "." not in host or any(host == name or host.endswith(f".{name}") for name in _NAMES)


_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home.arpa")
"""Last parts of names that are nobody's on the internet."""


def _number(host: str) -> int | None:
    """Return the address that one to four decimal, octal or hexadecimal numbers are; the last fills what the others leave."""
    parts = host.split(".")
    if len(parts) > 4:  # noqa: PLR2004  # bytes of an address
        return None
    try:
        numbers = [_integer(part) for part in parts]
    except ValueError:
        return None
    *first, last = numbers
    if any(number > 0xFF for number in first) or last >= 1 << 8 * (4 - len(first)):  # noqa: PLR2004  # what a byte holds
        return None
    return sum(number << 8 * (3 - place) for place, number in enumerate(first)) + last


def _integer(text: str) -> int:
    found = _FORMS.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return int(text, 16 if found[1] else 8 if found[2] else 10)
