"""The bulk read: the parts side by side, put together as one whole, or an error."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sigctl.core.kinds import BranchRule, Features, GroupRule, Repo, Resource
from sigctl.core.state import OWN_WAY, Account, Note, Observation, state
from sigctl.forges.apart import Apart
from sigctl.forges.base import Progress, Scope, Settings
from sigctl.forges.gitlab.context import GROUPS, PROJECTS, Context
from sigctl.forges.gitlab.features import features_of
from sigctl.forges.gitlab.names import ancestors, is_below, parent_of, unscheduled
from sigctl.forges.gitlab.protections import SERVER_ADMIN
from sigctl.forges.gitlab.readers import (
    branch_rules,
    group_rules,
    groups,
    invitations,
    members,
    parts,
    projects,
    roles,
    server,
    users,
)
from sigctl.forges.gitlab.readers.groups import Group, Teams
from sigctl.forges.gitlab.readers.projects import Project

FEW = 8
"""Up to so many named projects of one group are asked one by one; more are picked from the group's list."""
_Part = Callable[[], None]


@dataclass(slots=True)
class _Found:
    """What was read, by number, before it is put into our words."""

    groups: dict[int, Group] = field(default_factory=dict)
    projects: dict[int, Project] = field(default_factory=dict)
    people: list[Account] = field(default_factory=list)
    token: server.Token = field(default_factory=server.Token)
    branches: branch_rules.Rules = field(default_factory=dict)
    group_rules: list[GroupRule] | None = field(default_factory=list)
    """None = nobody lets us see whether there are some."""
    apart: Apart = field(default_factory=Apart)

    def paths(self) -> list[str]:
        unread = [key.name for key in self.apart.found()]
        return [g.path for g in self.groups.values()] + [p.path for p in self.projects.values()] + unread


def observe(
    ctx: Context,
    settings: Settings,
    scope: Scope,
    progress: Progress | None = None,
    *,
    with_rules: bool = False,
) -> Observation:
    """Return all that is in scope; a project that can't be read whole by itself is named, any other failure raises a ForgeError."""
    before = ctx.client.caller.reads
    tell = progress or (lambda _text: None)
    tell("server and token")
    about = server.server(ctx)
    ctx.enterprise = about.enterprise
    found = _Found()
    if with_rules and about.enterprise and not scope.narrow:
        found.group_rules = group_rules.rules_of(ctx, _tops(scope.orgs))
    rules_first = _bulk_rules(ctx, scope, found) if with_rules else []
    ctx.client.together([lambda: _token(ctx, found), *_things(ctx, scope, found, tell), *rules_first])
    if not scope.narrow:
        ctx.saw_whole = True
        ctx.known.forget_scheduled()
    found.apart.among(len(found.projects))
    teams = Teams.of(scope, found.paths())
    _read_shares(ctx, scope, found, tell)
    _read_invitations(ctx, scope, found)
    _read_people(ctx, scope, found)
    notes = [*_set_doomed_aside(ctx, found), *_hidden(found), *_token_notes(found.token)]
    hanging = _parts(ctx, scope, found)  # before the rules, which name deploy keys by their numbers
    rules, by_hand = _rules(ctx, scope, found) if with_rules else ([], [])
    notes += by_hand
    sample = next((project.data for project in found.projects.values()), None)
    tier = server.tier(
        ctx, settings.tier, enterprise=about.enterprise, tops=sorted(scope.orgs), project=sample
    )
    if not tier:
        notes.append(("unknown", "tier", server.UNTOLD))
        tier = server.FREE
    if tier == server.ULTIMATE:
        _read_roles(ctx, scope, found)
    own_way = _own_way(ctx, tier) if with_rules else frozenset[str]()
    resources = [*_resources(found, teams), *rules, *hanging, *(found.group_rules or ())]
    return Observation(
        forge=settings.name,
        state=state(resources),
        accounts=_accounts(ctx, found),
        me=about.me,
        capabilities=server.capabilities(tier, enterprise=about.enterprise) | own_way,
        notes=tuple(Note(topic, subject, text, settings.name) for topic, subject, text in notes),
        reads=ctx.client.caller.reads - before,
        unread=found.apart.found(),
    )


