"""The GitHub-shaped forge: REST at /api/v3, GraphQL at /api/graphql, git at /OWNER/REPO.git.

Options (knobs): `not_yet`: for how many requests the parts of a new repository answer 404 (0); `transfer_after`: after how
many requests a transfer takes effect (1); `rate_limit`: points an hour, and `creations_a_minute`: POSTs and invitations a
minute (the secondary limit), both enforced when given; `public`: no Enterprise Server (1); `version`: 310 for an
Enterprise Server 3.10, which has no rulesets; `invitations_a_day`: to each org and each repository, likewise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from starlette.applications import Starlette
from starlette.routing import Route

from sigctl.sandbox.base import RECEIVE, Environment, GitDenied, GitTarget, Refusal, SandboxForge, Update
from sigctl.sandbox.github import apps, pull_shapes, pushing, rest, rights, shapes, tokens
from sigctl.sandbox.github.graphql import GraphQL
from sigctl.sandbox.github.limits import Limits
from sigctl.sandbox.github.state import ORG, USER, State

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from sigctl.sandbox.store import Document

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class GitHub(SandboxForge):
    """GitHub in the layout of an Enterprise Server."""

    name: ClassVar[str] = "github"
    hidden_refs: ClassVar[tuple[str, ...]] = ("refs/pull/",)
    realm: ClassVar[str] = "GitHub"

    def __init__(self, env: Environment) -> None:
        super().__init__(env)
        self.state = State(env)

    def seed(self) -> None:
        """Make sure that accounts, their tokens and the orgs exist."""
        for account in self.env.seed.accounts:
            if self.state.accounts.one("login", account.login.lower()) is None:
                user = self.add_user(account.login, site_admin=account.admin)
                tokens.add(self.state, user["id"], account.token)
                tokens.add(self.state, user["id"], account.read_token, scopes=None, read_only=True)
        bot = self.state.account(self.env.seed.bot.login)
        for login in self.env.seed.orgs:
            if self.state.accounts.one("login", login.lower()) is None:
                self.state.join(self.add_org(login)["id"], bot["id"], "admin")

    def add_user(self, login: str, *, site_admin: bool = False) -> Document:
        """Make a user account."""
        return self.state.add(
            self.state.accounts,
            login=login,
            type=USER,
            name=None,
            email=None,
            description=None,
            site_admin=site_admin,
            suspended=False,
            two_factor=True,
        )

    def rename_user(self, login: str, new: str) -> None:
        """Give a user another login, as users may do; the old one is free for a stranger."""
        with self.store.transaction():
            self.state.touch(self.state.accounts, self.state.account(login, USER), login=new)

    def suspend_user(self, login: str) -> None:
        """Suspend a user: the tokens end, invitations are refused."""
        with self.store.transaction():
            self.state.touch(self.state.accounts, self.state.account(login, USER), suspended=True)

    def decline(self, org: str, login: str) -> None:
        """Let a user decline an invitation to an org, for which there is a page and no API."""
        with self.store.transaction():
            home, user = self.state.account(org, ORG), self.state.account(login, USER)
            found = self.state.waiting_for(home["id"], user["id"])
            if found is not None:
                why = "User declined the invitation."
                self.state.invitations.save(found, failed_at=self.clock.stamp(), failed_reason=why)

    def add_app(self, slug: str, public_key: str, permissions: Mapping[str, str] | None = None) -> Document:
        """Register an app with its public key (PEM); by default it asks for everything there is to manage."""
        with self.store.transaction():
            return apps.register(self.state, slug, public_key, permissions)

    def install_app(self, app: Document, org: str, repos: Sequence[str] | None = None) -> Document:
        """Install an app in an org, on all repositories or on the named ones."""
        with self.store.transaction():
            home = self.state.account(org, ORG)
            found = [self.state.repos.one("name", (home["id"], name.lower())) for name in repos or ()]
            return apps.install(
                self.state, app, home, None if repos is None else [one["id"] for one in found if one]
            )

    def suspend_installation(self, installation: Document, *, suspended: bool = True) -> None:
        """Suspend an installation, as an owner of the org may, or let it go on."""
        with self.store.transaction():
            at = self.clock.stamp() if suspended else None
            self.state.touch(self.state.installations, installation, suspended_at=at)

    def add_org(self, login: str) -> Document:
        """Make an org, without owners yet."""
        texts = dict.fromkeys(
            ("name", "company", "blog", "location", "email", "twitter_username", "description")
        )
        switches = {"has_organization_projects": True, "has_repository_projects": True, "site_admin": False}
        settings = texts | switches | shapes.ORG_SETTINGS
        return self.state.add(
            self.state.accounts, login=login, type=ORG, plan="free", seats=0, suspended=False, **settings
        )

    def app(self) -> ASGIApp:
        """Return REST and GraphQL as one app."""
        limits = Limits(self.state)
        restful = rest.Rest(self.state, limits)
        return Starlette(
            routes=[
                Route("/api/graphql", GraphQL(self.state, limits, restful.token).answer, methods=["POST"]),
                Route(rest.ROOT, restful.answer, methods=_METHODS),
                Route(f"{rest.ROOT}/{{path:path}}", restful.answer, methods=_METHODS),
            ]
        )

    def operation(self, method: str, path: str) -> str:
        """Return the name of a REST operation."""
        return rest.operation(method, path) if path.startswith(rest.ROOT) else ""

    def git_account(self, username: str, password: str) -> int | None:  # noqa: ARG002  # any user name goes with a token
        """Return the id of the token that the password is."""
        with self.store.lock:
            token = tokens.find(self.state, password)
            return token["id"] if token else None

    def git_target(self, path: str, account: int | None, service: str) -> GitTarget | GitDenied:
        """Decide as GitHub does: hidden is 404 (401 for nobody), not allowed 403, a former name leads on."""
        with self.store.transaction():
            self.state.sweep()
        token = self.state.tokens.get(account)
        user = token["account"] if token else None
        owner, _, name = path.partition("/")
        repo = self.state.find_repo(owner, name)
        moved = None if repo else self.state.moved_repo(owner, name)
        found = repo or moved
        if found is None or not rights.may(self.state, found, user, "pull"):
            return GitDenied(401 if account is None else 404, "Repository not found.")
        if moved is not None:
            return GitDenied(301, "Moved Permanently", f"{self.env.url}/{self.state.full_name(moved)}.git")
        if service == RECEIVE and token is not None:
            if not rights.may(self.state, found, user, "push") or not tokens.may_push(token):
                login = self.state.accounts[token["account"]]["login"]
                return GitDenied(403, f"Permission to {self.state.full_name(found)}.git denied to {login}.")
            if found["archived"]:
                return GitDenied(403, "This repository was archived so it is read-only.")
        return GitTarget(found["id"], self.state.bare(found))

    def decide(self, account: int, target: GitTarget, updates: Sequence[Update]) -> Mapping[str, Refusal]:
        """Return the refs that rules refuse."""
        user = self.state.tokens[account]["account"]
        return pushing.refusals(self.state, self.state.repos[target.repo], user, updates)

    def pushed(self, account: int, target: GitTarget, updates: Sequence[Update]) -> None:  # noqa: ARG002  # whoever pushed
        """Note the time and, for a first push, the default branch."""
        with self.store.transaction():
            repo = self.state.repos.get(target.repo)
            if repo is not None:
                pushing.note(self.state, repo, updates)
                pull_shapes.pushed(self.state, repo)
