"""What a run of the mirror works with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sigctl.core.history import End
from sigctl.mirror.advertise import Reader
from sigctl.mirror.cache import Cache
from sigctl.mirror.model import OnStep, RemoteOf, Step
from sigctl.mirror.patience import Patience

MAX_REFS = 50_000


@dataclass(frozen=True, slots=True)
class Tools:
    """The reader of refs, the cache, the patience with servers, and who is told."""

    reader: Reader
    cache: Cache
    patience: Patience
    remote_of: RemoteOf
    told: OnStep | None = None
    count: bool = False
    """Fetch all that is behind too, and count its commits."""
    max_refs: int = MAX_REFS
    """Refs that one repository may have; more are a mistake, or somebody's mischief."""
    stream: bool = True
    """Whether a first copy goes straight from the source to the target, where that can be."""
    bundles: Path | None = None
    """Folder for a bundle of the old tips of what is overwritten or deleted; None = they are in the cache only."""

    def tell(self, phase: Literal["compared", "brought"], ends: Iterable[End], done: int, total: int) -> None:
        """Say that all is done with these repositories, and how many families that makes."""
        if self.told:
            for end in ends:
                self.told(Step(str(end), "done"))
            self.told(Step("", phase, done, total))
