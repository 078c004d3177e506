"""Invitations by e-mail that wait: whoever opens one is let in, and GraphQL does not tell them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sigctl.core.kinds import Grant, TeamMember
from sigctl.core.kinds.org import INVITED
from sigctl.errors import DeniedError, NotThereError
from sigctl.forges.gitlab.context import Context
from sigctl.forges.gitlab.names import day, to_level, to_role

_SHOWN = 8
"""Digits by which two addresses that look alike are told apart."""


@dataclass(frozen=True, slots=True)
class Invited:
    """One invitation; the address is shown in part only, since plans are read by many."""

    who: str
    number: int
    """GitLab's number for the level."""
    until: str


def shown(email: str) -> str:
    """Return an address as it may be shown: its first letter, its host, and digits that tell it from others."""
    name, _, host = email.strip().lower().rpartition("@")
    digits = hashlib.sha256(f"{name}@{host}".encode()).hexdigest()[:_SHOWN]
    return f"{name[:1]}***@{host}#{digits}"


def waiting(ctx: Context, place: str) -> tuple[Invited, ...] | None:
    """Return the invitations to `/groups/1` or `/projects/1` that wait; None where the token may not see them."""
    try:
        rows = ctx.client.pages(f"{place}/invitations")
    except (DeniedError, NotThereError):
        return None
    return tuple(_of(row) for row in rows)


def _of(row: Mapping[str, Any]) -> Invited:
    return Invited(shown(row["invite_email"]), int(row["access_level"]), day(row.get("expires_at")))


def address(ctx: Context, place: str, who: str) -> str | None:
    """Return the whole address of an invitation that waits, None where it waits no longer."""
    rows = ctx.client.pages(f"{place}/invitations")
    return next((row["invite_email"] for row in rows if shown(row["invite_email"]) == who), None)


def to_team(team: str, invited: Iterable[Invited]) -> list[TeamMember]:
    """Return who is invited to a team, in our words."""
    return [TeamMember(team, one.who, to_role(one.number), INVITED) for one in invited]


def grants(on: str, target: str, invited: Iterable[Invited]) -> list[Grant]:
    """Return who is invited to a group or a project, in our words."""
    return [
        Grant(on, target, f"person:{one.who}", to_level(one.number), until=one.until, state=INVITED)
        for one in invited
    ]


HIDDEN = "invitations that wait can't be seen with this token, so some may: the token's user needs to be owner of the group"
"""What there is to say where they may not be seen."""
