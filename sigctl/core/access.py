"""Who can do what on which repository, and by which way, computed from facts alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from sigctl.core import levels
from sigctl.core.kinds import Grant, Key, Membership, Org, Repo, TeamMember
from sigctl.core.kinds.grant import TEAM
from sigctl.core.kinds.org import OWNER
from sigctl.core.state import State


@dataclass(frozen=True, slots=True)
class Way:
    """One reason why a person has a level on a repository."""

    login: str
    repo: str
    level: str
    by: str
    """In words: `owner of CentOS`, `team CentOS/sig-virt-maintainers`, `direct`, `base level of CentOS`."""


def ways(state: State) -> Iterator[Way]:
    """Yield every way in which anyone has a level on a repository; an open invitation counts, it can be accepted."""
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


def strongest(state: State) -> dict[tuple[str, str], int]:
    """Return the rank of the strongest level by (login, repo); a native word counts as admin, since it may be."""
    out: dict[tuple[str, str], int] = {}
    for way in ways(state):
        rank = levels.rank(way.level)
        key = (way.login, way.repo)
        out[key] = max(out.get(key, 0), 5 if rank is None else rank)
    return out


def _below(repos: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for repo in repos:
        parts = repo.split("/")
        for depth in range(1, len(parts)):
            found["/".join(parts[:depth])].append(repo)
    return found


def _by_grant(grant: Grant, below: dict[str, list[str]], members: dict[str, list[str]]) -> Iterator[Way]:
    targets = [grant.target] if grant.on == Repo.KIND else below.get(grant.target, [])
    if grant.subject_kind == TEAM:
        people, by = members.get(grant.subject_name, []), f"team {grant.subject_name}"
    else:
        people, by = [grant.subject_name], "direct"
    if grant.on == Org.KIND:
        by = f"{by} on {grant.target}"
    for repo in targets:
        for login in people:
            yield Way(login, repo, grant.level, by)


def _by_membership(membership: Membership, state: State, below: dict[str, list[str]]) -> Iterator[Way]:
    if membership.role == OWNER:
        level, by = levels.ADMIN, f"owner of {membership.org}"
    else:
        org = state.get(Key(Org.KIND, membership.org))
        level = (org.base_level if isinstance(org, Org) else None) or levels.NONE
        by = f"base level of {membership.org}"
    if level != levels.NONE:
        for repo in below.get(membership.org, []):
            yield Way(membership.login, repo, level, by)
