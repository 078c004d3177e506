"""Branch protection of an older kind, that is there and that nobody makes any more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from sigctl.core.kinds.base import Effect, Key, Resource
from sigctl.core.kinds.repo import Repo


@dataclass(frozen=True, slots=True)
class ClassicRule(Resource):
    """A pattern of a repository that is protected in the forge's older way, beside our rules; it is read, and at most removed."""

    KIND: ClassVar[str] = "classic_rule"
    INFO: ClassVar[frozenset[str]] = frozenset({"terms"})
    PATHS: ClassVar[Mapping[str, str]] = {"repo": "repo"}

    repo: str
    pattern: str
    terms: str = ""
    """What it asks, in a few words."""

    @property
    def key(self) -> Key:
        """Repository and pattern."""
        return Key(self.KIND, f"{self.repo}:{self.pattern}")

    @property
    def inside(self) -> Key:
        """The repository."""
        return Key(Repo.KIND, self.repo)

    @classmethod
    def effect(cls, before: Self | None, after: Self | None) -> Effect:  # noqa: ARG003  # it only ever goes
        """Widen when it goes."""
        return "widens" if after is None else "narrows"
