"""What teams and people have on repositories, and the invitations that wait to be accepted."""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus

from sigctl.core.kinds import Grant
from sigctl.core.kinds.grant import TEAM
from sigctl.core.kinds.org import INVITED
from sigctl.core.plan import Action
from sigctl.errors import NotThereError
from sigctl.forges import sides
from sigctl.forges.github.names import invited_permission_of, level_of, permission_of, split
from sigctl.forges.github.session import Session, path
from sigctl.forges.github.writers.inviting import inviting


def put(session: Session, action: Action) -> str:
    """Give the level, or change it in place; a person from outside is invited, and a waiting invitation is changed."""
    grant = sides.after(action, Grant)
    if grant.subject_kind == TEAM:
        url, about = _team_url(grant), [grant.subject_name, grant.target]
        return session.write("PUT", url, {"permission": permission_of(grant.level)}, about=about).request_id
    if action.before is not None and sides.before(action, Grant).state == INVITED:
        waiting = _invitation(session, grant)
        if waiting is not None:
            return _change_invitation(session, grant, waiting)
    body = {"permission": permission_of(grant.level)}
    answer = inviting(
        session,
        grant.target,
        grant.subject_name,
        lambda: session.write("PUT", _person_url(grant), body, about=[grant.target]),
        invited=lambda answer: answer.status == HTTPStatus.CREATED,
        needless=lambda: _is_known(session, grant),
    )
    if answer.status == HTTPStatus.CREATED and level_of(answer.data["permissions"]) != grant.level:
        return _change_invitation(
            session, grant, int(answer.data["id"])
        )  # one that waited already is not changed by PUT
    return answer.request_id


def remove(session: Session, action: Action) -> str:
    """Take the level away, or withdraw the invitation; one that was accepted meanwhile is taken away."""
    grant = sides.before(action, Grant)
    if grant.subject_kind == TEAM:
        return session.remove(_team_url(grant))
    if grant.state == INVITED:
        waiting = _invitation(session, grant)
        if waiting is not None:
            with suppress(NotThereError):  # accepted in this very moment: then there is a right to take away
                return session.write("DELETE", _invitation_url(grant, waiting)).request_id
    return session.remove(_person_url(grant))


def _is_known(session: Session, grant: Grant) -> bool:
    """Whether nothing has to be sent: the person has some access, is in the org, or is invited already."""
    org = split(grant.target)[0]
    places = (_person_url(grant), path("orgs", org, "members", grant.subject_name))
    return any(session.look(place) is not None for place in places) or _invitation(session, grant) is not None


def _change_invitation(session: Session, grant: Grant, number: int) -> str:
    body = {"permissions": invited_permission_of(grant.level)}
    return session.write("PATCH", _invitation_url(grant, number), body).request_id


def _team_url(grant: Grant) -> str:
    org, slug = split(grant.subject_name)
    return path("orgs", org, "teams", slug, "repos", *split(grant.target))


def _person_url(grant: Grant) -> str:
    return path("repos", *split(grant.target), "collaborators", grant.subject_name)


def _invitation_url(grant: Grant, number: int) -> str:
    return path("repos", *split(grant.target), "invitations", number)


def _invitation(session: Session, grant: Grant) -> int | None:
    """Return the number of the invitation that waits for the person, None when there is none (any more)."""
    for one in session.every(path("repos", *split(grant.target), "invitations"), about=[grant.target]):
        invitee = one.get("invitee") or {}
        if str(invitee.get("login", "")).casefold() == grant.subject_name.casefold() and not one.get(
            "expired"
        ):
            return int(one["id"])
    return None
