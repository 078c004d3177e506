"""People: from logins on forges to accounts in the files; two logins are one person only where somebody says so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sigctl.core.state import Account

_BAD = re.compile(r"[^A-Za-z0-9._-]+")
Login = tuple[str, str]
"""Forge, and login there in lower case."""


@dataclass
class Accounts:
    """Gives each login an account, and keeps what was given."""

    known: Mapping[Login, str] = field(default_factory=dict)
    """Accounts that the files or the mapping have already."""
    link_equal: bool = False
    """Whether equal logins on several forges are one person: only where somebody vouches for it."""
    taken: set[str] = field(default_factory=set)
    made: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Account -> forge -> login or {login, id}; the new ones."""
    _of: dict[Login, str] = field(default_factory=dict)
    alike: set[tuple[str, str, str]] = field(default_factory=set)
    """(login, account, another account): may be one person."""

    def of(self, forge: str, login: str, account: Account | None = None) -> str:
        """Return the account of a login, made where there is none."""
        place = (forge, login.casefold())
        if place in self.known:
            return self.known[place]
        if place in self._of:
            return self._of[place]
        name = _BAD.sub("-", login).lstrip("._-")[:60] or "account"
        same = [one for one in (*self.known.items(), *self._of.items()) if one[0][1] == login.casefold()]
        if self.link_equal and same:
            name = same[0][1]
        elif name in self.taken:
            self.alike.update((login, other, f"{name}-{forge}") for _, other in same)
            name = self._free(f"{name}-{_BAD.sub('-', forge)}")
        self.taken.add(name)
        self._of[place] = name
        given: Any = login if account is None or account.id is None else {"login": login, "id": account.id}
        self.made.setdefault(name, {})[forge] = given
        return name

    def _free(self, name: str) -> str:
        found, number = name[:64], 2
        while found in self.taken:
            found, number = f"{name[:60]}-{number}", number + 1
        return found


def known_of(people: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[Login, str]:
    """Return the accounts of people in the files: (account, forge -> login or {login, id})."""
    out = {}
    for account, logins in people:
        for forge, given in logins.items():
            login = given if isinstance(given, str) else getattr(given, "login", None) or given["login"]
            out[forge, str(login).casefold()] = account
    return out
