"""Forges that remember what they were last observed to hold, for whoever needs more of it than a plan."""

from __future__ import annotations

from typing import Any

from sigctl.app.context import Context
from sigctl.core.plan import Action
from sigctl.core.state import Observation
from sigctl.forges.base import Forge, Health, Progress, Remote, Scope


class Remembering:
    """A forge that does all as the one behind it, and keeps the last observation."""

    def __init__(self, forge: Forge) -> None:
        self._forge = forge
        self.name = forge.name
        self.traits = forge.traits
        self.last: Observation | None = None

    def observe(self, scope: Scope, progress: Progress | None = None) -> Observation:
        """Return all that is in scope, and keep it; raise a ForgeError as the one behind it does."""
        self.last = None
        self.last = self._forge.observe(scope, progress)
        return self.last

    def execute(self, action: Action) -> str:
        """Make the change, or find that it already is so; return the forge's request id or ""; raise ForgeError."""
        return self._forge.execute(action)

    def remote(self, repo: str) -> Remote:
        """Return where git finds the repository with this path."""
        return self._forge.remote(repo)

    def health(self) -> Health:
        """Return what can be learned of server and token; never raises for what it should report."""
        return self._forge.health()

    def requests(self) -> tuple[int, int]:
        """Return how many reads and writes were sent so far."""
        return self._forge.requests()

    def __getattr__(self, name: str) -> Any:
        """Return what only some forges have: `watching` and `applying` ask for it."""
        return getattr(self._forge, name)

    def close(self) -> None:
        """Give connections back."""
        self._forge.close()


def remembering(context: Context) -> dict[str, Remembering]:
    """Have every forge of the context remember, and return them by name."""
    found = {name: Remembering(forge) for name, forge in context.forges.items()}
    context.forges.update(found)
    return found
