"""Groups: which of them are teams, who is in them, and whom they are shared with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sigctl.core.kinds import Grant, Org, Resource, Team, TeamMember
from sigctl.core.kinds.org import PUBLIC
from sigctl.errors import NotThereError, PartialError
from sigctl.forges.base import Scope
from sigctl.forges.gitlab.context import GROUPS, Context
from sigctl.forges.gitlab.graphql import GROUP, GROUP_MEMBERS, GROUPS_BELOW, must
from sigctl.forges.gitlab.groupsettings import settings_of
from sigctl.forges.gitlab.names import number_of, parent_of, to_level, to_role
from sigctl.forges.gitlab.readers.invitations import Invited, grants, to_team, waiting
from sigctl.forges.gitlab.readers.members import Member, of_connection
from sigctl.forges.gitlab.readers.shares import Share, grants_of, shares_of

_SYSTEMS = {"ldap_group_links": "LDAP", "ldap_cn": "LDAP", "saml_group_links": "SAML"}
"""What links a group to an account system, where the server tells it: paid tiers do, to owners."""


@dataclass(frozen=True, slots=True)
class Group:
    """One group as the server has it."""

    id: int
    path: str
    name: str
    description: str
    visibility: str
    members: tuple[Member, ...]
    shares: tuple[Share, ...] | None = None
    """None = not asked for."""
    filled_by: str = ""
    """The account system that says at each login who is in it."""
    doomed: str = ""
    """The day on which its deletion was scheduled, where the server said so."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Those that only its own page tells, under our names."""
    invited: tuple[Invited, ...] | None = ()
    """None = the token may not see them."""


@dataclass(frozen=True, slots=True)
class Teams:
    """Tells which groups are teams: declared ones, and childless ones in a folder that holds declared ones."""

    declared: frozenset[str]
    folders: frozenset[str]
    """Groups that hold declared teams."""
    orgs: frozenset[str]
    occupied: frozenset[str]
    """Groups with a project or a group below: nobody's team, and never to be removed as one."""

    @classmethod
    def of(cls, scope: Scope, paths: Iterable[str]) -> Teams:
        """Return the judge for a scope, given every path that was read."""
        return cls(
            declared=_fold(scope.teams),
            folders=_fold(parent_of(team) for team in scope.teams) - {""},
            orgs=_fold(scope.groups | scope.orgs),
            occupied=_fold(parent_of(path) for path in paths),
        )

    def has(self, path: str) -> bool:
        """Whether the group with this path is a team."""
        path = path.casefold()
        if path in self.declared:
            return True
        return path not in self.orgs and path not in self.occupied and parent_of(path) in self.folders


def _fold(paths: Iterable[str]) -> frozenset[str]:
    return frozenset(path.casefold() for path in paths)


def tree(ctx: Context, top: str) -> list[Group]:
    """Return a group and all below it; nothing where it does not exist."""
    found = one(ctx, top)
    if not found:
        return []
    for page in ctx.graph.walk(GROUPS_BELOW, top, "descendantGroups"):
        found += [_group(ctx, node) for node in must(page, "nodes", top)]
    return found


def one(ctx: Context, path: str) -> list[Group]:
    """Return one group without what is below it; nothing where it does not exist or was moved away from the path."""
    node = ctx.graph.sized(GROUP, path=path)["group"]
    if node is None or must(node, "fullPath", path).casefold() != path.casefold():
        return []
    return [_group(ctx, node)]


def _group(ctx: Context, node: Mapping[str, Any]) -> Group:
    path = must(node, "fullPath", "a group")
    number = number_of(must(node, "id", path))
    ctx.known.learn(GROUPS, path, number)

    def following(after: str | None) -> Mapping[str, Any]:
        group = ctx.graph.ask(GROUP_MEMBERS, path=path, first=100, after=after)["group"]
        connection: Mapping[str, Any] = must(group, "groupMembers", path)
        return connection

    members = of_connection(must(node, "groupMembers", path), f"members of {path}", following)
    return Group(
        id=number,
        path=path,
        name=node.get("name") or "",
        description=node.get("description") or "",
        visibility=must(node, "visibility", path),
        members=tuple(members),
    )


def with_shares(ctx: Context, group: Group) -> Group:
    """Return the group with the groups it is shared with, which only its own page tells, and who is invited to it."""
    detail = ctx.client.get(f"/groups/{group.id}", with_projects="false")
    if not isinstance(detail, dict):
        raise PartialError(f"group `{group.path}`: an answer with nothing in it")
    if detail.get("id") != group.id:
        raise NotThereError(f"group `{group.path}` went away while it was read")
    return replace(
        group,
        shares=tuple(shares_of(detail, group.path)),
        filled_by=next((name for field, name in _SYSTEMS.items() if detail.get(field)), ""),
        doomed=detail.get("marked_for_deletion_on") or "",
        settings=settings_of(detail, top=not parent_of(group.path)),
        invited=waiting(ctx, f"/groups/{group.id}"),
    )


def resources(group: Group, *, team: bool) -> list[Resource]:
    """Return what the group is in our words: a team and its members, or an org and the grants on it."""
    if team:
        members = [
            TeamMember(group.path, m.account.login, to_role(m.number), by_role=m.role or None)
            for m in group.members
        ]
        filled = group.filled_by or None
        one = Team(
            group.path,
            title=group.name,
            description=group.description,
            secret=group.visibility != PUBLIC,
            filled_by=filled,
        )
        invited = to_team(group.path, group.invited or ())
        return [one, *members, *invited, *grants_of(Org.KIND, group.path, group.shares or ())]
    org = Org(
        group.path,
        title=group.name,
        visibility=group.visibility,
        filled_by=group.filled_by or None,
        **group.settings,
    )
    if group.shares is None:
        return [org]  # what was not read whole is not told
    people = [_personal(group.path, member) for member in group.members]
    people += grants(Org.KIND, group.path, group.invited or ())
    return [org, *people, *grants_of(Org.KIND, group.path, group.shares)]


def _personal(path: str, member: Member) -> Grant:
    return Grant(
        Org.KIND,
        path,
        f"person:{member.account.login}",
        to_level(member.number),
        until=member.until,
        by_role=member.role or None,
    )
