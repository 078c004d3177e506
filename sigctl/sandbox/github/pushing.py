"""What a push may do, and what the forge notes of it."""

from __future__ import annotations

from collections.abc import Sequence

from sigctl.sandbox.base import ZERO, Refusal, Update
from sigctl.sandbox.github import rules
from sigctl.sandbox.github.rules import HEADS
from sigctl.sandbox.github.state import State
from sigctl.sandbox.store import Document

_FAVOURITES = ("main", "master")


def refusals(state: State, repo: Document, user: int, updates: Sequence[Update]) -> dict[str, Refusal]:
    """Return which refs the rules refuse, and why."""
    found = {update.ref: rules.refusal(state, repo, user, update) for update in updates}
    return {ref: refusal for ref, refusal in found.items() if refusal is not None}


def note(state: State, repo: Document, updates: Sequence[Update]) -> None:
    """Note the time; the first branches of an empty repository settle which one is the default."""
    changes = {"pushed_at": state.clock.stamp()}
    bare = state.bare(repo)
    made = [
        update.ref.removeprefix(HEADS)
        for update in updates
        if update.ref.startswith(HEADS) and update.new != ZERO
    ]
    if made and not bare.ref(HEADS + repo["default_branch"]):
        chosen = next((name for name in _FAVOURITES if name in made), made[0])
        bare.set_head(chosen)
        changes["default_branch"] = chosen
    state.touch(state.repos, repo, **changes)
