"""GitHub; PyGithub is imported when a forge is opened, not before."""

from __future__ import annotations

from sigctl.forges.base import Forge, Settings


def open(settings: Settings) -> Forge:  # noqa: A001  # the name every adapter has for this
    """Return the forge, not yet contacted."""
    from sigctl.forges.github.forge import GitHub  # noqa: PLC0415  # a quarter second that other commands don't pay

    return GitHub(settings)
