"""What GitHub takes from one client at a time, and what each request takes of it.

github.com: 900 points a minute (a read 1, a write 5), 80 requests a minute and 500 an hour that make content, 50 invitations a day
to an org or a repository (500 for an org that pays or is older than a month). An Enterprise Server has no such limits unless its
admin sets some, so there none are kept unless the files say so.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from sigctl.forges.base import Limits, Settings
from sigctl.forges.pacing import HOUR, MINUTE, Daily, Pacing, Quota, Spend

POINTS, CREATIONS = "points", "creations"
READ: Spend = {POINTS: 1}
WRITE: Spend = {POINTS: 5}
CREATE: Spend = {POINTS: 5, CREATIONS: 1}
LONGEST_WAIT = HOUR + 60.0
"""Seconds a server may ask to wait: what is used up comes back within the hour."""
MORE_INVITATIONS = 500
_PUBLIC = Limits(points_a_minute=900, creations_a_minute=80, creations_an_hour=500, invitations_a_day=50)
_OWN = Limits(points_a_minute=0, creations_a_minute=0, creations_an_hour=0, invitations_a_day=0)
_INVITING = re.compile(
    r"/(?:orgs/[^/]+/memberships|orgs/[^/]+/teams/[^/]+/memberships|repos/[^/]+/[^/]+/collaborators)/[^/]+"
)
"""PUT to these may send an invitation, which is content."""


def limits(settings: Settings) -> Limits:
    """Return the limits to keep: what the files say, else what this kind of server has."""
    host = urlsplit(settings.url).hostname or ""
    usual = _PUBLIC if host == "github.com" or host.endswith(".ghe.com") else _OWN
    said = settings.limits
    return Limits(
        points_a_minute=_or(said.points_a_minute, usual.points_a_minute),
        creations_a_minute=_or(said.creations_a_minute, usual.creations_a_minute),
        creations_an_hour=_or(said.creations_an_hour, usual.creations_an_hour),
        invitations_a_day=_or(said.invitations_a_day, usual.invitations_a_day),
    )


def of(settings: Settings) -> Pacing:
    """Return the windows of a server."""
    kept = limits(settings)
    numbers = (
        (POINTS, kept.points_a_minute, MINUTE, "points a minute"),
        (CREATIONS, kept.creations_a_minute, MINUTE, "creations a minute"),
        (CREATIONS, kept.creations_an_hour, HOUR, "creations an hour"),
    )
    return Pacing(
        Quota(name, most or 0, seconds, f"{most} {words}") for name, most, seconds, words in numbers
    )


def invitations(settings: Settings, clock: Callable[[], float]) -> Daily:
    """Return the count of the day's invitations by org and by repository."""
    return Daily(limits(settings).invitations_a_day or 0, clock)


def spend(verb: str, path: str) -> Spend:
    """Return what a request takes."""
    if verb == "POST" or (verb == "PUT" and _INVITING.fullmatch(path.partition("?")[0])):
        return CREATE
    return READ if verb == "GET" else WRITE


def _or(said: int | None, usual: int | None) -> int | None:
    return usual if said is None else said
