"""The server and the token: version, edition, tier, whose token it is and how long it lasts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sigctl.errors import DeniedError, NotThereError, PartialError, RefusedError, UnreachableError
from sigctl.forges.gitlab.context import USERS, Context
from sigctl.forges.gitlab.failures import CHECK_URL
from sigctl.forges.gitlab.graphql import SERVER, must
from sigctl.forges.gitlab.names import number_of, quoted

FREE, PREMIUM, ULTIMATE = "free", "premium", "ultimate"
_PLANS = {
    "premium": PREMIUM,
    "silver": PREMIUM,
    "ultimate": ULTIMATE,
    "gold": ULTIMATE,
    "starter": FREE,
    "bronze": FREE,
}
WARN_DAYS = 30


@dataclass(frozen=True, slots=True)
class Server:
    """What one question tells of it."""

    me: str
    version: str
    enterprise: bool


@dataclass(frozen=True, slots=True)
class Token:
    """What the token says of itself."""

    scopes: tuple[str, ...] = ()
    expires: str = ""

    def days_left(self, today: date) -> int | None:
        """Return the days until it ends, None for never."""
        return (date.fromisoformat(self.expires) - today).days if self.expires else None


def server(ctx: Context) -> Server:
    """Return what the server says of itself and of us; DeniedError when the token is nobody's."""
    try:
        data = ctx.graph.ask(SERVER)
    except NotThereError as error:
        raise UnreachableError(
            f"no gitlab answers at {ctx.client.url}", CHECK_URL, status=error.status
        ) from error
    user = data.get("currentUser")
    if not isinstance(user, dict):
        raise DeniedError(
            f"{ctx.client.url} does not say whose the token is",
            "a personal, group or project access token with the scope `api` is needed; job and deploy tokens can't do it",
        )
    ctx.known.learn(USERS, user["username"], number_of(user["id"]))
    metadata: Mapping[str, Any] = must(data, "metadata", "the server")
    return Server(user["username"], metadata.get("version") or "", bool(metadata.get("enterprise")))


def token(ctx: Context) -> Token:
    """Return scopes and last day of the token; an empty one where the server does not tell (other kinds of tokens)."""
    try:
        data = ctx.client.get("/personal_access_tokens/self")
    except (NotThereError, RefusedError, DeniedError):
        return Token()
    if not isinstance(data, Mapping):
        raise PartialError("what the token may do can't be read", "run it again")
    return Token(tuple(data.get("scopes") or ()), data.get("expires_at") or "")


def tier(
    ctx: Context,
    told: str,
    *,
    enterprise: bool,
    tops: Iterable[str] = (),
    project: Mapping[str, Any] | None = None,
) -> str:
    """Return free, premium or ultimate: as the files say, else as the server shows; "" where nothing tells.

    A licence is shown to admins only, and a plan to a namespace's owners on gitlab.com. For everyone else the settings of a
    project tell, since those of a licensed feature are left out of it where the licence lacks the feature; or the events that
    only paid tiers keep.
    """
    if told:
        return told
    if not enterprise:
        return FREE
    tops = list(tops)
    plan = _licence(ctx) or next((p for top in tops if (p := _plan(ctx, top))), "")
    if plan:
        return _PLANS.get(plan, FREE)
    if project is not None and "approvals_before_merge" in project and "mirror" in project:
        return PREMIUM
    return PREMIUM if any(_keeps_events(ctx, top) for top in tops) else ""


UNTOLD = (
    "nothing tells which tier the server has, so it is taken for free: `tier: free`, `tier: premium` or `tier: ultimate` of the forge in "
    "the files says it; a token of an administrator, or of an owner of the group, may see it"
)
"""What there is to say where nothing tells the tier."""


def _keeps_events(ctx: Context, top: str) -> bool:
    """Whether the group's audit events are shown, as they are to owners on a paid tier."""
    try:
        return ctx.client.look(f"/groups/{quoted(top)}/audit_events", per_page=1) is not None
    except (DeniedError, RefusedError):
        return False


def _licence(ctx: Context) -> str:
    try:
        return str((ctx.client.look("/license") or {}).get("plan") or "")
    except DeniedError:
        return ""


def _plan(ctx: Context, top: str) -> str:
    namespace = ctx.client.look(f"/namespaces/{quoted(top)}") or {}
    plan = str(namespace.get("plan") or "")
    return "" if plan in ("", "default") else plan


def capabilities(tier_: str, *, enterprise: bool) -> frozenset[str]:
    """Return the words for what the server can do: edition, tier, and each lower tier."""
    words = {"enterprise"} if enterprise else set()
    order = [FREE, PREMIUM, ULTIMATE]
    words.update(order[: order.index(tier_) + 1] if tier_ in order else [tier_])
    return frozenset(words)
