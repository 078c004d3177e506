"""Merge requests and pull requests in our words: what a verdict needs of them, and how it is told there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from sigctl.forges.base import Remote

VETO = "veto"
"""Label by which somebody objects, in any case."""
State = Literal["pending", "success", "failure"]


@dataclass(frozen=True, slots=True)
class Who:
    """An account on a forge; `id` is its number there, None where the answer had none."""

    login: str
    id: int | str | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """One merge request as it is now. Everything in it was written by others: it is data, and shown as such."""

    repo: str
    number: int
    url: str
    title: str
    author: Who
    opened: str
    """ISO time, by the forge's clock."""
    state: Literal["open", "closed", "merged"]
    head: str
    """The commit that it would merge."""
    target: str
    """The branch that it would merge to."""
    ref: str
    """Where git finds the head in the repository that it would merge to."""
    approved: tuple[Who, ...] = ()
    """Who approves the head: everyone's last word, and said after the head was pushed."""
    outdated: tuple[Who, ...] = ()
    """Who approved something that was there before: it counts no more."""
    objections: tuple[str, ...] = ()
    """Unresolved threads, a veto, a draft: in words."""
    unread: tuple[str, ...] = ()
    """What this token, or nobody without one, may see: in words."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a commit's status says; the text is cut to what the forge takes."""

    name: str
    state: State
    text: str


Edit = Callable[[str], str]
"""From the comment that is there ("" for none) to what it should be."""


@runtime_checkable
class HasProposals(Protocol):
    """A forge that has merge requests; safe to use from several threads, raises ForgeError."""

    def proposal(self, repo: str, number: int) -> Proposal:
        """Return a merge request, read whole but for what `unread` names."""
        ...

    def open_proposals(self, repo: str) -> tuple[int, ...]:
        """Return the numbers of all open ones to the repository's default branch, the oldest first."""
        ...

    def comment(self, repo: str, number: int, marker: str, edit: Edit) -> bool:
        """Have one comment of ours that begins with the marker, as `edit` makes it; False where it was so already."""
        ...

    def remote(self, repo: str) -> Remote:
        """Return where git finds the repository."""
        ...

    def mark(self, repo: str, commit: str, mark: Mark) -> bool:
        """Have the commit's status of this name be so; False where it was so already."""
        ...
