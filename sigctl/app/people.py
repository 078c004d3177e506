"""People's accounts: pinning the ids that stay when a login is renamed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from sigctl.app.context import Context
from sigctl.errors import ForgeError
from sigctl.forges.base import Scope
from sigctl.spec.edit import pin


@dataclass(frozen=True, slots=True)
class Pinned:
    """The files that were changed, and the accounts whose id could not be had."""

    files: tuple[Path, ...]
    problems: tuple[str, ...]


def pin_ids(context: Context) -> Pinned:
    """Write the id of every linked account that has none in the files yet; a pinned id is never replaced."""
    found: dict[str, dict[str, int | str]] = defaultdict(dict)
    problems = [f"{one.subject}: {one.reason}" for one in context.set_aside]
    for name, forge in sorted(context.forges.items()):
        logins = {
            account: link.login
            for account, person in context.config.spec.people.items()
            if (link := person.logins.get(name)) is not None and link.id is None
        }
        try:
            accounts = forge.observe(
                Scope(orgs=frozenset(), logins=frozenset(logins.values()), narrow=True)
            ).accounts
        except ForgeError as error:
            problems.append(f"{name}: {error.text}")
            continue
        by_login = {account.login.casefold(): account for account in accounts.values()}
        for person, login in logins.items():
            account = by_login.get(login.casefold())
            if account is None or account.id is None or account.status == "missing":
                problems.append(f"{person}: no account {login} on {name}")
            else:
                found[person][name] = account.id
    return Pinned(tuple(pin(context.options.config, found)), tuple(problems))
