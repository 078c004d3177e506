"""Shares of a group or a project with a team's group; a changed level is taken away and given again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sigctl.errors import ForgeError, NotThereError, RefusedError
from sigctl.forges.gitlab.context import Context
from sigctl.forges.gitlab.readers.shares import Share, shares_of


def put_share(ctx: Context, place: str, team: str, number: int, until: str | None = None) -> None:
    """Let the team's group in with this level and end (None = leave it), to `/groups/1` or `/projects/1`."""
    group = ctx.group_id(team)
    current = _current(ctx, place, group)
    wanted = Share(group, team, number, (current.until if current else "") if until is None else until)
    if current is None:
        _post(ctx, place, wanted)
    elif (current.number, current.until, current.custom_role) != (wanted.number, wanted.until, None):
        _replace(ctx, place, current, wanted)


def remove_share(ctx: Context, place: str, team: str) -> None:
    """End the share; one that is not there, or whose group is gone, is as good."""
    try:
        group = ctx.group_id(team)
    except NotThereError:
        return
    ctx.client.delete(f"{place}/share/{group}")


def _replace(ctx: Context, place: str, current: Share, wanted: Share) -> None:
    """Change a share in the only way there is; when the second half fails, the team gets back what it had."""
    ctx.client.delete(f"{place}/share/{current.group_id}")
    try:
        _post(ctx, place, wanted)
    except ForgeError as error:
        try:
            _post(ctx, place, current)
        except ForgeError:
            error.hint = (
                f"`{wanted.path}` has no access at the moment: it could not be given back either; apply again"
            )
        raise


def _post(ctx: Context, place: str, share: Share) -> None:
    body: dict[str, Any] = {"group_id": share.group_id, "group_access": share.number}
    if share.until:
        body["expires_at"] = share.until
    if share.custom_role:
        body["member_role_id"] = share.custom_role

    def happened() -> Mapping[str, Any] | None:
        found = _among(ctx.client.peek(_page(place)) or {}, place, share.group_id)
        return {"group_id": found.group_id} if found else None

    try:
        ctx.client.post(f"{place}/share", body, happened=happened)
    except RefusedError:
        there = _current(
            ctx, place, share.group_id
        )  # somebody else was faster, or a repeated request met itself
        if there is None or (there.number, there.until) != (share.number, share.until):
            raise


def _current(ctx: Context, place: str, group: int) -> Share | None:
    return _among(ctx.client.get(_page(place)), place, group)


def _among(data: Mapping[str, Any], place: str, group: int) -> Share | None:
    return next((share for share in shares_of(data, place) if share.group_id == group), None)


def _page(place: str) -> str:
    return f"{place}?with_projects=false" if place.startswith("/groups/") else place
