"""What the guards hold a plan against; read from policy.yaml by `spec`, judged by `guard`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Limit:
    """A bound on removals: a number, or a share of what there is (then `of_at_least` must exist for it to count)."""

    number: int | None = None
    percent: float | None = None
    of_at_least: int = 10
    floor: int = 3
    """So many may go under any percentage, so that a small population can be corrected at all."""

    def allows(self, count: int, population: int) -> bool:
        """Whether that many removals out of that many are within the bound."""
        return count <= self.ceiling(population)

    def ceiling(self, population: int) -> int:
        """Return the largest number of removals the bound lets pass."""
        if self.number is not None:
            return self.number
        if self.percent is None or population < self.of_at_least:
            return population
        return max(self.floor, int(population * self.percent / 100))


@dataclass(frozen=True, slots=True)
class Policy:
    """The guards' limits for one run."""

    max_removals: Mapping[str, Limit] = field(default_factory=lambda: {"default": Limit(percent=10)})
    """Kind (members, grants, teams, repos, refs ...) or `default` -> limit."""
    per_sig: Mapping[str, Limit] = field(default_factory=dict)
    """The same, held against the part of a plan that belongs to one SIG."""
    minimum_owners: int = 0
    required_owners: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Forge -> logins that must stay owners of every declared org there."""
    keep_self: bool = True
    most: Mapping[str, int] = field(default_factory=dict)
    """Deed (publish, delete, archive, empty_teams) -> how often one plan may do it; not there: as often as it likes."""
    unexplained: Limit | None = None
    """Things that a plan may change though no change of the files explains it; None: any number."""
    first_run: bool = False
    """Refuse to begin on a forge that holds only things nobody declared."""
