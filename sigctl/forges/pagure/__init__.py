"""Pagure, as git.centos.org runs it."""

from __future__ import annotations

from sigctl.forges.base import Forge, Settings


def open(settings: Settings) -> Forge:  # noqa: A001  # the name every adapter has for this
    """Return the forge, not yet contacted."""
    from sigctl.forges.pagure.forge import Pagure  # noqa: PLC0415  # other commands don't pay for the HTTP library

    return Pagure(settings)
