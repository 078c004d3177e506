"""Which level whom the files give, where: at the SIG, at the project, at the repository."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from sigctl.core import levels
from sigctl.spec.entries import Entry
from sigctl.spec.layout import team_ref
from sigctl.spec.model import Access, SigConfig
from sigctl.spec.resolve.roster import Roster
from sigctl.spec.yamlfault import Path

Who = tuple[str, str, str]
"""(team, SIG, name) or (person, "", account)."""


@dataclass(frozen=True, slots=True)
class Given:
    """A level and how long it holds."""

    level: str
    until: date | None
    path: Path


def who(subject: str, sig: str) -> Who:
    """Return the subject of a right that is written in a SIG's file."""
    if subject.startswith("person:"):
        return ("person", "", subject.removeprefix("person:"))
    return ("team", *team_ref(subject, sig))


def shown(one: Who) -> str:
    """Return the subject as people write it."""
    return f"person:{one[2]}" if one[0] == "person" else f"{one[1]}/{one[2]}"


def better(one: Given, other: Given) -> Given:
    """Return the one that allows more; of two alike the one that holds longer."""
    if one.level != other.level:
        return one if levels.stronger(one.level, other.level) == one.level else other
    return one if other.until is not None and (one.until is None or one.until > other.until) else other


@dataclass(frozen=True)
class Rights:
    """Reads rights for one day."""

    roster: Roster

    def at(self, access: Access, sig: SigConfig, path: Path) -> Iterator[tuple[Who, Given]]:
        """Yield the rights that hold today; in a retired SIG none above read."""
        for subject, right in sorted(access.items()):
            one = who(subject, sig.name)
            if self.roster.ends(shown(one), f"{right.level} on {_thing(path)}", right.until, sig.name):
                continue
            level = levels.round_down(right.level, (levels.READ,)) if sig.status == "retired" else right.level
            yield one, Given(level, right.until, (*path, "access", subject))

    def of_sig(self, sig: SigConfig) -> dict[Who, Given]:
        """Return the rights at SIG level."""
        return merged(self.at(sig.access, sig, ("sigs", sig.name)))

    def of_project(self, entry: Entry) -> dict[Who, Given]:
        """Return the rights at project level."""
        return merged(self.at(entry.group.access, entry.sig, entry.group_path)) if entry.project else {}

    def of_repo(self, entry: Entry) -> dict[Who, Given]:
        """Return the rights at repository level, `none` among them."""
        return merged(self.at(entry.config.access, entry.sig, entry.path))

    def effective(self, entry: Entry) -> dict[Who, Given]:
        """Return the rights on a repository: the nearest `none` takes away what comes from further up, else the stronger wins."""
        out: dict[Who, Given] = {}
        for level in (self.of_sig(entry.sig), self.of_project(entry), self.of_repo(entry)):
            for one, given in level.items():
                out[one] = given if given.level == levels.NONE or one not in out else better(out[one], given)
        return {one: given for one, given in out.items() if given.level != levels.NONE}


def merged(found: Iterable[tuple[Who, Given]]) -> dict[Who, Given]:
    """Return one right for each subject; a subject written twice (TEAM and team:TEAM) gets the better."""
    out: dict[Who, Given] = {}
    for one, given in found:
        out[one] = better(out[one], given) if one in out else given
    return out


def _thing(path: Path) -> str:
    return str(path[-1]) if path else ""
