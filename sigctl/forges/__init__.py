"""The forges there are, and how one is opened; a vendor's library is imported when its forge is."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from sigctl.core.state import Traits
from sigctl.errors import UsageError
from sigctl.forges.base import Forge, Settings

TYPES = {
    "github": "sigctl.forges.github",
    "gitlab": "sigctl.forges.gitlab",
    "pagure": "sigctl.forges.pagure",
}


def traits_of(type_: str) -> Traits:
    """Return what a type of forge can do, without importing the vendor's library."""
    return cast("Traits", import_module(f"{TYPES[type_]}.traits").TRAITS)


def open_forge(settings: Settings) -> Forge:
    """Return the forge, not yet contacted; UsageError for a type that doesn't exist."""
    if settings.type not in TYPES:
        raise UsageError(f"unknown forge type `{settings.type}`", f"one of {', '.join(sorted(TYPES))}")
    return cast("Forge", import_module(TYPES[settings.type]).open(settings))
