"""Branch rules that go while a wider one stays: their refs fall under the wider one, so they go before any rule is changed.

A forge may keep one rule in several parts. A run that ends between two of them leaves a rule that no longer holds whole; if the
wider rule were set first in the next run, it would leave these refs out for its sake, and nothing would hold for them. Only where
the wider one is made or narrowed in the same plan, that comes first, and they go before it is widened.

Where the most permissive rule decides, one that goes shuts its refs, as long as a wider one is there: it goes before anybody gets more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from sigctl.core.kinds import BranchRule, Resource
from sigctl.core.plan import Action
from sigctl.core.state import State


def first(
    actions: Sequence[Action], seen: State, *, phase: int, late: int, rules_open: bool = False
) -> list[Action]:
    """Return the actions with the deletion of such rules in this phase, or late where the wider rule narrows before.

    With `rules_open` none goes late: a wider rule that is only made in this plan is made first, and they go right after it.
    """
    gone = {a.key for a in actions if a.verb == "delete"}
    moves = {a.before.key: a.key.name for a in actions if a.verb == "move" and a.before and a.kind == "repo"}
    there = (one.renamed(moves) for one in seen.values() if isinstance(one, BranchRule))
    staying = [
        one
        for one in (*there, *(a.subject for a in actions))
        if isinstance(one, BranchRule) and one.key not in gone
    ]
    if rules_open:
        return _open(actions, staying, phase)
    narrowing = [a.subject for a in actions if isinstance(a.subject, BranchRule) and a.effect == "narrows"]
    return [
        replace(a, phase=late if _is_covered(a, narrowing) else phase)
        if a.phase > phase and _is_covered(a, staying)
        else a
        for a in actions
    ]


def _open(actions: Sequence[Action], staying: Sequence[BranchRule], phase: int) -> list[Action]:
    made = [a.subject for a in actions if isinstance(a.subject, BranchRule) and a.verb == "create"]
    there = [one for one in staying if one.key not in {rule.key for rule in made}]
    gone = {a.key: a for a in actions if _is_covered(a, staying)}
    needed = {one.key for one in made if any(_is_covered(a, [one]) for a in gone.values())}
    at = {key: phase if _is_covered(a, there) else phase + 1 for key, a in gone.items()}
    at |= dict.fromkeys(needed, phase)
    return [
        replace(a, phase=min(a.phase, at[a.key])) if a.key in at and a.verb in ("create", "delete") else a
        for a in actions
    ]


def _is_covered(action: Action, wider: Sequence[Resource]) -> bool:
    rule = action.subject
    if not isinstance(rule, BranchRule) or action.verb != "delete":
        return False
    return any(
        isinstance(one, BranchRule)
        and (one.repo, one.on) == (rule.repo, rule.on)
        and fnmatchcase(rule.pattern, one.pattern)
        for one in wider
    )
