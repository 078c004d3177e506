"""Mailing drift: to those who are told of everything, and to each SIG's list; once for each change of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sigctl.app.context import Context
from sigctl.app.mail import Way
from sigctl.errors import UsageError
from sigctl.report.drift import drift_mail
from sigctl.watch.record import Entry
from sigctl.watch.store import Store
from sigctl.watch.view import View

WAY, EVERYTHING = "mail", "*"


@dataclass(frozen=True, slots=True)
class Mailed:
    """One mail that was sent."""

    about: str
    """A SIG, or "*" for all."""
    to: tuple[str, ...]


def mail(context: Context, view: View, store: Store, way: Way, sender: str) -> list[Mailed]:
    """Send what changed since the last mail; SigctlError where one is not taken: then it is sent by the next run."""
    policy = context.config.spec.policy.drift.mail
    groups: list[tuple[str, tuple[str, ...], list[Entry]]] = []
    if policy.to:
        groups.append((EVERYTHING, tuple(policy.to), list(view.every)))
    if policy.lists:
        for name, sig in sorted(context.config.spec.sigs.items()):
            if sig.list:
                groups.append((name, (sig.list,), [one for one in view.every if one.sig == name]))
    if not groups:
        raise UsageError("the files name nobody to mail", "set drift.mail in policy.yaml")
    out = []
    for about, to, entries in groups:
        drift = [one for one in entries if one.weight == "drift"]
        found, before = digest(drift), store.told(WAY, about)
        if found == before:
            continue
        way.send(drift_mail(about, to, sender, drift, view, digest=found or "none"))
        store.tell(WAY, about, found, view.at)
        out.append(Mailed(about, to))
    return out


def digest(entries: Sequence[Entry]) -> str:
    """Return what tells one state of drift from another; "" for none."""
    if not entries:
        return ""
    parts: Iterable[str] = ("\0".join((*one.name, one.form, one.cause.why)) for one in entries)
    return hashlib.sha256("\n".join(sorted(parts)).encode()).hexdigest()[:16]
