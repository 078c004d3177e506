"""Rules of branches of repositories that come to another group, or are in one to which they come: rights there reach all that is below.

They meet other people at once. So whatever the rules take from anybody they take before, where the repository is then; what they
let in comes when all rights are settled. Of several rules for a branch such a forge goes by the most open one: a new
one lets in no more, at first, than those that are there, and one that goes no more, before, than those that stay.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sigctl.core.born import TERMS
from sigctl.core.globs import covers, overlap
from sigctl.core.kinds import BranchRule, Grant, Key, Repo
from sigctl.core.kinds.grant import PERSON
from sigctl.core.plan import Action, Verb
from sigctl.core.reach import groups_of
from sigctl.core.state import State


@dataclass(frozen=True, slots=True)
class Phases:
    """When rules narrow, when those go that a wider one covers, and when the others let in."""

    narrow: int
    covered: int
    widen: int


def shut(actions: Sequence[Action], seen: State, reached: Mapping[str, str], phases: Phases) -> list[Action]:
    """Return the actions with the rules of these repositories (old path -> new) in two steps, the first before rights come there."""
    old = {new: old for old, new in reached.items()}
    mine: dict[Key, list[Action]] = defaultdict(list)
    out = []
    for action in actions:
        rule = action.subject
        if isinstance(rule, BranchRule) and rule.repo in old:
            mine[action.key].append(action)
        else:
            out.append(action)
    if not mine:
        return list(actions)
    renamed = {Key(Repo.KIND, was): new for was, new in reached.items()}
    there = {
        one.key: one
        for rule in seen.values()
        if isinstance(rule, BranchRule) and rule.repo in reached
        for one in [rule.renamed(renamed)]
    }
    then = {**there, **{key: found[-1].after for key, found in mine.items()}}
    ends = [one for one in then.values() if isinstance(one, BranchRule)]
    for found in mine.values():
        before, after = found[0].before, found[-1].after
        if isinstance(before, BranchRule) and after is None:
            out += _gone(found[0], before, ends, phases)
        elif isinstance(before, BranchRule) and isinstance(after, BranchRule):
            out += _steps(found[0], before, before.narrowed(after), after, phases)
        elif isinstance(after, BranchRule):
            first = found[0].after if isinstance(found[0].after, BranchRule) else after
            first = _narrowed(_known(first, old[after.repo], seen), there.values())
            out += _steps(found[0], None, first, after, phases)
    return out


def where_they_were(actions: Sequence[Action], moved: Mapping[str, str]) -> list[Action]:
    """Return the actions, those on rules and terms that come before their repository moves told by its path then."""
    moves = {a.key: a for a in actions if a.verb == "move" and a.before and a.before.key.name in moved}
    out, ids = [], {}
    for action in actions:
        ours = isinstance(action.subject, (BranchRule, *TERMS))
        move = moves.get(action.subject.inside) if ours and action.subject.inside is not None else None
        if move is None or move.before is None or action.phase >= move.phase:
            out.append(action)
            continue
        back = {move.key: move.before.key.name}
        before, after = (one.renamed(back) if one else None for one in (action.before, action.after))
        out.append(replace(action, before=before, after=after))
        ids[action.id] = out[-1].id
    if not ids:
        return out
    return [replace(a, depends=tuple(sorted(ids.get(one, one) for one in a.depends))) for a in out]


def _steps(
    action: Action, before: BranchRule | None, first: BranchRule, after: BranchRule, phases: Phases
) -> Iterator[Action]:
    """Yield the step that takes, and the one that lets in."""
    if before is None or first.changes(before):
        verb: Verb = "create" if before is None else "update"
        yield replace(action, verb=verb, before=before, after=first, phase=phases.narrow)
        before = first
    if after.changes(before):
        yield replace(action, verb="update", before=before, after=after, phase=phases.widen)


def _gone(action: Action, rule: BranchRule, ends: Iterable[BranchRule], phases: Phases) -> Iterator[Action]:
    """Yield what takes a rule away: early where another holds for all its branches, else closed as those that hold for some."""
    others = [one for one in ends if _meet(one, rule)]
    if any(covers(one.pattern, rule.pattern) for one in others):
        yield replace(action, phase=phases.covered)
        return
    first = _narrowed(rule, others)
    if first.changes(rule):
        yield replace(action, verb="update", after=first, phase=phases.narrow)
    else:
        first = rule
    yield replace(action, verb="delete", before=first, after=None, phase=phases.widen)


def _narrowed(rule: BranchRule, others: Iterable[BranchRule]) -> BranchRule:
    """Return the rule as closed as the others that match the same."""
    for other in others:
        if _meet(other, rule):
            rule = other.narrowed(rule)
    return rule


def _meet(one: BranchRule, other: BranchRule) -> bool:
    return (
        (one.repo, one.on) == (other.repo, other.on)
        and one.key != other.key
        and overlap(one.pattern, other.pattern)
    )


def _known(rule: BranchRule, old: str, seen: State) -> BranchRule:
    """Return a new rule without those people who have no right yet where the repository is: a forge does not take their names."""
    places = [f"repo:{old}", *(f"org:{group}" for group in groups_of(old))]
    named = {subject for side in (rule.push, rule.merge, rule.create) for subject in side or ()}
    gone: dict[str, str | None] = {
        one: None
        for one in named
        if one.startswith(f"{PERSON}:")
        and not any(Key(Grant.KIND, f"{place}:{one}") in seen for place in places)
    }
    return rule.with_subjects(gone) if gone else rule
