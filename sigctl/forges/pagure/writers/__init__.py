"""Every change that can be made, as a table; what Pagure's API can't do is refused with what its admin does instead."""

from __future__ import annotations

from collections.abc import Callable

from sigctl.core.plan import Action
from sigctl.forges.pagure.session import Session
from sigctl.forges.pagure.writers import grants, groups, projects

Writer = Callable[[Session, Action], None]

WRITERS: dict[tuple[str, str], Writer] = {
    ("create", "team"): groups.create,
    ("delete", "team"): groups.delete,
    ("create", "team_member"): groups.put_member,
    ("delete", "team_member"): groups.remove_member,
    ("create", "repo"): projects.create,
    ("update", "repo"): projects.update,
    ("move", "repo"): projects.move,
    ("delete", "repo"): projects.delete,
    ("create", "grant"): grants.put,
    ("update", "grant"): grants.put,
    ("delete", "grant"): grants.remove,
}


def execute(session: Session, action: Action) -> None:
    """Make the change, or find that it already is so; every change is read back, since an answer of success proves nothing."""
    writer = WRITERS.get((action.verb, action.kind))
    if writer is None:
        raise session.refused(
            f"{action.kind} {action.key.name}: {action.verb} can't be done by API", "the server's admin can"
        )
    writer(session, action)
