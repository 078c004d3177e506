"""One look at the forges, as it is told in every form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sigctl.core.plan import Plan
from sigctl.watch.modes import Decision
from sigctl.watch.record import Entry


@dataclass(frozen=True, slots=True)
class Mirrored:
    """How one history stands to its source."""

    forge: str
    path: str
    sig: str
    status: str
    since: int | None = None
    """When the oldest commit that is missing was made, in seconds since 1970; None where that was not counted."""


@dataclass(frozen=True, slots=True)
class View:
    """What a run found, and what it changed in the history."""

    plan: Plan
    at: str
    """When it began to read, ISO 8601."""
    seconds: float
    entries: tuple[Entry, ...]
    """What is open within the scope of the run."""
    every: tuple[Entry, ...] = ()
    """All that is open, also what this run did not look at."""
    fresh: tuple[Entry, ...] = ()
    resolved: tuple[Entry, ...] = ()
    decisions: Mapping[tuple[str, str, str], Decision] = field(default_factory=dict)
    reverted: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    """What was taken back in this run: done, or why not."""
    requests: Mapping[str, int] = field(default_factory=dict)
    """Forge -> requests sent."""
    unread: tuple[str, ...] = ()
    """Forges that could not be read whole."""
    unread_repos: tuple[tuple[str, str], ...] = ()
    """Forge and path of each repository that could not be read whole while its forge was; what was open there counts as open."""
    mirrors: tuple[Mirrored, ...] = ()
    token_days: Mapping[str, int] = field(default_factory=dict)
    """Forge -> days until its token ends; not there where it never does, or nobody knows."""

    @property
    def drift(self) -> tuple[Entry, ...]:
        """What counts as drift."""
        return tuple(one for one in self.entries if one.weight == "drift")

    @property
    def told(self) -> tuple[Entry, ...]:
        """What is told of and is no drift: things that nobody declared."""
        return tuple(one for one in self.entries if one.weight == "told")

    def as_json(self) -> dict[str, Any]:
        """Return the look as JSON values."""
        return {
            "format": "sigctl/drift/1",
            "at": self.at,
            "seconds": round(self.seconds, 3),
            "entries": [self._entry(one) for one in self.entries],
            "fresh": [list(one.name) for one in self.fresh],
            "resolved": [one.as_json() for one in self.resolved],
            "requests": dict(self.requests),
            "unread": list(self.unread),
            "unread_repos": [list(one) for one in self.unread_repos],
            "mirrors": [asdict(one) for one in self.mirrors],
            "token_days": dict(self.token_days),
        }

    def _entry(self, one: Entry) -> dict[str, Any]:
        decision = self.decisions.get(one.name)
        return {
            **one.as_json(),
            "decision": asdict(decision) if decision else None,
            "reverted": self.reverted.get(one.name),
        }
