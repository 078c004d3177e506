"""Grants: who has which level on a repository, or on a whole group where the forge can."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from sigctl.core import levels
from sigctl.core.kinds.base import Effect, Key, Resource
from sigctl.core.kinds.org import ACTIVE, Membership, Org
from sigctl.core.kinds.repo import Repo
from sigctl.core.kinds.team import Team

TEAM, PERSON = "team", "person"
INHERITED = "inherited"
"""State of a grant that a forge lists though it is only a copy of what the team above has: it can't be taken away here."""


@dataclass(frozen=True, slots=True)
class Grant(Resource):
    """A level for a subject on a repository (`on` = repo) or on a group and all below it (`on` = org)."""

    KIND: ClassVar[str] = "grant"
    INFO: ClassVar[frozenset[str]] = frozenset({"state", "by_role"})
    PATHS: ClassVar[Mapping[str, str]] = {"target": "on", "subject": "team"}
    LOGINS: ClassVar[frozenset[str]] = frozenset({"subject"})

    on: str
    target: str
    subject: str
    """`team:<path>` or `person:<login>`."""
    level: str
    until: str | None = None
    """Last day, ISO 8601; "" = no end; None = don't care."""
    branches: tuple[str, ...] | None = None
    """Patterns of the branches it is for, sorted; () = all; None = the forge's grants are always for all."""
    state: str = ACTIVE
    by_role: str | None = None
    """Observed: the role of the server's own making through which a person has the level."""

    @property
    def key(self) -> Key:
        """Target and subject."""
        return Key(self.KIND, f"{self.on}:{self.target}:{self.subject}")

    @property
    def inside(self) -> Key:
        """The repository or the group."""
        return Key(self.on, self.target)

    @property
    def subject_kind(self) -> str:
        """Either `team` or `person`."""
        return self.subject.partition(":")[0]

    @property
    def subject_name(self) -> str:
        """The team's path or the person's login."""
        return self.subject.partition(":")[2]

    def needs(self) -> tuple[Key, ...]:
        """Return the target, the team, and the person's membership of the org (where there is such a thing)."""
        if self.subject_kind == TEAM:
            return (self.inside, Key(Team.KIND, self.subject_name))
        org = self.target.rpartition("/")[0] if self.on == Repo.KIND else self.target
        return (self.inside, Key(Membership.KIND, f"{org}:{self.subject_name}"))

    @classmethod
    def effect(cls, before: Self | None, after: Self | None) -> Effect:
        """Widen when the level rises or the end moves out."""
        old = before.level if before else levels.NONE
        new = after.level if after else levels.NONE
        if old != new:
            return "widens" if levels.widens(old, new) else "narrows"
        some, now = (before.branches if before else None) or (), (after.branches if after else None) or ()
        if some != now:
            more = bool(some) and (not now or bool(set(now) - set(some)))
            return "widens" if more else "narrows"
        if before is not None and after is not None and before.until != after.until:
            longer = not after.until or (bool(before.until) and after.until > (before.until or ""))
            return "widens" if longer else "narrows"
        return "neutral"


ON = (Repo.KIND, Org.KIND)
