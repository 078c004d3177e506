"""Answers to who may do what to which branch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verb = Literal["push", "merge", "create", "force", "delete"]
VERBS: tuple[Verb, ...] = ("push", "merge", "create", "force", "delete")
ELSEWHERE = ""
"""In place of a branch: any that no rule speaks of."""


@dataclass(frozen=True, slots=True)
class Says:
    """The answer to one question, and what it rests on."""

    may: bool | None
    """None: it can't be known from what was read."""
    why: str
    past: bool = False
    """Only since this person passes by the rules."""

    @classmethod
    def yes(cls, why: str, *, past: bool = False) -> Says:
        """Return that he may."""
        return cls(may=True, why=why, past=past)

    @classmethod
    def no(cls, why: str) -> Says:
        """Return that he may not."""
        return cls(may=False, why=why)

    @classmethod
    def unknown(cls, why: str) -> Says:
        """Return that it can't be known."""
        return cls(may=None, why=why)


@dataclass(frozen=True, slots=True)
class Can:
    """What somebody may do in a repository, as names of branches: patterns, and ELSEWHERE."""

    names: tuple[str, ...]
    """All that answers may differ for."""
    push: tuple[str, ...] = ()
    merge: tuple[str, ...] = ()
    create: tuple[str, ...] = ()
    force: tuple[str, ...] = ()
    delete: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    """Where it can't be known whether he may push."""
    past: tuple[str, ...] = ()
    """Where he may push only since he passes by the rules."""
