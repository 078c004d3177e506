"""Where a repository is and what may be sent there; refuses addresses that could mean something else to git."""

from __future__ import annotations

import base64
import ipaddress
import re
from urllib.parse import urlsplit

from sigctl.errors import GitError
from sigctl.forges.base import Remote

SAFE = frozenset({"https", "ssh"})
"""Ways to reach a repository that are always allowed; plain http is too, but only to this machine."""
TRUSTING = SAFE | {"http", "file"}
"""For sandboxes and rehearsals: everything on this machine or a network that is trusted."""

_SCP_LIKE = re.compile(r"(?:[A-Za-z0-9._-]+@)?[A-Za-z0-9][A-Za-z0-9.-]*:(?!/?/)(?!:)[^\s-]\S*\Z")
_USER_INFO = re.compile(r"(?:(?<=http://)|(?<=https://))[^/@\s]+@|(?<=://)[^/@\s]*:[^/@\s]*@")


def scheme(url: str) -> str:
    """Return https, ssh, http, file or whatever the URL names; `host:path` is ssh, as git reads it."""
    found, sep, _ = url.partition("://")
    if sep:
        return found.lower()
    return "ssh" if _SCP_LIKE.match(url) else ""


def loopback(url: str) -> bool:
    """Whether the URL's host is this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def origin(url: str) -> str:
    """Return scheme, host and port of an http(s) URL: what a secret is bound to."""
    parts = urlsplit(url)
    return f"{parts.scheme.lower()}://{parts.netloc.rpartition('@')[2].lower()}"


def host(url: str) -> str:
    """Return what names the server that a URL is on, however it is reached; "" for this machine's files."""
    return (urlsplit(url).netloc if "://" in url else url.partition(":")[0]).rpartition("@")[2].lower()


def check(remote: Remote, protocols: frozenset[str] = SAFE) -> str:
    """Return the URL's scheme; GitError when it may not be used, could be read as an option, or holds a secret."""
    url = remote.url
    found = scheme(url)
    if url.startswith("-") or not url.isprintable() or "::" in url.split("/", 1)[0]:
        raise GitError(f"`{shown(url)}` is not the address of a repository")
    if found not in protocols and not (found == "http" and loopback(url)):
        raise GitError(
            f"`{shown(url)}` is not reached over a protocol that is allowed",
            f"use {' or '.join(sorted(protocols))}",
        )
    if found == "ssh" and (urlsplit(url).hostname or "x").startswith("-"):
        raise GitError(f"`{shown(url)}` is not the address of a repository")
    if found in ("http", "https") and "@" in urlsplit(url).netloc:
        raise GitError(
            f"`{shown(url)}` holds a login", "name the token in the forge's settings, never in an address"
        )
    return found


def authorization(remote: Remote) -> str:
    """Return the value of the Authorization header, "" for an anonymous remote."""
    if remote.password is None or scheme(remote.url) not in ("http", "https"):
        return ""
    pair = f"{remote.username or 'git'}:{remote.password.get_secret_value()}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def secrets(remote: Remote) -> tuple[str, ...]:
    """Return every form in which the remote's secret could turn up in a text."""
    if remote.password is None:
        return ()
    header = authorization(remote)
    return tuple(s for s in (remote.password.get_secret_value(), header.removeprefix("Basic ")) if s)


def scrub(text: str, remote: Remote | None) -> str:
    """Return the text without the remote's secret and without any login inside a URL."""
    for secret in secrets(remote) if remote else ():
        text = text.replace(secret, "[secret]")
    return _USER_INFO.sub("[secret]@", text)


def shown(url: str) -> str:
    """Return the URL as it may be shown."""
    return _USER_INFO.sub("[secret]@", url)
