"""Invitations: so many a day for each org and each repository; the rest is left to a later run."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from sigctl.errors import ForgeError, LaterError
from sigctl.forges.github.client import Answer
from sigctl.forges.github.session import Session

_REFUSALS = (HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.TOO_MANY_REQUESTS)


def inviting(
    session: Session,
    place: str,
    who: str,
    send: Callable[[], Answer],
    *,
    invited: Callable[[Answer], bool],
    needless: Callable[[], bool],
) -> Answer:
    """Return the answer to what may send an invitation to an org or a repository; LaterError when no more may be sent today.

    `invited` says whether an answer means that one was sent; `needless`, asked only when none are left, whether this one is
    no invitation, since the person is there already.
    """
    known = session.invitations.knows(place, who)
    wait = session.invitations.book(place, who)
    if wait > 0 and not needless():
        raise later(session, place, wait)
    try:
        answer = send()
    except BaseException as error:
        if not known:
            session.invitations.release(place, who)
        if not isinstance(error, ForgeError):
            raise
        if error.status in _REFUSALS and _is_about_the_number(error.text):
            session.invitations.refused(place)
            raise later(session, place, session.invitations.wait(place)) from error
        raise
    if not known and not invited(answer):
        session.invitations.release(place, who)
    return answer


def later(session: Session, place: str, wait: float) -> LaterError:
    """Return the error that says from when there may be another invitation."""
    text = f"no more invitations to {place} for today: another one from {session.at(wait)}"
    return LaterError(text, "a later run goes on where this one ends", forge=session.name)


def _is_about_the_number(text: str) -> bool:
    words = text.casefold()
    return "invit" in words and any(
        word in words for word in ("rate limit", "too many", "exceeded", "limited to")
    )
