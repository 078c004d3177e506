"""Whose account is whose: a pinned id outlives a renamed login, and shows when a stranger has taken it over."""

from __future__ import annotations

from dataclasses import dataclass

from sigctl.core.state import Account, Desired, Note, Observation, SetAside, Traits


@dataclass(frozen=True, slots=True)
class Identities:
    """What was found out about the logins that the files speak of."""

    renamed: dict[str, str]
    """Login in the files -> login the same account has now."""
    aside: frozenset[str]
    """Logins, as the files spell them and as the forge does, that nothing is done about in this run."""
    notes: tuple[Note, ...]
    set_aside: tuple[SetAside, ...]


def identify(desired: Desired, observation: Observation, traits: Traits) -> Identities:
    """Return who was renamed, and who is set aside: missing, blocked, invited in vain today, or no longer the person that was pinned."""
    fold = str.casefold if traits.fold_logins else str
    by_login = {fold(login): account for login, account in observation.accounts.items()}
    by_id = {str(account.id): account for account in observation.accounts.values() if account.id is not None}
    renamed: dict[str, str] = {}
    aside: set[str] = set()
    notes: list[Note] = []
    set_aside: list[SetAside] = []
    for login in sorted(desired.logins()):
        pin = desired.pins.get(login)
        account = by_login.get(fold(login))
        now = by_id.get(str(pin)) if pin is not None else None
        if now is not None and fold(now.login) != fold(login) and now.status == "active":
            renamed[login] = now.login
            text = f"{login} is {now.login} now (id {pin}): change the login in the files"
            notes.append(Note("renamed", login, text, desired.forge))
            continue
        problem = _problem(account, pin)
        if problem:
            aside.update({login, account.login if account else login})
            set_aside.append(SetAside(login, problem[0], desired.forge, "", problem[1]))
    return Identities(renamed, frozenset(aside), tuple(notes), tuple(set_aside))


def _problem(account: Account | None, pin: int | str | None) -> tuple[str, str] | None:
    if account is None or account.status == "missing":
        return "no such account on this forge", "correct the login, or take the person out of the files"
    if pin is not None and str(account.id) != str(pin):
        return (
            f"the login belongs to another account now (id {account.id}, the files pin {pin})",
            "ask the person; whoever has the login now may be a stranger",
        )
    if account.status == "blocked":
        return "the account is blocked on this forge", "unblock it there, or take the person out of the files"
    if account.status == "declined":
        return (
            account.reason,
            "nobody is invited twice a day; ask the person, or take the person out of the files",
        )
    return None
