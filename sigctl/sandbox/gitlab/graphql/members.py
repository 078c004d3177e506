"""The members a connection shows: direct, inherited, from shares, or from below."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sigctl.sandbox.gitlab import levels
from sigctl.sandbox.gitlab.world import GROUP, PROJECT
from sigctl.sandbox.store import Document

if TYPE_CHECKING:
    from sigctl.sandbox.gitlab.world import World


def group_members(world: World, group: Document, arguments: dict[str, Any]) -> list[Document]:
    """Return the members of a group by relation; a person with several memberships counts once, by the highest."""
    wanted = set(arguments["relations"])
    above = world.lineage(group)[1:]
    found = _of(world, GROUP, [group["id"]]) if "DIRECT" in wanted else []
    if "INHERITED" in wanted:
        found += _of(world, GROUP, [one["id"] for one in above])
    if "DESCENDANTS" in wanted:
        found += _of(world, GROUP, [one["id"] for one in world.below(group)])
    if "SHARED_FROM_GROUPS" in wanted:
        found += _shared(world, [(GROUP, one["id"]) for one in (group, *above)])
    ids = arguments.get("accessLevels")
    if ids:
        found = [member for member in found if levels.ENUM.get(member["access_level"]) in ids]
    return _sought(world, found, arguments)


def project_members(world: World, project: Document, arguments: dict[str, Any]) -> list[Document]:
    """Return the members of a project by relation; a person with several memberships counts once, by the highest."""
    wanted = set(arguments["relations"])
    above = world.above(project)
    found = _of(world, PROJECT, [project["id"]]) if "DIRECT" in wanted else []
    if "INHERITED" in wanted:
        found += _of(world, GROUP, [one["id"] for one in above])
    if "INVITED_GROUPS" in wanted:
        found += _shared(world, [(PROJECT, project["id"])])
    if "SHARED_INTO_ANCESTORS" in wanted:
        found += _shared(world, [(GROUP, one["id"]) for one in above])
    return _sought(world, found, arguments)


def _of(world: World, kind: str, ids: Iterable[int]) -> list[Document]:
    return [member for id_ in ids for member in world.members.find("source", (kind, id_))]


def _shared(world: World, places: Iterable[tuple[str, int]]) -> list[Document]:
    return [
        {**member, "access_level": min(member["access_level"], share["group_access"])}
        for place in places
        for share in world.shares.find("target", place)
        for member in world.members.find("source", (GROUP, share["group_id"]))
    ]


def _sought(world: World, members: Iterable[Document], arguments: dict[str, Any]) -> list[Document]:
    best: dict[int, Document] = {}
    for member in members:
        held = best.get(member["user_id"])
        if held is None or member["access_level"] > held["access_level"]:
            best[member["user_id"]] = member
    word = (arguments.get("search") or "").lower()
    users = world.users
    return [
        member
        for member in sorted(best.values(), key=lambda one: int(one["id"]))
        if not word or any(word in users[member["user_id"]][name].lower() for name in ("name", "username"))
    ]
