"""Labels for issues and merge requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from sigctl.core.kinds.base import Key, Resource
from sigctl.core.kinds.repo import Repo


@dataclass(frozen=True, slots=True)
class Label(Resource):
    """A label of one repository; nobody's rights hang on it."""

    KIND: ClassVar[str] = "label"
    INFO: ClassVar[frozenset[str]] = frozenset({"previously"})
    PATHS: ClassVar[Mapping[str, str]] = {"repo": "repo"}
    PART: ClassVar[str] = "labels"

    repo: str
    name: str
    color: str | None = None
    """Six hex digits, lower case."""
    description: str | None = None
    previously: tuple[str, ...] | None = None
    """Older names of the same label, each as REPO:NAME, for a rename that keeps it on its issues."""

    @property
    def key(self) -> Key:
        """Repository and name."""
        return Key(self.KIND, f"{self.repo}:{self.name}")

    @property
    def inside(self) -> Key:
        """The repository."""
        return Key(Repo.KIND, self.repo)

    def renamed(self, moves: Mapping[Key, str]) -> Self:
        """As for every kind; and a label that is renamed itself gets its new name."""
        if self.key in moves:
            repo, _, name = moves[self.key].partition(":")
            return replace(self, repo=repo, name=name)
        return super(Label, self).renamed(moves)  # slots=True makes a new class that plain super() can't find
