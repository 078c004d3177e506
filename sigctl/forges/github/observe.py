"""The one bulk read: whole, or a ForgeError; reads that don't need each other run side by side."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from sigctl.core.kinds import BranchRule, ClassicRule, DeployKey, Grant, Repo, Resource
from sigctl.core.kinds.grant import PERSON
from sigctl.core.state import WHOLE_KEYS, Account, Note, Observation, State
from sigctl.forges.apart import Apart
from sigctl.forges.base import Progress, Scope
from sigctl.forges.github.abilities import has_rulesets, lacks
from sigctl.forges.github.graphql import Node
from sigctl.forges.github.hanging import Hanging
from sigctl.forges.github.readers import orgs, parts, people, repos, rules, teams
from sigctl.forges.github.rulesets import Ruleset
from sigctl.forges.github.session import Session

ONE_BY_ONE = 5
"""Up to so many repositories are asked for their teams one by one."""


def observe(session: Session, scope: Scope, progress: Progress | None = None) -> Observation:
    """Return all that is in scope; a repository that can't be read whole by itself is named, any other failure raises a ForgeError."""
    tell = progress or (lambda _: None)
    before = session.caller.reads
    reading = _Reading(session, scope)
    tell("orgs")
    names = session.parallel([partial(reading.org, org) for org in sorted(scope.orgs)])
    tell("repositories, teams and people")
    reading.capabilities.update(lacks(session))
    session.parallel([*reading.once(), *(part for org in names for part in reading.of_org(org))])
    tell("invitations")
    session.parallel(reading.pending())
    reading.settle()
    return Observation(
        forge=session.name,
        state=reading.consistent(),
        accounts=people.with_declined(reading.accounts, reading.declined, reading.state.values()),
        me=session.me(),
        capabilities=frozenset(reading.capabilities),
        notes=tuple(sorted(reading.notes, key=lambda note: (note.subject, note.text))),
        reads=session.caller.reads - before,
        unread=reading.apart.found(),
    )


