"""Rules on branches of all repositories in a group, that somebody made there: they are told of, never made or changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from sigctl.core.kinds.base import Key, Resource
from sigctl.core.kinds.branch import BranchRule
from sigctl.core.kinds.org import Org


@dataclass(frozen=True, slots=True)
class GroupRule(Resource):
    """One pattern, for every repository below a group; subjects are `level:<level>`."""

    KIND: ClassVar[str] = "group_rule"
    PATHS: ClassVar[Mapping[str, str]] = {"org": "org"}
    SETTING: ClassVar[bool] = True

    org: str
    pattern: str
    push: tuple[str, ...] | None = None
    merge: tuple[str, ...] | None = None
    force: bool | None = None
    code_owners: bool | None = None

    @property
    def key(self) -> Key:
        """Group and pattern."""
        return Key(self.KIND, f"{self.org}:{self.pattern}")

    @property
    def inside(self) -> Key:
        """The group."""
        return Key(Org.KIND, self.org)

    def within(self, repo: str) -> BranchRule:
        """Return it as the rule that it is for one repository."""
        return BranchRule(
            repo,
            self.pattern,
            push=self.push,
            merge=self.merge,
            create=self.push,
            force=self.force,
            delete=False,
            code_owners=self.code_owners,
        )
