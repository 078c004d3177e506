"""A sandbox with one repository, for tests of the rules of its branches."""

from __future__ import annotations

from gitlab_wire import forge

from sigctl.core.kinds import BranchRule, Grant, Org, Repo, Resource, Team, TeamMember
from sigctl.core.plan import Action, Verb
from sigctl.core.state import State
from sigctl.forges.base import Scope
from sigctl.forges.gitlab.forge import GitLab
from sigctl.sandbox.gitlab.rules import of_branch

PAID = {"reviews": 0, "code_owners": False, "unprotect": ("level:maintain",)}
"""What a rule says beside who may push, where a tier is paid for and nobody asked for anything."""


class Place:
    """A sandbox with one repository, and a watch on whether its branch was ever without a rule."""

    def __init__(self, sandbox, number: int) -> None:
        self.sandbox = sandbox
        premium = sandbox.forges["gitlab"].world.premium
        self.paid = PAID if premium else {}
        self.top = f"top{number}"
        self.repo, self.team = f"{self.top}/xen", f"{self.top}/team"
        self.gitlab = self.opened("sigctl-bot")
        self.make(
            Org(self.top, visibility="public"),
            Team(self.team),
            Repo(self.repo),
            TeamMember(self.team, "member1"),
        )
        self.make(Grant("repo", self.repo, f"team:{self.team}", "write"))

    def opened(self, login: str) -> GitLab:
        document = self.sandbox.document()
        return forge(document["forges"]["gitlab"]["url"], document["users"][login]["token"])

    def do(self, verb: Verb, before: Resource | None, after: Resource | None) -> None:
        self.gitlab.execute(Action("gitlab", verb, before, after))

    def make(self, *resources: Resource) -> None:
        for resource in resources:
            self.do("create", None, resource)

    def state(self, **scope) -> State:
        declared = {"repos": frozenset({self.repo}), "thorough": True}
        return self.gitlab.observe(Scope(frozenset({self.top}), **declared, **scope)).state

    def rules(self, **scope) -> dict[str, BranchRule]:
        return {rule.pattern: rule for rule in self.state(**scope).values() if isinstance(rule, BranchRule)}

    def rule(self, pattern: str = "c7", **more) -> BranchRule:
        return BranchRule(self.repo, pattern, **{"force": False, "delete": False, **self.paid, **more})

    def covered(self, branch: str) -> bool:
        world = self.sandbox.forges["gitlab"].world
        return bool(of_branch(world, world.project(self.repo), branch))