class _Reading:
    """What one observation has read so far; its methods run in several threads."""

    def __init__(self, session: Session, scope: Scope) -> None:
        self.session = session
        self.scope = scope
        self.state: State = {}
        self.accounts: dict[str, Account] = {}
        self.notes: list[Note] = []
        self.teams: list[Node] = []
        self.rules: list[Node] = []
        self.rulesets: dict[tuple[str, int], Ruleset] = {}
        self.declined: list[tuple[str, Account]] = []
        """Org and account of people whose invitation failed today."""
        self.alerts: dict[str, bool] = {}
        """Repository -> whether dependencies with holes are told of."""
        self.capabilities: set[str] = {WHOLE_KEYS}
        self.apart = Apart()
        self.own_roles: set[str] = set()
        """Orgs with repository roles of their own making."""
        self._lock = threading.Lock()

    def add(
        self, resources: Iterable[Resource] = (), accounts: Iterable[Account] = (), notes: Iterable[Note] = ()
    ) -> None:
        with self._lock:
            for one in resources:  # a thing can show on two pages when something was made in between
                self.state.setdefault(one.key, one)
            self.accounts.update((one.login or f"#{one.id}", one) for one in accounts)
            self.notes.extend(notes)

    def once(self) -> list[Callable[[], object]]:
        """Return the reads that are done once for the server."""
        parts: list[Callable[[], object]] = [self.session.me, self.logins]
        if self.scope.narrow:
            parts += [
                self.named_repos,
                self.named_teams,
                *([self.named_rules] if has_rulesets(self.session) else []),
            ]
        return parts

    def of_org(self, org: str) -> list[Callable[[], object]]:
        """Return the reads that are done once for each org."""
        parts = [self.members, self.invitations]
        if not self.scope.narrow:
            parts += [self.all_repos, self.collaborators, self.all_teams]
            parts += [self.all_rules] if has_rulesets(self.session) else []
        return [partial(part, org) for part in parts]

    def pending(self) -> list[Callable[[], object]]:
        """Return the reads that need to know what the first ones found."""
        known = {str(one.id) for one in self.accounts.values()}
        there = {one.path.casefold(): one.path for one in self.state.values() if isinstance(one, Repo)}
        self.apart.among(len(there))
        shared = {
            one.target for one in self.state.values() if isinstance(one, Grant) and one.subject_kind == PERSON
        }
        declared = self.scope.repos if self.scope.narrow else self.scope.person_repos
        if self.scope.thorough:
            declared = frozenset(there)
        asked = shared | {there[repo.casefold()] for repo in declared if repo.casefold() in there}
        parts: list[Callable[[], object]] = [
            *(partial(self.account, one) for one in sorted(self.scope.ids, key=str) if str(one) not in known),
            *(partial(self.invited, *who) for who in teams.invited_of(self.teams)),
            *(partial(self.repo_invitations, repo) for repo in sorted(asked)),
            *(partial(self.ruleset, *which) for which in rules.unclear(self.rules)),
        ]
        if self.scope.narrow:
            parts += self.grants_of_teams(sorted(there.values()))
        hanging = Hanging(self.session, self.add, self.can, self.alerts, self.apart)
        return [*parts, *hanging.reads(self.scope.parts, there)]

    def grants_of_teams(self, repos: list[str]) -> list[Callable[[], object]]:
        """Return the reads of what teams have on these repositories: of a few one by one, of many by way of all teams."""
        by_org: dict[str, list[str]] = defaultdict(list)
        for repo in repos:
            by_org[repo.partition("/")[0]].append(repo)
        reads: list[Callable[[], object]] = []
        for org, some in by_org.items():
            if len(some) > ONE_BY_ONE:
                reads.append(partial(self.teams_on, org, frozenset(some)))
            else:
                reads += [partial(self.repo_teams, repo) for repo in some]
        return reads

    def can(self, capability: str) -> None:
        with self._lock:
            self.capabilities.add(capability)

    def consistent(self) -> State:
        """Return the state, sorted, without parts of things that were made while it was read."""
        return {
            key: one
            for key, one in sorted(self.state.items())
            if one.inside is None or one.inside in self.state
        }

    def settle(self) -> None:
        """Make branch rules of the rulesets that were read, all of which must be known first."""
        whole = [one for one in self.rules if not self.apart.has(one["nameWithOwner"], BranchRule.KIND)]
        found, notes = rules.rules_of(whole, self.rulesets, self.session.name)
        self.add(found, notes=notes)
        self.add(parts.classic_of(whole))

    def org(self, name: str) -> str:
        data = orgs.read_settings(self.session, name)
        found = orgs.org_of(data)
        self.add([found])
        if orgs.has_own_roles(self.session, data):
            with self._lock:
                self.own_roles.add(found.path)
        return found.path

    def logins(self) -> None:
        self.add(accounts=people.read_accounts(self.session, self.scope.logins))

    def account(self, number: int | str) -> None:
        self.add(accounts=[people.read_account(self.session, number)])

    def members(self, org: str) -> None:
        memberships, accounts = people.read_members(self.session, org)
        self.add(memberships, accounts)

    def invitations(self, org: str) -> None:
        memberships, notes = people.read_invitations(self.session, org)
        self.add(memberships, notes=notes)
        if self.scope.logins:
            found = people.read_declined(self.session, org, self.scope.logins, memberships)
            self.declined += [(org, account) for account in found]

    def all_repos(self, org: str) -> None:
        self._know_repos(repos.read_repos(self.session, org, self.apart))

    def collaborators(self, org: str) -> None:
        self._know_people(repos.read_collaborators(self.session, org, self.apart))

    def named_repos(self) -> None:
        nodes = repos.read_named_repos(self.session, self.scope.repos, self.apart)
        self._know_repos(nodes)
        self._know_people(nodes)

    def _know_repos(self, nodes: list[Node]) -> None:
        self.add(repos.repo_of(node) for node in nodes)
        with self._lock:
            self.alerts.update(
                (node["nameWithOwner"], node["hasVulnerabilityAlertsEnabled"]) for node in nodes
            )

    def _know_people(self, nodes: list[Node]) -> None:
        self.add(repos.person_grants_of(nodes))
        for node in nodes:
            with self.apart.about(node["nameWithOwner"], DeployKey.KIND):
                self.add(list(parts.keys_of([node], self.session.name)))

    def all_teams(self, org: str) -> None:
        nodes = teams.read_teams(self.session, org)
        self._know(nodes)
        self.add(self.grants_in(org, nodes))

    def grants_in(self, org: str, nodes: list[Node]) -> list[Grant]:
        """Return what these teams have, by its exact name where the org has roles that GraphQL does not tell."""
        asked = [node["combinedSlug"] for node in nodes if node["repositories"]["edges"]]
        reads = [partial(teams.read_own_roles, self.session, team) for team in asked]
        found = self.session.parallel(reads) if org in self.own_roles else []
        return teams.grants_of(nodes, {place: level for some in found for place, level in some.items()})

    def named_teams(self) -> None:
        self._know(teams.read_named_teams(self.session, self.scope.teams))

    def _know(self, nodes: list[Node]) -> None:
        self.add([*teams.teams_of(nodes), *teams.members_of(nodes)])
        with self._lock:
            self.teams += nodes

    def all_rules(self, org: str) -> None:
        nodes = rules.read_rules(self.session, org, self.apart)
        with self._lock:
            self.rules += nodes

    def named_rules(self) -> None:
        self.rules += rules.read_named_rules(self.session, self.scope.repos, self.apart)

    def ruleset(self, repo: str, number: int) -> None:
        teams_by_number = rules.teams_in(self.rules)
        with self.apart.about(repo, BranchRule.KIND, ClassicRule.KIND):
            found = rules.read_ruleset(self.session, repo, number, self.login_of, teams_by_number)
            self.rulesets[repo, number] = found

    def login_of(self, number: int) -> str:
        """Return the login of an account by its number, "" where there is none (any more)."""
        known = next((one for one in list(self.accounts.values()) if one.id == number), None)
        return (known or people.read_account(self.session, number)).login

    def invited(self, team: str, login: str) -> None:
        found = teams.read_invited(self.session, team, login)
        self.add([found] if found else [])

    def repo_invitations(self, repo: str) -> None:
        with self.apart.about(repo, Grant.KIND):
            grants, notes = repos.read_repo_invitations(self.session, repo)
            self.add(grants, notes=notes)

    def teams_on(self, org: str, repos: frozenset[str]) -> None:
        grants = self.grants_in(org, teams.read_teams(self.session, org))
        self.add(one for one in grants if one.target in repos)

    def repo_teams(self, repo: str) -> None:
        with self.apart.about(repo, Grant.KIND, teams=True):
            grants = teams.read_repo_teams(self.session, repo)
            if repo.partition("/")[0] in self.own_roles:
                grants = [self.exact(one) for one in grants]
            self.add(grants)

    def exact(self, grant: Grant) -> Grant:
        """Return a team's grant by the exact name of its role."""
        own = teams.read_own_roles(self.session, grant.subject_name)
        return replace(grant, level=own.get((grant.subject_name, grant.target), grant.level))
