"""How much each person may do on which repository, computed from facts alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from sigctl.core import levels
from sigctl.core.kinds import Grant, Key, Membership, Org, Repo, TeamMember
from sigctl.core.kinds.grant import TEAM
from sigctl.core.kinds.org import OWNER
from sigctl.core.state import State


class _Way(NamedTuple):
    """One reason why a person has a level on a repository."""

    login: str
    repo: str
    level: str


def strongest(state: State) -> dict[tuple[str, str], int]:
    """Return the rank of the strongest level by (login, repo); a native word counts as admin, since it may be.

    An open invitation counts: it can be accepted at any moment.
    """
    out: dict[tuple[str, str], int] = {}
    for way in _ways(state):
        rank = levels.rank(way.level)
        key = (way.login, way.repo)
        out[key] = max(out.get(key, 0), len(levels.LADDER) if rank is None else rank)
    return out


def _ways(state: State) -> Iterator[_Way]:
    repos = [r.path for r in state.values() if isinstance(r, Repo)]
    members: dict[str, list[str]] = defaultdict(list)
    for one in state.values():
        if isinstance(one, TeamMember):
            members[one.team].append(one.login)
    below = _below(repos)
    for one in state.values():
        if isinstance(one, Grant):
            yield from _by_grant(one, below, members)
        elif isinstance(one, Membership):
            yield from _by_membership(one, state, below)


def _below(repos: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for repo in repos:
        parts = repo.split("/")
        for depth in range(1, len(parts)):
            found["/".join(parts[:depth])].append(repo)
    return found


def _by_grant(grant: Grant, below: dict[str, list[str]], members: dict[str, list[str]]) -> Iterator[_Way]:
    targets = [grant.target] if grant.on == Repo.KIND else below.get(grant.target, [])
    team = grant.subject_kind == TEAM
    people = members.get(grant.subject_name, []) if team else [grant.subject_name]
    for repo in targets:
        for login in people:
            yield _Way(login, repo, grant.level)


def _by_membership(membership: Membership, state: State, below: dict[str, list[str]]) -> Iterator[_Way]:
    if membership.role == OWNER:
        level = levels.ADMIN
    else:
        org = state.get(Key(Org.KIND, membership.org))
        level = (org.base_level if isinstance(org, Org) else None) or levels.NONE
    if level != levels.NONE:
        for repo in below.get(membership.org, []):
            yield _Way(membership.login, repo, level)
