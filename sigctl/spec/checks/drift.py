"""The policy for drift speaks of forges that there are."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sigctl.spec.checks.base import Check, Context
from sigctl.spec.config import Finding

_ADDRESS = re.compile(r"[^\s@<>,;:\"]+@[^\s@<>,;:\"]+")


def _forges(context: Context) -> Iterator[Finding]:
    drift = context.spec.policy.drift
    known = [*context.spec.forges, "default"]
    for name in drift.modes:
        if name not in known:
            hint = context.hint(name, known, "name a forge, or `default`")
            yield Finding(("policy", "drift", "modes", name), f"there is no forge `{name}`", hint)
    tickets = drift.tickets
    if tickets is not None and tickets.forge not in context.spec.forges:
        hint = context.hint(tickets.forge, context.spec.forges, "name a forge of the files")
        yield Finding(("policy", "drift", "tickets", "forge"), f"there is no forge `{tickets.forge}`", hint)
    if tickets is not None and "{sig}" in tickets.others:
        text = "what belongs to no SIG can't be in a repository named after one"
        yield Finding(("policy", "drift", "tickets", "others"), text, "name one repository")


def _addresses(context: Context) -> Iterator[Finding]:
    for n, address in enumerate(context.spec.policy.drift.mail.to):
        if not _ADDRESS.fullmatch(address):
            yield Finding(("policy", "drift", "mail", "to", n), "is no address", "write NAME@HOST")


CHECKS = (
    Check("drift-forges", "The policy for drift speaks of declared forges only.", _forges),
    Check("drift-mail", "Mail about drift goes to addresses.", _addresses),
)
