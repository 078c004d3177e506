"""Addresses that lead into the machine's own network: a proposal could have whoever mirrors ask there."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from sigctl.spec.checks.base import Check, Context
from sigctl.spec.config import Finding
from sigctl.spec.yamlfault import Path

_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home.arpa")
"""Last parts of names that are nobody's on the internet."""


def is_internal(url: str) -> bool:
    """Whether a URL's host is this machine, or by its address or name in a network that is not the internet; no name is looked up.

    Addresses count in every form that resolvers take for one: decimal, octal, hexadecimal, short.
    """
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        pass
    if host and all(part.isalnum() and part[0].isdecimal() for part in host.split(".") if part):
        try:
            return not ipaddress.ip_address(socket.inet_aton(host)).is_global
        except OSError:
            pass
    return "." not in host or any(host == name or host.endswith(f".{name}") for name in _NAMES)


def _internal(context: Context) -> Iterator[Finding]:
    found: list[tuple[Path, str]] = [
        ((*entry.path, "upstream", "url"), entry.config.upstream.url)
        for entry in context.entries
        if entry.config.upstream is not None
    ]
    kernel = context.spec.kernel
    if kernel is not None and kernel.upstream is not None:
        found.append((("kernel", "upstream", "url"), kernel.upstream.url))
    allowed = {host.casefold() for host in context.spec.policy.internal_hosts}
    for path, url in dict(found).items():
        if is_internal(url) and (urlsplit(url).hostname or "").casefold() not in allowed:
            hint = "name a server that everybody reaches; an admin can allow the host by `internal_hosts` in policy.yaml"
            yield Finding(path, "leads into a network that is not the internet", hint)


CHECKS = (
    Check(
        "internal-address",
        "No upstream is in a network that is not the internet, unless policy.yaml allows the host.",
        _internal,
    ),
)
