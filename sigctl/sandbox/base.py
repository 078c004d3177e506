"""What an embedded forge is: state, an ASGI app for its API, and what git over HTTP asks it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from sigctl.sandbox.clock import Clock
from sigctl.sandbox.gitrepo import BareRepo
from sigctl.sandbox.seed import Seed
from sigctl.sandbox.store import Store

if TYPE_CHECKING:  # starlette comes with the extra; this module must be importable without it
    from starlette.types import ASGIApp

FORGES = {"github": "sigctl.sandbox.github:GitHub", "gitlab": "sigctl.sandbox.gitlab:GitLab"}
UPLOAD, RECEIVE = "git-upload-pack", "git-receive-pack"
ZERO = "0" * 40


class Update(NamedTuple):
    """One ref that a push wants to change; ZERO as old creates, as new deletes."""

    old: str
    new: str
    ref: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a ref is not updated; `only_force` lets fast-forwards pass (git finds out when it has the objects)."""

    text: str
    """What the pusher reads after `remote: `; may have several lines."""
    only_force: bool = False


@dataclass(frozen=True, slots=True)
class GitTarget:
    """A repository that the account may use for what it asked."""

    repo: int
    """The forge's own id of the repository."""
    bare: BareRepo


@dataclass(frozen=True, slots=True)
class GitDenied:
    """An HTTP answer in place of git's: 401, 403, 404, or 301 with a location."""

    status: int
    text: str
    location: str = ""


@dataclass(slots=True)
class Environment:
    """What a forge is given: where it lives, what time it is, who exists."""

    directory: Path
    """The forge's own folder for bare repositories."""
    store: Store
    clock: Clock
    seed: Seed
    url: str
    """http://127.0.0.1:PORT, no slash at the end."""
    options: dict[str, int] = field(default_factory=dict)
    """Knobs for tests, such as for how many requests a new thing is not there yet; a forge documents its own."""


class SandboxForge(ABC):
    """One embedded forge; everything runs in the one event loop, state changes inside `store.transaction()`."""

    name: ClassVar[str]
    hidden_refs: ClassVar[tuple[str, ...]] = ()
    """Prefixes of refs that are shown on fetch and can't be pushed."""
    all_or_nothing: ClassVar[bool] = False
    """A refused ref refuses the whole push (pre-receive) rather than itself (update)."""
    realm: ClassVar[str] = "sandbox"

    def __init__(self, env: Environment) -> None:
        self.env = env
        self.store = env.store
        self.clock = env.clock

    def bare(self, repo: int) -> BareRepo:
        """Return the bare repository of the forge's repository with this id; it may not exist on disk yet."""
        return BareRepo(self.env.directory / f"{repo}.git")

    @abstractmethod
    def seed(self) -> None:
        """Make sure that the accounts and orgs of `env.seed` exist; called at every start, changes nothing the second time."""

    @abstractmethod
    def app(self) -> ASGIApp:
        """Return the API as an ASGI app; requests of git don't reach it."""

    @abstractmethod
    def operation(self, method: str, path: str) -> str:
        """Return the name of the API operation for the request log and for faults, "" when there is none.

        The path is as it was sent: an encoded slash stays encoded.
        """

    @abstractmethod
    def git_account(self, username: str, password: str) -> int | None:
        """Return an id of whom these credentials stand for; None when they are wrong.

        Whether it is the account's or the token's id is the forge's choice: it gets the same id back as `account` below.
        """

    @abstractmethod
    def git_target(self, path: str, account: int | None, service: str) -> GitTarget | GitDenied:
        """Decide whether the account (None: nobody) may read (UPLOAD) or push to (RECEIVE) the repository at the path.

        The path comes without slash in front and without `.git` at the end. A 401 makes git ask for credentials.
        """

    def decide(self, account: int, target: GitTarget, updates: Sequence[Update]) -> Mapping[str, Refusal]:  # noqa: ARG002  # for those who override
        """Return {ref: why it is refused} for a push; refs not named are fine."""
        return {}

    def pushed(self, account: int, target: GitTarget, updates: Sequence[Update]) -> None:  # noqa: B027  # optional
        """Take note of a push that git has carried out; `updates` are those refs that now are as pushed."""


def forge_class(name: str) -> type[SandboxForge]:
    """Return the class of an embedded forge."""
    module, _, cls = FORGES[name].partition(":")
    found = getattr(import_module(module), cls)
    if not (isinstance(found, type) and issubclass(found, SandboxForge)):
        raise TypeError(FORGES[name])
    return found
