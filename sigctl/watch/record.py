"""One difference between the files and a forge, as it is told to people and kept over time."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Why = Literal[
    "files", "ended", "forge", "normalised", "invitation", "person", "mirror", "undeclared", "unknown"
]
WHYS: tuple[Why, ...] = (
    "files", "ended", "forge", "normalised", "invitation", "person", "mirror", "undeclared", "unknown",
)  # fmt: skip
Weight = Literal["drift", "told"]
"""What is told only does not make a run end with 2: things that nobody declared."""

HISTORY, PERSON = "history", "person"
"""Kinds of entries beside those of resources: the refs of one repository together, and a person that is set aside."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something differs, as far as that can be known."""

    why: Why = "unknown"
    text: str = "nothing tells why"
    who: str = ""
    """A login of the forge, or the author of a commit; "" where nothing tells."""
    when: str = ""
    """ISO time, "" where nothing tells."""


@dataclass(frozen=True, slots=True)
class Found:
    """A difference as one run sees it; forge, kind and key say which one it is."""

    forge: str
    kind: str
    key: str
    sig: str
    problem: str
    cause: Cause = field(default_factory=Cause)
    weight: Weight = "drift"
    effect: str = "neutral"
    """What making it as declared would do: widens, narrows or neutral."""
    form: str = ""
    """Digest of what differs: another one is another difference of the same thing."""

    @property
    def name(self) -> tuple[str, str, str]:
        """Which difference it is."""
        return (self.forge, self.kind, self.key)


@dataclass(frozen=True, slots=True)
class Entry:
    """A difference over time; times are ISO 8601 in UTC and sort as text."""

    forge: str
    kind: str
    key: str
    sig: str
    problem: str
    cause: Cause
    first_seen: str
    since: str
    """When it got the form that it has now."""
    last_seen: str
    resolved: str = ""
    """When a whole read did not find it any more, "" = it is open."""
    by: str = ""
    """How and by whom it was resolved, in words."""
    weight: Weight = "drift"
    effect: str = "neutral"
    form: str = ""

    @property
    def name(self) -> tuple[str, str, str]:
        """Which difference it is."""
        return (self.forge, self.kind, self.key)

    def as_json(self) -> dict[str, Any]:
        """Return the entry as JSON values."""
        return asdict(self)
