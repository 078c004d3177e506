"""The GitLab-shaped server as the sandbox sees it.

Knobs (`Environment.options`): `gitlab_tier` 0 is the Community Edition, 1 to 3 the Enterprise Edition: free, premium, ultimate
(`gitlab_premium` 1 is short for 2); `gitlab_plans` 1 tells the tier by each namespace's plan, as gitlab.com does, and by no licence;
`gitlab_protection_lag` is for how many requests the protection of a new default branch is not there yet (2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from starlette.requests import Request

from sigctl.sandbox.base import (
    RECEIVE,
    ZERO,
    Environment,
    GitDenied,
    GitTarget,
    Refusal,
    SandboxForge,
    Update,
)
from sigctl.sandbox.gitlab import content, ends, http, merge_requests, pushes, rules
from sigctl.sandbox.gitlab.access import Access
from sigctl.sandbox.gitlab.api import audit_events, routes
from sigctl.sandbox.gitlab.auth import Door
from sigctl.sandbox.gitlab.graphql.endpoint import GraphQL
from sigctl.sandbox.gitlab.levels import DEVELOPER
from sigctl.sandbox.gitlab.world import COMMUNITY, PREMIUM, World
from sigctl.sandbox.store import Document

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_WRITES, _READS = ["api", "read_user"], ["read_api", "read_repository", "read_user"]
_GONE = "The project you were looking for could not be found or you don't have permission to view it."
_DENIED = (
    "HTTP Basic: Access denied. If a password was provided for Git authentication, the password was incorrect or "
    "you're required to use a token instead of a password."
)


class GitLab(SandboxForge):
    """A GitLab of one's own; all state is in the world."""

    name: ClassVar[str] = "gitlab"
    hidden_refs: ClassVar[tuple[str, ...]] = (
        "refs/merge-requests",
        "refs/keep-around",
        "refs/environments",
        "refs/pipelines",
    )
    all_or_nothing: ClassVar[bool] = True
    realm: ClassVar[str] = "GitLab"

    def __init__(self, env: Environment) -> None:
        super().__init__(env)
        paid = PREMIUM if env.options.get("gitlab_premium", 0) else COMMUNITY
        tier, plans = env.options.get("gitlab_tier", paid), bool(env.options.get("gitlab_plans", 0))
        lag = env.options.get("gitlab_protection_lag", 2)
        self.world = World(self.store, self.clock, self.bare, tier=tier, plans=plans, lag=lag)
        self._door = Door(self.world)
        self._routes = routes()
        self._graphql = GraphQL(self.world, env.url, self.tick)

    def seed(self) -> None:
        """Make sure that the seeded accounts and their tokens exist; groups are for anyone to create."""
        for account in self.env.seed.accounts:
            user = self.world.user(account.login) or self.world.add_user(account.login, admin=account.admin)
            for secret, scopes in ((account.token, _WRITES), (account.read_token, _READS)):
                if self.world.tokens.one("secret", secret) is None:
                    self.world.add_token(user, secret, scopes)

    def operation(self, method: str, path: str) -> str:
        """Return the operation, such as `POST /groups/:id/members`."""
        return (
            self._routes.guess(method, path.removeprefix(http.PREFIX)) if path.startswith(http.PREFIX) else ""
        )

    # -- the API -----------------------------------------------------------------------------------------------

    def app(self) -> ASGIApp:
        """Return the app that serves REST and GraphQL."""

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            request = Request(scope, receive)
            path = scope["raw_path"].decode("ascii").partition("?")[0]
            if path == "/api/graphql":
                answer = await self._graphql.answer(request, self._door)
            elif path.startswith("/uploads/"):
                answer = http.respond(
                    http.Reply(200, self._upload(path), {"content-type": "image/png"}), "GET"
                )
            else:
                answer = http.respond(await self._rest(request, path), request.method)
            self._clear()
            await answer(scope, receive, send)

        return serve

    async def _rest(self, request: Request, path: str) -> http.Reply:
        try:
            route, args = self._routes.find(request.method, path)
            given, files = await http.read(request)
            self.tick()
            with self.store.transaction():
                user, token = self._door.enter(request, given, route)
                call = http.Call(
                    world=self.world,
                    method=request.method,
                    path=path,
                    args=args,
                    given=given,
                    files=files,
                    user=user,
                    token=token,
                    url=self.env.url,
                    access=Access(self.world, user),
                )
                place = audit_events.source_of(call)
                reply = route.handler(call)
                audit_events.note(call, reply, place)
                self._keep_uploads(path, reply, files)
                return reply
        except http.ApiError as error:
            self.world.doomed_repos.clear()  # nothing happened
            return http.Reply(error.status, error.body, error.headers)

    def tick(self) -> None:
        """Let happen what is due by date and what comes some requests late; before every request, in its own transaction."""
        with self.store.transaction():
            ends.sweep(self.world)
            content.tick(self.world)
        self._clear()

    def _clear(self) -> None:
        """Take repositories of projects that are gone off the disk, now that this is certain."""
        while self.world.doomed_repos:
            self.bare(self.world.doomed_repos.pop()).remove()

    def _keep_uploads(self, path: str, reply: http.Reply, files: Mapping[str, bytes]) -> None:
        """Keep a picture that came with a request, under the path that its owner's `avatar_url` names."""
        if "avatar" in files and isinstance(reply.body, dict) and reply.body.get("avatar_url"):
            kind = path.split("/")[3].rstrip("s")
            file = self.env.directory / f"avatar-{kind}-{reply.body['id']}"
            file.write_bytes(files["avatar"])

    def _upload(self, path: str) -> bytes:
        parts = path.split("/")
        file = self.env.directory / f"avatar-{parts[4]}-{parts[6]}" if len(parts) > 6 else None  # noqa: PLR2004  # up to the id
        return file.read_bytes() if file is not None and parts[6].isdecimal() and file.exists() else b""

    # -- git ---------------------------------------------------------------------------------------------------

    def git_account(self, username: str, password: str) -> int | None:  # noqa: ARG002  # any username does
        """Return the account that the token belongs to."""
        token = self._door.token(password)
        return None if token is None else int(token["id"])

    def _who(self, account: int | None) -> tuple[Document | None, Document | None]:
        """Return account and token behind what `git_account` gave out, which is the token's id."""
        token = self.world.tokens.get(account)
        return (None, None) if token is None else (self.world.users.get(token["user_id"]), token)

    def git_target(self, path: str, account: int | None, service: str) -> GitTarget | GitDenied:
        """Return the repository, also by an older path; refuse as GitLab does."""
        self.tick()
        user, token = self._who(account)
        access = Access(self.world, user)
        project = self.world.project(path) or self.world.moved(path)
        if project is None or not access.sees_project(project):
            return GitDenied(401, _DENIED) if user is None else GitDenied(404, _GONE)
        scopes = set(token["scopes"]) if token else set()
        pushes = service == RECEIVE
        if token is not None and not scopes & {
            "api",
            "write_repository",
            *(() if pushes else ("read_repository",)),
        }:
            return GitDenied(403, _DENIED)
        shut = project["archived"] or project["settings"]["repository_access_level"] == "disabled"
        if pushes and (access.project(project) < DEVELOPER or shut):
            return GitDenied(403, rules.NOT_A_MEMBER)
        if not pushes and not access.reads_code(project):
            return GitDenied(403, "You are not allowed to download code from this project.")
        return GitTarget(project["id"], self.world.repo(project))

    def decide(self, account: int, target: GitTarget, updates: Sequence[Update]) -> Mapping[str, Refusal]:
        """Judge every ref of a push by the rules of the project."""
        user, _ = self._who(account)
        project = self.world.projects[target.repo]
        pusher = rules.Pusher(self.world, Access(self.world, user), project)
        defaults = content.branch_defaults(self.world, project)
        start = {"access_level": DEVELOPER} in defaults["allowed_to_push"] or bool(
            defaults["developer_can_initial_push"]
        )
        initial = self.world.initial_branch(project)
        found = rules.judge_all(
            pusher, updates, empty=project["empty"], initial=initial, developers_may_start=start
        )
        ruled = {
            u.ref: pushes.refused(project, u.ref, made=u.old == ZERO, gone=u.new == ZERO) for u in updates
        }
        return {**{ref: Refusal(f"GitLab: {why}") for ref, why in ruled.items() if why}, **found}

    def pushed(self, account: int, target: GitTarget, updates: Sequence[Update]) -> None:  # noqa: ARG002  # who and what does not matter
        """Take note of new branches: the first becomes the default one."""
        project = self.world.projects.get(target.repo)
        if project is not None:
            with self.store.transaction():
                content.refresh(self.world, project)
                merge_requests.pushed(self.world, project)
