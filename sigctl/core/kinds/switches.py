"""Settings that are always there and are kept apart from the rest of a repository or an org: each costs reads of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from sigctl.core.kinds.base import Effect, Resource
from sigctl.core.kinds.setting import RepoSetting, TargetSetting

ALL, LOCAL, SELECTED = "all", "local", "selected"
_ALLOWED = {LOCAL: 0, SELECTED: 1, ALL: 2}


@dataclass(frozen=True, slots=True)
class Actions(TargetSetting):
    """Whether and which workflows run, and what their token may do; on a repository, or for all of an org."""

    KIND: ClassVar[str] = "actions"

    enabled: bool | str | None = None
    """On an org true is for all repositories, false for none; another word of the forge survives as `native:WORD`."""
    allowed: str | None = None
    """Whose actions may be used: all, local (of the same org) or selected."""
    patterns: tuple[str, ...] | None = None
    """Selected ones, sorted: names, and `github` or `verified` for what those words stand for."""
    permissions: str | None = None
    """What the token of a workflow may do unless the workflow says otherwise: read or write."""
    approve: bool | None = None
    """Whether workflows may approve changes."""

    def changes(self, observed: Resource) -> dict[str, tuple[Any, Any]]:
        """As for every kind; where nothing runs, it does not matter what may."""
        found = super(Actions, self).changes(
            observed
        )  # slots=True makes a new class that plain super() can't find
        if self.enabled is False:
            found.pop("allowed", None)
            found.pop("patterns", None)
        return found

    @classmethod
    def effect(cls, before: Self | None, after: Self | None) -> Effect:
        """Widen when more may run, or a run may do more."""
        if after is None:
            return "neutral"
        if before is None:
            return "widens" if after.permissions == "write" or after.approve else "neutral"
        fewer = set(before.patterns or ()) - set(after.patterns or ())
        more = set(after.patterns or ()) - set(before.patterns or ())
        ups = (
            _rises(_runs(before.enabled), _runs(after.enabled)),
            _rises(_ALLOWED.get(before.allowed or "", 0), _ALLOWED.get(after.allowed, 2))
            if after.allowed
            else 0,
            _rises(before.permissions == "write", after.permissions == "write"),
            _rises(bool(before.approve), bool(after.approve)),
            1 if more else -1 if fewer else 0,
        )
        return "widens" if 1 in ups else "narrows" if -1 in ups else "neutral"


def _runs(enabled: bool | str | None) -> int:  # noqa: FBT001  # the field as it is
    """Return how many repositories of an org run workflows: none, some (a word of the forge) or all."""
    return int(bool(enabled)) + (enabled is True)


def _rises(before: int, after: int) -> int:
    return (after > before) - (after < before)


SECURITY = (
    "secret_scanning",
    "push_protection",
    "dependency_alerts",
    "dependency_fixes",
    "private_reports",
)


@dataclass(frozen=True, slots=True)
class Security(RepoSetting):
    """Switches of a repository that keep secrets out and tell of holes."""

    KIND: ClassVar[str] = "security"

    secret_scanning: bool | None = None
    push_protection: bool | None = None
    """Whether a push with a secret in it is refused."""
    dependency_alerts: bool | None = None
    dependency_fixes: bool | None = None
    private_reports: bool | None = None
    """Whether anyone can report a hole without telling everybody."""

    @classmethod
    def effect(cls, before: Self | None, after: Self | None) -> Effect:
        """Widen when anything is switched off that keeps something out."""
        if before is None or after is None:
            return "neutral"
        off = [name for name in SECURITY if getattr(before, name) and getattr(after, name) is False]
        return "widens" if off else "neutral"


@dataclass(frozen=True, slots=True)
class Properties(RepoSetting):
    """Values of the properties that an org has defined for its repositories; those that nobody declares are not cared about."""

    KIND: ClassVar[str] = "properties"

    values: tuple[str, ...] = ()
    """`NAME=VALUE`, sorted; several values of one name are several entries."""

    def changes(self, observed: Resource) -> dict[str, tuple[Any, Any]]:
        """Return the difference in the names that this one speaks of."""
        theirs = observed.values if isinstance(observed, Properties) else ()
        told = tuple(one for one in theirs if name_of(one) in self.names())
        return {} if told == self.values else {"values": (told, self.values)}

    def over(self, observed: Resource) -> Self:
        """Return the declared values, and those of other names as they are."""
        theirs = observed.values if isinstance(observed, Properties) else ()
        kept = [one for one in theirs if name_of(one) not in self.names()]
        return type(self)(self.repo, tuple(sorted([*kept, *self.values])))

    def names(self) -> set[str]:
        """Return the properties it speaks of."""
        return {name_of(one) for one in self.values}


def name_of(value: str) -> str:
    """Return the name in `NAME=VALUE`."""
    return value.partition("=")[0]
