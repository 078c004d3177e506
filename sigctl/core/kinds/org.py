"""Orgs and groups, and who belongs to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from sigctl.core import levels
from sigctl.core.kinds.base import Effect, Key, Resource

PRIVATE, INTERNAL, PUBLIC = "private", "internal", "public"
OPENNESS = {PRIVATE: 0, INTERNAL: 1, PUBLIC: 2}


def opens(before: str | None, after: str | None) -> Effect:
    """Say what a change of visibility does; a word we don't know may do anything, so it widens."""
    if before == after or after is None:
        return "neutral"
    if before is None or before not in OPENNESS or after not in OPENNESS:
        return "widens"
    return "widens" if OPENNESS[after] > OPENNESS[before] else "narrows"


@dataclass(frozen=True, slots=True)
class Org(Resource):
    """A namespace of a forge: a GitHub org, a GitLab group at any depth, a Pagure namespace."""

    KIND: ClassVar[str] = "org"
    INFO: ClassVar[frozenset[str]] = frozenset({"filled_by"})
    PATHS: ClassVar[Mapping[str, str]] = {"path": "org"}

    path: str
    title: str | None = None
    visibility: str | None = None
    base_level: str | None = None
    """What every member has on every repository of the org."""
    members_create_repos: bool | None = None
    two_factor: bool | None = None
    members_create: tuple[str, ...] | None = None
    """Visibilities of the repositories that members may create, sorted."""
    fork_private: bool | None = None
    """Whether members may fork private repositories to their own accounts."""
    create_repos: str | None = None
    """Lowest level that may create repositories in a group: none (nobody), admin, maintain or write."""
    create_groups: str | None = None
    """Lowest level that may create groups below: admin or maintain."""
    share_outside: bool | None = None
    """Whether groups below may be shared with groups elsewhere."""
    deploy_keys: bool | None = None
    """Whether deploy keys may be used at all."""
    protect_default: str | None = None
    """How the default branch of a new repository is protected: none, partly, fully, or fully after its first push (started)."""
    filled_by: str | None = None
    """Observed: the account system that says at each login who is in it."""

    @property
    def key(self) -> Key:
        """Kind and path."""
        return Key(self.KIND, self.path)

    def needs(self) -> tuple[Key, ...]:
        """Return the group above, where there is one."""
        parent, _, _ = self.path.rpartition("/")
        return (Key(self.KIND, parent),) if parent else ()

    @classmethod
    def effect(cls, before: Self | None, after: Self | None) -> Effect:
        """Widen when members get more on every repository, may create, or the group opens."""
        if before is None or after is None:
            return "neutral" if before is None else "narrows"
        found = {opens(before.visibility, after.visibility)}
        if before.base_level != after.base_level:
            wider = levels.widens(before.base_level or levels.NONE, after.base_level or levels.NONE)
            found.add("widens" if wider else "narrows")
        if before.members_create_repos != after.members_create_repos:
            found.add("widens" if after.members_create_repos else "narrows")
        if before.two_factor != after.two_factor:
            found.add("narrows" if after.two_factor else "widens")
        found |= _by_rank(before, after)
        return next((effect for effect in ("widens", "narrows") if effect in found), "neutral")


_PROTECTIONS = ("fully", "started", "partly", "none")
"""From the most closed to the most open, as `_CREATORS` are."""
_CREATORS = (levels.NONE, levels.ADMIN, levels.MAINTAIN, levels.WRITE)


def _by_rank(before: Org, after: Org) -> set[Effect]:
    """Return what the settings do that are more than on and off; a word that is not known may do anything, so it widens."""
    found: set[Effect] = set()

    def ranked(name: str, order: tuple[str, ...]) -> None:
        old, new = getattr(before, name), getattr(after, name)
        if old == new or new is None:
            return
        known = old in order and new in order
        found.add("narrows" if known and order.index(new) < order.index(old) else "widens")

    ranked("create_repos", _CREATORS)
    ranked("create_groups", _CREATORS)
    ranked("protect_default", _PROTECTIONS)
    for name in ("fork_private", "share_outside", "deploy_keys"):
        old, new = getattr(before, name), getattr(after, name)
        if new is not None and old != new:
            found.add("widens" if new else "narrows")
    old, new = set(before.members_create or ()), set(after.members_create or ())
    if after.members_create is not None and old != new:
        found.add("widens" if new - old else "narrows")
    return found


OWNER, MEMBER = "owner", "member"
ACTIVE, INVITED = "active", "invited"


@dataclass(frozen=True, slots=True)
class Membership(Resource):
    """A person in an org of a forge that has such a thing; an invitation that waits counts as present."""

    KIND: ClassVar[str] = "membership"
    INFO: ClassVar[frozenset[str]] = frozenset({"state"})
    PATHS: ClassVar[Mapping[str, str]] = {"org": "org"}
    LOGINS: ClassVar[frozenset[str]] = frozenset({"login"})

    org: str
    login: str
    role: str | None = MEMBER
    state: str = ACTIVE

    @property
    def key(self) -> Key:
        """Org and login."""
        return Key(self.KIND, f"{self.org}:{self.login}")

    @property
    def inside(self) -> Key:
        """The org."""
        return Key(Org.KIND, self.org)

    @classmethod
    def effect(cls, before: Self | None, after: Self | None) -> Effect:
        """Widen when someone comes in or becomes an owner."""
        if after is None:
            return "narrows"
        if before is None:
            return "widens"
        if before.role == after.role:
            return "neutral"
        return "narrows" if (before.role, after.role) == (OWNER, MEMBER) else "widens"
