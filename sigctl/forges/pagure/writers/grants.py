"""What groups and people have on projects; a right on some branches is given by the server's admin, and taken by us."""

from __future__ import annotations

from sigctl.core.kinds import Grant
from sigctl.core.kinds.grant import PERSON
from sigctl.core.levels import ADMIN
from sigctl.core.plan import Action
from sigctl.errors import NotThereError, RefusedError
from sigctl.forges import sides
from sigctl.forges.pagure.names import WORDS, path, set_branches, user_type
from sigctl.forges.pagure.readers import projects
from sigctl.forges.pagure.session import Data, Session


def put(session: Session, action: Action) -> None:
    """Have the level as declared, and nothing else; raises where only an admin of the server can give it."""
    grant = sides.after(action, Grant)
    if grant.branches:
        if not _same(_held(session, grant), grant):
            text = f"{grant.target}: {grant.subject} on branches {', '.join(grant.branches)} can't be given by API"
            raise session.refused(text, set_branches(grant, session.url))
        return
    if grant.level not in WORDS:
        raise session.refused(f"pagure has no level `{grant.level}`", f"one of {', '.join(WORDS)}")
    if grant.level != ADMIN and _is_owner(session, grant):
        _take_over(session, grant)
    form = {"user_type": user_type(grant), "name": grant.subject_name, "acl": WORDS[grant.level]}
    session.write("POST", path(grant.target, "git", "modifyacls"), form)
    held = _held(session, grant)
    if not _same(held, grant):
        shown = f"`{held.level}`" if held else "nothing"
        text = f"{grant.target}: the server says that {grant.subject} has `{grant.level}`, and it has {shown}"
        raise session.refused(text, "plan again; if it stays so, the server's admin has to look")


def remove(session: Session, action: Action) -> None:
    """Have the subject without any right on the project, on some branches or on all."""
    grant = sides.before(action, Grant)
    if _is_owner(session, grant):
        _take_over(session, grant)
    form = {"user_type": user_type(grant), "name": grant.subject_name}
    try:
        if _held(session, grant) is not None:
            session.write("POST", path(grant.target, "git", "modifyacls"), form)
    except (NotThereError, RefusedError):  # one and the same answer for "had none" and for a real refusal
        if _held(session, grant) is not None:
            raise
    held = _held(session, grant)
    if held is not None:
        text = f"{grant.target}: the server says that {grant.subject} has no right any more, and it has `{held.level}`"
        raise session.refused(text, "plan again; if it stays so, the server's admin has to look")


def _held(session: Session, grant: Grant) -> Grant | None:
    data = session.look(path(grant.target))
    if data is None:
        return None
    limited = projects.patterns(session, grant.target) if projects.has_patterns(data) else {}
    return next((one for one in projects.grants_of(data, limited) if one.subject == grant.subject), None)


def _same(held: Grant | None, grant: Grant) -> bool:
    return held is not None and (held.level, held.branches or ()) == (grant.level, grant.branches or ())


def _owner(data: Data | None) -> str:
    return str(((data or {}).get("user") or {}).get("name") or "")


def _is_owner(session: Session, grant: Grant) -> bool:
    return grant.subject_kind == PERSON and _owner(session.look(path(grant.target))) == grant.subject_name


def _take_over(session: Session, grant: Grant) -> None:
    """Make the account we run as the owner: an owner can't be less than that."""
    me = session.me()
    if grant.subject_name == me:
        raise session.refused(f"{grant.target}: {me} owns it, and is the account sigctl runs as")
    session.write("PATCH", path(grant.target), {"main_admin": me})
    if _owner(session.look(path(grant.target))) != me:
        text = f"{grant.target}: the server says that it was handed over to {me}, and it was not"
        raise session.refused(text, "its owner, or an admin of the server, can hand it over")
