"""The moments that a plan names, and whether what was seen is one of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from eyes import Right
from ground import Ground

from sigctl.sandbox.github import rights


@dataclass(frozen=True)
class Moments:
    """What a plan names: each is one thing that somebody can, or can't, do for a moment, and no more than that."""

    less: frozenset[tuple[str, str]] = frozenset()
    """People and the repositories on which they can do less."""
    shares: frozenset[tuple[str, str]] = frozenset()
    """Teams and the repositories or groups that they are out of."""
    hidden: frozenset[str] = frozenset()
    """Repositories that some can't read."""
    open: frozenset[str] = frozenset()
    """Repositories that are out of the archive, so that whoever may write there can push."""
    ruled_late: frozenset[str] = frozenset()
    """New repositories whose rules come after the rights that they have from above."""
    unchecked: frozenset[str] = frozenset()
    """New repositories whose push rules come after their history."""
    keys: frozenset[str] = frozenset()
    """Deploy keys that have no access; nobody's right."""
    teams: frozenset[tuple[str, str]] = frozenset()
    """Groups, and repositories on which those with rights on the group have the rights of a team that moves below it."""

    def explains_gap(self, right: Right, teams: frozenset[tuple[str, str]]) -> bool:
        """Whether the plan names the moment in which somebody is without the right; `teams` has a pair for each place in one."""
        thing, who = str(right.thing).casefold(), right.who.casefold()
        out = any((who, team) in teams and _is_at(thing, place) for team, place in self.shares)
        less = any((who, place) in self.less for place in (thing, *_wholes(thing)))
        terms = right.what.startswith(TERMS) or right.what.endswith(ASKED)
        return less or out or terms or (right.what in READING and thing in self.hidden)

    def explains_excess(self, right: Right) -> bool:
        """Whether the plan names the moment in which somebody has the right: pushes to what is out of the archive, or a team's rights."""
        thing = str(right.thing).casefold()
        pushing = thing in self.open | self.ruled_late and right.what not in LEVELS
        pushing = pushing or (thing in self.unchecked and right.what.startswith("push without"))
        return pushing or self._of_a_team(thing)

    def _of_a_team(self, thing: str) -> bool:
        return any(_is_at(thing, place) for _, place in self.teams)


TERMS = ("no rules of ", "use ", "approvals:", "push without")
ASKED = ("approvals", "without its owners")
"""What is said of how somebody does what he may: where that changes, it is the narrower until all rights are settled."""
READING = ("pull", "read", "see")
LEVELS = frozenset({"read", "write", "maintain", "admin", *rights.WORDS.values()})
_NAMED = {
    "less": re.compile(r"(\S+) (?:is without access to|can do less on) (\S+) for a moment"),
    "shares": re.compile(r"(\S+) is out of (\S+) for a moment"),
    "hidden": re.compile(r"(\S+) changes who sees it: some can't read it for a moment"),
    "teams": re.compile(r"who has rights on (\S+) has those of a team on (\S+) for a moment"),
    "ruled_late": re.compile(r"(\S+) is made before its rules: .*"),
    "unchecked": re.compile(r"(\S+) has its push rules only after its history: .*"),
    "keys": re.compile(r"the deploy key (.*) is taken out and put back: .*"),
    "open": re.compile(r"(\S+) is open for a moment: .*"),
}


def named_moments(notes: tuple) -> Moments:
    """Return the moments that a plan names; one that says nothing of these kinds fails the test."""
    found: dict[str, set] = {kind: set() for kind in _NAMED}
    for note in notes:
        if note.topic == "moment":
            kind, match = next((k, m) for k, form in _NAMED.items() if (m := form.fullmatch(note.text)))
            words = tuple(word.casefold() for word in match.groups())
            found[kind].add(words if len(words) > 1 else words[0])
    return Moments(**{kind: frozenset(words) for kind, words in found.items()})


def judge(
    here: Ground, bound: frozenset[Right], kept: frozenset[Right], moments: Moments
) -> tuple[dict[Right, str], dict[Right, str]]:
    """Return who could do at some moment what he may neither before nor after, and who could not what he may both times."""
    watched = here.watched
    more = watched.told(watched.ever) - bound
    first = {
        named: watched.first[right] for right, named in watched.by_path(watched.first if more else ()).items()
    }
    excess = {
        right: first.get(right, "?")
        for right in more
        if not moments.explains_excess(right) and not _freed(right, bound)
    }
    if not kept:
        return excess, {}
    lost = {named: watched.lost[right] for right, named in watched.by_path(watched.lost).items()}
    gaps = {
        right: lost.get(right, "?")
        for right in kept - watched.told(watched.always or ())
        if right.kind != "group" and not moments.explains_gap(right, watched.teams | here.teams())
    }
    return excess, gaps


def _freed(right: Right, bound: frozenset[Right]) -> bool:
    """Whether it is about rules that nobody need change before or after, since there are none then; what they do is told by itself."""
    return right.what.startswith("no rules of") or right._replace(what=f"no {right.what}") in bound


def _wholes(thing: str) -> Iterator[str]:
    """Yield what plans call all that is in a group, for each group above."""
    parts = thing.split("/")
    return ("/".join([*parts[:depth], "*"]) for depth in range(1, len(parts)))


def _is_at(thing: str, place: str) -> bool:
    return thing == place or thing.startswith(f"{place}/")
