"""Teams: made without their maker in them, renamed in place, and never deleted with others below them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from sigctl.core.kinds import Team
from sigctl.core.plan import Action
from sigctl.errors import NotThereError, RefusedError
from sigctl.forges import sides
from sigctl.forges.github.client import Answer
from sigctl.forges.github.names import slug_of, split
from sigctl.forges.github.session import Session, path


def create(session: Session, action: Action) -> str:
    """Make the team, and take out whoever made it: GitHub puts him in as maintainer, unasked."""
    team = sides.after(action, Team)
    org, slug = split(team.path)
    body: dict[str, Any] = {
        "name": _name(session, team),
        "description": team.description or "",
        "privacy": _privacy(team),
    }
    if team.parent:
        body["parent_team_id"] = _number(session, team.parent)

    def happened() -> Answer | None:
        found = session.look(_url(team.path))
        return found if found is not None and _is_as(team, found.data) else None

    try:
        answer = session.write(
            "POST",
            path("orgs", org, "teams"),
            body,
            about=[team.parent or ""],
            repeatable=False,
            happened=happened,
        )
    except RefusedError as error:
        found = session.look(_url(team.path)) if error.status == HTTPStatus.UNPROCESSABLE_ENTITY else None
        if found is None:
            raise
        if not _is_as(team, found.data):
            hint = "someone made it since it was read: plan again"
            raise RefusedError(
                f"team `{team.path}` exists, with other settings", hint, forge=session.name
            ) from error
        return found.request_id
    _check_slug(session, team, answer)
    session.made(team.path)
    if me := session.me():
        session.remove(path("orgs", org, "teams", slug, "memberships", me))
    return answer.request_id


def update(session: Session, action: Action) -> str:
    """Make the settings that changed as declared."""
    team = sides.after(action, Team)
    body: dict[str, Any] = {}
    for field, (_, new) in action.changed().items():
        if field == "title":
            body["name"] = _name(session, team)
        elif field == "description":
            body["description"] = new or ""
        elif field == "secret":
            body["privacy"] = _privacy(team)
        elif field == "parent":
            body["parent_team_id"] = _number(session, team.parent) if team.parent else None
    if not body:
        return ""
    return session.write("PATCH", _url(team.path), body, about=[team.path, team.parent or ""]).request_id


def move(session: Session, action: Action) -> str:
    """Rename the team; its members, grants and children stay with it."""
    old, new = sides.before(action, Team), sides.after(action, Team)
    if split(old.path)[0].casefold() != split(new.path)[0].casefold():
        hint = "declare it anew, without `previously`: the old one is then removed as undeclared"
        raise RefusedError(f"team `{old.path}` can't move to another org", hint, forge=session.name)
    slug = split(new.path)[1]
    name = new.title if new.title and slug_of(new.title) == slug.casefold() else slug

    def happened() -> Answer | None:
        return session.look(_url(new.path)) if session.look(_url(old.path)) is None else None

    try:
        answer = session.write("PATCH", _url(old.path), {"name": name}, repeatable=False, happened=happened)
    except NotThereError:
        found = session.look(_url(new.path))
        if found is None:
            raise
        return found.request_id
    _check_slug(session, new, answer)
    session.made(new.path)
    return answer.request_id


def delete(session: Session, action: Action) -> str:
    """Delete the team; RefusedError while others are below it, since GitHub would delete those along with it."""
    team = sides.before(action, Team)
    try:
        children = session.every(_url(team.path) + "/teams")
    except NotThereError:
        return ""
    if children:
        names = ", ".join(sorted(str(child["slug"]) for child in children))
        hint = "declare another parent for them, or remove them first"
        raise RefusedError(f"team `{team.path}` still has teams below it: {names}", hint, forge=session.name)
    return session.remove(_url(team.path))


def _url(team: str) -> str:
    org, slug = split(team)
    return path("orgs", org, "teams", slug)


def _privacy(team: Team) -> str:
    return "secret" if team.secret else "closed"


def _name(session: Session, team: Team) -> str:
    """Return the name to send; RefusedError for a title that would get another slug, so another path."""
    slug = split(team.path)[1]
    if not team.title:
        return slug
    if slug_of(team.title) != slug.casefold():
        text = (
            f"team `{team.path}` can't be titled `{team.title}`: GitHub would call it `{slug_of(team.title)}`"
        )
        raise RefusedError(
            text, "leave out the title, or make one that spells the team's name", forge=session.name
        )
    return team.title


def _number(session: Session, team: str) -> int:
    found = session.wait_for(_url(team), lambda _: True)
    if found is None:
        raise NotThereError(
            f"team `{team}` is not there",
            "it is the parent of another",
            forge=session.name,
            status=HTTPStatus.NOT_FOUND,
        )
    return int(found.data["id"])


def _check_slug(session: Session, team: Team, answer: Answer) -> None:
    slug = str(answer.data["slug"])
    if slug != split(team.path)[1].casefold():
        text = f"team `{team.path}` got the slug `{slug}`: the one it should have is taken or can't be"
        raise RefusedError(text, f"rename or delete `{slug}` by hand, then plan again", forge=session.name)


def _is_as(team: Team, data: dict[str, Any]) -> bool:
    """Whether an existing team is what is to be made."""
    above = (data.get("parent") or {}).get("slug", "")
    return (
        (data.get("description") or "") == (team.description or "")
        and data.get("privacy", "closed") == _privacy(team)
        and above == (split(team.parent)[1] if team.parent else "")
    )
