"""The adapter: what the rest of the program sees of a Pagure server."""

from __future__ import annotations

import time
from collections.abc import Callable

from sigctl.core.plan import Action
from sigctl.core.state import Observation, Traits
from sigctl.forges.base import Health, Progress, Remote, Scope, Settings
from sigctl.forges.pagure.health import health
from sigctl.forges.pagure.observe import observe
from sigctl.forges.pagure.session import Session
from sigctl.forges.pagure.traits import TRAITS
from sigctl.forges.pagure.writers import execute
from sigctl.forges.pagure.writers.tickets import ticket
from sigctl.forges.telling import Ticket, Ticketed


class Pagure:
    """One server; safe to use from several threads."""

    traits: Traits = TRAITS

    def __init__(
        self,
        settings: Settings,
        *,
        sleep: Callable[[float], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = settings.name
        self._settings = settings
        self._session = Session(settings, sleep=sleep, clock=clock)

    def observe(self, scope: Scope, progress: Progress | None = None) -> Observation:
        """Return all that is in scope; raise a ForgeError when any part of it could not be read whole."""
        is_computed = self._settings.branch_rules == "computed"
        with self._session.caller.only_reading():
            return observe(self._session, scope, progress, is_computed=is_computed)

    def execute(self, action: Action) -> str:
        """Make the change and see that it is made; raise ForgeError. Pagure has no ids of requests, so it returns ""."""
        execute(self._session, action)
        return ""

    def remote(self, repo: str) -> Remote:
        """Return where git finds the repository: over ssh where the files say so, else over HTTP as the account behind the token."""
        ours = self._settings
        if ours.ssh_url:
            url = f"{ours.ssh_url}/{repo}.git"
            return Remote(url, key_file=ours.ssh_key, known_hosts=ours.ssh_known_hosts)
        return Remote(f"{self._session.url}/{repo}.git", self._session.me(), ours.token)

    def ticket(self, repo: str, marker: str, wanted: Ticket | None) -> tuple[Ticketed, str]:
        """Have one open issue of ours that begins with the marker as wanted, or none that is open."""
        return ticket(self._session, repo, marker, wanted)

    def health(self) -> Health:
        """Return what can be learned of server and token; never raises for what it should report."""
        return health(self._session)

    def requests(self) -> tuple[int, int]:
        """Return how many reads and writes were sent so far."""
        return self._session.caller.reads, self._session.caller.writes

    def close(self) -> None:
        """End every wait and give connections back; nothing can be asked afterwards."""
        self._session.close()
