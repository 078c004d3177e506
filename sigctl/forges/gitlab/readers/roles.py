"""Roles of the server's own making (the highest tier): who has one, which only the REST lists of members tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from sigctl.core.kinds import Grant
from sigctl.errors import DeniedError, NotThereError, RefusedError
from sigctl.forges.apart import Apart
from sigctl.forges.gitlab.context import GROUPS, PROJECTS, Context
from sigctl.forges.gitlab.names import quoted
from sigctl.forges.gitlab.readers.groups import Group
from sigctl.forges.gitlab.readers.members import Member
from sigctl.forges.gitlab.readers.projects import Project

INSTANCE = "/member_roles"
Place = TypeVar("Place", Group, Project)


def bases(ctx: Context, tops: Iterable[str]) -> frozenset[int] | None:
    """Return the levels that roles of the instance or of these groups are based on; None where nobody lets us see them."""
    found: set[int] = set()
    seen = False
    for path in (INSTANCE, *(f"/groups/{quoted(top)}/member_roles" for top in tops)):
        try:
            rows = ctx.client.get(path)
        except (NotThereError, DeniedError, RefusedError):
            continue
        seen = True
        found |= {int(row["base_access_level"]) for row in rows or ()}
        if path == INSTANCE:
            break  # where the instance has roles, groups have none of their own
    return frozenset(found) if seen else None


def with_roles(
    ctx: Context,
    levels: frozenset[int] | None,
    groups: Iterable[Group],
    projects: Iterable[Project],
    apart: Apart,
) -> tuple[list[Group], list[Project]]:
    """Return these groups and projects with the roles of their members: one request for each that has a member of such a level.

    A project of which that can't be read is as it was, and set apart.
    """

    def asked(place: Place, kind: str) -> Callable[[], Place]:
        def read() -> Place:
            roles = _roles(ctx.client.pages(f"/{kind}/{place.id}/members"))
            return replace(place, members=tuple(_with(member, roles) for member in place.members))

        def read_apart() -> Place:
            with apart.about(place.path, Grant.KIND):
                return read()
            return place

        return read_apart if kind == PROJECTS else read

    def some(place: Group | Project) -> bool:
        return any(levels is None or member.number in levels for member in place.members)

    if levels is not None and not levels:
        return [], []
    return (
        ctx.client.together([asked(one, GROUPS) for one in groups if some(one)]),
        ctx.client.together([asked(one, PROJECTS) for one in projects if some(one)]),
    )


def _roles(rows: Iterable[Mapping[str, Any]]) -> dict[int, str]:
    return {
        row["id"]: str(role.get("name") or role["id"])
        for row in rows
        if isinstance(role := row.get("member_role"), Mapping)
    }


def _with(member: Member, roles: Mapping[int, str]) -> Member:
    number = member.account.id
    return replace(member, role=roles.get(number, "")) if isinstance(number, int) else member
