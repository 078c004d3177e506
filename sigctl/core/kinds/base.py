"""What every kind of resource has: a key, a place, and how two of it are compared."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, ClassVar, Literal, NamedTuple, Self

Effect = Literal["widens", "narrows", "neutral"]


class Key(NamedTuple):
    """The natural key of a resource within one forge: its kind and its name there."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Resource:
    """One flat fact; a field that is None in a desired resource is not cared about."""

    KIND: ClassVar[str]
    INFO: ClassVar[frozenset[str]] = frozenset()
    """Fields that are told, never compared."""
    PATHS: ClassVar[Mapping[str, str]] = {}
    """Field -> kind of the thing whose path it holds, or `on` where that field says the kind: it follows a move."""
    LOGINS: ClassVar[frozenset[str]] = frozenset()
    """Fields that hold a login or a subject, and follow when a person is renamed."""
    PART: ClassVar[str] = ""
    """For a part of a repository or an org that nobody may have declared: the word that the files have for what happens to such."""
    SETTING: ClassVar[bool] = False
    """Whether it is always there where its thing is: never made, never removed, only set."""

    @property
    def key(self) -> Key:
        """The natural key."""
        raise AssertionError(type(self))

    @property
    def inside(self) -> Key | None:
        """The declared thing this is a part of, None for a thing that stands by itself."""
        return None

    def needs(self) -> tuple[Key, ...]:
        """Return what must exist before this can."""
        return (self.inside,) if self.inside else ()

    def changes(self, observed: Resource) -> dict[str, tuple[Any, Any]]:
        """Return {field: (observed, desired)} for the fields in which the observed one is not as desired."""
        return {
            name: (theirs, ours)
            for name in _compared(type(self))  # type: ignore[arg-type]  # taken for one of its instances
            if (ours := getattr(self, name)) is not None and (theirs := getattr(observed, name)) != ours
        }

    def over(self, observed: Resource) -> Self:
        """Return what the resource is once this is applied over the observed one: what we don't care about stays."""
        kept = {
            f.name: getattr(observed, f.name)
            for f in fields(self)
            if getattr(self, f.name) is None or f.name in self.INFO
        }
        return dataclasses.replace(self, **kept)

    @classmethod
    def effect(cls, before: Self | None, after: Self | None) -> Effect:  # noqa: ARG003  # kinds that matter override
        """Say whether the change lets anyone do more, or takes something away."""
        return "neutral"

    def renamed(self, moves: Mapping[Key, str]) -> Self:
        """Return this with the paths of moved things replaced; a path below a moved org or group moves along."""
        if not moves:
            return self
        changed = {}
        for name, kind in self.PATHS.items():
            value = getattr(self, name)
            if value:
                changed[name] = _moved(value, getattr(self, kind) if kind == "on" else kind, moves)
        return dataclasses.replace(self, **changed) if changed else self

    def with_logins(self, logins: Mapping[str, str]) -> Self:
        """Return this with logins replaced, whether they stand alone or as the subject `person:login`."""
        changed = {}
        for name in self.LOGINS:
            prefix, colon, login = getattr(self, name).rpartition(":")
            if login in logins and prefix in ("", "person"):
                changed[name] = f"{prefix}{colon}{logins[login]}"
        return dataclasses.replace(self, **changed) if changed else self

    def who(self) -> str:
        """Return the login this is about, "" where it is about nobody."""
        for name in self.LOGINS:
            said: str = getattr(self, name)
            prefix, _, login = said.rpartition(":")
            if prefix in ("", "person"):
                return login
        return ""


@cache
def _compared(kind: type[Resource]) -> tuple[str, ...]:
    """Return the fields of a kind that are compared."""
    return tuple(f.name for f in fields(kind) if f.name not in kind.INFO)


def _moved(value: str, kind: str, moves: Mapping[Key, str]) -> str:
    prefix, colon, path = value.rpartition(":")
    if colon and prefix != kind:
        return value
    if Key(kind, path) in moves:
        return f"{prefix}{colon}{moves[Key(kind, path)]}"
    above = [old.name for old in moves if old.kind == "org" and path.startswith(f"{old.name}/")]
    best = max(above, key=len, default=None)
    return value if best is None else f"{prefix}{colon}{moves[Key('org', best)]}{path[len(best) :]}"
