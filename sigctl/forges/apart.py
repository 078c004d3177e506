"""Repositories that can't be read while all else can: which failures are about one of them alone, and how many are too many.

An answer that says something of one path only, and a failing one, sets aside the repository at that path. What says something of the
server, the token or the run does not: no answer at all, a token that is not accepted, a limit. Nor do failures of many repositories.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from types import TracebackType

from sigctl.core.kinds import Key, Repo
from sigctl.core.state import Unread
from sigctl.errors import (
    BrokenAnswerError,
    DeniedError,
    ForgeError,
    NotThereError,
    PartialError,
    RefusedError,
    UnreachableError,
)

FEW, SHARE = 5, 10
"""Where more repositories than these, and more than one in so many, can't be read, it is the forge that can't be."""


def is_about_one(error: ForgeError) -> bool:
    """Whether a failure of a request about one repository says nothing of the others."""
    if isinstance(error, DeniedError):
        return error.status != HTTPStatus.UNAUTHORIZED
    if isinstance(error, BrokenAnswerError | NotThereError | PartialError):
        return True
    if isinstance(error, RefusedError):
        return error.status is not None
    return isinstance(error, UnreachableError) and (error.status or 0) >= HTTPStatus.INTERNAL_SERVER_ERROR


class About:
    """What is read about one repository: a failure of that alone ends there."""

    def __init__(self, lose: Callable[[ForgeError], None]) -> None:
        self._lose = lose

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, ForgeError):
            return False
        self._lose(error)
        return True


class Apart:
    """The repositories of one read that could not be read whole; safe to use from several threads."""

    def __init__(self) -> None:
        self._found: dict[Key, Unread] = {}
        self._first: ForgeError | None = None
        self._of = 0
        self._lock = threading.Lock()

    def among(self, repos: int) -> None:
        """Let so many repositories be known of; without that, a few are enough to be too many."""
        with self._lock:
            self._of = max(self._of, repos)

    def about(self, repo: str, *kinds: str, teams: bool = False) -> About:
        """Have the repository set aside where what is done inside fails because of it alone; any other error goes on.

        What is unknown of it then are these kinds, and (`teams`) what teams have there.
        """
        return About(lambda error: self.lose(repo, error, *kinds, teams=teams))

    def lose(self, repo: str, error: ForgeError, *kinds: str, teams: bool = False) -> None:
        """Set the repository aside because of this error; raise it where it is not about this repository alone, or where too many are."""
        if not is_about_one(error):
            raise error
        key = Key(Repo.KIND, repo)
        with self._lock:
            self._first = self._first or error
            known = self._found.get(key)
            if known is None:
                self._found[key] = Unread(error.text, error.hint, frozenset(kinds), teams)
            else:
                self._found[key] = replace(known, kinds=known.kinds | set(kinds), teams=known.teams or teams)
            if self._are_too_many():  # each further one may take long to fail
                raise self._first

    def has(self, repo: str, kind: str) -> bool:
        """Whether the repository is set aside since something of this kind could not be read."""
        found = self._found.get(Key(Repo.KIND, repo))
        return found is not None and kind in found.kinds

    def found(self) -> dict[Key, Unread]:
        """Return what is set aside, sorted."""
        return dict(sorted(self._found.items()))

    def _are_too_many(self) -> bool:
        return len(self._found) > max(FEW, self._of // SHARE)
