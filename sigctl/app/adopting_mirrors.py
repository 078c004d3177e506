"""Mirrors that a forge fills by itself, when its repositories are adopted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from sigctl.adopt.model import Source, Unsaid
from sigctl.adopt.settle import Adopted
from sigctl.core.kinds import Repo
from sigctl.forges.base import Forge, PushesItself

Place = tuple[str, str]
"""Forge, and path of a repository there."""


def mirrored(
    sources: Sequence[Source], forges: Mapping[str, Forge], made: Adopted
) -> tuple[list[Source], list[Unsaid]]:
    """Say `replicated_by: primary` where a forge pushes all that a replica has; other push mirrors are told of.

    One request for each repository of a forge that pushes by itself; ForgeError where one can't be read.
    """
    together: dict[Place, dict[str, str]] = defaultdict(dict)
    for (forge, key), name in made.places.items():
        if key.kind == Repo.KIND:
            together[name][forge] = key.name
    wanted = {(forge, path) for found in together.values() if len(found) > 1 for forge, path in found.items()}
    filled: set[Place] = set()
    told: list[Unsaid] = []
    for source in sources:
        for place, path, url in _pushed(source, forges, together):
            if place is None:
                told.append(
                    Unsaid(
                        source.name, path, f"the forge itself pushes it to {url}, which the files don't say"
                    )
                )
            else:
                filled.add(place)
    out = []
    for source in sources:
        mine = {place for place in wanted if place[0] == source.name}
        if source.settings.get("role") == "replica" and mine and mine <= filled:
            out.append(replace(source, settings={**source.settings, "replicated_by": "primary"}))
            continue
        text = "it is filled by a push mirror, others are not: that is not declared"
        told += [Unsaid(*place, text) for place in sorted(mine & filled)]
        out.append(source)
    return out, told


def _pushed(
    source: Source, forges: Mapping[str, Forge], together: Mapping[Place, Mapping[str, str]]
) -> Iterator[tuple[Place | None, str, str]]:
    """Yield (what it fills, None for something else; the repository; the address) for each push mirror of a primary forge."""
    forge: object = forges[source.name]
    if not isinstance(forge, PushesItself) or source.settings.get("role", "primary") != "primary":
        return
    for found in together.values():
        path = found.get(source.name)
        if path is None:
            continue
        targets = {_plain(forges[name].remote(other).url): (name, other) for name, other in found.items()}
        for mirror in forge.push_mirrors(path):
            if mirror.enabled:
                yield targets.get(_plain(mirror.url)), path, mirror.url


def _plain(url: str) -> str:
    return url.rstrip("/").removesuffix(".git").casefold()
