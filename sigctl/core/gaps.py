"""Who would be, for a moment of a plan, below what he has both before and after it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from sigctl.core.access import strongest
from sigctl.core.kinds import Grant, Membership, Org, TeamMember
from sigctl.core.plan import Action, order_key
from sigctl.core.state import State


def gaps(actions: Iterable[Action], seen: State) -> set[tuple[str, str]]:
    """Return (login, repo) of those who are for a moment below what they have both before and after."""
    ordered = sorted(actions, key=order_key)
    rights = [
        a for a in ordered if a.verb == "move" or isinstance(a.subject, TeamMember | Grant | Membership | Org)
    ]
    last = {
        a.before.key.name: a.key.name for a in rights if a.verb == "move" and a.before and a.kind == "repo"
    }
    now = dict(seen)
    moments = [_named(now, last)]
    for _, phase in groupby(rights, key=lambda action: action.phase):
        now = _applied(now, list(phase))
        moments.append(_named(now, last))
    before, after = moments[0], moments[-1]
    kept = {who: min(rank, after[who]) for who, rank in before.items() if who in after}
    return {who for who, rank in kept.items() if any(moment.get(who, 0) < rank for moment in moments)}


def _named(now: State, last: dict[str, str]) -> dict[tuple[str, str], int]:
    """Return the rights of a moment by the paths that repositories have in the end."""
    return {(login, last.get(repo, repo)): rank for (login, repo), rank in strongest(now).items()}


def _applied(now: State, actions: list[Action]) -> State:
    moves = {a.before.key: a.key.name for a in actions if a.verb == "move" and a.before}
    if moves:
        now = {one.key: one for r in now.values() for one in [r.renamed(moves)]}
    for action in actions:
        if action.verb == "move":
            continue
        if action.before is not None:
            now.pop(action.before.key, None)
        if action.after is not None:
            now[action.after.key] = action.after
    return now
