"""One GitHub server as a forge."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from sigctl.core.events import Event
from sigctl.core.kinds import Key
from sigctl.core.plan import Action, Cost
from sigctl.core.state import Observation, State, Traits
from sigctl.forges.base import Health, Progress, Remote, Scope, Settings
from sigctl.forges.github.auth import FOR_GIT
from sigctl.forges.github.estimate import estimate
from sigctl.forges.github.health import health
from sigctl.forges.github.names import split
from sigctl.forges.github.observe import observe
from sigctl.forges.github.own_roles import OwnRoles
from sigctl.forges.github.readers import events, parts, pulls
from sigctl.forges.github.session import Session
from sigctl.forges.github.traits import TRAITS
from sigctl.forges.github.writers import execute
from sigctl.forges.github.writers.tickets import ticket
from sigctl.forges.proposals import Edit, Mark, Proposal
from sigctl.forges.telling import Ticket, Ticketed


class GitHub:
    """GitHub, GitHub Enterprise Server, or anything shaped like them; safe to use from several threads."""

    traits: Traits = TRAITS

    def __init__(
        self,
        settings: Settings,
        *,
        sleep: Callable[[float], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.name = settings.name
        self._settings = settings
        self._session = Session(settings, sleep=sleep, clock=clock, wall=wall)
        self._roles = OwnRoles(self._session, settings.roles)

    def observe(self, scope: Scope, progress: Progress | None = None) -> Observation:
        """Return all that is in scope; raise a ForgeError when any part of it could not be read whole."""
        with self._session.caller.only_reading():
            found = observe(self._session, scope, progress)
        notes = (*found.notes, *self._roles.notes(scope.orgs))
        return replace(found, state=self._roles.seen(found.state), notes=notes)

    def execute(self, action: Action) -> str:
        """Make the change, or find that it already is so; return GitHub's request id or ""; raise ForgeError."""
        return execute(self._session, self._roles.meant(action))

    def estimate(self, actions: Sequence[Action], seen: State) -> Cost:
        """Return what carrying these actions out will cost, with what is left of today's invitations."""
        return estimate(actions, seen, self._session.pacing, self._session.invitations)

    def remote(self, repo: str) -> Remote:
        """Return where git finds the repository with this path; for an app with a token that is good for some time yet."""
        credential = self._session.client.identity.credential(split(repo)[0], FOR_GIT)
        return Remote(f"{self._settings.url}/{repo}.git", "x-access-token", credential.secret)

    def hook_addresses(self, on: str, target: str) -> tuple[str, ...]:
        """Return where the webhooks of a repository or an org go; raise ForgeError when that can't be read whole."""
        return parts.addresses(self._session, on, target)

    def proposal(self, repo: str, number: int) -> Proposal:
        """Return a pull request; without a token its threads are unread."""
        anonymous = self._settings.app is None and not self._settings.token.get_secret_value()
        return pulls.proposal(self._session, repo, number, anonymous=anonymous)

    def open_proposals(self, repo: str) -> tuple[int, ...]:
        """Return the numbers of the open pull requests to the default branch, the oldest first."""
        return pulls.open_proposals(self._session, repo)

    def comment(self, repo: str, number: int, marker: str, edit: Edit) -> bool:
        """Have one comment of ours that begins with the marker; False where it was as it should be."""
        return pulls.comment(self._session, repo, number, marker, edit)

    def mark(self, repo: str, commit: str, mark: Mark) -> bool:
        """Have the commit's status be so; False where it was."""
        return pulls.mark(self._session, repo, commit, mark)

    def events(self, keys: Collection[Key], since: str) -> tuple[Event, ...]:
        """Return who did what to these things, the newest first; raise ForgeError where the org has no audit log."""
        return events.events(self._session, keys, since)

    def ticket(self, repo: str, marker: str, wanted: Ticket | None) -> tuple[Ticketed, str]:
        """Have one open issue of ours that begins with the marker as wanted, or none that is open."""
        return ticket(self._session, repo, marker, wanted)

    def health(self) -> Health:
        """Return what can be learned of server and token."""
        return health(self._session)

    def requests(self) -> tuple[int, int]:
        """Return how many reads and writes were sent so far."""
        return self._session.caller.reads, self._session.caller.writes

    def close(self) -> None:
        """End every wait and give connections back; nothing can be asked afterwards."""
        self._session.close()
