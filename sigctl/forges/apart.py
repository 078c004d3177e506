"""Repositories that can't be read while all else can: which failures are about one of them alone, and how many are too many.

An answer that says something of one path only, and a failing one, sets aside the repository at that path. What says something of the
server, the token or the run does not: no answer at all, a token that is not accepted, a limit. Nor do failures of many repositories.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http import HTTPStatus

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


class Apart:
    """The repositories of one read that could not be read whole; safe to use from several threads."""

    def __init__(self) -> None:
        self._found: dict[Key, Unread] = {}
        self._first: ForgeError | None = None
        self._lock = threading.Lock()

    @contextmanager
    def about(self, repo: str, *kinds: str, teams: bool = False) -> Iterator[None]:
        """Have the repository set aside where what is done inside fails because of it alone; any other error goes on.

        What is unknown of it then are these kinds, and (`teams`) what teams have there.
        """
        try:
            yield
        except ForgeError as error:
            self.lose(repo, error, *kinds, teams=teams)

    def lose(self, repo: str, error: ForgeError, *kinds: str, teams: bool = False) -> None:
        """Set the repository aside because of this error; raise it where it is not about this repository alone."""
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

    def has(self, repo: str) -> bool:
        """Whether the repository is set aside."""
        return Key(Repo.KIND, repo) in self._found

    def judged(self, repos: int) -> dict[Key, Unread]:
        """Return what is set aside, sorted; raise the first error where that is too much of so many repositories."""
        if self._first is not None and len(self._found) > max(FEW, repos // SHARE):
            raise self._first
        return dict(sorted(self._found.items()))
