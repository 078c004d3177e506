"""What a check is, and what it may look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from sigctl.core.state import Traits
from sigctl.forges import TYPES, traits_of
from sigctl.spec.checks.walk import groups, subjects
from sigctl.spec.config import Files, Finding
from sigctl.spec.entries import Entry, entries, on_forge
from sigctl.spec.layout import Layout, layouts
from sigctl.spec.model import Group, Spec
from sigctl.spec.validate import nearest
from sigctl.spec.yamlfault import Path


@dataclass(frozen=True)
class Context:
    """The config under check; what is costly to find is found once."""

    spec: Spec
    files: Files
    today: date
    dropped: frozenset[str] = frozenset()
    base: Spec | None = None
    """The config of before, where there is one to compare with."""
    known_traits: Mapping[str, Traits] | None = None
    """Traits by type of forge, in place of the adapters' own."""

    @cached_property
    def traits(self) -> dict[str, Traits]:
        """Traits by forge, for the forges whose type there is."""
        return self._traits_of(self.spec)

    def _traits_of(self, spec: Spec) -> dict[str, Traits]:
        types = {forge.type for forge in spec.forges.values() if forge.type in TYPES}
        known = (
            {type_: traits_of(type_) for type_ in types} if self.known_traits is None else self.known_traits
        )
        return {name: known[forge.type] for name, forge in spec.forges.items() if forge.type in known}

    @cached_property
    def layouts(self) -> dict[str, Layout]:
        """Layouts by forge."""
        return layouts(self.spec, self.traits)

    @cached_property
    def entries(self) -> list[Entry]:
        """Every declared repository."""
        return list(entries(self.spec))

    @cached_property
    def paths(self) -> list[tuple[Layout, Entry, str]]:
        """Every repository on every forge that it is on, with its path there."""
        return [
            (layout, entry, layout.repo(entry.sig.name, entry.name, entry.project))
            for layout in self.layouts.values()
            for entry in self.entries
            if on_forge(entry, layout.forge.name)
        ]

    @cached_property
    def subjects(self) -> list[tuple[str, str, Path]]:
        """Every subject of a right or a rule: as written, the SIG in whose file it is, its place."""
        return list(subjects(self.spec, self.entries))

    @cached_property
    def groups(self) -> list[tuple[str, Path, Group]]:
        """Every SIG and every project: the SIG's name, its place, what it holds."""
        return list(groups(self.spec))

    @cached_property
    def entries_by_sig(self) -> dict[str, list[Entry]]:
        """Every declared repository, by SIG."""
        out: dict[str, list[Entry]] = {}
        for entry in self.entries:
            out.setdefault(entry.sig.name, []).append(entry)
        return out

    def team_places(self, name: str) -> dict[str, Path]:
        """Return where each team of a SIG is written."""
        sig = self.spec.sigs[name]
        out: dict[str, Path] = {team: ("sigs", name, "teams", team) for team in sig.teams}
        for project, group in sig.projects.items():
            out.update({team: ("sigs", name, "projects", project, "teams", team) for team in group.teams})
        return out

    def before(self) -> dict[tuple[str, str, str], str]:
        """Return the path of every repository in the config of before, by SIG, name and forge."""
        if self.base is None:
            return {}
        found = layouts(self.base, self._traits_of(self.base))
        return {
            (entry.sig.name, entry.name, name): layout.repo(entry.sig.name, entry.name, entry.project)
            for entry in entries(self.base)
            for name, layout in found.items()
            if on_forge(entry, name)
        }

    @cached_property
    def teams(self) -> set[str]:
        """Every team as SIG/TEAM."""
        return {f"{name}/{team}" for name, sig in self.spec.sigs.items() for team in sig.all_teams()}

    def hint(self, name: str, known: Iterable[str], otherwise: str) -> str:
        """Return the nearest known name, or what else can be done."""
        return nearest(name, list(known)) or otherwise


Run = Callable[[Context], Iterator[Finding]]


@dataclass(frozen=True)
class Check:
    """A named check; `says` is its line in the reference."""

    name: str
    says: str
    run: Run
    warning: bool = False

    def findings(self, context: Context) -> Iterator[Finding]:
        """Yield what it finds, under its name."""
        for finding in self.run(context):
            yield replace(finding, check=self.name, warning=self.warning)
