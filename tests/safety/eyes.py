"""What each person can do, read from the sandbox's own state: on every repository, on branches of it, in orgs, groups and teams.

An invitation counts as accepted, since it can be at any moment. Repositories and groups go by their ids, which stay when they
move; `names` tells the paths.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import terms
from prints import fingerprint

from sigctl.sandbox.base import ZERO, Update
from sigctl.sandbox.github import rights, rules
from sigctl.sandbox.github.state import USER
from sigctl.sandbox.gitlab import levels
from sigctl.sandbox.gitlab import rules as gitlab_rules
from sigctl.sandbox.gitlab.access import GROUP, Access
from sigctl.sandbox.seed import BOT

BRANCHES = (
    "main",
    "c7",
    "c7-sig-virt",
    "c7-sig-virt-x",
    "c7-sig-virtual",
    "c7-sig-cloud-x",
    "xen-412",
    "other",
    "carried-x",
)
MOMENTS = 200
"""So many are remembered whole, a megabyte each."""
ONE, OTHER = "1" * 40, "2" * 40
GITLAB_STEPS = {
    "read": levels.REPORTER,
    "write": levels.DEVELOPER,
    "maintain": levels.MAINTAINER,
    "admin": levels.OWNER,
}


class Right(NamedTuple):
    """One thing that one person can do to one thing."""

    forge: str
    who: str
    kind: str
    thing: int | str
    what: str


class _UndoError(Exception):
    pass


class Eyes:
    """Looks at the forges of one sandbox; what has not changed is not looked at again."""

    def __init__(self, sandbox: Any) -> None:
        self._sandbox = sandbox
        self._seen: dict[tuple[str, str], frozenset[Right]] = {}
        """Place and what it rests on -> what was seen."""
        self._whole: dict[tuple[str, str], frozenset[Right]] = {}
        """Forge and its fingerprint -> all that was seen there, for the last moments."""
        self.named: dict[frozenset[Any], dict[Right, Right]] = {}
        """Paths of things -> rights by id -> the same by path."""

    def looking_at(self, sandbox: Any) -> Eyes:
        """Return eyes for a copy of the same forges, that know what these have seen."""
        other = Eyes(sandbox)
        other._seen, other._whole, other.named = self._seen, self._whole, self.named
        return other

    def rights(self) -> frozenset[Right]:
        """Return everything that anybody but ourselves can do now."""
        found: frozenset[Right] = frozenset()
        for name, look in (("github", self._github), ("gitlab", self._gitlab)):
            if name in self._sandbox.forges:
                key = (name, fingerprint(self._sandbox.forges[name]))
                if key not in self._whole:
                    if len(self._whole) >= MOMENTS:
                        self._whole.pop(next(iter(self._whole)))
                    self._whole[key] = frozenset(look())
                found = found | self._whole[key] if found else self._whole[key]
        return found

    def names(self) -> dict[tuple[str, str, int | str], str]:
        """Return the paths that things have now, by forge, kind and id."""
        found: dict[tuple[str, str, int | str], str] = {}
        if "github" in self._sandbox.forges:
            state = self._sandbox.forges["github"].state
            for repo in state.repos:
                found["github", "repo", repo["id"]] = state.full_name(repo).lower()
            for team in state.teams:
                found["github", "team", team["id"]] = team["slug"]
        if "gitlab" in self._sandbox.forges:
            world = self._sandbox.forges["gitlab"].world
            for project in world.projects:
                found["gitlab", "repo", project["id"]] = world.project_path(project).lower()
            for group in world.groups:
                found["gitlab", "group", group["id"]] = world.full_path(group).lower()
        return found

    def places(self) -> frozenset[tuple[str, str]]:
        """Return login and path of every place in a group of GitLab."""
        if "gitlab" not in self._sandbox.forges:
            return frozenset()
        world = self._sandbox.forges["gitlab"].world
        logins = {user["id"]: user["username"].lower() for user in world.users}
        paths = {group["id"]: world.full_path(group).lower() for group in world.groups}
        return frozenset(
            (logins[m["user_id"]], paths[m["source_id"]]) for m in world.members if m["source"] == GROUP
        )

    def _cached(self, place: str, shared: str, facts: Any, look: Iterator[Right]) -> frozenset[Right]:
        key = (place, shared + _text(facts))
        if key not in self._seen:
            self._seen[key] = frozenset(look)
        return self._seen[key]

    # GitHub

    def _github(self) -> set[Right]:
        state = self._sandbox.forges["github"].state
        found: set[Right] = set()
        try:
            with state.store.transaction():
                accept_everything(state)
                people = [
                    a
                    for a in state.accounts
                    if a["type"] == USER and a["login"] != BOT and not a["suspended"]
                ]
                for person in people:
                    for seat in state.members.find("user", person["id"]):
                        org = state.accounts[seat["org"]]["login"]
                        found.add(Right("github", person["login"], "org", org, "member"))
                        if seat["role"] == "admin":
                            found.add(Right("github", person["login"], "org", org, "owner"))
                    for seat in state.team_members.find("user", person["id"]):
                        found.add(Right("github", person["login"], "team", seat["team"], "member"))
                        if seat["role"] == "maintainer":
                            found.add(Right("github", person["login"], "team", seat["team"], "lead"))
                shared = _text(
                    [_facts(c) for c in (state.members, state.team_members, state.teams, state.accounts)]
                )
                for repo in state.repos:
                    parts = (state.team_repos, state.collaborators, state.rulesets, state.protections)
                    own = [_plain(repo), *(_facts(c.find("repo", repo["id"])) for c in parts)]
                    wide = _facts(state.rulesets.find("org", repo["owner"]))
                    found |= self._cached("github", shared, [own, wide], _on_github(state, repo, people))
                raise _UndoError  # noqa: TRY301  # rolls the transaction back
        except _UndoError:
            return found

    # GitLab

    def _gitlab(self) -> set[Right]:
        world = self._sandbox.forges["gitlab"].world
        people = [u for u in world.users if u["username"] != BOT and not u["bot"] and u["state"] == "active"]
        accesses = {user["username"]: Access(world, user) for user in people}
        above = (world.members, world.shares, world.groups, world.users, world.group_rules)
        shared = _text([_facts(documents) for documents in above])
        places = [(project["id"], project["namespace_id"]) for project in world.projects]
        found = set(self._cached("groups", shared, places, _on_groups(world, accesses)))
        for project in world.projects:
            own = [
                _plain(project),
                _facts(world.branch_rules.find("project", project["id"])),
                _facts(world.tag_rules.find("project", project["id"])),
                *map(_facts, terms.facts(world, project)),
            ]
            found |= self._cached("gitlab", shared, own, _on_gitlab(world, project, accesses))
        return found


def accept_everything(state: Any) -> None:
    """Let everybody be where he is invited to; the invitations stay."""
    for invitation in list(state.invitations):
        user = invitation.get("user")
        if user is None or invitation["failed_at"] is not None:
            continue
        state.join(invitation["org"], user, "admin" if invitation["role"] == "admin" else "member")
        for team, seat in invitation["teams"].items():
            if state.team_members.one("pair", (int(team), user)) is None:
                state.add(state.team_members, team=int(team), user=user, role=seat)
    for invitation in list(state.repo_invitations):
        user, repo = invitation.get("user"), invitation["repo"]
        if (
            user is None
            or state.expired(invitation)
            or state.collaborators.one("pair", (repo, user)) is not None
        ):
            continue
        state.add(state.collaborators, repo=repo, user=user, permission=invitation["permission"])


def _on_github(state: Any, repo: Any, people: list[Any]) -> Iterator[Right]:
    for person in people:
        role = rights.role_of(state, repo, person["id"])
        rank = rights.RANK[role]
        for name, least in rights.RANK.items():
            if 0 < least <= rank:
                yield Right("github", person["login"], "repo", repo["id"], rights.WORDS[name])
        if role == "admin":
            yield from _everything("github", person["login"], repo["id"])
            continue
        if rank < rights.RANK["push"] or repo["archived"]:
            continue
        for ref, old, new, word in _pushes():
            refusal = rules.refusal(state, repo, person["id"], Update(old, new, ref))
            yield from _pushed("github", person["login"], repo["id"], refusal, f"{word} {ref}")


def _steps(login: str, kind: str, thing: int, level: int) -> Iterator[Right]:
    """Yield what somebody with a level of GitLab is: each step that it reaches."""
    for step, least in GITLAB_STEPS.items():
        if level >= least:
            yield Right("gitlab", login, kind, thing, step)


def _on_groups(world: Any, accesses: dict[str, Access]) -> Iterator[Right]:
    for group in world.groups:
        for login, access in accesses.items():
            yield from _steps(login, "group", group["id"], access.group_member(group))
            if access.sees_group(group):
                yield Right("gitlab", login, "group", group["id"], "see")


def _on_gitlab(world: Any, project: Any, accesses: dict[str, Access]) -> Iterator[Right]:
    for login, access in accesses.items():
        level = access.project_member(project)
        yield from _steps(login, "repo", project["id"], level)
        if access.reads_code(project):
            yield Right("gitlab", login, "repo", project["id"], "read")
        for what in terms.of_person(world, project, access, BRANCHES):
            yield Right("gitlab", login, "repo", project["id"], what)
        if level >= levels.OWNER or (level >= levels.MAINTAINER and not project["archived"]):
            yield from _everything("gitlab", login, project["id"])
            continue
        if level < levels.DEVELOPER or project["archived"]:
            continue
        pusher = gitlab_rules.Pusher(world, access, project)
        for ref, old, new, word in _pushes():
            refusal = pusher.judge(
                Update(old, new, ref), empty=False, initial="main", developers_may_start=True
            )
            yield from _pushed("gitlab", login, project["id"], refusal, f"{word} {ref}")
    for who, what in terms.of_keys(world, project, BRANCHES):
        yield Right("gitlab", who, "repo", project["id"], what)


def _pushes() -> Iterator[tuple[str, str, str, str]]:
    for branch in BRANCHES:
        for old, new, word in ((ZERO, ONE, "create"), (ONE, OTHER, "push"), (ONE, ZERO, "delete")):
            yield f"refs/heads/{branch}", old, new, word
    yield "refs/tags/v1", ZERO, ONE, "create"


def _pushed(forge: str, login: str, repo: int, refusal: Any, text: str) -> Iterator[Right]:
    if refusal is None or refusal.only_force:
        yield Right(forge, login, "repo", repo, text)
    if refusal is None and text.startswith("push"):
        yield Right(forge, login, "repo", repo, f"force {text}")


def _everything(forge: str, login: str, repo: int) -> Iterator[Right]:
    """Whoever may change the rules may push everything; owners may also take a repository out of the archive."""
    yield Right(forge, login, "repo", repo, "rules")
    for ref, _, _, word in _pushes():
        yield from _pushed(forge, login, repo, None, f"{word} {ref}")


def _plain(document: Any) -> Any:
    """Return a document without what says nothing of rights."""
    return {k: v for k, v in document.items() if not k.endswith("_at") and k not in ("description", "topics")}


def _text(facts: Any) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()


def _facts(documents: Any) -> list[Any]:
    return [_plain(document) for document in documents]
