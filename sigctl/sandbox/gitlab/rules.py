"""Who may push, merge, force, create and delete which branch and tag: the most permissive rule that matches wins."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from sigctl.sandbox.base import ZERO, Refusal, Update
from sigctl.sandbox.gitlab import levels
from sigctl.sandbox.gitlab.access import Access
from sigctl.sandbox.gitlab.world import World
from sigctl.sandbox.store import Document

PUSH = "You are not allowed to push code to protected branches on this project."
FORCE = "You are not allowed to force push code to a protected branch on this project."
CREATE = "You are not allowed to create protected branches on this project."
DELETE = (
    "You are not allowed to delete protected branches from this project. "
    "Only a project maintainer or owner can delete a protected branch."
)
DELETE_BY_GIT = "You can only delete protected branches using the web interface."
DELETE_DEFAULT = "The default branch of a project cannot be deleted."
CREATE_BY_GIT = "You can only create protected branches using the web interface and API."
HEX_NAME = "You cannot create a branch with a 40-character hexadecimal branch name."
TAG_CREATE = "You are not allowed to create this tag as it is protected."
TAG_CHANGE = "Protected tags cannot be updated."
TAG_DELETE = (
    "You are not allowed to delete protected tags from this project. "
    "Only a project maintainer or owner can delete a protected tag."
)
TAG_DELETE_BY_GIT = "You can only delete protected tags using the web interface."
TAG_CHANGE_ANY = "You are not allowed to change existing tags on this project."
NOT_A_MEMBER = "You are not allowed to push code to this project."
_HEX = re.compile(r"[0-9a-f]{40}(-/|/|$)")
BRANCHES, TAGS = "refs/heads/", "refs/tags/"


@lru_cache(maxsize=4096)
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(".*?".join(re.escape(part) for part in name.split("*")), re.DOTALL)


def matches(pattern: str, name: str) -> bool:
    """Whether a rule's name, in which `*` stands for any run of characters, covers a branch or tag."""
    return _pattern(pattern).fullmatch(name) is not None


def of_branch(world: World, project: Document, branch: str) -> list[Document]:
    """Return the rules that cover a branch, those of the groups above among them."""
    every = [*world.branch_rules.find("project", project["id"]), *of_groups(world, project)]
    return [rule for rule in every if matches(rule["name"], branch)]


def of_groups(world: World, project: Document) -> list[Document]:
    """Return the rules for branches that a project has from the groups above."""
    return [rule for group in world.above(project) for rule in world.group_rules.find("group", group["id"])]


def of_tag(world: World, project: Document, tag: str) -> list[Document]:
    """Return the rules that cover a tag."""
    return [rule for rule in world.tag_rules.find("project", project["id"]) if matches(rule["name"], tag)]


def describe(world: World, entry: Document) -> str:
    """Return what one line of a rule is called."""
    places = (
        ("user_id", world.users, "name"),
        ("group_id", world.groups, "name"),
        ("deploy_key_id", world.keys, "title"),
    )
    for field, things, name in places:
        if entry.get(field):
            thing = things.get(entry[field])
            return str(thing[name]) if thing else "Deleted"
    return levels.PROTECTION_NAMES.get(entry["access_level"], str(entry["access_level"]))


def developers(rules: Iterable[Document], right: str) -> bool:
    """Whether one of the rules gives every developer this right."""
    return any(entry["access_level"] == levels.DEVELOPER for rule in rules for entry in rule[right])


