"""What `doctor` wants to know of a server and the token for it."""

from __future__ import annotations

from datetime import UTC, datetime

from sigctl.errors import ForgeError, UnreachableError
from sigctl.forges.base import Health, Settings
from sigctl.forges.gitlab.context import Context
from sigctl.forges.gitlab.readers import server


def health(ctx: Context, settings: Settings) -> Health:
    """Return the findings; what goes wrong on the way is one of them."""
    try:
        about = server.server(ctx)
        token = server.token(ctx)
        tier = server.tier(ctx, settings.tier, enterprise=about.enterprise, tops=sorted(settings.orgs))
    except ForgeError as error:
        reachable = not isinstance(error, UnreachableError)
        return Health(reachable, problems=(f"{error.text}: {error.hint}" if error.hint else error.text,))
    problems = [*_of_scopes(token), *_of_expiry(token)]
    if settings.tier not in ("", server.FREE) and not about.enterprise:
        problems.append(f"the files say tier `{settings.tier}`, but this is the community edition")
    return Health(
        reachable=True,
        me=about.me,
        version=about.version,
        tier=tier or server.FREE,
        scopes=token.scopes,
        expires=token.expires,
        problems=tuple(problems),
        notes=() if tier else (server.UNTOLD,),
    )


def _of_scopes(token: server.Token) -> list[str]:
    if not token.scopes or "api" in token.scopes:
        return []
    if "read_api" in token.scopes:
        return ["the token has no scope `api`: enough for plan and drift, not for apply"]
    return [f"the token has no scope `api`, only {', '.join(token.scopes)}"]


def _of_expiry(token: server.Token) -> list[str]:
    left = token.days_left(datetime.now(UTC).date())
    if left is None or left > server.WARN_DAYS:
        return []
    if left < 0:
        return [f"the token ended on {token.expires}"]
    return [f"the token ends on {token.expires}, in {left} days: make a new one before"]
