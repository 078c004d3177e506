"""The adapter: what the rest of the program sees of a GitLab server."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from functools import partial

from sigctl.core.events import Event
from sigctl.core.kinds import Key
from sigctl.core.plan import Action
from sigctl.core.state import Observation, Traits
from sigctl.forges.base import Health, Progress, PushMirror, Remote, Scope, Settings
from sigctl.forges.gitlab.client import Client
from sigctl.forges.gitlab.context import Context
from sigctl.forges.gitlab.execute import execute
from sigctl.forges.gitlab.health import health
from sigctl.forges.gitlab.observe import observe
from sigctl.forges.gitlab.readers import events, merge_requests, parts, users
from sigctl.forges.gitlab.readers.push_mirrors import push_mirrors
from sigctl.forges.gitlab.traits import TRAITS
from sigctl.forges.gitlab.writers.branches import delete_branch
from sigctl.forges.gitlab.writers.tickets import ticket
from sigctl.forges.proposals import Edit, Mark, Proposal
from sigctl.forges.telling import Ticket, Ticketed


class GitLab:
    """One server; safe to use from several threads."""

    def __init__(
        self,
        settings: Settings,
        sleep: Callable[[float], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
        traits: Traits = TRAITS,
    ) -> None:
        self.traits = traits
        self.name = settings.name
        self._settings = settings
        self._context = Context(Client(settings, sleep, clock), settings)

    def observe(self, scope: Scope, progress: Progress | None = None) -> Observation:
        """Return all that is in scope; raise a ForgeError when any part of it could not be read whole."""
        with_rules = "branch_rule" in self.traits.kinds
        with self._context.client.caller.only_reading():
            return observe(self._context, self._settings, scope, progress, with_rules=with_rules)

    def execute(self, action: Action) -> str:
        """Make the change, or find that it already is so; return the server's request id or ""; raise ForgeError."""
        return execute(self._context, action)

    def remote(self, repo: str) -> Remote:
        """Return where git finds the repository with this path."""
        url = f"{self._context.client.url}/{repo}.git"
        return Remote(
            url, "oauth2", self._settings.token, delete_branch=partial(delete_branch, self._context, repo)
        )

    def push_mirrors(self, repo: str) -> tuple[PushMirror, ...]:
        """Return where the server pushes the project by itself; raise ForgeError when that can't be read whole."""
        return push_mirrors(self._context, repo)

    def hook_addresses(self, on: str, target: str) -> tuple[str, ...]:
        """Return where the webhooks of a project or a group go; raise ForgeError when that can't be read whole."""
        return parts.addresses(self._context, on, target)

    def last_active(self, logins: Collection[str]) -> Mapping[str, str]:
        """Return login -> day on which somebody did something there last; nothing on servers before 16.6."""
        return users.last_active(self._context, logins)

    def proposal(self, repo: str, number: int) -> Proposal:
        """Return a merge request; without a token its threads are unread."""
        return merge_requests.proposal(self._context, repo, number)

    def open_proposals(self, repo: str) -> tuple[int, ...]:
        """Return the numbers of the open merge requests to the default branch, the oldest first."""
        return merge_requests.open_proposals(self._context, repo)

    def comment(self, repo: str, number: int, marker: str, edit: Edit) -> bool:
        """Have one note of ours that begins with the marker; False where it was as it should be."""
        return merge_requests.comment(self._context, repo, number, marker, edit)

    def mark(self, repo: str, commit: str, mark: Mark) -> bool:
        """Have the commit's status be so; False where it was."""
        return merge_requests.mark(self._context, repo, commit, mark)

    def events(self, keys: Collection[Key], since: str) -> tuple[Event, ...]:
        """Return who did what to these things, the newest first; raise ForgeError where the server keeps no such events."""
        return events.events(self._context, keys, since)

    def ticket(self, repo: str, marker: str, wanted: Ticket | None) -> tuple[Ticketed, str]:
        """Have one open issue of ours that begins with the marker as wanted, or none that is open."""
        return ticket(self._context, repo, marker, wanted)

    def health(self) -> Health:
        """Return what can be learned of server and token; never raises for what it should report."""
        return health(self._context, self._settings)

    def requests(self) -> tuple[int, int]:
        """Return how many reads and writes were sent so far."""
        caller = self._context.client.caller
        return caller.reads, caller.writes

    def close(self) -> None:
        """Give connections back."""
        self._context.client.close()