class Pusher:
    """What one account may do to the branches and tags of a project."""

    def __init__(self, world: World, access: Access, project: Document) -> None:
        self._world = world
        self._access = access
        self._project = project
        self.level = access.project(project)

    def may_push(self, branch: str) -> bool:
        """Whether the account may push to a branch: any developer unless a rule covers it."""
        return self._may(of_branch(self._world, self._project, branch), "push")

    def may_merge(self, branch: str) -> bool:
        """Whether the account may merge into a branch."""
        return self._may(of_branch(self._world, self._project, branch), "merge")

    def may_tag(self, tag: str) -> bool:
        """Whether the account may create a tag."""
        return self._may(of_tag(self._world, self._project, tag), "create")

    def _may(self, rules: Sequence[Document], right: str) -> bool:
        if self._project["archived"] or self.level < levels.DEVELOPER:
            return False
        return not rules or any(self._fits(entry) for rule in rules for entry in rule[right])

    def _fits(self, entry: Document) -> bool:
        user = self._access.user
        if user is None or entry.get("deploy_key_id"):
            return False
        if entry.get("user_id"):
            return bool(entry["user_id"] == user["id"])
        if entry.get("group_id"):
            group = self._world.groups.get(entry["group_id"])
            return group is not None and self._access.group_member(group) >= levels.DEVELOPER
        if entry["access_level"] == levels.NO_ACCESS:
            return False
        if entry["access_level"] == levels.ADMIN:
            return self._access.is_admin
        return self.level >= int(entry["access_level"])

    def judge(
        self, update: Update, *, empty: bool, initial: str, developers_may_start: bool
    ) -> Refusal | None:
        """Return why a push may not change a ref, None when it may."""
        if update.ref.startswith(BRANCHES):
            branch = update.ref.removeprefix(BRANCHES)
            if empty:
                return self._start(branch, initial, developers_may_start=developers_may_start)
            return self._branch(update, branch)
        if update.ref.startswith(TAGS):
            return self._tag(update, update.ref.removeprefix(TAGS))
        return None

    def _start(self, branch: str, initial: str, *, developers_may_start: bool) -> Refusal | None:
        """Judge the first push into an empty project, where every branch counts as the default one to come."""
        if self.level >= levels.MAINTAINER or (developers_may_start and self.may_push(branch)):
            return None
        path = self._world.project_path(self._project)
        text = f"A default branch (e.g. {initial}) does not yet exist for {path}"
        return _said(f"{text}\nAsk a project Owner or Maintainer to create a default branch:")

    def _branch(self, update: Update, branch: str) -> Refusal | None:
        rules = of_branch(self._world, self._project, branch)
        if update.new == ZERO:
            return self._deletion(branch, rules)
        if _HEX.match(branch):
            return _said(HEX_NAME)
        if not rules:
            return None
        if self.may_push(branch):
            forced = any(rule["allow_force_push"] for rule in rules)
            return None if forced else Refusal(f"GitLab: {FORCE}", only_force=True)
        if update.old != ZERO:
            return _said(PUSH)
        return _said(CREATE_BY_GIT if self.may_merge(branch) else CREATE)

    def _deletion(self, branch: str, rules: Sequence[Document]) -> Refusal | None:
        if branch == self._project["default_branch"]:
            return _said(DELETE_DEFAULT)
        if not rules:
            return None
        return _said(DELETE if self.level < levels.MAINTAINER else DELETE_BY_GIT)

    def _tag(self, update: Update, tag: str) -> Refusal | None:
        rules = of_tag(self._world, self._project, tag)
        if update.old != ZERO and not rules:
            return None if self.level >= levels.DEVELOPER else _said(TAG_CHANGE_ANY)
        if not rules:
            return None
        if update.new == ZERO:
            return _said(TAG_DELETE if self.level < levels.MAINTAINER else TAG_DELETE_BY_GIT)
        if update.old != ZERO:
            return _said(TAG_CHANGE)
        return None if self.may_tag(tag) else _said(TAG_CREATE)


def _said(text: str) -> Refusal:
    return Refusal(f"GitLab: {text}")


def judge_all(
    pusher: Pusher, updates: Iterable[Update], *, empty: bool, initial: str, developers_may_start: bool
) -> Mapping[str, Refusal]:
    """Return {ref: why it is refused} for a whole push."""
    found: dict[str, Refusal] = {}
    for update in updates:
        refusal = pusher.judge(
            update, empty=empty, initial=initial, developers_may_start=developers_may_start
        )
        if refusal is not None:
            found[update.ref] = refusal
    return found
