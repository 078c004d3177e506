"""Who may do what in a repository: the highest of everything that gives a right, as GitHub adds it up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sigctl.sandbox.github.state import ORG, State
from sigctl.sandbox.store import Document

ROLES = ("none", "pull", "triage", "push", "maintain", "admin")
RANK = {role: rank for rank, role in enumerate(ROLES)}
BASE = {"none": "none", "read": "pull", "write": "push", "admin": "admin"}
WORDS = {
    "none": "none",
    "pull": "read",
    "triage": "triage",
    "push": "write",
    "maintain": "maintain",
    "admin": "admin",
}
"""As invitations and role names say it."""
UNWORDS = {word: role for role, word in WORDS.items()}


class Source(NamedTuple):
    """One thing that gives a user a right on a repository."""

    role: str
    granter: Document
    """The org, a team, or the repository itself."""
    own: str = ""
    """Name of a role of the org's own making that is based on the role."""

    @property
    def word(self) -> str:
        """The exact name of what is given."""
        return self.own or WORDS[self.role]


def sources(state: State, repo: Document, user: int) -> Iterator[Source]:
    """Yield all that gives the user a right on the repository, public visibility aside."""
    owner = state.accounts[repo["owner"]]
    if owner["type"] == ORG:
        role = state.role(owner["id"], user)
        installed = state.installation(owner["id"], user)
        if installed is not None and installed["repos"] is not None and repo["id"] not in installed["repos"]:
            role = None
        if role == "admin":
            yield Source("admin", owner)
        elif role == "member" and BASE[owner["default_repository_permission"]] != "none":
            yield Source(BASE[owner["default_repository_permission"]], owner)
        yield from _by_teams(state, repo, user)
    elif owner["id"] == user:
        yield Source("admin", repo)
    direct = state.collaborators.one("pair", (repo["id"], user))
    if direct is not None:
        yield Source(direct["permission"], repo, direct.get("own") or "")


def _by_teams(state: State, repo: Document, user: int) -> Iterator[Source]:
    granted = {link["team"]: link for link in state.team_repos.find("repo", repo["id"])}
    if not granted:
        return
    for seat in state.team_members.find("user", user):
        for team in state.parents(state.teams[seat["team"]]):
            if team["id"] in granted:
                link = granted[team["id"]]
                yield Source(link["permission"], team, link.get("own") or "")


def role_of(state: State, repo: Document, user: int | None) -> str:
    """Return the role of a user (None: nobody) in a repository; a public one can be read by all."""
    base = "none" if repo["visibility"] == "private" else "pull"
    if user is None:
        return base
    return max((base, *(source.role for source in sources(state, repo, user))), key=RANK.__getitem__)


def may(state: State, repo: Document, user: int | None, role: str) -> bool:
    """Whether the user has at least this role."""
    return RANK[role_of(state, repo, user)] >= RANK[role]


def team_role(state: State, team: Document, repo: Document) -> str:
    """Return what a team has on a repository, its parents' grants included."""
    found = [
        link["permission"]
        for each in state.parents(team)
        for link in state.team_repos.find("pair", (each["id"], repo["id"]))
    ]
    return max(found, key=RANK.__getitem__, default="none")


def has_direct_access(state: State, repo: Document, user: int) -> bool:
    """Whether the user has access that is neither the base permission nor ownership of the org."""
    direct = state.collaborators.one("pair", (repo["id"], user)) is not None
    return direct or any(True for _ in _by_teams(state, repo, user))


def flags(role: str) -> dict[str, bool]:
    """Return the `permissions` object of REST bodies."""
    return {name: RANK[role] >= RANK[name] for name in ("admin", "maintain", "push", "triage", "pull")}


def sees_team(state: State, team: Document, user: int | None) -> bool:
    """Whether the user sees the team: owners all, members the visible ones and their own."""
    role = state.role(team["org"], user)
    if role is None or user is None:
        return False
    if role == "admin" or team["privacy"] == "closed":
        return True
    return state.team_members.one("pair", (team["id"], user)) is not None


def leads_team(state: State, team: Document, user: int | None) -> bool:
    """Whether the user may change the team: owners of the org, maintainers of it or of a parent."""
    if user is None:
        return False
    if state.is_owner(team["org"], user):
        return True
    return any(state.team_role(each, user) == "maintainer" for each in state.parents(team))
