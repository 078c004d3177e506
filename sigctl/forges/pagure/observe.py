"""The one bulk read: whole, or a ForgeError; reads that don't need each other run side by side."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from functools import partial

from sigctl.core.kinds import Grant, Org, Repo, Resource, Team, TeamMember
from sigctl.core.state import COMPUTED_RULES, Account, Note, Observation, state
from sigctl.forges.apart import Apart
from sigctl.forges.base import Progress, Scope
from sigctl.forges.pagure.names import split
from sigctl.forges.pagure.readers import computed, groups, projects
from sigctl.forges.pagure.session import Data, Session


def observe(session: Session, scope: Scope, progress: Progress | None, *, is_computed: bool) -> Observation:
    """Return all that is in scope; a project that can't be read whole by itself is named, any other failure raises a ForgeError."""
    tell = progress or (lambda _: None)
    before = session.caller.reads
    me = session.me()
    reading = _Reading(session, scope)
    namespaces = reading.namespaces()
    tell(f"repositories of {', '.join(namespaces)}" if namespaces else "repositories")
    session.parallel(reading.things(namespaces))
    tell("settings and groups")
    session.parallel(reading.parts())
    tell("accounts")
    session.parallel(reading.people(me))
    notes = reading.verified() if is_computed else []
    return Observation(
        forge=session.name,
        state=state(sorted(reading.resources(namespaces), key=lambda one: one.key)),
        accounts=dict(sorted(reading.accounts.items())),
        me=me,
        capabilities=frozenset({COMPUTED_RULES}) if is_computed else frozenset(),
        notes=tuple(notes),
        reads=session.caller.reads - before,
        unread=reading.apart.found(),
    )


class _Reading:
    """What one observation has read so far; its methods run in several threads."""

    def __init__(self, session: Session, scope: Scope) -> None:
        self.session = session
        self.scope = scope
        self.projects: dict[str, Data] = {}
        self.settings: dict[str, projects.Settings] = {}
        self.patterns: dict[str, dict[str, tuple[str, ...]]] = {}
        self.groups: dict[str, Data] = {}
        self.accounts: dict[str, Account] = {}
        self.apart = Apart()
        self._lock = threading.Lock()

    def namespaces(self) -> list[str]:
        """Return the namespaces that are listed: those of repositories, not the names of groups that are scope tops too."""
        if self.scope.narrow:
            return []
        homes = {split(repo)[0] for repo in self.scope.repos}
        return sorted(org for org in self.scope.orgs if org in homes or org not in self.scope.teams)

    def things(self, namespaces: list[str]) -> list[Callable[[], None]]:
        """Return the reads that find projects and declared groups."""
        apart = sorted(repo for repo in self.scope.repos if split(repo)[0] not in namespaces)
        return [
            *(partial(self._below, namespace) for namespace in namespaces),
            *(partial(self._one, repo) for repo in apart),
            *(partial(self._group, team) for team in sorted(self.scope.teams)),
        ]

    def parts(self) -> list[Callable[[], None]]:
        """Return the reads of what belongs to the projects that were found."""
        everything = not self.scope.repos and not self.scope.narrow
        self.apart.among(len(self.projects))
        asked = [repo for repo in sorted(self.projects) if everything or repo in self.scope.repos]
        limited = [repo for repo, data in sorted(self.projects.items()) if projects.has_patterns(data)]
        holders = {
            name
            for data in self.projects.values()
            for names in (data.get("access_groups") or {}).values()
            for name in names
        }
        return [
            *(partial(self._settings, repo) for repo in asked),
            *(partial(self._patterns, repo) for repo in limited),
            *(partial(self._group, group) for group in sorted(holders - self.scope.teams)),
        ]

    def people(self, me: str) -> list[Callable[[], None]]:
        """Return the reads that tell whether the accounts asked for exist; who holds a right does."""
        held = {one.who() for one in self._rights() if one.who()} | {me}
        self.accounts = {login: Account(login) for login in held}
        return [partial(self._account, login) for login in sorted(self.scope.logins - held)]

    def verified(self) -> list[Note]:
        """Return what the server's own answers on branches come to."""
        members: dict[str, list[str]] = {name: [] for name in self.groups}
        for name, data in self.groups.items():
            members[name] = [m.login for m in groups.members_of(data) if m.login != self.session.me()]
        return computed.verify(self.session, self.scope.rules, self.projects, members, self.apart)

    def resources(self, namespaces: Iterable[str]) -> list[Resource]:
        """Return everything in our words; a namespace counts as there, since nothing tells of an empty one."""
        homes = {*namespaces, *(split(repo)[0] for repo in self.scope.repos)} - {""}
        teams: list[Team] = [groups.team_of(data) for data in self.groups.values()]
        repos = [projects.repo_of(data, self.settings.get(repo)) for repo, data in self.projects.items()]
        return [*map(Org, sorted(homes)), *teams, *repos, *self._rights()]

    def _rights(self) -> list[Grant | TeamMember]:
        given = [
            grant
            for repo, data in self.projects.items()
            for grant in projects.grants_of(data, self.patterns.get(repo, {}))
        ]
        return [*given, *(member for data in self.groups.values() for member in groups.members_of(data))]

    def _below(self, namespace: str) -> None:
        found = {data["fullname"]: data for data in projects.below(self.session, namespace)}
        with self._lock:
            self.projects.update(found)

    def _one(self, repo: str) -> None:
        with self.apart.about(repo, Repo.KIND, teams=True):
            for data in projects.one(self.session, repo):
                self.projects[repo] = data

    def _group(self, name: str) -> None:
        for data in groups.read(self.session, name):
            self.groups[data["name"]] = data

    def _settings(self, repo: str) -> None:
        with self.apart.about(repo, Repo.KIND):
            self.settings[repo] = projects.settings(self.session, repo)

    def _patterns(self, repo: str) -> None:
        with self.apart.about(repo, Grant.KIND):
            self.patterns[repo] = projects.patterns(self.session, repo)

    def _account(self, login: str) -> None:
        self.accounts[login] = groups.account(self.session, login)
