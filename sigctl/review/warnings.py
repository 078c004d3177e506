"""What a reader of the changed lines would overlook."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from sigctl.core.globs import covers, overlap
from sigctl.review.effect import Effect
from sigctl.review.rights import Version
from sigctl.review.verdict import chairs
from sigctl.spec import Spec
from sigctl.spec.checks.base import Context
from sigctl.spec.checks.branches import namespaces
from sigctl.spec.entries import entries, patterns, rules
from sigctl.spec.layout import team_ref
from sigctl.spec.resolve.roster import Roster
from sigctl.spec.scripts import lookalike

MANY = 20
"""Repositories; a value in one place that touches so many is told of."""
_ALIKE = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("0", "o"), ("1", "l"), ("i", "l"), ("5", "s"))


@dataclass(frozen=True, slots=True, order=True)
class Warned:
    """One thing to look at twice."""

    topic: str
    """One word: lookalike, unlinked, contains, reach, foreign, until, many."""
    subject: str
    text: str


def warnings(
    effect: Effect, before: Version, after: Version, today: date, author: str = ""
) -> tuple[Warned, ...]:
    """Return what the change brings that a plain diff hides, sorted by topic."""
    found = {
        *_lookalikes(before, after),
        *_unlinked(before, after),
        *_contains(effect, after, today),
        *_reach(before, after, today),
        *_foreign(effect, before, today, author),
        *_until(effect),
        *_many(effect),
    }
    return tuple(sorted(found))


def looks(name: str) -> str:
    """Return what a name looks like at a glance: names that look the same have the same."""
    text = re.sub(r"[-_. +]", "", name.casefold())
    for shape, letter in _ALIKE:
        text = text.replace(shape, letter)
    return text


def _lookalikes(before: Version, after: Version) -> Iterator[Warned]:
    old = {kind: set(names) for kind, names in _names(before.config.spec)}
    for kind, names in _names(after.config.spec):
        known = old.get(kind, set())
        for name in sorted(set(names) - known):
            if other := lookalike(name, mixed_only=True):
                text = f"the {kind} `{name}` has letters of another script and looks like `{other}`"
                yield Warned("lookalike", name, text)
            for other in sorted(known | set(names)):
                if other != name and looks(other) == looks(name) and (other in known or other < name):
                    yield Warned("lookalike", name, f"the new {kind} `{name}` looks like `{other}`")


def _names(spec: Spec) -> Iterator[tuple[str, list[str]]]:
    yield "SIG", list(spec.sigs)
    yield "account", list(spec.people)
    yield "name", [person.name for person in spec.people.values() if person.name]
    for forge in spec.forges:
        found = [person.logins[forge].login for person in spec.people.values() if forge in person.logins]
        yield f"login on {forge}", found
    for name, sig in spec.sigs.items():
        yield f"team of sig {name}", list(sig.all_teams())
    found_repos: dict[str, list[str]] = {}
    for entry in entries(spec):
        found_repos.setdefault(entry.sig.name, []).append(entry.name)
    for name, repos in found_repos.items():
        yield f"repository of sig {name}", repos


def _unlinked(before: Version, after: Version) -> Iterator[Warned]:
    known = set(before.resolved.notes)
    for note in after.resolved.notes:
        if note.topic == "unlinked" and note not in known:
            yield Warned("unlinked", note.subject, f"{note.subject} {note.text}")


def _contains(effect: Effect, after: Version, today: date) -> Iterator[Warned]:
    roster = Roster(after.config.spec, today)
    for item in effect.items:
        if item.sig and item.verb == "added" and item.path[-1] == "team" and item.path[-3] == "teams":
            team, inner = item.path[-4], str(item.after)
            people = len(roster.members(team_ref(inner, item.sig)))
            text = f"team {item.sig}/{team} contains {inner} from now on: its {people} people, and whoever joins it later"
            yield Warned("contains", f"{item.sig}/{team}", text)


def _written(version: Version) -> set[tuple[str, str]]:
    """Return (SIG, pattern) of every rule for branches that stands in a SIG's own part."""
    spec = version.config.spec
    return {
        (entry.sig.name, pattern)
        for entry in entries(spec)
        for rule in rules(spec, entry, "branches")
        if rule.path[0] == "sigs"
        for pattern in patterns(spec, rule.entry, entry)
    }


