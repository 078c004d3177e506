"""Days that are over, or soon will be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sigctl.spec.checks.base import Check, Context
from sigctl.spec.config import Finding
from sigctl.spec.resolve.roster import expired, soon
from sigctl.spec.yamlfault import Path


def _dates(context: Context) -> Iterator[tuple[str, date, Path]]:
    """Yield every last day in the files, what it is of, and its place."""
    found: list[tuple[str, date | None, Path]] = []
    for sig, path, group in context.groups:
        found += [(f"the right of {s}", r.until, (*path, "access", s)) for s, r in group.access.items()]
        for team, config in group.teams.items():
            at = (*path, "teams", team)
            found += [
                (f"{m.person} in {sig}/{team}", m.until, (*at, "members", n))
                for n, m in enumerate(config.members)
            ]
            found += [
                (f"{t.team} within {sig}/{team}", t.until, (*at, "teams", n))
                for n, t in enumerate(config.teams)
            ]
    for name, one in context.spec.sigs.items():
        found += [
            (f"the chair of {c.person}", c.until, ("sigs", name, "chairs", n))
            for n, c in enumerate(one.chairs)
        ]
    for entry in context.entries:
        if not entry.kernel:
            access = entry.config.access.items()
            found += [(f"the right of {s}", r.until, (*entry.path, "access", s)) for s, r in access]
    yield from ((what, until, (*path, "until")) for what, until, path in found if until is not None)


def _expired(context: Context) -> Iterator[Finding]:
    for what, until, path in _dates(context):
        if expired(until, context.today):
            yield Finding(path, f"{what} ended on {until}", "take the entry out, or write a later day")


def _soon(context: Context) -> Iterator[Finding]:
    for what, until, path in _dates(context):
        if soon(until, context.today):
            days = (until - context.today).days
            left = "today is the last day" if days == 0 else f"{days} day{'s'[: days > 1]} left"
            yield Finding(path, f"{what} ends on {until}: {left}", "write a later day if it shall go on")


CHECKS = (
    Check("expired", "No last day is over; what is over counts as absent.", _expired, warning=True),
    Check("expires-soon", "No last day is less than 30 days ahead.", _soon, warning=True),
)
