"""What a forge may be able to do beside holding things: tell who did what, and keep tickets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from sigctl.core.events import Event
from sigctl.core.kinds import Key


@runtime_checkable
class TellsActivity(Protocol):
    """A forge that knows when somebody did something there last."""

    def last_active(self, logins: Collection[str]) -> Mapping[str, str]:
        """Return login -> ISO date, "" for never; nothing where the server does not tell; raise ForgeError when it can't be read."""
        ...


@runtime_checkable
class TellsEvents(Protocol):
    """A forge that may tell who did what there, where its plan and the token allow it."""

    def events(self, keys: Collection[Key], since: str) -> tuple[Event, ...]:
        """Return what was done to these things since that time (ISO), the newest first, but not by the account behind the token.

        Raises ForgeError where it does not tell: most servers don't.
        """
        ...


Ticketed = Literal["none", "opened", "changed", "closed", "unchanged"]


@dataclass(frozen=True, slots=True)
class Ticket:
    """An issue that sigctl keeps; the text begins with its marker."""

    title: str
    text: str


@runtime_checkable
class HasTickets(Protocol):
    """A forge with issues."""

    def ticket(self, repo: str, marker: str, wanted: Ticket | None) -> tuple[Ticketed, str]:
        """Have one open issue of ours whose text begins with the marker as wanted, or (None) none that is open.

        Found again by marker and author, opened again rather than made twice; also returns its address. Raises ForgeError.
        """
        ...
