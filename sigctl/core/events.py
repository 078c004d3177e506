"""What a forge says was done there, and by whom; told, never compared."""

from __future__ import annotations

from dataclasses import dataclass

from sigctl.core.kinds import Key


@dataclass(frozen=True, slots=True)
class Event:
    """One deed of somebody on a forge, or an invitation that nobody accepted in time."""

    when: str
    """ISO time."""
    who: str
    """Login, or a name where the forge tells no login; "" for nobody."""
    what: str
    """The forge's own words."""
    place: str
    """Path of the org, group, team or repository."""
    about: str = ""
    """Login, team or pattern that it was about, "" where the forge does not say."""
    kinds: frozenset[str] = frozenset()
    """Kinds of resources that it may have changed; empty = any."""
    expired: bool = False
    """It is an invitation that ended."""

    def touches(self, key: Key) -> bool:
        """Whether it may have changed the thing with this key."""
        if self.kinds and key.kind not in self.kinds:
            return False
        parts = {_folded(part) for part in key.name.split(":")}
        return _folded(self.place) in parts and (not self.about or _folded(self.about) in parts)


def _folded(text: str) -> str:
    return text.casefold().replace(" ", "-").replace("_", "-").replace(".", "-")
