"""Push mirrors: the URL comes back without its password, and says nothing of when that ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from sigctl.errors import PartialError
from sigctl.forges.base import PushMirror
from sigctl.forges.gitlab.context import Context
from sigctl.forges.gitlab.names import quoted

_FAILED = "failed"


def push_mirrors(ctx: Context, repo: str) -> tuple[PushMirror, ...]:
    """Return every push mirror of a project; raises ForgeError, PartialError where an answer lacks what must be in it."""
    rows = ctx.client.pages(f"/projects/{quoted(repo)}/remote_mirrors")
    return tuple(_mirror(row, repo) for row in rows)


def _mirror(row: Mapping[str, Any], repo: str) -> PushMirror:
    if not isinstance(row.get("url"), str) or not isinstance(row.get("enabled"), bool):
        raise PartialError(f"{repo}: a push mirror without `url` or `enabled`")
    parts = urlsplit(row["url"])
    return PushMirror(
        url=parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl(),
        enabled=row["enabled"],
        failed=row.get("update_status") == _FAILED,
        error=row.get("last_error") or "",
        last_try=row.get("last_update_at") or "",
        last_success=row.get("last_successful_update_at") or "",
    )
