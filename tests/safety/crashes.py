"""Crash tables: one apply is recorded, with a copy of the forges after each request that changed something; then each copy is
what a killed client left behind, and the next apply starts from it.

A client that dies at a boundary remembers nothing: what it leaves is what the forges hold. So the boundaries between two changes
are one state, and trying every state is trying every boundary. `test_real_kills.py` shows with processes that are really killed
that this is so.
"""

from __future__ import annotations

import shutil
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import estates
import hands
from eyes import Eyes, Right
from ground import Ground, Left, copy, ground, unfinished
from moments import Moments, judge, named_moments

from sigctl.sandbox.gitlab.world import PREMIUM

BEGINNING = "the beginning"
ROOT = Path(__file__).resolve().parents[2]
Moment = tuple[str, Left]
"""A digest of all that a forge holds, and what is still to be done."""
DEMO = ("euanh", "gwd", "hughesjr", "jonludlam", "kbsingh", "lars_kurth", "pasik")


@dataclass(frozen=True)
class Story:
    """From which configs to which, on which forge; a first `empty` is a fresh sandbox."""

    name: str
    forge: str
    steps: tuple[str, ...]
    """Configs applied before, and last the one whose apply is recorded."""
    paid: bool = False
    """Whether it is a GitLab with a paid tier, and uses it."""

    @property
    def logins(self) -> tuple[str, ...]:
        return DEMO if self.steps[-1] == "demo" else estates.LOGINS

    def config(self, folder: Path, which: str) -> Path:
        """Write a config into the folder, with one request at a time, so that every recording is alike."""
        if which != "demo":
            return estates.write(folder / "config", which, jobs=1, paid=self.paid)
        shutil.copytree(ROOT / "config", folder / "config", dirs_exist_ok=True)
        file = folder / "config" / "sigs.yaml"
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("    role: ", "    jobs: 1\n    role: "), encoding="utf-8")
        return file

    def ground(self, folder: Path, config: Path, *, watch: bool = True) -> AbstractContextManager[Ground]:
        """Serve this story's forge."""
        knobs = {"gitlab_tier": PREMIUM} if self.paid else {}
        return ground(folder, config, logins=self.logins, only=self.forge, watch=watch, **knobs)


STORIES = tuple(
    Story(f"{name} on {forge}{' with a paid tier' * paid}", forge, steps, paid)
    for name, steps in (
        ("the real config", ("demo",)),
        ("every kind, new", ("one",)),
        ("every kind, changed", ("one", "other")),
        ("every kind, changed again", ("one", "other", "back")),
    )
    for forge, paid in (("github", False), ("gitlab", False), ("gitlab", True))
    if not paid or steps != ("demo",)
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
    eyes: Eyes
    ends: dict[tuple[str, str, int | str], str]
    """The paths that things have in the end."""
    named: Moments
    """What its plan names; a crash in such a moment makes it last until the next apply."""
    good: set[Moment]
    """What a forge held and what was still to be done, at moments from which an apply ended well."""


def record(story: Story, folder: Path) -> Recording:
    """Apply all steps, and record the last one."""
    points: list[tuple[Path, str]] = []
    last = ""
    config = story.config(folder, story.steps[0])
    with story.ground(folder, config, watch=False) as here:
        hands.found(here.sandbox)
    for which in story.steps[:-1]:
        with story.ground(folder, story.config(folder, which), watch=False) as here:
            assert not unfinished(here.apply()), which
            if which == "one":
                hands.tamper(here.sandbox)
    config = story.config(folder, story.steps[-1])

    def keep(text: str) -> None:
        nonlocal last
        before, last = last, here.fingerprint()
        if last == before:
            return  # it could have changed something, and did not: the same state
        target = folder / "points" / f"{len(points):04}"
        copy(folder / "forges", target / "forges")
        points.append((target, text))

    with story.ground(folder, config) as here:
        here.watched.look("the beginning")
        before = here.watched.eyes.rights()
        keep("the beginning")
        here.after = lambda text: keep(text) if here.changed else None
        passed: list[Moment] = []
        report = here.apply(known=lambda left: passed.append((here.fingerprint(), left)) is not None)
        here.after = None
        assert not unfinished(report), unfinished(report)
        before, after = here.watched.told(before), here.watched.told(here.watched.eyes.rights())
        named = named_moments(report.plan.notes)
        excess, gaps = judge(here, before | after, before & after, named)
        return Recording(
            story, folder, config, points, 2 * len(here.watched.requests), before | after, here.census(),
            here.watched.moments, excess, gaps, here.watched.eyes, here.watched.eyes.names(),
            named, set() if excess else set(passed),
        )  # fmt: skip


def recover(recording: Recording, point: Path, text: str) -> list[str]:
    """Apply again from a copy, and return all that is wrong with it.

    What comes after a moment depends on what the forge holds and on what is still to be done, on nothing else (one request at a time).
    So an apply that comes to a moment from which another one ended well is not watched to its end once more; things have then the
    paths that they get by that end.
    """
    folder = recording.folder / "again" / point.name
    shutil.rmtree(folder, ignore_errors=True)
    copy(point / "forges", folder / "forges")
    wrong: list[str] = []
    passed: list[Moment] = []

    def known(left: Left) -> bool:
        passed.append((here.fingerprint(), left))
        return passed[-1] in recording.good

    with recording.story.ground(folder, recording.config) as here:
        here.watched.eyes = recording.eyes.looking_at(here.sandbox)
        here.watched.ends = recording.ends
        here.watched.look(BEGINNING)
        report = here.apply(known=known)
        if not report.interrupted:
            wrong += unfinished(report)
            if here.census() != recording.census:
                wrong.append(
                    f"made twice or not at all: {set(here.census().items()) ^ set(recording.census.items())}"
                )
        excess, _ = judge(here, recording.bound, frozenset(), named_moments(report.plan.notes))
        excess = {
            r: at for r, at in excess.items() if at != BEGINNING or not recording.named.explains_excess(r)
        }
        wrong += [f"excess: {right} after {request}" for right, request in sorted(excess.items())[:5]]
        recording.moments += here.watched.moments
    if not wrong:
        recording.good.update(passed)
    shutil.rmtree(folder)
    return [f"{recording.story.name}, crash after {text} ({point.name}): {one}" for one in wrong]
