"""What a run of the mirror works with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sigctl.mirror.advertise import Reader
from sigctl.mirror.cache import Cache
from sigctl.mirror.model import OnStep, RemoteOf
from sigctl.mirror.patience import Patience


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
    bundles: Path | None = None
    """Folder for a bundle of the old tips of what is overwritten or deleted; None = they are in the cache only."""
