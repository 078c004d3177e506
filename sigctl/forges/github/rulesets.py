"""Branch rules as rulesets, both ways; no requests here.

A bypass opens every rule of its ruleset, so one branch rule is up to four of them, told apart by name:

    push      who may update (and create, where that is the same people, and delete, where anybody may at all): the others are kept out,
              merges included; without its part on deletion, whoever may write anywhere could delete
    create    who may create, where that is other people
    review    reviews and checks; those who may push don't need them
    history   no force push, no deletion; nobody bypasses it

GitHub adds up all rulesets that match. For us the narrower pattern decides, so a wider one leaves out what has its own rule: once
that has all its parts, and until the first of them goes. Meanwhile both hold, which is less than either allows. Such a rule is read as
one that is not in force, so that the next plan makes it whole or takes it away.
Owners bypass `push`, `create` and `review`: they can change the rules anyway, and mirrors push with an owner's token.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import product

from sigctl.core.kinds import BranchRule
from sigctl.core.kinds.branch import BRANCH

PREFIX = "sigctl"
PARTS = ("push", "create", "review", "history")
OWNERS = "owners"
ALWAYS, MERGING = "always", "pull_request"
_PLACES = {BRANCH: "refs/heads/", "tag": "refs/tags/"}
Bypass = frozenset[tuple[str, str]]
"""Pairs of a subject (`team:...`, `person:...`, `level:...`, `native:...`, owners) and a mode."""


@dataclass(frozen=True, slots=True)
class Ruleset:
    """What matters of one ruleset, in our words, whatever API it came from."""

    name: str
    target: str
    include: frozenset[str]
    exclude: frozenset[str]
    rules: frozenset[str]
    """Types in small letters: update, creation, deletion, non_fast_forward, pull_request, required_status_checks ..."""
    bypass: Bypass
    reviews: int = 0
    checks: tuple[str, ...] = ()
    active: bool = True


def name_of(part: str, on: str, pattern: str) -> str:
    """Return the name of one part of a branch rule."""
    return f"{PREFIX} {part} {on} {pattern}"


def parse(name: str) -> tuple[str, str, str] | None:
    """Return part, kind of ref and pattern of a ruleset that is ours, None for any other."""
    words = name.split(" ", 3)
    ours = len(words) == len(("sigctl", "part", "on", "pattern")) and words[0] == PREFIX
    return (words[1], words[2], words[3]) if ours and words[1] in PARTS and words[2] in _PLACES else None


def refs(on: str, pattern: str) -> frozenset[str]:
    """Return GitHub's patterns for one of ours: its `*` stops at a slash, ours does not."""
    if pattern == "*":
        return frozenset({"~ALL"})
    pieces = pattern.split("*")
    gaps = product(("*", "*/**/*"), repeat=len(pieces) - 1)
    return frozenset(
        _PLACES[on] + "".join(piece + gap for piece, gap in zip(pieces, (*found, ""), strict=True))
        for found in gaps
    )


def left_out(on: str, pattern: str, others: Iterable[str]) -> frozenset[str]:
    """Return GitHub's patterns for what has a narrower rule of its own among the other patterns."""
    narrower = [one for one in others if fnmatchcase(one, pattern) and not fnmatchcase(pattern, one)]
    return frozenset(ref for other in narrower for ref in refs(on, other))


def holds(one: Ruleset, on: str, pattern: str) -> bool:
    """Whether a ruleset is in force for all that the pattern matches, what it leaves out aside."""
    return one.active and (one.target, one.include) == (on, refs(on, pattern))


def apart(one: Ruleset, on: str, pattern: str, others: Iterable[str]) -> set[str]:
    """Return those of the other patterns that the ruleset of this one leaves out."""
    return {other for other in others if (own := left_out(on, pattern, [other])) and own <= one.exclude}