def _read_roles(ctx: Context, scope: Scope, found: _Found) -> None:
    """Read which members have a role of the server's own making, in what is declared, or in all where nothing is (adopt)."""
    groups_ = {path.casefold() for path in scope.groups | scope.teams | scope.orgs}
    repos = {path.casefold() for path in scope.repos}
    some, others = roles.with_roles(
        ctx,
        roles.bases(ctx, _tops(scope.orgs)),
        [one for one in found.groups.values() if not scope.groups or one.path.casefold() in groups_],
        [one for one in found.projects.values() if not repos or one.path.casefold() in repos],
        found.apart,
    )
    found.groups.update({one.id: one for one in some})
    found.projects.update({one.id: one for one in others})


def _own_way(ctx: Context, tier: str) -> frozenset[str]:
    """Return by what a protection lets us in: as administrators of the server, by name where it has that, else by level alone."""
    me = ctx.me()
    if me.get("is_admin"):
        return frozenset({f"{OWN_WAY}level:{SERVER_ADMIN}"})
    return frozenset({f"{OWN_WAY}person:{me['username']}"}) if tier != server.FREE else frozenset()


def _token(ctx: Context, found: _Found) -> None:
    found.token = server.token(ctx)


def _read_people(ctx: Context, scope: Scope, found: _Found) -> None:
    """Ask for the accounts that are in no group that was read: the others are known by now, with all that there is to know."""
    met = [member.account for group in found.groups.values() for member in group.members]
    logins, numbers = {one.login.casefold() for one in met}, {str(one.id) for one in met}
    found.people = users.accounts(
        ctx,
        [login for login in scope.logins if login.casefold() not in logins],
        [number for number in scope.ids if str(number) not in numbers],
    )


def _things(ctx: Context, scope: Scope, found: _Found, tell: Progress) -> list[_Part]:
    """Return the independent reads of groups and projects: whole trees, and what is named but not in one of them."""
    trees = [] if scope.narrow else _tops(scope.orgs)

    def groups_of(top: str) -> None:
        tell(f"groups of {top}")
        found.groups.update({group.id: group for group in groups.tree(ctx, top)})

    def projects_of(top: str) -> None:
        tell(f"repositories of {top}")
        found.projects.update({project.id: project for project in projects.below(ctx, top, found.apart)})

    def elsewhere(paths: frozenset[str]) -> list[str]:
        return sorted(path for path in paths if not any(path == top or is_below(path, top) for top in trees))

    return [
        *(_bound(read, top) for top in trees for read in (projects_of, groups_of)),
        *_named_groups(ctx, elsewhere(scope.groups | scope.teams), found),
        *_named_projects(ctx, elsewhere(scope.repos), found),
    ]


def _bulk_rules(ctx: Context, scope: Scope, found: _Found) -> list[_Part]:
    def read(top: str) -> None:
        wanted = branch_rules.Wanted.of(scope)
        found.branches.update(
            branch_rules.branches_below(ctx, top, wanted, found.apart, of_groups=found.group_rules)
        )

    return [] if scope.narrow else [_bound(read, top) for top in _tops(scope.orgs)]


def _rules(ctx: Context, scope: Scope, found: _Found) -> tuple[list[BranchRule], list[tuple[str, str, str]]]:
    paths = {number: project.path for number, project in found.projects.items()}
    return branch_rules.rules(ctx, found.branches, paths, branch_rules.Wanted.of(scope), found.apart)


def _parts(ctx: Context, scope: Scope, found: _Found) -> list[Resource]:
    projects_ = {number: project.path for number, project in found.projects.items()}
    groups_ = {number: group.path for number, group in found.groups.items()}
    asked = {key.name.casefold() for key in scope.parts if key.kind == Features.KIND}
    features = [
        features_of(project.path, project.data)
        for project in found.projects.values()
        if scope.thorough or project.path.casefold() in asked
    ]
    return [*features, *parts.parts(ctx, scope.parts, projects_, groups_, found.apart)]


def _named_groups(ctx: Context, paths: Iterable[str], found: _Found) -> list[_Part]:
    def read(path: str) -> None:
        found.groups.update({group.id: group for group in groups.one(ctx, path)})

    return [_bound(read, path) for path in paths]


