"""Crash tables: one apply is recorded, with a copy of the forges after each request that changed something; then each copy is
what a killed client left behind, and the next apply starts from it.

A client that dies at a boundary remembers nothing: what it leaves is what the forges hold. So the boundaries between two changes
are one state, and trying every state is trying every boundary. `test_real_kills.py` shows with processes that are really killed
that this is so.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import estates
from eyes import Right
from ground import Ground, copy, ground, unfinished

from sigctl.sandbox.github import rights

ROOT = Path(__file__).resolve().parents[2]
DEMO = ("euanh", "gwd", "hughesjr", "jonludlam", "kbsingh", "lars_kurth", "pasik")


@dataclass(frozen=True)
class Story:
    """From which configs to which, on which forge; a first `empty` is a fresh sandbox."""

    name: str
    forge: str
    steps: tuple[str, ...]
    """Configs applied before, and last the one whose apply is recorded."""

    @property
    def logins(self) -> tuple[str, ...]:
        return DEMO if self.steps[-1] == "demo" else estates.LOGINS

    def config(self, folder: Path, which: str) -> Path:
        """Write a config into the folder, with one request at a time, so that every recording is alike."""
        if which != "demo":
            return estates.write(folder / "config", which, jobs=1)
        shutil.copytree(ROOT / "config", folder / "config", dirs_exist_ok=True)
        file = folder / "config" / "sigs.yaml"
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("    role: ", "    jobs: 1\n    role: "), encoding="utf-8")
        return file

    def ground(self, folder: Path, config: Path, *, watch: bool = True) -> AbstractContextManager[Ground]:
        """Serve this story's forge."""
        return ground(folder, config, logins=self.logins, only=self.forge, watch=watch)


STORIES = tuple(
    Story(f"{name} on {forge}", forge, steps)
    for name, steps in (
        ("the real config", ("demo",)),
        ("every kind, new", ("one",)),
        ("every kind, changed", ("one", "other")),
        ("every kind, changed again", ("one", "other", "back")),
    )
    for forge in ("github", "gitlab")
)


@dataclass
class Recording:
    """One apply, and a copy of the forge after each of its changes."""

    story: Story
    folder: Path
    config: Path
    points: list[tuple[Path, str]]
    """Copies, with the last request before each."""
    boundaries: int
    """Sides of requests: each request has one before it and one after."""
    bound: frozenset[Right]
    """What anybody could do before, or can do in the end."""
    census: dict[str, int]
    moments: int
    excess: dict[Right, str]
    gaps: dict[Right, str]


def record(story: Story, folder: Path) -> Recording:
    """Apply all steps, and record the last one."""
    points: list[tuple[Path, str]] = []
    config = story.config(folder, story.steps[0])
    for which in story.steps[:-1]:
        with story.ground(folder, story.config(folder, which), watch=False) as here:
            assert not unfinished(here.apply()), which
    config = story.config(folder, story.steps[-1])

    def keep(text: str) -> None:
        target = folder / "points" / f"{len(points):04}"
        copy(folder / "forges", target / "forges")
        points.append((target, text))

    with story.ground(folder, config) as here:
        here.watched.look("the beginning")
        before = here.watched.eyes.rights()
        keep("the beginning")
        here.after = lambda text: keep(text) if here.changed else None
        report = here.apply()
        here.after = None
        assert not unfinished(report)
        before, after = here.watched.told(before), here.watched.told(here.watched.eyes.rights())
        excess, gaps = judge(here, before | after, before & after, named_moments(report.plan.notes))
        return Recording(
            story, folder, config, points, 2 * len(here.watched.requests), before | after, here.census(),
            here.watched.moments, excess, gaps,
        )  # fmt: skip


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
    teams: frozenset[tuple[str, str]] = frozenset()
    """Groups, and repositories on which those with rights on the group have the rights of a team that moves below it."""

    def explains_gap(self, right: Right, teams: frozenset[tuple[str, str]]) -> bool:
        """Whether the plan names the moment in which somebody is without the right; `teams` has a pair for each place in one."""
        thing, who = str(right.thing).casefold(), right.who.casefold()
        out = any((who, team) in teams and _is_at(thing, place) for team, place in self.shares)
        less = any((who, place) in self.less for place in (thing, *_wholes(thing)))
        return less or out or (right.what in READING and thing in self.hidden)

    def explains_excess(self, right: Right) -> bool:
        """Whether the plan names the moment in which somebody has the right: pushes to what is out of the archive, or a team's rights."""
        thing = str(right.thing).casefold()
        return (thing in self.open and right.what not in LEVELS) or self._of_a_team(thing)

    def _of_a_team(self, thing: str) -> bool:
        return any(_is_at(thing, place) for _, place in self.teams)


READING = ("pull", "read", "see")
LEVELS = frozenset({"read", "write", "maintain", "admin", *rights.WORDS.values()})
_NAMED = {
    "less": re.compile(r"(\S+) (?:is without access to|can do less on) (\S+) for a moment"),
    "shares": re.compile(r"(\S+) is out of (\S+) for a moment"),
    "hidden": re.compile(r"(\S+) changes who sees it: some can't read it for a moment"),
    "teams": re.compile(r"who has rights on (\S+) has those of a team on (\S+) for a moment"),
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
    first = {named: watched.first[right] for right, named in watched.by_path(watched.first).items()}
    excess = {
        right: first.get(right, "?")
        for right in watched.told(watched.ever) - bound
        if not moments.explains_excess(right)
    }
    lost = {named: watched.lost[right] for right, named in watched.by_path(watched.lost).items()}
    gaps = {
        right: lost.get(right, "?")
        for right in kept - watched.told(watched.always or ())
        if right.kind != "group" and not moments.explains_gap(right, watched.teams | here.teams())
    }
    return excess, gaps


def _wholes(thing: str) -> Iterator[str]:
    """Yield what plans call all that is in a group, for each group above."""
    parts = thing.split("/")
    return ("/".join([*parts[:depth], "*"]) for depth in range(1, len(parts)))


def _is_at(thing: str, place: str) -> bool:
    return thing == place or thing.startswith(f"{place}/")


def recover(recording: Recording, point: Path, text: str) -> list[str]:
    """Apply again from a copy, and return all that is wrong with it."""
    folder = recording.folder / "again" / point.name
    shutil.rmtree(folder, ignore_errors=True)
    copy(point / "forges", folder / "forges")
    wrong: list[str] = []
    with recording.story.ground(folder, recording.config) as here:
        here.watched.look("the beginning")
        report = here.apply()
        wrong += unfinished(report)
        if here.census() != recording.census:
            wrong.append(
                f"made twice or not at all: {set(here.census().items()) ^ set(recording.census.items())}"
            )
        excess, _ = judge(here, recording.bound, frozenset(), named_moments(report.plan.notes))
        wrong += [f"excess: {right} after {request}" for right, request in sorted(excess.items())[:5]]
        recording.moments += here.watched.moments
    shutil.rmtree(folder)
    return [f"{recording.story.name}, crash after {text} ({point.name}): {one}" for one in wrong]
