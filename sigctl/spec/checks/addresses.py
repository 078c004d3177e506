"""Addresses that lead into the machine's own network: a proposal could have whoever mirrors ask there."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from sigctl.core import network
from sigctl.spec.checks.base import Check, Context
from sigctl.spec.config import Finding
from sigctl.spec.yamlfault import Path


def is_internal(url: str) -> bool:
    """Whether a URL's host is this machine, or by its address or name in a network that is not the internet; no name is looked up."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return True
    return network.leads_inside(host)


def _internal(context: Context) -> Iterator[Finding]:
    allowed = {host.casefold() for host in context.spec.policy.internal_hosts}
    for path, url in _asked(context):
        if is_internal(url) and (urlsplit(url).hostname or "").casefold() not in allowed:
            hint = "name a server that everybody reaches; an admin can allow the host by `internal_hosts` in policy.yaml"
            yield Finding(path, "leads into a network that is not the internet", hint)


def _asked(context: Context) -> Iterator[tuple[Path, str]]:
    """Yield every address that is asked by us and is not a forge's, and where the files say it."""
    spec = context.spec
    for entry in context.entries:
        if entry.config.upstream is not None:
            yield (*entry.path, "upstream", "url"), entry.config.upstream.url
    if spec.kernel is not None and spec.kernel.upstream is not None:
        yield ("kernel", "upstream", "url"), spec.kernel.upstream.url
    for name, store in spec.lookaside.stores.items():
        yield ("lookaside", "stores", name, "url"), store.url
        if store.upload is not None:
            yield ("lookaside", "stores", name, "upload"), store.upload


CHECKS = (
    Check(
        "internal-address",
        "No upstream and no store of binary sources is in a network that is not the internet, unless policy.yaml allows the host.",
        _internal,
    ),
)
