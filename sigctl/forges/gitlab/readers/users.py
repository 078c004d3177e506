"""Accounts: every login and every pinned id that was asked for, in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sigctl.core.state import Account
from sigctl.errors import PartialError
from sigctl.forges.gitlab.client import PAGE
from sigctl.forges.gitlab.context import USERS, Context
from sigctl.forges.gitlab.failures import GraphError
from sigctl.forges.gitlab.graphql import LAST_ACTIVE, USERS_BY_ID, USERS_BY_NAME, must
from sigctl.forges.gitlab.readers.members import account_of


def accounts(ctx: Context, logins: Iterable[str], ids: Iterable[int | str]) -> list[Account]:
    """Return an account for each login (`missing` where nobody has it) and for each id that somebody has."""
    names = sorted({login.casefold() for login in logins})
    gids = [f"gid://gitlab/User/{number}" for number in sorted({int(number) for number in ids})]
    pages = ctx.client.together(
        [*_asks(ctx, USERS_BY_NAME, "names", names), *_asks(ctx, USERS_BY_ID, "ids", gids)]
    )
    found = [account_of(user) for users in pages for user in users]
    for account in found:
        if isinstance(account.id, int):
            ctx.known.learn(USERS, account.login, account.id)
    there = {account.login.casefold() for account in found}
    return found + [Account(login, status="missing") for login in logins if login.casefold() not in there]


def last_active(ctx: Context, logins: Iterable[str]) -> dict[str, str]:
    """Return login -> day on which somebody did something last, "" for never; nothing where the server is too old to tell."""
    names = sorted({login.casefold() for login in logins})
    try:
        pages = ctx.client.together(_asks(ctx, LAST_ACTIVE, "names", names))
    except PartialError as error:
        if isinstance(error.__cause__, GraphError) and error.__cause__.invalid:
            return {}
        raise
    return {user["username"]: user.get("lastActivityOn") or "" for users in pages for user in users}


def _asks(
    ctx: Context, document: str, variable: str, values: list[str]
) -> list[Callable[[], list[Mapping[str, Any]]]]:
    def ask(some: list[str]) -> list[Mapping[str, Any]]:
        users: Mapping[str, Any] = must(
            ctx.graph.ask(document, first=PAGE, **{variable: some}), "users", "users"
        )
        rows: list[Mapping[str, Any]] = must(users, "nodes", "users")
        return rows

    batches = [values[start : start + PAGE] for start in range(0, len(values), PAGE)]
    return [lambda some=some: ask(some) for some in batches]  # type: ignore[misc]  # bound now
