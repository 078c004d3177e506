"""Direct members of groups and projects, and the accounts behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sigctl.core.state import Account
from sigctl.errors import PartialError
from sigctl.forges.gitlab.context import Context
from sigctl.forges.gitlab.graphql import must
from sigctl.forges.gitlab.names import day, number_of


@dataclass(frozen=True, slots=True)
class Member:
    """One direct membership."""

    account: Account
    number: int
    """GitLab's number for the level."""
    until: str
    role: str = ""
    """The role of the server's own making behind it, where that was read."""


Continue = Callable[[str | None], Mapping[str, Any]]
"""Returns the connection's page that begins after a cursor."""


def account_of(user: Mapping[str, Any]) -> Account:
    """Return the account for a user as GraphQL or REST shows it; whoever can't sign in again by himself is blocked."""
    number = user["id"] if isinstance(user["id"], int) else number_of(user["id"])
    usable = str(user.get("state", "active")).lower() in ("active", "deactivated")
    return Account(
        login=user["username"],
        id=number,
        kind="bot" if user.get("bot") else "user",
        status="active" if usable else "blocked",
    )


def of_connection(connection: Mapping[str, Any], what: str, following: Continue) -> list[Member]:
    """Return all members of a GraphQL connection, later pages fetched; PartialError where one has no user or level."""
    found = []
    page = connection
    while True:
        found += [_of_node(node, what) for node in must(page, "nodes", what)]
        info = must(page, "pageInfo", what)
        if not info["hasNextPage"]:
            return found
        page = following(must(info, "endCursor", what))


def _of_node(node: Mapping[str, Any] | None, what: str) -> Member:
    level = must(must(node, "accessLevel", what), "integerValue", what)
    return Member(account_of(must(node, "user", what)), int(level), day((node or {}).get("expiresAt")))


def of_rows(rows: Iterable[Mapping[str, Any]]) -> list[Member]:
    """Return the members that REST lists; rows without a login are invitations and no members yet."""
    return [
        Member(account_of(row), int(row["access_level"]), day(row.get("expires_at")))
        for row in rows
        if "username" in row
    ]


def of_project(ctx: Context, number: int) -> list[Member]:
    """Return the direct members of one project that GraphQL's bulk list left out."""
    return of_rows(ctx.client.pages(f"/projects/{number}/members"))


def learn(ctx: Context, members: Iterable[Member], accounts: dict[str, Account]) -> None:
    """Remember the people met on the way."""
    for member in members:
        login, number = member.account.login, member.account.id
        accounts[login] = member.account
        if not isinstance(number, int):
            raise PartialError(f"`{login}` came without an id")
        ctx.known.learn("users", login, number)
