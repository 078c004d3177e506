"""Shares: the groups that a project or a group was shared with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sigctl.core import levels
from sigctl.core.kinds import Grant
from sigctl.errors import PartialError
from sigctl.forges.gitlab.names import day, to_level


@dataclass(frozen=True, slots=True)
class Share:
    """One group that was let in."""

    group_id: int
    path: str
    number: int
    until: str
    custom_role: int | None = None
    """A role of the server's own making (Ultimate); the number is then only its base."""

    @property
    def level(self) -> str:
        """The level, native where a custom role stands behind it."""
        return levels.native(f"role-{self.custom_role}") if self.custom_role else to_level(self.number)


def shares_of(data: Mapping[str, Any], what: str) -> list[Share]:
    """Return the shares in a REST answer; PartialError where it does not tell them."""
    rows = data.get("shared_with_groups")
    if rows is None:
        raise PartialError(
            f"{what}: the answer lacks `shared_with_groups`", "the token's user needs to be maintainer"
        )
    return [
        Share(
            group_id=row["group_id"],
            path=row["group_full_path"],
            number=int(row["group_access_level"]),
            until=day(row.get("expires_at")),
            custom_role=row.get("member_role_id"),
        )
        for row in rows
    ]


def grants_of(on: str, target: str, shares: Iterable[Share]) -> list[Grant]:
    """Return the shares in our words."""
    return [Grant(on, target, f"team:{share.path}", share.level, until=share.until) for share in shares]
