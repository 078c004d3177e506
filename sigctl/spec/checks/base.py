"""What a check is, and what it may look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from sigctl.core.state import Traits
from sigctl.forges import TYPES, traits_of
from sigctl.spec.config import Files, Finding
from sigctl.spec.entries import Entry, entries
from sigctl.spec.layout import Layout, layouts
from sigctl.spec.model import Spec
from sigctl.spec.validate import nearest


@dataclass(frozen=True)
class Context:
    """The config under check; what is costly to find is found once."""

    spec: Spec
    files: Files
    today: date
    dropped: frozenset[str] = frozenset()

    @cached_property
    def traits(self) -> dict[str, Traits]:
        """Traits by forge, for the forges whose type there is."""
        return {
            name: traits_of(forge.type) for name, forge in self.spec.forges.items() if forge.type in TYPES
        }

    @cached_property
    def layouts(self) -> dict[str, Layout]:
        """Layouts by forge."""
        return layouts(self.spec, self.traits)

    @cached_property
    def entries(self) -> list[Entry]:
        """Every declared repository."""
        return list(entries(self.spec))

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
