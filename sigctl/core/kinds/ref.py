"""Git refs, as facts like any other; the mirror observes and moves them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from sigctl.core.kinds.base import Key, Resource
from sigctl.core.kinds.repo import Repo

FORCED, GONE, RETIRED, MOVED = "forced", "gone", "retired", "moved"
"""Overwritten, or deleted since the source has it no more; deleted since it is kept as a tag, or in another repository."""


@dataclass(frozen=True, slots=True)
class Ref(Resource):
    """A branch or tag of a repository, by its full name, at an object."""

    KIND: ClassVar[str] = "ref"
    INFO: ClassVar[frozenset[str]] = frozenset({"why"})
    PATHS: ClassVar[Mapping[str, str]] = {"repo": "repo"}

    repo: str
    ref: str
    sha: str
    why: str = ""
    """Why what was there before doesn't stay: FORCED, GONE, RETIRED or MOVED; "" where nothing is lost from the ref."""

    @property
    def key(self) -> Key:
        """Repository and full ref name."""
        return Key(self.KIND, f"{self.repo}:{self.ref}")

    @property
    def inside(self) -> Key:
        """The repository."""
        return Key(Repo.KIND, self.repo)
