"""Changes of the files by their path in the config, and what the files call the things of the forges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sigctl.spec.model import Spec
from sigctl.spec.yamlfault import Path


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of the files at a path of the config."""

    what: Literal["set", "add", "drop"]
    path: Path
    value: Any = None


@dataclass(frozen=True, slots=True)
class Known:
    """What the files call the things of the forges."""

    spec: Spec
    repos: Mapping[tuple[str, str], Path]
    """(forge, path) -> where the repository is in the config."""
    teams: Mapping[tuple[str, str], Path]
    groups: Mapping[tuple[str, str], Path]
    """(forge, path of a SIG's own group) -> where the SIG is."""
    account: Callable[[str, str], str]
    """(forge, login) -> account; one that is new is written, too."""
    inherited: Callable[[Path, str], Any] = lambda _place, _name: None
    """(where a repository is, a setting) -> what holds there, wherever it is said."""
    addresses: Callable[[str, str, str], Mapping[str, str]] = lambda _forge, _on, _target: {}
    """(forge, repo or org, path) -> place of each webhook there -> its address."""


def at(spec: Spec, path: Path) -> Any:
    """Return what is at a path of the config, None where nothing is."""
    found: Any = spec
    for step in path:
        if found is None:
            return None
        found = found.get(step) if isinstance(found, Mapping) else getattr(found, str(step), None)
    return found
