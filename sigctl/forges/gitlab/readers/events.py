"""Who did what: the audit events of groups and projects, which paid tiers keep."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sigctl.core.events import Event
from sigctl.core.kinds import Key
from sigctl.errors import DeniedError, ForgeError, NotThereError, RefusedError
from sigctl.forges.gitlab.context import Context
from sigctl.forges.gitlab.names import quoted

_MOST = 40
"""Groups and projects whose events are asked for in one run: one request each, and more where there are many."""
_RULES = frozenset({"branch_rule"})
_PEOPLE = frozenset({"grant", "team_member", "membership"})


def events(ctx: Context, keys: Collection[Key], since: str) -> tuple[Event, ...]:
    """Return what others than we did to these things since then, the newest first; DeniedError where no tier keeps that."""
    me = int(ctx.me().get("id") or 0)
    found: list[Event] = []
    read, refused = 0, None
    for kind, path in sorted({_place(key) for key in keys})[:_MOST]:
        try:
            rows = ctx.client.pages(f"/{kind}/{quoted(path)}/audit_events", created_after=since)
            read += 1
        except (NotThereError, DeniedError, RefusedError) as error:
            refused = error
            continue
        found += [
            event for row in rows if int(row.get("author_id") or 0) != me for event in _event(ctx, row, path)
        ]
    if refused is not None and not read:
        text = "the audit events can't be read: they take a paid tier, and the rights of an owner"
        raise DeniedError(text, status=refused.status)
    return tuple(sorted(found, key=lambda event: event.when, reverse=True))


def _place(key: Key) -> tuple[str, str]:
    parts = key.name.split(":")
    if key.kind == "grant":
        return ("projects" if parts[0] == "repo" else "groups", parts[1])
    return ("groups" if key.kind in ("org", "team", "team_member", "membership") else "projects", parts[0])


def _event(ctx: Context, row: Mapping[str, Any], path: str) -> Iterator[Event]:
    details = row.get("details")
    told: Mapping[str, Any] = details if isinstance(details, Mapping) else {}
    who = str(told.get("author_name") or "")
    what = str(row.get("event_name") or told.get("custom_message") or _deed(told) or "a change")
    when = str(row.get("created_at") or "")
    about, kinds = "", frozenset[str]()
    if told.get("target_type") == "User":
        about, kinds = _login(ctx, told.get("target_id")), _PEOPLE
    elif "protected_branch" in what or told.get("target_type") == "ProtectedBranch":
        kinds = _RULES
    yield Event(when, _login(ctx, row.get("author_id")) or who, what, path, about, kinds)


def _deed(told: Mapping[str, Any]) -> str:
    return next((f"{word} {told[word]}" for word in ("add", "remove", "change") if told.get(word)), "")


def _login(ctx: Context, number: Any) -> str:
    """Return the login of an account, "" where there is none any more."""
    if not isinstance(number, int) or number <= 0:
        return ""
    known = ctx.known.name("users", number)
    if known is not None:
        return known
    try:
        user = ctx.client.look(f"/users/{number}")
    except ForgeError:
        return ""
    login = str((user or {}).get("username") or "")
    if login:
        ctx.known.learn("users", login, number)
    return login
