"""Protections beside those that files ask for: what a forge makes by itself, and the moments around a new one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sigctl.core import levels
from sigctl.core.globs import overlap
from sigctl.core.holders import People
from sigctl.core.kinds import BranchRule, DeployKey, Grant, Key, Org, Repo, Resource
from sigctl.core.kinds.branch import BRANCH, DEPLOY_KEY, SIDES, key_in
from sigctl.core.kinds.grant import PERSON, TEAM
from sigctl.core.plan import Action
from sigctl.core.state import Note

_LEVEL = "level:"
_SHOWN = 3


def listed(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are."""
    if not names:
        return "nobody"
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def own_defaults(wanted: Sequence[Resource], seen: list[Resource], notes: list[Note]) -> list[Resource]:
    """Leave what such a forge itself makes of a new default branch, some moments late, where no file says anything of that branch.

    Which branch was the default one at that moment is not known later, so whatever looks like it stays: it only ever shuts.
    """
    rules: dict[str, list[BranchRule]] = defaultdict(list)
    for one in wanted:
        if isinstance(one, BranchRule) and one.on == BRANCH:
            rules[one.repo].append(one)
    declared = {one.key for one in wanted}
    moves = {old: one.path for one in wanted if isinstance(one, Repo) for old in one.previously or ()}
    kept: list[Resource] = []
    left: list[str] = []
    for one in seen:
        if (
            not isinstance(one, BranchRule)
            or one.key in declared
            or not _is_default(one)
            or any(overlap(rule.pattern, one.pattern) for rule in rules[moves.get(one.repo, one.repo)])
        ):
            kept.append(one)
        elif one.inside in declared:
            left.append(f"{one.repo} {one.pattern} ({_who(one)} may push)")
    if left:
        text = f"what the server itself makes of default branches stays where no file has a rule for the branch: {listed(left)}"
        notes.append(Note("left alone", "default branches", text))
    return kept


def _is_default(rule: BranchRule) -> bool:
    sides = (*(rule.push or ()), *(rule.merge or ()))
    by_level = bool(rule.push) and all(one.startswith(_LEVEL) for one in sides)
    return rule.on == BRANCH and "*" not in rule.pattern and not rule.force and by_level


def _who(rule: BranchRule) -> str:
    found = [one.removeprefix(_LEVEL) for one in rule.push or ()]
    return listed(found)


def moments(actions: Sequence[Action], seen: Mapping[Key, Resource]) -> list[Note]:
    """Return a note for each repository that is made where people may write already, and that has its rules only a moment later."""
    ruled = {a.subject.inside for a in actions if isinstance(a.subject, BranchRule)}
    made = [a for a in actions if a.verb == "create" and a.key in ruled]
    rights = [(one, 0) for one in seen.values()]
    rights += [(a.after, a.phase) for a in actions if a.after is not None] if made else []
    groups = [
        (f"{one.target}/", since)
        for one, since in rights
        if isinstance(one, Grant) and one.on == Org.KIND and levels.widens(levels.TRIAGE, one.level)
    ]
    text = "{} is made before its rules: for a moment whoever may write in the group above can push to any branch"
    return [
        Note("moment", a.key.name, text.format(a.key.name), a.forge)
        for a in sorted(made, key=lambda one: one.key)
        if any(a.key.name.startswith(group) and since <= a.phase for group, since in groups)
    ]


def not_yet(
    rule: BranchRule, seen: Mapping[Key, Resource], own: str = "", before: BranchRule | None = None
) -> BranchRule | None:
    """Return the rule without those whom it names and who can't push there yet; None where it names no such.

    Whom the rule names `before`, the server has taken already.
    """
    known = {one for name in SIDES for one in getattr(before, name, None) or ()}

    def there(subject: str) -> bool:
        if subject.startswith(_LEVEL) or subject == own or subject in known:
            return True
        if subject.startswith(DEPLOY_KEY):
            key = seen.get(Key(DeployKey.KIND, f"{rule.repo}:{key_in(subject)}"))
            return isinstance(key, DeployKey) and key.write
        places = [(Repo.KIND, rule.repo)]
        if subject.startswith(f"{PERSON}:"):
            parts = rule.repo.split("/")
            places += [(Org.KIND, "/".join(parts[:depth])) for depth in range(1, len(parts))]
        held = (seen.get(Grant(on, target, subject, levels.READ).key) for on, target in places)
        least = levels.TRIAGE if subject.startswith(f"{PERSON}:") else levels.NONE
        return any(isinstance(one, Grant) and levels.widens(least, one.level) for one in held)

    first = {
        name: tuple(one for one in side if there(one))
        for name in SIDES
        if (side := getattr(rule, name)) is not None
    }
    narrowed = replace(rule, **first)  # type: ignore[arg-type]  # the names are those of the sides
    return None if narrowed == rule else narrowed


def made_late(
    rule: BranchRule, seen: Mapping[Key, Resource], own: str
) -> list[tuple[Resource | None, Resource]]:
    """Return the steps of a new rule where the most permissive one decides: whom it lets in beyond the rules beside it comes last."""
    first = _beside(rule, seen)
    first = not_yet(first, seen, own) or first
    return [(None, rule)] if first == rule else [(None, first), (first, rule)]


def _beside(rule: BranchRule, seen: Mapping[Key, Resource]) -> BranchRule:
    """Return the rule with no more than what each rule that is there for some of its refs allows."""
    first = rule
    for one in seen.values():
        if (
            isinstance(one, BranchRule)
            and (one.repo, one.on) == (rule.repo, rule.on)
            and overlap(one.pattern, rule.pattern)
        ):
            first = one.narrowed(first)
    sides = {name: getattr(first, name) for name in (*SIDES, "force", "delete")}
    return replace(rule, **sides)


def named_late(
    steps: list[tuple[Resource | None, Resource]], seen: Mapping[Key, Resource], own: str
) -> list[tuple[Resource | None, Resource]]:
    """Return the steps of a rule, whom it names and who get their right in this plan in a step of their own, the last."""
    before, after = steps[0][0], steps[-1][1]
    first = steps[0][1]
    if (
        not isinstance(before, BranchRule)
        or not isinstance(first, BranchRule)
        or BranchRule.effect(before, first) != "narrows"
    ):
        return steps
    known = not_yet(first, seen, own, before)
    return steps if known is None or not known.changes(before) else [(before, known), (known, after)]


def grants_named(wanted: Sequence[Resource], people: People) -> list[Grant]:
    """Return the grants of teams that rules name and that have their right from a group above only."""
    named = {
        (rule.repo, subject)
        for rule in wanted
        if isinstance(rule, BranchRule)
        for subject in (*(rule.push or ()), *(rule.merge or ()), *(rule.unprotect or ()))
        if subject.startswith(f"{TEAM}:")
    }
    found = [(repo, subject, people.level_above(repo, subject)) for repo, subject in sorted(named)]
    return [
        Grant(Repo.KIND, repo, subject, level, until="")
        for repo, subject, level in found
        if level != levels.NONE
    ]
