"""The standalone get_sources.sh: the same files, stores and rules, for who has a shell and no sigctl."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from importlib.resources import files

from sigctl.lookaside.urls import Store

_PLACE = "@STORES@"


def script(stores: Iterable[Store]) -> str:
    """Return the text of the script, with these stores in it."""
    lines = (" ".join([store.url, *store.layouts, *store.branches]) for store in stores)
    text = (files("sigctl.lookaside") / "get_sources.sh").read_text(encoding="utf-8")
    return text.replace(_PLACE, shlex.quote("\n".join(lines)), 1)
