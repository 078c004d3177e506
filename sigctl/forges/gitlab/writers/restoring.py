"""What waits for its deletion comes back as if it were new: with nobody in it but us."""

from __future__ import annotations

from sigctl.errors import DeniedError, RefusedError
from sigctl.forges.gitlab.context import Context
from sigctl.forges.gitlab.readers.shares import shares_of


def restore(ctx: Context, kind: str, number: int) -> None:
    """Take the group or project back, its members and shares ended before, so that nobody gets what is not declared.

    Bots stay, and whoever is its last owner; what is below a group comes back as it was: the next plan sees it.
    """
    place, me = f"/{kind}/{number}", ctx.me()["id"]
    for member in ctx.client.pages(f"{place}/members"):
        if member["id"] != me:
            _end(ctx, f"{place}/members/{member['id']}")
    for share in shares_of(ctx.client.get(place), place):
        _end(ctx, f"{place}/share/{share.group_id}")
    ctx.client.post(f"{place}/restore", {}, repeatable=True)


def _end(ctx: Context, place: str) -> None:
    try:
        ctx.client.delete(place, skip_subresources="true")
    except (DeniedError, RefusedError):
        return  # a bot of the project's own, or the last owner
