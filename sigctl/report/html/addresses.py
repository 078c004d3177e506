"""Where each page is, and how pages name each other."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote

_SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,99}")


def slug(name: str) -> str:
    """Return a file name for a thing: its own name where every file system takes that, else one that is only its own."""
    if _SAFE.fullmatch(name) and not name.endswith("."):
        return name
    kept = re.sub(r"[^A-Za-z0-9._+-]+", "-", name).strip("-.")[:60]
    return f"{kept or 'x'}-{_digest(name)}"


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:8]


def slugs(names: Iterable[str]) -> dict[str, str]:
    """Return name -> file name, none of two alike, not even where upper and lower case are the same."""
    out: dict[str, str] = {}
    taken: set[str] = set()
    for name in sorted(names):
        found = slug(name)
        if found.casefold() in taken:
            found = f"{found}-{_digest(name)}"
        taken.add(found.casefold())
        out[name] = found
    return out


def href(root: str, path: str) -> str:
    """Return the link to a page from one that is `root` below the top."""
    return root + _quoted(path)


@lru_cache(maxsize=65_536)
def _quoted(path: str) -> str:
    return quote(path)


def root_of(path: str) -> str:
    """Return the way from a page to the top: "", "../" and so on."""
    return "../" * path.count("/")


def web(text: str) -> str:
    """Return the address where it is one that a browser may follow, "" for anything else."""
    return text if re.fullmatch(r"https?://[^\s\"'<>\\^`{|}]+", text) else ""
