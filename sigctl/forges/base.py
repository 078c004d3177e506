"""What a forge adapter is: traits as data, one bulk read, one write; native words never leave its folder."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from pydantic import SecretStr

from sigctl.core.kinds import BranchRule, Key
from sigctl.core.plan import Action, Cost
from sigctl.core.state import Observation, State, Traits
from sigctl.errors import RefusedError, UsageError


@dataclass(frozen=True, slots=True)
class App:
    """An app of the forge as which to act, in place of a token."""

    id: str
    key: SecretStr
    """Its private key in PEM form."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a server takes from one client; None = what such a server is known to take, 0 = no limit."""

    points_a_minute: int | None = None
    creations_a_minute: int | None = None
    creations_an_hour: int | None = None
    invitations_a_day: int | None = None


def _nobody(_: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to reach one forge; made by `app` from the files and the environment."""

    name: str
    type: str
    url: str
    """Base URL without a slash at the end, as people open it in a browser."""
    token: SecretStr
    tier: str = ""
    """What the files say the server can enforce; "" = ask it."""
    jobs: int = 8
    """Requests at once."""
    max_requests: int = 20_000
    max_seconds: float = 3_600.0
    timeout: float = 75.0
    """Seconds for one request: longer than a server works on one (GitLab 60, GitHub 10), so that a write that we gave up is over."""
    ssh_url: str = ""
    """Where git goes in place of `url`, as ssh://git@HOST; "" = over HTTP with the token."""
    ssh_key: str = ""
    """File with the private key."""
    ssh_known_hosts: str = ""
    """File with the server's host keys; no others are trusted."""
    branch_rules: str = ""
    """`computed`: the server works out who may push where, from what is not ours; else the adapter's own way."""
    secret: Callable[[str], SecretStr] | None = None
    """Reads what `env:NAME` or `file:PATH` points to, at the moment when it is sent; UsageError where it can't be read."""
    app: App | None = None
    """Act as this app; then `token` is empty."""
    orgs: frozenset[str] = frozenset()
    """Top namespaces that the files speak of, for `doctor` to look at."""
    limits: Limits = Limits()
    roles: Mapping[str, str] = field(default_factory=dict)
    """Level -> the forge's own role that stands for it in all orgs (GitHub)."""
    patience: float = 6.0
    """Seconds for which a request that fails in passing is tried again."""
    stop: threading.Event | None = field(default=None, compare=False, repr=False)
    """Set when the run shall end: nothing waits for long any more."""
    told: Callable[[str], None] = field(default=_nobody, compare=False, repr=False)
    """Told when requests wait for some time, until when, and why; from any thread."""


def secret_of(settings: Settings, reference: str) -> SecretStr:
    """Return the secret behind a reference; RefusedError where it can't be read: then nothing is written without it."""
    if settings.secret is None:
        raise RefusedError(f"the secret `{reference}` can't be read here", forge=settings.name)
    try:
        return settings.secret(reference)
    except UsageError as error:
        raise RefusedError(error.text, error.hint, forge=settings.name) from None


@dataclass(frozen=True, slots=True)
class Scope:
    """What to read: whole namespaces, or (`narrow`) only the named repositories and teams in them."""

    orgs: frozenset[str]
    """Top namespaces: GitHub orgs, GitLab top groups."""
    groups: frozenset[str] = frozenset()
    """Declared groups and subgroups by full path (GitLab); the orgs themselves on GitHub."""
    teams: frozenset[str] = frozenset()
    """Declared team paths, older ones included."""
    repos: frozenset[str] = frozenset()
    """Declared repository paths, older ones included."""
    person_repos: frozenset[str] = frozenset()
    """Those of the declared repositories that declare a grant to a single person; where invitations wait apart, they are looked for there."""
    logins: frozenset[str] = frozenset()
    """Logins the desired state speaks of; each gets an Account in the answer."""
    ids: frozenset[int | str] = frozenset()
    """Pinned ids; each gets an Account under the login it has now."""
    parts: frozenset[Key] = frozenset()
    """(kind, path) of the lists of labels, webhooks, deploy keys and the like that are declared, older paths included: what costs
    reads of its own is read only there."""
    rules: tuple[BranchRule, ...] = ()
    """Declared rules of branches; a server that works them out itself is asked whether its answers are as declared."""
    tagged: frozenset[str] = frozenset()
    """Paths of the repositories with declared rules for tags, older ones included: where such rules cost a request, they are read there."""
    narrow: bool = False
    thorough: bool = False
    """Look also where nothing says that there is something to find, at a request for each such place."""


@dataclass(frozen=True, slots=True)
class Remote:
    """Where git finds a repository, and what to log in with; the URL never holds the secret."""

    url: str
    username: str = ""
    password: SecretStr | None = None
    key_file: str = ""
    known_hosts: str = ""
    delete_branch: Callable[[str, str], None] | None = field(default=None, compare=False, repr=False)
    """Deletes a branch (name, the commit it must be at) where the forge lets nobody do so by git; raises ForgeError."""


@dataclass(frozen=True, slots=True)
class Health:
    """What `doctor` says of a forge: one finding per line, worst first."""

    reachable: bool
    me: str = ""
    version: str = ""
    tier: str = ""
    scopes: tuple[str, ...] = ()
    expires: str = ""
    """ISO date on which the token ends, "" = never or unknown."""
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What only some uses of the forge would need."""


@dataclass(frozen=True, slots=True)
class PushMirror:
    """A repository that a forge pushes somewhere by itself."""

    url: str
    """Where to, without a login."""
    enabled: bool
    failed: bool = False
    """The last try did not succeed."""
    error: str = ""
    """What the forge said of it, "" for nothing."""
    last_try: str = ""
    """ISO time, "" = never."""
    last_success: str = ""


@runtime_checkable
class PushesItself(Protocol):
    """A forge that pushes repositories elsewhere by itself, and tells how that goes."""

    def push_mirrors(self, repo: str) -> tuple[PushMirror, ...]:
        """Return where the repository with this path is pushed; raise ForgeError when that can't be read whole."""
        ...


@runtime_checkable
class TellsHooks(Protocol):
    """A forge that can be asked where its webhooks go; only for who adopts them: such an address may be a secret."""

    def hook_addresses(self, on: str, target: str) -> tuple[str, ...]:
        """Return where the webhooks of the repository (`on` = repo), org or group go; raise ForgeError when that can't be read whole."""
        ...


@runtime_checkable
class Estimates(Protocol):
    """A forge that knows what changes will cost there."""

    def estimate(self, actions: Sequence[Action], seen: State) -> Cost:
        """Return what carrying these actions out will cost on what was seen; sends nothing."""
        ...


Progress = Callable[[str], None]
"""Told now and then what is being read, in a few words."""


class Forge(Protocol):
    """One server; safe to use from several threads."""

    name: str
    traits: Traits

    def observe(self, scope: Scope, progress: Progress | None = None) -> Observation:
        """Return all that is in scope; raise a ForgeError when any part of it could not be read whole.

        Only where that part is of one repository alone, and the failure says nothing of the rest, is it named in `unread` instead.
        """
        ...

    def execute(self, action: Action) -> str:
        """Make the change, or find that it already is so; return the forge's request id or ""; raise ForgeError."""
        ...

    def remote(self, repo: str) -> Remote:
        """Return where git finds the repository with this path."""
        ...

    def health(self) -> Health:
        """Return what can be learned of server and token; never raises for what it should report."""
        ...

    def requests(self) -> tuple[int, int]:
        """Return how many reads and writes were sent so far."""
        ...

    def close(self) -> None:
        """Give connections back."""
        ...
