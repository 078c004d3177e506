"""Branches themselves: the one thing about them that git can't do."""

from __future__ import annotations

from sigctl.errors import RefusedError
from sigctl.forges.gitlab.context import Context
from sigctl.forges.gitlab.names import quoted


def delete_branch(ctx: Context, repo: str, name: str, commit: str) -> None:
    """Delete a branch that is protected, which nobody may do by git; RefusedError where it is not at this commit any more."""
    place = f"/projects/{ctx.project_id(repo)}/repository/branches/{quoted(name)}"
    there = ctx.client.look(place)
    if there is None:
        return
    if there["commit"]["id"] != commit:
        raise RefusedError(
            f"`{name}` moved since the plan; nothing was deleted", "run again: it is compared anew"
        )
    ctx.client.delete(place)
