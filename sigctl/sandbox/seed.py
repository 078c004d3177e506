"""Who exists when a sandbox starts: accounts with one token for every forge, and the orgs that no API can create."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

BOT = "sigctl-bot"
OUTSIDER = "outsider"


@dataclass(frozen=True, slots=True)
class Account:
    """Someone with a login and a token on each forge."""

    login: str
    token: str
    read_token: str
    """A second token that may read what the account may read, and change nothing."""
    admin: bool = False
    """Site admin, and owner of every seeded org."""


@dataclass(slots=True)
class Seed:
    """The accounts and orgs of one sandbox directory, in the order in which they were asked for."""

    accounts: list[Account] = field(default_factory=list)
    orgs: list[str] = field(default_factory=list)

    @property
    def bot(self) -> Account:
        """The account that sigctl works as."""
        return next(account for account in self.accounts if account.login == BOT)

    def account(self, login: str) -> Account:
        """Return the account with this login; KeyError when there is none."""
        found = [account for account in self.accounts if account.login.lower() == login.lower()]
        if not found:
            raise KeyError(login)
        return found[0]

    def extend(self, logins: Iterable[str], orgs: Iterable[str]) -> bool:
        """Add what is not there yet; tell whether anything was added."""
        before = len(self.accounts), len(self.orgs)
        for login in (BOT, OUTSIDER, *logins):
            if not any(account.login.lower() == login.lower() for account in self.accounts):
                self.accounts.append(Account(login, _token(), _token(), admin=login == BOT))
        self.orgs.extend(org for org in dict.fromkeys(orgs) if org not in self.orgs)
        return before != (len(self.accounts), len(self.orgs))

    def users(self) -> dict[str, dict[str, str]]:
        """Return {login: {"token", "read_token"}}."""
        return {a.login: {"token": a.token, "read_token": a.read_token} for a in self.accounts}


def load(file: Path) -> Seed:
    """Return the seed kept in the file, an empty one when there is none."""
    try:
        data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Seed()
    return Seed([Account(**account) for account in data["accounts"]], list(data["orgs"]))


def save(seed: Seed, file: Path) -> None:
    """Keep the seed; only its owner can read the file, which holds the tokens."""
    fresh = file.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(
        os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as stream:
        json.dump(asdict(seed), stream, indent=1)
    fresh.replace(file)


def _token() -> str:
    return f"sbx_{secrets.token_hex(20)}"
