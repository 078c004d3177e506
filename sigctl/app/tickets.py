"""One issue for each SIG with drift: opened, changed and closed by itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sigctl.app.context import Context
from sigctl.errors import SigctlError, UsageError
from sigctl.forges.telling import HasTickets, Ticket, Ticketed
from sigctl.report.drift import ticket_text, ticket_title
from sigctl.spec.model.drift import Tickets
from sigctl.watch.record import Entry
from sigctl.watch.store import Store
from sigctl.watch.view import View

WAY = "ticket"
NOBODY = "others"
"""Name in the marker for what belongs to no SIG."""


@dataclass(frozen=True, slots=True)
class Told:
    """What became of the ticket of one SIG."""

    sig: str
    did: Ticketed
    url: str = ""
    problem: str = ""


def marker(sig: str) -> str:
    """Return what a ticket's text begins with; nobody sees it."""
    return f"<!-- sigctl:drift:{sig or NOBODY} -->"


def tell(context: Context, view: View, store: Store, *, fresh: bool) -> list[Told]:
    """Have the tickets as the history says; UsageError where the files name no place for them or its forge has no issues.

    What can't be told of one SIG is a problem in its place and stops nothing. With `fresh` (the history is new) every SIG is asked
    for, to close what an older history has left behind.
    """
    policy = context.config.spec.policy.drift.tickets
    if policy is None:
        raise UsageError("the files name no place for tickets", "set drift.tickets in policy.yaml")
    forge: object = context.forges.get(policy.forge)
    if not isinstance(forge, HasTickets):
        why = "is set aside or not in this run" if forge is None else "has no issues that can be kept"
        raise UsageError(f"{policy.forge} {why}", "choose another forge for drift.tickets in policy.yaml")
    open_: dict[str, list[Entry]] = {}
    for entry in view.every:
        open_.setdefault(entry.sig, []).append(entry)
    out = []
    for sig in _sigs(context, open_, store, policy, fresh=fresh):
        repo = _repo(policy, sig)
        mine = open_.get(sig, [])
        wanted = Ticket(ticket_title(sig, mine), _text(sig, mine, view)) if mine else None
        try:
            did, url = forge.ticket(repo, marker(sig), wanted)
        except SigctlError as error:
            out.append(Told(sig, "none", "", f"{repo}: {error.text}"))
            continue
        store.tell(WAY, sig, "open" if wanted else "", view.at)
        out.append(Told(sig, did, url))
    return out


def _text(sig: str, entries: list[Entry], view: View) -> str:
    return f"{marker(sig)}\n{ticket_text(entries, view)}"


def _sigs(context: Context, open_: Iterable[str], store: Store, policy: Tickets, *, fresh: bool) -> list[str]:
    every = [*context.config.spec.sigs, ""]
    found = [one for one in every if one in open_ or fresh or store.told(WAY, one)]
    return [one for one in sorted({*found, *open_}) if _repo(policy, one)]


def _repo(policy: Tickets, sig: str) -> str:
    if sig:
        return policy.repo.replace("{sig}", sig)
    return policy.others or ("" if "{sig}" in policy.repo else policy.repo)
