"""The site's facts, looked up by what the pages are about; worked out once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from sigctl.core import levels
from sigctl.core.access_table import PERSON, STRANGER, Row
from sigctl.report.access_fold import Cell, Line, cells, name_of, ordered, shown
from sigctl.report.html.addresses import slugs
from sigctl.report.html.model import Difference, MirrorFacts, RepoFacts, SigFacts, Site

LETTERS = {levels.READ: "R", levels.TRIAGE: "T", levels.WRITE: "W", levels.MAINTAIN: "M", levels.ADMIN: "A"}
TROUBLE = ("behind", "held", "aside")


class Held(NamedTuple):
    """What one account has in one repository."""

    who: str
    label: str
    kind: str
    cells: tuple[Cell, ...]
    level: str
    """The strongest on any forge."""

    @property
    def letter(self) -> str:
        """The level in one letter: `?` for a word that nobody knows the strength of, `i` for an invitation alone."""
        return "i" if self.level == levels.NONE else LETTERS.get(self.level, "?")


@dataclass(frozen=True)
class Lookup:
    """Answers to what the pages ask again and again."""

    site: Site

    @cached_property
    def sig_names(self) -> dict[str, str]:
        """SIG -> file name."""
        return slugs(sig.name for sig in self.site.sigs)

    @cached_property
    def repo_pages(self) -> dict[str, str]:
        """Repository -> path of its page."""
        groups: dict[str, list[str]] = defaultdict(list)
        for one in self.site.repos:
            groups[one.sig].append(one.name)
        out = {}
        for sig, names in groups.items():
            folder = self.sig_names.get(sig, "") or "other"
            found = slugs(name.removeprefix(f"{sig}/") if sig else name for name in names)
            for name in names:
                short = name.removeprefix(f"{sig}/") if sig else name
                out[name] = f"repos/{'_' if not sig else ''}{folder}/{found[short]}.html"
        return out

    @cached_property
    def person_pages(self) -> dict[str, str]:
        """Account -> path of its page; whoever has a right has one, and everybody in the files."""
        people = {name_of(row) for row in self.site.rows if row.kind in (PERSON, STRANGER)} | set(
            self.site.people
        )
        return {who: f"people/{name}.html" for who, name in slugs(people).items()}

    @cached_property
    def repos_of(self) -> dict[str, list[RepoFacts]]:
        """SIG -> its repositories."""
        out: dict[str, list[RepoFacts]] = defaultdict(list)
        for one in self.site.repos:
            out[one.sig].append(one)
        return out

    @cached_property
    def held(self) -> dict[str, list[Held]]:
        """Repository -> who has what there, by name."""
        groups: dict[str, dict[tuple[str, str], list[Row]]] = defaultdict(lambda: defaultdict(list))
        for row in self.site.rows:
            groups[row.repo][row.kind, name_of(row)].append(row)
        told: dict[object, tuple[tuple[Cell, ...], str]] = {}
        out: dict[str, list[Held]] = {}
        for repo, people in groups.items():
            out[repo] = []
            for (kind, who), found in sorted(people.items(), key=lambda one: one[0]):
                alike = tuple(map(_alike, found))
                if alike not in told:
                    same = cells(found)
                    told[alike] = (same, _best(same))
                out[repo].append(Held(who, shown(found[0]), kind, *told[alike]))
        return out

    def lines(self, repo: str) -> tuple[Line, ...]:
        """Return who has what in a repository, the same told once, the strongest first."""
        alike: dict[tuple[Cell, ...], list[str]] = defaultdict(list)
        for one in self.held.get(repo, []):
            alike[one.cells].append(one.label)
        return ordered(Line(tuple(sorted(who)), same) for same, who in alike.items())

    @cached_property
    def of_person(self) -> dict[str, dict[tuple[str, tuple[Cell, ...]], list[str]]]:
        """Account -> (SIG, what he has) -> the repositories in which he has just that."""
        sigs = {one.name: one.sig for one in self.site.repos}
        out: dict[str, dict[tuple[str, tuple[Cell, ...]], list[str]]] = defaultdict(lambda: defaultdict(list))
        for repo in sorted(self.held):
            for one in self.held[repo]:
                if one.kind in (PERSON, STRANGER):
                    out[one.who][sigs.get(repo, ""), one.cells].append(repo)
        return {
            who: dict(sorted(found.items(), key=lambda one: (not one[0][0], one[0][0])))
            for who, found in out.items()
        }

    @cached_property
    def open(self) -> list[Difference]:
        """The differences that are there, those that count first, the oldest before the newer."""
        found = [one for one in self.site.differences if not one.resolved]
        return sorted(found, key=lambda one: (not one.drift, one.first_seen or "~", one.sig, one.key))

    @cached_property
    def resolved(self) -> list[Difference]:
        """Those that are gone, the last one first."""
        found = [one for one in self.site.differences if one.resolved]
        return sorted(found, key=lambda one: (one.resolved, one.key), reverse=True)

    @cached_property
    def open_of(self) -> Mapping[str, int]:
        """SIG -> how many differences count there."""
        return Counter(one.sig for one in self.open if one.drift)

    @cached_property
    def open_on(self) -> Mapping[str, int]:
        """Forge -> how many differences count there."""
        return Counter(one.forge for one in self.open if one.drift)

    @cached_property
    def at(self) -> dict[tuple[str, str], list[Difference]]:
        """(forge, path) -> the open differences in a repository."""
        paths = {(place.forge, place.path) for one in self.site.repos for place in one.places}
        out: dict[tuple[str, str], list[Difference]] = defaultdict(list)
        for one in self.open:
            for part in (one.key, *one.key.split(":")):
                if (one.forge, part) in paths:
                    out[one.forge, part].append(one)
                    break
        return out

    def differences(self, repo: RepoFacts) -> list[Difference]:
        """Return the open differences in a repository, on all its forges."""
        return [one for place in repo.places for one in self.at.get((place.forge, place.path), [])]

    def counted(self, repo: RepoFacts) -> int:
        """Return how many of them count."""
        return sum(one.drift for one in self.differences(repo))

    @cached_property
    def mirrors_of(self) -> dict[str, list[MirrorFacts]]:
        """Repository -> the steps of its history."""
        out: dict[str, list[MirrorFacts]] = defaultdict(list)
        for one in self.site.mirrors:
            out[f"{one.sig}/{one.repo}"].append(one)
        return out

    def troubled(self, found: Iterable[MirrorFacts]) -> int:
        """Return how many of the steps are behind, held or set aside."""
        return sum(one.status in TROUBLE for one in found)

    def people_in(self, sig: str) -> list[str]:
        """Return who has more than reading in a repository of the SIG, by name."""
        found = {
            one.who
            for repo in self.repos_of.get(sig, [])
            for one in self.held.get(repo.name, [])
            if one.kind == PERSON and levels.rank(one.level) != 1
        }
        return sorted(found)

    @cached_property
    def sig_of(self) -> dict[str, SigFacts]:
        """Name -> SIG."""
        return {one.name: one for one in self.site.sigs}


def _alike(row: Row) -> object:
    """Return what makes the words of a row: rows with the same are told in the same."""
    ways = tuple((r.level, r.way, r.via, r.on, r.until, r.branches, r.waiting) for r in row.routes)
    return (row.forge, row.level, row.pending, id(row.can), ways)


def _best(found: Iterable[Cell]) -> str:
    def rank(level: str) -> int:
        known = levels.rank(level)
        return len(levels.LADDER) + 1 if known is None else known

    return max((cell.level for cell in found), key=rank, default=levels.NONE)
