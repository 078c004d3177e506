"""Access levels of a project's features, between GitLab's words and ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sigctl.core.kinds import Features
from sigctl.core.kinds.features import EVERYONE, FEATURES, MEMBERS, OFF, PUBLIC
from sigctl.core.levels import NATIVE, native

_NAMES = {
    "forks": "forking",
    "ci": "builds",
    "packages": "package_registry",
    "containers": "container_registry",
    "monitoring": "monitor",
    "security": "security_and_compliance",
    "models": "model_registry",
    "experiments": "model_experiments",
}
"""Feature -> what GitLab calls it, where that is not the same."""
_WORDS = {"disabled": OFF, "private": MEMBERS, "enabled": EVERYONE, "public": PUBLIC}
_LEVELS = {ours: theirs for theirs, ours in _WORDS.items()}
NEW: Mapping[str, str] = {name: MEMBERS if name in ("pages", "security") else EVERYONE for name in FEATURES}
"""Who has what in a new project."""


def _field(name: str) -> str:
    return f"{_NAMES.get(name, name)}_access_level"


def features_of(repo: str, data: Mapping[str, Any]) -> Features:
    """Return who has which feature, as far as this server tells; older ones lack some."""
    told = {name: data.get(_field(name)) for name in FEATURES}
    return Features.of(
        repo, {name: _WORDS.get(word) or native(word) for name, word in told.items() if word is not None}
    )


def body_of(given: Mapping[str, str]) -> dict[str, str]:
    """Return the features under GitLab's names."""
    return {_field(name): _LEVELS.get(who) or who.removeprefix(NATIVE) for name, who in given.items()}
