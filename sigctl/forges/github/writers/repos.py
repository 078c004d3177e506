"""Repositories: made empty, changed in what changed, renamed or transferred with all that hangs on them."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from sigctl.core.kinds import Repo
from sigctl.core.levels import NATIVE
from sigctl.core.plan import Action
from sigctl.errors import RefusedError
from sigctl.forges import sides
from sigctl.forges.github.client import Answer
from sigctl.forges.github.names import split
from sigctl.forges.github.session import Session, path

FIELDS = {
    "description": "description",
    "homepage": "homepage",
    "visibility": "visibility",
    "default_branch": "default_branch",
    "archived": "archived",
    "issues": "has_issues",
    "wiki": "has_wiki",
    "merge_commit": "allow_merge_commit",
    "squash_merge": "allow_squash_merge",
    "rebase_merge": "allow_rebase_merge",
    "delete_branch_on_merge": "delete_branch_on_merge",
}
"""Field of a Repo -> what REST calls it; topics have a request of their own."""
_NOT_AT_BIRTH = ("archived", "default_branch")
_MOVED = (HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT)


def create(session: Session, action: Action) -> str:
    """Make the repository, empty, with its settings; find that it is there already if it is just so."""
    repo = sides.after(action, Repo)
    org, name = split(repo.path)
    settings = {field: value for field, value in _settings(repo).items() if field not in _NOT_AT_BIRTH}
    body = {FIELDS[field]: _word(value) for field, value in settings.items()}
    body |= {"name": name, "auto_init": False}

    def happened() -> Answer | None:
        found = session.look(_url(repo.path))
        return found if found is not None and _is_as(repo.path, body, found.data) else None

    try:
        answer = session.write("POST", path("orgs", org, "repos"), body, repeatable=False, happened=happened)
    except RefusedError as error:
        found = happened() if error.status == HTTPStatus.UNPROCESSABLE_ENTITY else None
        if found is None:
            raise
        answer = found
    session.made(repo.path)
    return _topics(session, repo) if repo.topics else answer.request_id


def update(session: Session, action: Action) -> str:
    """Make the settings that changed as declared; archiving comes last, unarchiving first."""
    repo = sides.after(action, Repo)
    changed = {field: new for field, (_, new) in action.changed().items() if new is not None}
    body = {FIELDS[field]: _word(new) for field, new in changed.items() if field in FIELDS}
    request_id = ""
    if "topics" in changed and repo.archived:
        request_id = _topics(session, repo)
    if body:
        request_id = _patch(session, repo.path, body).request_id
    if "topics" in changed and not repo.archived:
        request_id = _topics(session, repo)
    return request_id


def _patch(session: Session, repo: str, body: Mapping[str, Any]) -> Answer:
    """Change settings; an archive that refuses is looked at, since the answer that made it one may have been lost."""
    try:
        return session.write("PATCH", _url(repo), body, about=[repo])
    except RefusedError as error:
        closing = body.get("archived") is True and error.status == HTTPStatus.FORBIDDEN
        found = session.look(_url(repo)) if closing else None
        if found is None or not _is_as(repo, body, found.data):
            raise
        return found


def move(session: Session, action: Action) -> str:
    """Rename the repository, or transfer it to another org and wait until it has arrived."""
    old, new = sides.before(action, Repo).path, sides.after(action, Repo).path
    (old_org, _), (new_org, new_name) = split(old), split(new)
    transfer = old_org.casefold() != new_org.casefold()

    def arrives() -> Answer | None:
        return session.wait_for(_url(new), lambda found: _is_named(found.data, new))

    def happened() -> Answer | None:
        if transfer and arrives() is None:  # it takes a while, and must not be asked for twice
            return None
        return _arrived(session, old, new)

    try:
        if transfer:
            body = {"new_owner": new_org, "new_name": new_name}
            answer = session.write("POST", _url(old) + "/transfer", body, repeatable=False, happened=happened)
        else:
            answer = session.write(
                "PATCH", _url(old), {"name": new_name}, repeatable=False, happened=happened
            )
    except RefusedError as error:
        found = happened() if error.status in _MOVED else None
        if found is None:
            raise
        answer = found
    if arrives() is None:
        text, hint = f"`{old}` is on its way to `{new}` and has not arrived", "plan again in some minutes"
        raise RefusedError(text, hint, forge=session.name)
    session.made(new)
    return answer.request_id


def delete(session: Session, action: Action) -> str:
    """Delete the repository with all its history; the guards have agreed."""
    return session.remove(_url(sides.before(action, Repo).path))


def _url(repo: str) -> str:
    return path("repos", *split(repo))


def _settings(repo: Repo) -> dict[str, Any]:
    return {field: value for field in FIELDS if (value := getattr(repo, field)) is not None}


def _word(value: Any) -> Any:
    return value.removeprefix(NATIVE) if isinstance(value, str) else value


def _topics(session: Session, repo: Repo) -> str:
    body = {"names": sorted(repo.topics or ())}
    return session.write("PUT", _url(repo.path) + "/topics", body, about=[repo.path]).request_id


def _is_named(data: Mapping[str, Any], repo: str) -> bool:
    return str(data.get("full_name", "")).casefold() == repo.casefold()


def _is_as(repo: str, body: Mapping[str, Any], data: Mapping[str, Any]) -> bool:
    """Whether an existing repository is what the request would have made: under this very name, with these settings."""
    same = all((data.get(k) or "") == (v or "") for k, v in body.items() if k not in ("name", "auto_init"))
    return _is_named(data, repo) and same


def _arrived(session: Session, old: str, new: str) -> Answer | None:
    """Return the repository at its new path when the old path redirects to it."""
    there, whence = session.look(_url(new)), session.look(_url(old))
    if there is None or whence is None or not _is_named(there.data, new):
        return None
    return there if there.data["id"] == whence.data["id"] else None
