"""Everything the GitHub-shaped forge knows, and the questions its handlers ask of it."""

from __future__ import annotations

import re
import unicodedata
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sigctl.sandbox.base import Environment
from sigctl.sandbox.github.errors import not_found
from sigctl.sandbox.gitrepo import BareRepo
from sigctl.sandbox.store import Collection, Document

USER, ORG, TEAM, REPO = "User", "Organization", "Team", "Repository"
PREFIX = {USER: "U", ORG: "O", TEAM: "T", REPO: "R"}
TYPE = {prefix: type_ for type_, prefix in PREFIX.items()}
INVITATION_DAYS = 7
_START = {
    "accounts": 5_000_001,
    "teams": 3_000_001,
    "repos": 700_000_001,
    "invitations": 40_000_001,
    "rulesets": 9_001,
}


class State:
    """The collections, and the look-ups that need more than one field."""

    def __init__(self, env: Environment) -> None:
        self.env = env
        self.store = env.store
        self.clock = env.clock
        c = env.store.collection
        self.accounts = c("accounts", login=lambda d: d["login"].lower(), type=lambda d: d["type"])
        self.tokens = c("tokens", value=lambda d: d["value"])
        self.members = c("members", org=_of("org"), user=_of("user"), pair=_pair("org", "user"))
        self.invitations = c("invitations", org=_of("org"), pair=_pair("org", "user"), user=_of("user"))
        self.teams = c("teams", org=_of("org"), slug=_pair("org", "slug"), parent=_of("parent"))
        self.team_members = c("team_members", team=_of("team"), user=_of("user"), pair=_pair("team", "user"))
        self.team_repos = c("team_repos", team=_of("team"), repo=_of("repo"), pair=_pair("team", "repo"))
        self.repos = c("repos", owner=_of("owner"), name=lambda d: (d["owner"], d["name"].lower()))
        self.redirects = c("redirects", name=lambda d: (d["owner"], d["name"]), repo=_of("repo"))
        self.collaborators = c(
            "collaborators", repo=_of("repo"), user=_of("user"), pair=_pair("repo", "user")
        )
        self.repo_invitations = c(
            "repo_invitations", repo=_of("repo"), user=_of("user"), pair=_pair("repo", "user")
        )
        self.transfers = c("transfers", repo=_of("repo"))
        self.protections = c("protections", repo=_of("repo"))
        self.rulesets = c("rulesets", repo=_of("repo"), org=_of("org"))
        self.sent = c("sent", place=lambda d: d["place"])
        """Invitations of the last day, whatever became of them."""
        self.apps = c("apps")
        self.installations = c(
            "installations", app=_of("app"), pair=_pair("app", "org"), bot=_pair("bot", "org"), org=_of("org")
        )
        self.keys = c("deploy_keys", repo=_of("repo"), key=lambda d: d["key"])
        self.hooks = c("hooks", repo=_of("repo"), org=_of("org"))
        self.not_yet: dict[int, int] = {}
        """Repository -> for how many more requests its parts answer 404; forgotten at a restart."""

    def add(self, collection: Collection, **fields: Any) -> Document:
        """Store a new document with the time in it; documents of one collection are numbered from where GitHub might be."""
        now = self.clock.stamp()
        document = {"created_at": now, "updated_at": now, **fields}
        counter = "invitations" if collection.name == "repo_invitations" else collection.name
        return collection.add(document, counter=counter, start=_START.get(counter, 1001))

    def touch(self, collection: Collection, document: Document, **changes: Any) -> Document:
        """Change a document and its time."""
        return collection.save(document, **changes, updated_at=self.clock.stamp())

    def account(self, login: str, type_: str | None = None) -> Document:
        """Return the account with this login, whatever its case; 404 when there is none of this type."""
        found = self.accounts.one("login", login.lower())
        if found is None or type_ not in (None, found["type"]):
            raise not_found()
        return found

    def role(self, org: int, user: int | None) -> str | None:
        """Return admin, member or None; an app that is installed acts like an owner, within its permissions."""
        found = self.members.one("pair", (org, user))
        if found is None and self.installation(org, user) is not None:
            return "admin"
        return found["role"] if found else None

    def installation(self, org: int, bot: int | None) -> Document | None:
        """Return how the app behind an account is installed in an org, None where it is not, or is suspended."""
        found = self.installations.one("bot", (bot, org))
        return found if found is not None and found["suspended_at"] is None else None

    def is_owner(self, account: int, user: int | None) -> bool:
        """Whether the user owns the account: is it, or is an owner of the org."""
        return user is not None and (account == user or self.role(account, user) == "admin")

    def parents(self, team: Document) -> Iterator[Document]:
        """Yield the team, its parent, the parent of that ..."""
        found: Document | None = team
        while found is not None:
            yield found
            found = self.teams.get(found["parent"])

    def children(self, team: Document) -> Iterator[Document]:
        """Yield all teams below, nearest first."""
        for child in self.teams.find("parent", team["id"]):
            yield child
            yield from self.children(child)

    def slug(self, org: int, name: str) -> str:
        """Return the slug GitHub makes of a team's name."""
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
        return re.sub(r"[^a-z0-9_]+", "-", plain).strip("-") or f"team-{org}"

    def team_role(self, team: Document, user: int) -> str | None:
        """Return maintainer, member or None; owners of the org read back as maintainers."""
        found = self.team_members.one("pair", (team["id"], user))
        if found is None:
            return None
        return "maintainer" if self.is_owner(team["org"], user) else found["role"]

    def find_repo(self, owner: str, name: str) -> Document | None:
        """Return the repository that has this name now."""
        account = self.accounts.one("login", owner.lower())
        return account and self.repos.one("name", (account["id"], name.lower()))

    def moved_repo(self, owner: str, name: str) -> Document | None:
        """Return the repository that had this name before, while nothing else has it."""
        found = self.redirects.one("name", (owner.lower(), name.lower()))
        return self.repos.get(found["repo"]) if found else None

    def move_repo(self, repo: Document, owner: int, name: str) -> None:
        """Give a repository another name or owner; the old name leads to it until it is used again."""
        before = self.accounts[repo["owner"]]["login"].lower(), repo["name"].lower()
        after = self.accounts[owner]["login"].lower(), name.lower()
        self.free_name(*after)
        if before != after:
            self.add(self.redirects, owner=before[0], name=before[1], repo=repo["id"])
        self.touch(self.repos, repo, owner=owner, name=name)

    def free_name(self, owner: str, name: str) -> None:
        """Make the redirects from a name go away: it is used again."""
        for redirect in self.redirects.find("name", (owner.lower(), name.lower())):
            self.redirects.delete(redirect["id"])

    def bare(self, repo: Document) -> BareRepo:
        """Return the git repository."""
        return BareRepo(self.env.directory / f"{repo['id']}.git")

    def full_name(self, repo: Document) -> str:
        """Return OWNER/NAME."""
        return f"{self.accounts[repo['owner']]['login']}/{repo['name']}"

    def sweep(self) -> None:
        """Move org invitations that nobody accepted in time to the failed ones; carry out transfers that are due."""
        end = self._end()
        late = [i for i in self.invitations if i["created_at"] <= end and i["failed_at"] is None]
        for invitation in late:
            self.invitations.save(
                invitation,
                failed_at=self.clock.stamp(),
                failed_reason="Invitation expired. User did not accept this invite in 7 days.",
            )
        for transfer in self.transfers:
            if transfer["after"] > 0:
                self.transfers.save(transfer, after=transfer["after"] - 1)
                continue
            self.transfers.delete(transfer["id"])
            repo = self.repos.get(transfer["repo"])
            if repo is not None:
                self._transfer(repo, transfer)

    def _transfer(self, repo: Document, transfer: Document) -> None:
        for link in self.team_repos.find("repo", repo["id"]):  # teams stay with their org
            self.team_repos.delete(link["id"])
        self.move_repo(repo, transfer["owner"], transfer["name"])
        for team in transfer["teams"]:
            self.add(self.team_repos, team=team, repo=repo["id"], permission="pull")

    def expired(self, invitation: Document) -> bool:
        """Whether an invitation waits for longer than GitHub keeps it open."""
        return bool(invitation["created_at"] <= self._end())

    def _end(self) -> str:
        """Return the time before which an invitation was made too long ago; stamps compare as text."""
        return (self.clock.now() - timedelta(days=INVITATION_DAYS)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def count_invitation(self, place: str) -> bool:
        """Count an invitation to an org or a repository; False when the day's number is used up (knob `invitations_a_day`)."""
        most = self.env.options.get("invitations_a_day", 0)
        ago = (self.clock.now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        for old in self.sent.find("place", place):
            if old["created_at"] <= ago:
                self.sent.delete(old["id"])
        if most and len(self.sent.find("place", place)) >= most:
            return False
        self.add(self.sent, place=place)
        return True

    def waiting(self, org: int) -> list[Document]:
        """Return the org's invitations that can be accepted."""
        return [i for i in self.invitations.find("org", org) if i["failed_at"] is None]

    def waiting_for(self, org: int, user: int) -> Document | None:
        """Return the invitation of this user that can be accepted."""
        return next((i for i in self.invitations.find("pair", (org, user)) if i["failed_at"] is None), None)

    def join(self, org: int, user: int, role: str) -> None:
        """Make the user a member of the org, or change the role."""
        found = self.members.one("pair", (org, user))
        if found is None:
            self.add(self.members, org=org, user=user, role=role)
        else:
            self.touch(self.members, found, role=role)

    def leave(self, org: int, user: int) -> None:
        """Take a member out of the org, its teams and its repositories."""
        for member in self.members.find("pair", (org, user)):
            self.members.delete(member["id"])
        for seat in self.team_members.find("user", user):
            if self.teams[seat["team"]]["org"] == org:
                self.team_members.delete(seat["id"])
        for direct in self.collaborators.find("user", user):
            if self.repos[direct["repo"]]["owner"] == org:
                self.collaborators.delete(direct["id"])

    def delete_team(self, team: Document) -> None:
        """Delete a team and, as GitHub does, its child teams."""
        for child in self.teams.find("parent", team["id"]):
            self.delete_team(child)
        for part in (self.team_members, self.team_repos):
            for document in part.find("team", team["id"]):
                part.delete(document["id"])
        for invitation in self.invitations.find("org", team["org"]):
            if invitation["teams"].pop(str(team["id"]), None):
                self.invitations.save(invitation)
        self.teams.delete(team["id"])

    def delete_repo(self, repo: Document) -> None:
        """Delete a repository with all that hangs on it."""
        parts = (
            self.team_repos,
            self.collaborators,
            self.repo_invitations,
            self.redirects,
            self.protections,
            self.rulesets,
            self.transfers,
            self.keys,
            self.hooks,
        )
        for part in parts:
            for document in part.find("repo", repo["id"]):
                part.delete(document["id"])
        self.repos.delete(repo["id"])
        self.bare(repo).remove()


def node_id(type_: str, id_: int | str) -> str:
    """Return the global id of a thing: opaque to clients."""
    prefix = PREFIX.get(type_, type_)
    return f"{prefix}_{urlsafe_b64encode(str(id_).encode()).decode().rstrip('=')}"


def from_node_id(value: str) -> tuple[str, str]:
    """Return type (or prefix) and id of a global id; ("", "") for what is none."""
    prefix, _, rest = value.partition("_")
    try:
        id_ = urlsafe_b64decode(rest + "=" * (-len(rest) % 4)).decode()
    except ValueError:
        return "", ""
    return TYPE.get(prefix, prefix), id_


def _of(field: str) -> Any:
    return lambda document: document.get(field)


def _pair(first: str, second: str) -> Any:
    return lambda document: (document[first], document[second])
