"""Where names lead, and whether we may go there: looked up once, judged, and then gone to by the address that was judged.

A name that anybody can write into the files, a list of sources or a redirect must not lead into the network of whoever runs us, and a
second lookup could answer otherwise than the first. Hosts that admins wrote down may be anywhere. Through a proxy it is the proxy that looks
names up, so only the names themselves are judged then.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from sigctl.core import network
from sigctl.errors import RefusedError, UnreachableError
from sigctl.mirror import address

_SECONDS = 10.0
PORTS = {"https": 443, "http": 80, "ssh": 22}
ALLOW = "name a server that everybody reaches; an admin can allow the host by `internal_hosts` in policy.yaml"
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\Z")
"""What every resolver, git's own among them, reads alike."""

Resolve = Callable[..., list[tuple[Any, Any, int, str, Any]]]
"""As `socket.getaddrinfo`."""
Found = tuple[Any, Any, int, Any]
"""Family, type, protocol and address, as a socket wants them."""


@dataclass(frozen=True, slots=True)
class Pin:
    """Where a host was found to be, for a program that would look its name up by itself."""

    host: str
    port: int
    addresses: tuple[str, ...] = ()
    """The only ones to go to; none where the host is one, or where it is reached through a proxy."""
    proxied: bool = False

    def answering(self) -> str:
        """Return the first address that takes a connection, for programs that can be told of one only; the first where none does."""
        for one in self.addresses if len(self.addresses) > 1 else ():
            with suppress(OSError), socket.create_connection((one, self.port), _SECONDS):
                return one
        return self.addresses[0]


@dataclass(frozen=True, slots=True)
class Gate:
    """Says where we may go; for any number of threads."""

    hosts: frozenset[str] = frozenset()
    """Hosts that may be anywhere, on any port; in lower case."""
    origins: frozenset[tuple[str, int]] = frozenset()
    """(host, port) that may be anywhere: our own forges', and what the command line names."""
    anywhere: bool = False
    """Whether nothing is judged."""
    resolve: Resolve = field(default=socket.getaddrinfo, compare=False)
    judge: Callable[[str], str] = field(default=network.inside, compare=False)
    """Says of an address what it is if it is not on the internet; "" where it is."""

    def is_open(self, host: str, port: int) -> bool:
        """Whether the host may be anywhere."""
        name = _plain(host)
        return self.anywhere or name in self.hosts or (name, port) in self.origins

    def find(self, host: str, port: int) -> list[Found]:
        """Return where to connect to, every address of it judged.

        RefusedError where one is not on the internet and the host is not one that may be there, OSError where it can't be found.
        """
        found = self.resolve(host, port, type=socket.SOCK_STREAM)
        if not self.is_open(host, port):
            for *_, place in found:
                self._check(host, str(place[0]))
        return [(family, kind, protocol, place) for family, kind, protocol, _, place in found]

    def check_name(self, host: str, port: int) -> None:
        """Refuse a host that says by itself where it leads; for those that somebody else looks up."""
        if self.is_open(host, port):
            return
        if not _NAME.match(host) and ":" not in host:
            raise RefusedError(
                f"`{host}` is no name of a server", "write it in letters, digits, dots and dashes"
            )
        if network.leads_inside(host, self.judge):
            raise RefusedError(f"`{host}` leads into a network that is not the internet", ALLOW)

    def pin(self, url: str, environment: Mapping[str, str]) -> Pin | None:
        """Return where a program is to go that is given a URL; None where it may find that by itself.

        Raises RefusedError as `find` does, and UnreachableError where the host can't be found.
        """
        place = place_of(url)
        if place is None:
            if self.anywhere or address.scheme(url) == "file":
                return None
            raise RefusedError(f"`{address.shown(url)}` names no server")
        host, port = place
        if self.is_open(host, port):
            return None
        self.check_name(host, port)
        if _proxied(address.scheme(url), host, port, environment):
            return Pin(host, port, proxied=True)
        try:
            found = self.find(host, port)
        except OSError as error:
            raise UnreachableError(f"{address.shown(url)}: could not resolve host {host}") from error
        literal = ":" in host or host in {str(where[0]) for *_, where in found}
        return Pin(host, port, () if literal else tuple(dict.fromkeys(str(where[0]) for *_, where in found)))

    def _check(self, host: str, found: str) -> None:
        kind = self.judge(found)
        if kind:
            text = f"`{host}` leads to an address that is not on the internet ({kind})"
            raise RefusedError(text, ALLOW)


ANYWHERE = Gate(anywhere=True)


def opened(hosts: Iterable[str], urls: Iterable[str]) -> Gate:
    """Return a gate that lets these hosts be anywhere, and those of these URLs at their ports."""
    places = (place_of(url) for url in urls)
    known = frozenset((_plain(place[0]), place[1]) for place in places if place is not None)
    return Gate(frozenset(map(_plain, hosts)), known)


def place_of(url: str) -> tuple[str, int] | None:
    """Return host and port of a URL, `host:path` of ssh included; None where it names none."""
    scheme = address.scheme(url)
    if "://" not in url:
        return (url.partition(":")[0].rpartition("@")[2], PORTS["ssh"]) if scheme == "ssh" else None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    return (host, port or PORTS.get(scheme, 0)) if host else None


def _plain(host: str) -> str:
    return host.rstrip(".").lower()


def _proxied(scheme: str, host: str, port: int, environment: Mapping[str, str]) -> bool:
    """Whether git goes through a proxy of the environment; the one for plain HTTP is known by its small name only."""
    names = {"https": ("https_proxy", "HTTPS_PROXY"), "http": ("http_proxy",)}.get(scheme)
    if names is None or not any(environment.get(name) for name in (*names, "all_proxy", "ALL_PROXY")):
        return False
    around = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    return not any(_covers(name.strip().lower(), host, port) for name in around.split(","))


def _covers(name: str, host: str, port: int) -> bool:
    """Whether an entry of `no_proxy` means the host: itself or what it is below, at its port where it names one."""
    bare, _, at = name.partition(":")
    bare = bare.lstrip(".")
    return name == "*" or (
        bool(bare) and at in ("", str(port)) and (host == bare or host.endswith(f".{bare}"))
    )
