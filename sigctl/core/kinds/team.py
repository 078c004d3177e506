"""Teams and who is in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from sigctl.core.kinds.base import Effect, Key, Resource
from sigctl.core.kinds.org import ACTIVE, Membership, Org

MEMBER, LEAD = "member", "lead"


@dataclass(frozen=True, slots=True)
class Team(Resource):
    """A named set of people; its path is the org's and the team's name in one."""

    KIND: ClassVar[str] = "team"
    PATHS: ClassVar[Mapping[str, str]] = {"path": "team", "parent": "team"}

    path: str
    title: str | None = None
    description: str | None = None
    secret: bool | None = None
    parent: str | None = None
    """Path of the team above; None = don't care, "" = none."""
    previously: tuple[str, ...] | None = None
    """Older paths of the same team, for a rename in place of delete and create."""
    filled_by: str | None = None
    """Observed: the account system that says at each login who is in it."""

    INFO: ClassVar[frozenset[str]] = frozenset({"previously", "filled_by"})

    @property
    def key(self) -> Key:
        """Kind and path."""
        return Key(self.KIND, self.path)

    def needs(self) -> tuple[Key, ...]:
        """Return the org, and the team above where there is one."""
        org = Key(Org.KIND, self.path.rpartition("/")[0])
        return (org, Key(self.KIND, self.parent)) if self.parent else (org,)

    @classmethod
    def effect(cls, before: Self | None, after: Self | None) -> Effect:
        """Narrow when it goes; widen when it comes under a team whose rights it then inherits."""
        if after is None:
            return "narrows"
        if before is not None and (before.parent or "") != (after.parent or ""):
            return "widens" if after.parent else "narrows"
        return "neutral"


@dataclass(frozen=True, slots=True)
class TeamMember(Resource):
    """A person in a team."""

    KIND: ClassVar[str] = "team_member"
    INFO: ClassVar[frozenset[str]] = frozenset({"state", "by_role"})
    PATHS: ClassVar[Mapping[str, str]] = {"team": "team"}
    LOGINS: ClassVar[frozenset[str]] = frozenset({"login"})

    team: str
    login: str
    role: str | None = MEMBER
    state: str = ACTIVE
    by_role: str | None = None
    """Observed: the role of the server's own making through which he has it."""

    @property
    def key(self) -> Key:
        """Team and login."""
        return Key(self.KIND, f"{self.team}:{self.login}")

    @property
    def inside(self) -> Key:
        """The team."""
        return Key(Team.KIND, self.team)

    def needs(self) -> tuple[Key, ...]:
        """Return the team, and the person's membership of the org (forges without memberships have no such key)."""
        org = self.team.rpartition("/")[0]
        return (self.inside, Key(Membership.KIND, f"{org}:{self.login}"))

    @classmethod
    def effect(cls, before: Self | None, after: Self | None) -> Effect:
        """Widen when someone comes in or gets another role, but narrow when a lead becomes a member.

        A role that is not known may have been anything: on GitLab whoever has less than a member in the team's own group has
        less by the team.
        """
        if after is None:
            return "narrows"
        if before is None:
            return "widens"
        if before.role == after.role:
            return "neutral"
        return "narrows" if (before.role, after.role) == (LEAD, MEMBER) else "widens"
