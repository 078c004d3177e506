"""What the site is made from: facts only, whoever found them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from sigctl.core.access_table import Row


@dataclass(frozen=True, slots=True)
class ForgeFacts:
    """One forge."""

    name: str
    type: str
    url: str
    role: str
    problem: str = ""
    """Why nothing is known of it, "" where it was looked at."""


@dataclass(frozen=True, slots=True)
class TeamFacts:
    """One team of a SIG, with the teams within it."""

    name: str
    title: str
    members: tuple[str, ...]
    teams: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SigFacts:
    """One SIG, as the files describe it."""

    name: str
    title: str = ""
    status: str = "active"
    chairs: tuple[str, ...] = ()
    sponsors: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    """(what, text or address): list, documentation, bugs, meetings."""
    teams: tuple[TeamFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """Where a repository is on one forge."""

    forge: str
    path: str
    url: str
    visibility: str = ""
    archived: bool = False
    default_branch: str = ""


class BranchFacts(NamedTuple):
    """A pattern of branches or one declared branch, with who may do what there."""

    name: str
    push: str
    merge: str = ""
    force: bool | None = None
    delete: bool | None = None
    start: str = ""
    """What it was made from."""
    lifecycle: str = "active"
    sig: str = ""
    declared: bool = False
    """It is one branch that the files name, and no pattern."""
    forges: tuple[str, ...] = ()
    """The only ones on which this holds; () = all."""


@dataclass(frozen=True, slots=True)
class RepoFacts:
    """One repository, on all its forges."""

    sig: str
    name: str
    """SIG/NAME, or the path of one that the files don't know."""
    description: str = ""
    places: tuple[PlaceFacts, ...] = ()
    branches: tuple[BranchFacts, ...] = ()
    upstream: str = ""

    @property
    def archived(self) -> bool:
        """Whether it is in the archive on any forge."""
        return any(one.archived for one in self.places)

    @property
    def forges(self) -> tuple[str, ...]:
        """Where it is."""
        return tuple(dict.fromkeys(one.forge for one in self.places))

    @property
    def default_branches(self) -> tuple[str, ...]:
        """What a clone checks out, each name once."""
        return tuple(dict.fromkeys(one.default_branch for one in self.places if one.default_branch))


@dataclass(frozen=True, slots=True)
class MirrorFacts:
    """One step by which history goes from one place to another."""

    sig: str
    repo: str
    source: str
    forge: str
    """The target's."""
    path: str
    mode: str
    status: str = "declared"
    """One of declared (not compared), equal, behind, held, aside."""
    behind: int = 0
    held: int = 0
    extra: int = 0
    commits: int | None = None
    since: str = ""
    """When the oldest missing commit was made, ISO 8601."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between files and forges, now or before."""

    forge: str
    kind: str
    key: str
    sig: str
    problem: str
    cause: str = ""
    """Likely cause, in words."""
    first_seen: str = ""
    """ISO 8601, "" where nothing was kept."""
    last_seen: str = ""
    resolved: str = ""
    """When it was gone, "" = it is there."""
    by: str = ""
    """How and by whom it was resolved."""
    drift: bool = True
    """Whether it counts; undeclared things are only told of."""


@dataclass(frozen=True, slots=True)
class AuditRun:
    """One apply, as the log has it."""

    run: str
    begun: str
    who: str
    commit: str
    plan: str
    actions: int
    counts: Mapping[str, int] = field(default_factory=dict)
    ended: str = ""
    """"" = it never did."""
    exit: int | None = None
    converged: bool = False
    allowed: str = ""
    """Guards that were told to let pass, and why."""
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LookFacts:
    """One person to look at."""

    kind: str
    who: str
    text: str


@dataclass(frozen=True)
class Site:
    """Everything that the pages tell; equal sites become equal bytes."""

    source: str
    """One of files, live, snapshot."""
    moment: str
    digest: str
    """Of the files."""
    compared: bool
    """Whether forges and files were compared, so that no difference means none."""
    forges: tuple[ForgeFacts, ...]
    sigs: tuple[SigFacts, ...]
    repos: tuple[RepoFacts, ...]
    people: Mapping[str, str]
    """Account -> full name, "" where the files have none."""
    rows: tuple[Row, ...]
    looks: tuple[LookFacts, ...] = ()
    mirrors: tuple[MirrorFacts, ...] = ()
    differences: tuple[Difference, ...] = ()
    history: bool = False
    """Whether what was before is known, too."""
    kernel: str = ""
    """Name of the repository that the SIGs share, "" for none."""
    runs: tuple[AuditRun, ...] | None = None
    """None: no log was given."""
    audit_problems: tuple[str, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
    """(forge, text) of what makes answers less sure."""
