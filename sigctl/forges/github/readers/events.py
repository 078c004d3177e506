"""Who did what: the org's audit log (GitHub Enterprise only), and invitations that nobody accepted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from sigctl.core.events import Event
from sigctl.core.kinds import Key
from sigctl.errors import DeniedError, NotThereError, RefusedError
from sigctl.forges.github.client import PAGE, next_page
from sigctl.forges.github.names import split
from sigctl.forges.github.session import Session, path

_PAGES = 10
"""A thousand entries since the last apply tell enough; what is older is not looked for."""
_PEOPLE = frozenset({"membership", "team_member", "grant"})
_KINDS = (
    ("team.add_repository", {"grant"}),
    ("team.remove_repository", {"grant"}),
    ("team.update_repository_permission", {"grant"}),
    ("team.add_member", {"team_member", "membership"}),
    ("team.remove_member", {"team_member"}),
    ("team.promote_maintainer", {"team_member"}),
    ("team.demote_maintainer", {"team_member"}),
    ("team.", {"team"}),
    ("repo.add_member", {"grant"}),
    ("repo.update_member", {"grant"}),
    ("repo.remove_member", {"grant"}),
    ("repo.", {"repo", "actions", "security", "properties"}),
    ("protected_branch.", {"branch_rule", "classic_rule"}),
    ("repository_ruleset.", {"branch_rule"}),
    ("hook.", {"webhook"}),
    ("public_key.", {"deploy_key"}),
    ("org.add_member", {"membership"}),
    ("org.update_member", {"membership"}),
    ("org.remove_member", _PEOPLE),
    ("org.invite_member", {"membership"}),
    ("org.", {"org"}),
)
"""Beginning of an action's name -> kinds of what it may have changed; the first that fits counts."""


def events(session: Session, keys: Collection[Key], since: str) -> tuple[Event, ...]:
    """Return what others than we did to these things since then, the newest first, and invitations that ended.

    Raises NotThereError or DeniedError where an org has no audit log for this token: only those of an enterprise have one.
    """
    orgs = sorted({_org(key) for key in keys} - {""})
    found = [event for org in orgs for event in _ended(session, org, keys)]
    try:
        found += [event for org in orgs for event in _log(session, org, since)]
    except (NotThereError, DeniedError, RefusedError) as error:
        if not found:
            raise type(error)(
                "the audit log can't be read: it takes GitHub Enterprise, and a token with read:audit_log",
                forge=session.name,
                status=error.status,
            ) from None
    return tuple(sorted(found, key=lambda event: event.when, reverse=True))


def _org(key: Key) -> str:
    parts = key.name.split(":")
    place = parts[1] if key.kind == "grant" and len(parts) > 1 else parts[0]
    return place.partition("/")[0]


def _ended(session: Session, org: str, keys: Collection[Key]) -> Iterator[Event]:
    """Yield the invitations to the org, and to repositories with a grant to a person in question, that nobody accepted."""
    if any(key.kind in ("membership", "team_member") and _org(key) == org for key in keys):
        for one in session.every(path("orgs", org, "failed_invitations")):
            if one.get("login"):
                why = str(one.get("failed_reason") or "failed")
                yield Event(
                    str(one.get("failed_at") or ""), "", why, org, str(one["login"]), _PEOPLE, expired=True
                )
    repos = {
        key.name.split(":")[1]
        for key in keys
        if key.kind == "grant"
        and ":person:" in key.name
        and key.name.startswith("repo:")
        and _org(key) == org
    }
    for repo in sorted(repos):
        answer = session.look(path("repos", *split(repo), "invitations"))
        rows = answer.data if answer is not None and isinstance(answer.data, list) else []
        for one in rows:
            login = (one.get("invitee") or {}).get("login")
            if one.get("expired") and login:
                when = str(one.get("created_at") or "")
                yield Event(when, "", "expired", repo, login, _PEOPLE, expired=True)


def _log(session: Session, org: str, since: str) -> Iterator[Event]:
    me = session.me().casefold()
    query = {"phrase": f"created:>={since[:10]}", "include": "web", "order": "desc", "per_page": PAGE}
    url: str | None = f"{path('orgs', org, 'audit-log')}?{urlencode(query)}"
    for _ in range(_PAGES):
        if url is None:
            return
        answer = session.get(url, org=org)
        yield from _events(answer.data if isinstance(answer.data, list) else [], org, since, me)
        url = next_page(answer)


def _events(rows: Iterable[Mapping[str, Any]], org: str, since: str, me: str) -> Iterator[Event]:
    for row in rows:
        who, what = str(row.get("actor") or ""), str(row.get("action") or "")
        when = _time(row.get("@timestamp") or row.get("created_at"))
        if when < since or (me and who.casefold() == me):
            continue
        user, team, repo = (str(row.get(name) or "") for name in ("user", "team", "repo"))
        kinds = next((set(kinds) for start, kinds in _KINDS if what.startswith(start)), set())
        if what.startswith("team.") and "grant" in kinds:
            yield Event(when, who, what, repo, team, frozenset(kinds))
        elif what.startswith("team."):
            yield Event(when, who, what, team, user if "team_member" in kinds else "", frozenset(kinds))
        elif what.startswith("org."):
            yield Event(when, who, what, org, user, frozenset(kinds))
        else:
            yield Event(when, who, what, repo, user if "grant" in kinds else "", frozenset(kinds))


def _time(value: Any) -> str:
    if isinstance(value, int | float):  # milliseconds since 1970
        return datetime.fromtimestamp(value / 1000, UTC).isoformat(timespec="milliseconds")
    return str(value or "")