def _reach(before: Version, after: Version, today: date) -> Iterator[Warned]:
    spec = after.config.spec
    spaces = namespaces(Context(spec, after.config.sources, today))
    new = _written(after) - _written(before)
    for sig, pattern in sorted(new):
        if "*" not in pattern:
            continue
        others = sorted(
            o for o, theirs in spaces.items() if o != sig and any(overlap(pattern, s) for s in theirs)
        )
        if others:
            text = f"`{pattern}` of sig {sig} matches names that are of sig {', '.join(others)}, too"
            yield Warned("reach", pattern, text)
        elif re.search(r"[A-Za-z0-9]\*$", pattern):
            stem = pattern.removesuffix("*")
            text = f"`{pattern}` matches {stem}-x, but {stem}x as well; `own: true` with {stem} keeps to the name and to what follows a dash"
            yield Warned("reach", pattern, text)
        narrower = sorted(
            {p for s, p in _written(before) if s == sig and p != pattern and covers(pattern, p)}
        )
        if narrower:
            shown = ", ".join(narrower[:5])
            yield Warned(
                "reach", pattern, f"`{pattern}` reaches further than {shown}, which it matches all of"
            )


def _foreign(effect: Effect, before: Version, today: date, author: str) -> Iterator[Warned]:
    if not author:
        return
    spec = before.config.spec
    roster = Roster(spec, today)
    if author in spec.policy.approval.admins:
        return
    touched = sorted({item.sig for item in effect.items if item.sig in spec.sigs})
    for sig in touched:
        inside = chairs(spec, sig, today) | {
            account for team in spec.sigs[sig].all_teams() for account in roster.members((sig, team))
        }
        if author not in inside:
            yield Warned("foreign", sig, f"changes the file of sig {sig}, in which {author} has no part")
    parts = sorted({item.path[0] for item in effect.items} - {"sigs", "people"})
    for part in parts:
        yield Warned("foreign", part, f"changes `{part}`, which is the admins'")


def _until(effect: Effect) -> Iterator[Warned]:
    for item in effect.items:
        if item.path[-1] != "until" or not item.sig or item.verb == "added":
            continue
        who = item.path[-2]
        if item.after is None:
            gone = not any(
                i.path[:-1] == item.path[:-1] and i.verb == "removed" for i in effect.items if i != item
            )
            if gone:
                yield Warned(
                    "until", who, f"{who} in sig {item.sig} had an end, {item.before}, and has none now"
                )
        elif str(item.after) > str(item.before):
            yield Warned(
                "until", who, f"{who} in sig {item.sig} ends on {item.after}, no longer on {item.before}"
            )


def _many(effect: Effect) -> Iterator[Warned]:
    touched = _repos(effect)
    wide = sorted({_shared(item.path) for item in effect.items} - {""})
    if wide and len(touched) >= MANY:
        sigs = Counter(name.partition("/")[0] for name in touched)
        text = f"{', '.join(wide)}: {len(touched)} repositories of {len(sigs)} SIGs are touched"
        yield Warned("many", wide[0], text)


def _repos(effect: Effect) -> set[str]:
    found: Iterable[tuple[str, str]] = (
        (a.forge, (a.subject.inside or a.key).name)
        for a in effect.actions
        if (a.subject.inside or a.key).kind == "repo"
    )
    return {effect.name(forge, path) for forge, path in found} | {right.repo for right in effect.rights}


def _shared(path: tuple[str, ...]) -> str:
    """Return the part of the files that many repositories take their values from, "" for what is of one."""
    if path[0] in ("defaults", "forges", "kernel"):
        return "/".join(path[:2])
    if path[0] == "sigs" and len(path) > 2 and path[2] in ("access", "branches", "tags", "defaults", "teams"):  # noqa: PLR2004  # sigs, NAME, FIELD
        return "/".join(path[:3])
    return ""
