"""Repositories and their settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from sigctl.core.kinds.base import Effect, Key, Resource
from sigctl.core.kinds.org import Org, opens


@dataclass(frozen=True, slots=True)
class Repo(Resource):
    """A GitHub repository, a GitLab or Pagure project."""

    KIND: ClassVar[str] = "repo"
    INFO: ClassVar[frozenset[str]] = frozenset({"filled", "previously", "fork_of"})
    PATHS: ClassVar[Mapping[str, str]] = {"path": "repo"}

    path: str
    description: str | None = None
    visibility: str | None = None
    default_branch: str | None = None
    archived: bool | None = None
    homepage: str | None = None
    topics: tuple[str, ...] | None = None
    """Sorted."""
    issues: bool | None = None
    wiki: bool | None = None
    merge_commit: bool | None = None
    squash_merge: bool | None = None
    rebase_merge: bool | None = None
    delete_branch_on_merge: bool | None = None
    filled: bool = False
    """Observed: it has at least one branch. Desired: it gets its history from somewhere, so it will have one."""
    fork_of: str | None = None
    previously: tuple[str, ...] | None = None
    """Older paths of the same repository, for a rename or transfer in place of delete and create."""

    @property
    def key(self) -> Key:
        """Kind and path."""
        return Key(self.KIND, self.path)

    def needs(self) -> tuple[Key, ...]:
        """Return the org or group it is in."""
        return (Key(Org.KIND, self.path.rpartition("/")[0]),)

    def changes(self, observed: Resource) -> dict[str, tuple[Any, Any]]:
        """As for every kind, but an empty repository has no default branch to set."""
        found = super(Repo, self).changes(
            observed
        )  # slots=True makes a new class that plain super() can't find
        if isinstance(observed, Repo) and not (observed.filled or self.filled):
            found.pop("default_branch", None)
        return found

    @classmethod
    def effect(cls, before: Self | None, after: Self | None) -> Effect:
        """Widen when it opens or is unarchived; narrow when it goes, closes or is archived."""
        if after is None:
            return "narrows"
        if before is None:
            return opens("private", after.visibility)
        shown = opens(before.visibility, after.visibility)
        if shown != "neutral":
            return shown
        if bool(before.archived) != bool(after.archived):
            return "narrows" if after.archived else "widens"
        return "neutral"
