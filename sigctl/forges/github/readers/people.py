"""Members and invitations of orgs, and the accounts behind logins and ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from sigctl.core.kinds import Membership, Resource
from sigctl.core.kinds.org import INVITED
from sigctl.core.state import Account, Note
from sigctl.errors import DeniedError
from sigctl.forges.github import documents
from sigctl.forges.github.failures import SCOPES
from sigctl.forges.github.names import org_role_of
from sigctl.forges.github.session import Session, path
from sigctl.forges.pacing import DAY


def read_members(session: Session, org: str) -> tuple[list[Membership], list[Account]]:
    """Return who is in the org now, with the account of each."""
    memberships, accounts = [], []
    for edge in session.graphql.pages(documents.MEMBERS, org, "membersWithRole", documents.PEOPLE_PAGE):
        login = edge["node"]["login"]
        if edge["role"] is None:  # GitHub hides roles from outsiders
            raise DeniedError(f"the roles of the members of {org} can't be read", SCOPES, forge=session.name)
        memberships.append(Membership(org, login, org_role_of(edge["role"])))
        accounts.append(Account(login, edge["node"]["databaseId"]))
    return memberships, accounts


def read_invitations(session: Session, org: str) -> tuple[list[Membership], list[Note]]:
    """Return who is invited to the org; by REST, since GraphQL does not tell the role an invitation carries."""
    memberships, notes = [], []
    waiting = session.every(path("orgs", org, "invitations"))
    session.invitations.seen(
        org, {one.get("login") or f"#{one.get('id')}": session.age(one.get("created_at")) for one in waiting}
    )
    for one in waiting:
        login = one.get("login")
        if login:
            memberships.append(Membership(org, login, org_role_of(one["role"]), INVITED))
        else:
            notes.append(Note("pending", org, "someone is invited to the org by e-mail", session.name))
    return memberships, notes


def read_declined(
    session: Session, org: str, logins: Iterable[str], waiting: Iterable[Membership]
) -> list[Account]:
    """Return an account for each of these people whose invitation to the org was made today and has failed already."""
    wanted = {login.casefold() for login in logins} - {one.login.casefold() for one in waiting}
    found: dict[str, Account] = {}
    for one in session.every(path("orgs", org, "failed_invitations")):
        login, age = one.get("login") or "", session.age(one.get("created_at"))
        if login.casefold() in wanted and age < DAY:
            why = (one.get("failed_reason") or "no reason given").strip().rstrip(".")
            text = (
                f"the invitation to {org} failed ({why}); the next one can be sent on {session.at(DAY - age)}"
            )
            found[login] = Account(login, status="declined", reason=text)
    return list(found.values())


def with_declined(
    accounts: Mapping[str, Account], declined: Iterable[tuple[str, Account]], seen: Iterable[Resource]
) -> dict[str, Account]:
    """Return the accounts by login, sorted; who was invited to an org in vain today, and is not in it by now, is marked so."""
    out = dict(accounts)
    spelled = {login.casefold(): login for login in accounts}
    inside = {(one.org, one.login.casefold()) for one in seen if isinstance(one, Membership)}
    for org, account in declined:
        login = spelled.get(account.login.casefold())
        if login is not None and (org, account.login.casefold()) not in inside:
            out[login] = replace(account, login=login, id=accounts[login].id)
    return dict(sorted(out.items()))


def read_accounts(session: Session, logins: Iterable[str]) -> list[Account]:
    """Return an account for every login, `missing` where nobody has it."""
    wanted = sorted(logins)
    found = session.graphql.named(documents.accounts, [{"login": login} for login in wanted])
    return [
        Account(user["login"], user["databaseId"]) if user else Account(login, status="missing")
        for login, user in zip(wanted, found, strict=True)
    ]


def read_account(session: Session, number: int | str) -> Account:
    """Return the account with an id, under the login it has now."""
    user = session.find(path("user", number))
    if user is None:
        return Account("", number, status="missing")
    kind = "bot" if user.get("type") == "Bot" else "user"
    return Account(user["login"], user["id"], kind, "blocked" if user.get("suspended_at") else "active")
