"""What settings have in common: there is one of a kind on each thing, always, and it is named by that thing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from sigctl.core.kinds.base import Key, Resource
from sigctl.core.kinds.repo import Repo


@dataclass(frozen=True, slots=True)
class RepoSetting(Resource):
    """A setting that only repositories have."""

    PATHS: ClassVar[Mapping[str, str]] = {"repo": "repo"}
    SETTING: ClassVar[bool] = True

    repo: str

    @property
    def key(self) -> Key:
        """The repository."""
        return Key(self.KIND, self.repo)

    @property
    def inside(self) -> Key:
        """The repository."""
        return Key(Repo.KIND, self.repo)


@dataclass(frozen=True, slots=True)
class TargetSetting(Resource):
    """A setting of a repository or of the org or group above it; `on` says of which kind the target is."""

    PATHS: ClassVar[Mapping[str, str]] = {"target": "on"}
    SETTING: ClassVar[bool] = True

    on: str
    target: str

    @property
    def key(self) -> Key:
        """What it is of."""
        return Key(self.KIND, f"{self.on}:{self.target}")

    @property
    def inside(self) -> Key:
        """The repository, the org or the group."""
        return Key(self.on, self.target)
