"""What adopting starts from, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sigctl.adopt.names import Mapped
from sigctl.core.kinds import Key
from sigctl.core.state import Observation, Traits

Data = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """One forge, as it is to be in the files, and what it holds."""

    name: str
    settings: Mapping[str, Any]
    """The forge's entry in the files: type, url, token, templates, role."""
    traits: Traits
    observation: Observation
    orgs: frozenset[str]
    """Top namespaces that are adopted."""
    addresses: Mapping[str, str] = field(default_factory=dict)
    """Place of a webhook -> where it goes, which nothing observed tells."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the mapping file says: whose a repository or team is, and who is who."""

    sigs: Mapping[str, Mapped] = field(default_factory=dict)
    people: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    link_equal_logins: bool = False


@dataclass(frozen=True, slots=True)
class Unsaid:
    """Something that the forge holds and the files can't say, or don't; it stays as it is."""

    forge: str
    subject: str
    text: str


@dataclass
class Draft:
    """The files as data, and what was left out."""

    data: Data
    unsaid: set[Unsaid] = field(default_factory=set)
    places: dict[tuple[str, Key], tuple[str, str]] = field(default_factory=dict)
    """(forge, repository or team) -> SIG and name in the files."""


@dataclass(frozen=True, slots=True)
class Leave:
    """What is not to be declared, since that would change it."""

    repos: frozenset[tuple[str, str]] = frozenset()
    """(forge, path)."""
    teams: frozenset[tuple[str, str]] = frozenset()
    orgs: frozenset[tuple[str, str]] = frozenset()
    """(forge, path) whose own settings are left out."""
    parts: frozenset[tuple[str, str, str]] = frozenset()
    """(forge, kind, path) of the lists of labels, deploy keys and webhooks, and of the push rules and approvals, that are left out."""