def rulesets_of(rule: BranchRule, others: Iterable[str]) -> list[Ruleset]:
    """Return the rulesets that make the rule so, beside rules with the other patterns."""
    include, exclude = refs(rule.on, rule.pattern), left_out(rule.on, rule.pattern, others)
    made: list[Ruleset] = []

    def add(part: str, rules: set[str], bypass: Bypass) -> None:
        if rules or (
            part == "history" and not made
        ):  # an empty one says that wider rules leave these refs out
            name = name_of(part, rule.on, rule.pattern)
            reviewed = part == "review"
            reviews, checks = (rule.reviews or 0, rule.checks or ()) if reviewed else (0, ())
            made.append(Ruleset(name, rule.on, include, exclude, frozenset(rules), bypass, reviews, checks))

    pushers = _bypass(rule.push)
    merging = frozenset((one, MERGING) for one in set(rule.merge or ()) - set(rule.push or ()))
    together = rule.create is not None and rule.create == rule.push
    if rule.push is not None:
        kept = {"update", "deletion", *(("creation",) if together else ())}
        add("push", kept, pushers | merging)
    if rule.create is not None and not together:
        add("create", {"creation"}, _bypass(rule.create))
    add("review", _chosen(pull_request=rule.reviews, required_status_checks=rule.checks), pushers)
    add("history", _chosen(non_fast_forward=rule.force is False, deletion=rule.delete is False), frozenset())
    return made


def _bypass(subjects: Iterable[str] | None) -> Bypass:
    return frozenset({(OWNERS, ALWAYS), *((one, ALWAYS) for one in subjects or ())})


def _chosen(**rules: object) -> set[str]:
    return {name for name, wanted in rules.items() if wanted}


def rules_of(repo: str, on: str, found: Mapping[str, Mapping[str, Ruleset]]) -> list[BranchRule]:
    """Return the branch rules of a repository, given for each pattern its parts; of one that is not in force yet, nothing."""
    return [
        BranchRule(
            repo, pattern, on
        )  # differs from whatever the files ask for, so that it is never left as it is
        if _is_below_others(on, pattern, found)
        else rule_of(repo, on, pattern, parts, found)
        for pattern, parts in found.items()
    ]


def _is_below_others(on: str, pattern: str, found: Mapping[str, Mapping[str, Ruleset]]) -> bool:
    """Whether a part of a wider rule still holds for what the pattern matches."""
    return any(
        holds(one, on, other) and not apart(one, on, other, [pattern])
        for other, parts in found.items()
        if left_out(on, other, [pattern])
        for one in parts.values()
    )


def rule_of(
    repo: str, on: str, pattern: str, found: Mapping[str, Ruleset], others: Iterable[str]
) -> BranchRule:
    """Return the branch rule that these parts amount to by themselves.

    A part that is missing, switched off, or holds for other refs than it should is as good as absent.
    """
    names = set(others)
    sound = {
        part: one
        for part, one in found.items()
        if holds(one, on, pattern) and one.exclude == left_out(on, pattern, apart(one, on, pattern, names))
    }
    push, create, review = (sound.get(part) for part in ("push", "create", "review"))
    history = sound["history"].rules if "history" in sound and not sound["history"].bypass else frozenset()
    if push and "deletion" not in push.rules:
        push = None
    pushers = _subjects(push, "update")
    merging = {one for one, mode in push.bypass if mode == MERGING} if push else set()
    reviewed = review if review and review.bypass == _bypass(pushers) else None
    return BranchRule(
        repo,
        pattern,
        on,
        push=pushers,
        merge=None if pushers is None or on != BRANCH else tuple(sorted({*pushers, *merging})),
        create=_subjects(create, "creation") if create else _subjects(push, "creation"),
        force="non_fast_forward" not in history,
        delete="deletion" not in history,
        reviews=reviewed.reviews if reviewed and "pull_request" in reviewed.rules else 0,
        checks=reviewed.checks if reviewed and "required_status_checks" in reviewed.rules else (),
    )


def _subjects(ruleset: Ruleset | None, rule: str) -> tuple[str, ...] | None:
    if ruleset is None or rule not in ruleset.rules or (OWNERS, ALWAYS) not in ruleset.bypass:
        return None
    return tuple(sorted(one for one, mode in ruleset.bypass if mode != MERGING and one != OWNERS))