def _named_projects(ctx: Context, paths: Iterable[str], found: _Found) -> list[_Part]:
    places: dict[str, set[str]] = defaultdict(set)
    for path in paths:
        places[parent_of(path)].add(path.casefold())

    def one(path: str) -> None:
        found.projects.update({project.id: project for project in projects.one(ctx, path, found.apart)})

    def place(group: str) -> None:
        every = projects.below(ctx, group, found.apart, deep=False)
        found.projects.update({p.id: p for p in every if p.path.casefold() in places[group]})

    few = [path for wanted in places.values() if len(wanted) <= FEW for path in sorted(wanted)]
    many = [group for group, wanted in places.items() if len(wanted) > FEW]
    return [*(_bound(one, path) for path in few), *(_bound(place, group) for group in many)]


def _bound(read: Callable[[str], None], path: str) -> _Part:
    return lambda: read(path)


def _tops(orgs: Iterable[str]) -> list[str]:
    """Return the orgs that are not below another one."""
    return sorted(org for org in orgs if not any(is_below(org, other) for other in orgs))


def _read_shares(ctx: Context, scope: Scope, found: _Found, tell: Progress) -> None:
    """Read what only a group's own page tells: for declared groups, or for all where none is declared (adopt)."""
    declared = {path.casefold() for path in scope.groups | scope.orgs | scope.teams}
    asked = [
        group for group in found.groups.values() if not scope.groups or group.path.casefold() in declared
    ]
    tell(f"shares of {len(asked)} groups")

    def read(group: Group) -> Callable[[], Group]:
        return lambda: groups.with_shares(ctx, group)

    found.groups.update({group.id: group for group in ctx.client.together(map(read, asked))})


def _read_invitations(ctx: Context, scope: Scope, found: _Found) -> None:
    """Read who is invited to projects: where single persons have rights, or everywhere for a thorough look."""
    wanted = {path.casefold() for path in (scope.repos if scope.thorough else scope.person_repos)}

    def read(project: Project) -> Callable[[], Project]:
        return lambda: projects.with_invited(ctx, project, found.apart)

    some = [read(project) for project in found.projects.values() if project.path.casefold() in wanted]
    found.projects.update({project.id: project for project in ctx.client.together(some)})


def _hidden(found: _Found) -> list[tuple[str, str, str]]:
    """Return a note for each group and project that does not show who is invited."""
    things: list[Group | Project] = [*found.groups.values(), *found.projects.values()]
    return [("unknown", one.path, invitations.HIDDEN) for one in things if one.invited is None]


def _set_doomed_aside(ctx: Context, found: _Found) -> list[tuple[str, str, str]]:
    """Take out what waits for its deletion, and all below it; remember it for a restore; return the notes."""
    notes = []
    things: list[tuple[str, Group | Project]] = [
        *((GROUPS, group) for group in found.groups.values()),
        *((PROJECTS, project) for project in found.projects.values()),
    ]
    doomed = {
        thing.path: (kind, thing)
        for kind, thing in things
        if thing.doomed or unscheduled(thing.path) != thing.path
    }
    for path, (kind, thing) in sorted(doomed.items()):
        original = unscheduled(path)
        if any(above in doomed for above in ancestors(path)):
            continue
        ctx.known.schedule(kind, original, thing.id)
        since = f" since {thing.doomed}" if thing.doomed else ""
        notes.append(("pending", original, f"waits to be deleted{since}; creating it again restores it"))
    found.groups = {n: g for n, g in found.groups.items() if not _gone(g.path, doomed)}
    found.projects = {n: p for n, p in found.projects.items() if not _gone(p.path, doomed)}
    return notes


def _gone(path: str, doomed: Iterable[str]) -> bool:
    return path in doomed or any(above in doomed for above in ancestors(path))


def _resources(found: _Found, teams: Teams) -> list[Resource]:
    of_groups = [r for g in found.groups.values() for r in groups.resources(g, team=teams.has(g.path))]
    of_projects: list[Resource] = []
    for project in found.projects.values():
        with found.apart.about(project.path, Repo.KIND, teams=True):
            of_projects += projects.resources(project)
    return of_groups + of_projects


def _accounts(ctx: Context, found: _Found) -> dict[str, Account]:
    accounts: dict[str, Account] = {}
    for each in (group.members for group in found.groups.values()):
        members.learn(ctx, each, accounts)
    for each in (project.members for project in found.projects.values()):
        members.learn(ctx, each, accounts)
    return {**accounts, **{account.login: account for account in found.people}}


def _token_notes(token: server.Token) -> list[tuple[str, str, str]]:
    left = token.days_left(datetime.now(UTC).date())
    if left is None or left > server.WARN_DAYS:
        return []
    return [("expires", "token", f"the token ends on {token.expires}: make a new one before")]
