"""The number that a deploy key has on the server."""

from __future__ import annotations

from sigctl.core.kinds.deploykey import fingerprint_of
from sigctl.errors import RefusedError
from sigctl.forges.gitlab.context import Context


def key_id(ctx: Context, repo: str, fingerprint: str) -> int:
    """Return the number of a deploy key that may push to a repository; RefusedError where there is no such key."""
    for row in ctx.client.pages(f"/projects/{ctx.project_id(repo)}/deploy_keys"):
        if _fingerprint(row.get("key") or "") == fingerprint and row.get("can_push"):
            return int(row["id"])
    raise RefusedError(
        f"{repo} has no deploy key {fingerprint} that may push",
        "was it taken out by hand meanwhile? plan again",
    )


def _fingerprint(key: str) -> str:
    try:
        return fingerprint_of(key)
    except ValueError:
        return ""
