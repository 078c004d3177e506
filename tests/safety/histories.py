"""Crash tables of histories: one apply that mirrors is recorded, with a copy of the forge and of sigctl's own cache at both sides of
each request, of git too; from each copy the next apply starts.

Here the client leaves something: objects and kept tips in its cache. So a boundary counts as another state wherever either differs.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import estates
from crashes import BEGINNING
from eyes import Eyes, Right
from ground import NAMES, Ground, copy, ground, unfinished
from moments import Moments, judge, named_moments

from sigctl.sandbox.gitrepo import environment

PATIENCE = 60.0
"""Seconds in which a cache must come to rest."""
SHORT = 4096
"""Bytes of a file of the cache that is compared by what is in it."""
ROLES = ("primary", "replica")
LAYOUT = {
    "github": """\
  github:
    type: github
    url: https://github.com
    token: env:SIGCTL_GITHUB_TOKEN
    repo: CentOS/sig-{sig}-{repo}
    team: sig-{sig}-{team}
""",
    "gitlab": """\
  git.centos.org:
    type: gitlab
    url: https://git.centos.org
    token: env:SIGCTL_GIT_CENTOS_ORG_TOKEN
    tier: free
    branch_rules: closest
    repo: project/sig-{sig}/{repo}
    team: project/sig-{sig}/groups/{team}
""",
}
POLICY = """\
version: 1
guards: {max_removals: {default: 100%}}
mirror: {on_divergence: overwrite, delete_refs: delete}
"""
ONE = """\
sig: virt
title: Virtualization SIG
chairs: [chair1]
teams: {maintainers: {members: [member1]}}
access: {maintainers: write}
branches:
  - {pattern: xen-*, push: [maintainers], force: false, delete: false}
repos:
  xen: {upstream: {url: "https://example.org/xen.git", mode: mirror}, default_branch: master}
  docs:
    upstream: {url: "https://example.org/docs.git", mode: follow}
    default_branch: master
    branches:
      - {pattern: "oth*", push: [maintainers], force: false, delete: false}
"""
OTHER = """\
sig: virt
title: Virtualization SIG
chairs: [chair1]
teams: {maintainers: {members: [member1]}}
access: {maintainers: write}
repos:
  hypervisor:
    previously: [xen]
    upstream: {url: "https://example.org/xen.git", mode: mirror}
    default_branch: xen-4
  docs: {upstream: {url: "https://example.org/docs.git", mode: follow}, default_branch: master, archived: true}
  tools: {upstream: {url: "https://example.org/tools.git", mode: import}, default_branch: master, visibility: private}
"""
CONFIGS = {"one": ONE, "other": OTHER}
BRANCHES = {"xen": ("xen-4", "xen-5", "other"), "docs": ("stable", "other"), "tools": ("stable",)}
"""Those of each upstream beside the trunk."""


@dataclass(frozen=True)
class History:
    """From which configs to which, on which forge (empty: from one to the other), with an upstream that changes before the last."""

    name: str
    forge: str
    steps: tuple[str, ...]

    def config(self, folder: Path, which: str) -> Path:
        """Write a config, with one request at a time."""
        (folder / "config" / "sigs.d").mkdir(parents=True, exist_ok=True)
        forges = (self.forge,) if self.forge else ("gitlab", "github")
        parts = [
            f"{LAYOUT[one]}    jobs: 1\n    role: {role}\n" for one, role in zip(forges, ROLES, strict=False)
        ]
        people = [
            f"  {login}: {{logins: {{{', '.join(f'{NAMES[one]}: {login}' for one in forges)}}}}}\n"
            for login in ("chair1", "member1")
        ]
        head = "version: 1\ninclude: [sigs.d/*.yaml]\npolicy: policy.yaml\nforges:\n"
        main = f"{head}{''.join(parts)}people:\n{''.join(people)}"
        files = {"sigs.yaml": main, "policy.yaml": POLICY, "sigs.d/virt.yaml": CONFIGS[which]}
        for name, text in files.items():
            (folder / "config" / name).write_text(text, encoding="utf-8")
        return folder / "config" / "sigs.yaml"

    @contextmanager
    def ground(self, folder: Path, config: Path, upstream: Path) -> Iterator[Ground]:
        """Serve the forge."""
        with ground(folder, config, logins=estates.LOGINS, only=self.forge) as here:
            here.rewrites = (("https://example.org/", f"file://{upstream}/"),)
            here.jobs = 1
            yield here


HISTORIES = tuple(
    History(f"{name} on {forge or 'both'}", forge, steps)
    for name, steps in (("histories, new", ("one",)), ("histories, rewritten", ("one", "other")))
    for forge in ("github", "gitlab", "")
)


@dataclass
class Recorded:
    """One apply that mirrors, with copies of forge and cache at both sides of its requests."""

    history: History
    folder: Path
    config: Path
    points: list[tuple[Path, str]]
    boundaries: int
    census: dict[str, int]
    at_first: frozenset[str]
    """All commits that were on the forges before."""
    taken: frozenset[str]
    """Those of them that no ref of a forge leads to in the end: they were overwritten or deleted, as the files say."""
    bound: frozenset[Right]
    """What anybody could do before, or can do in the end."""
    excess: dict[Right, str]
    named: Moments
    eyes: Eyes
    ends: dict[tuple[str, str, int | str], str]
    moments: int


def record(history: History, folder: Path) -> Recorded:
    """Apply all steps, and record the last one."""
    upstream = folder / "upstream"
    for name in ("xen", "docs", "tools"):
        _make(upstream / f"{name}.git", BRANCHES[name])
    points: list[tuple[Path, str]] = []
    states: set[str] = set()
    counted = [0]
    missed: list[str] = []

    def keep(here: Ground, side: str, text: str) -> None:
        counted[0] += 1
        try:
            state = f"{here.fingerprint()} {_digest(folder / 'cache')}"
            if state not in states:
                states.add(state)
                points.append((_copied(folder, f"{len(points):04}"), f"{side} {text}"))
        except (OSError, shutil.Error) as error:  # the server would only answer 500, and be asked again
            missed.append(f"{side} {text}: {error}")

    config = history.config(folder, history.steps[0])
    for which in history.steps[:-1]:
        with history.ground(folder, config, upstream) as here:
            assert not unfinished(here.apply(mirror=True)), which
            _push_by_hand(here)
        _rewrite(upstream / "xen.git")
        _rewrite_another(upstream / "docs.git", "other")
    config = history.config(folder, history.steps[-1])
    with history.ground(folder, config, upstream) as here:
        at_first = on_forge(here)
        here.watched.look(BEGINNING)
        rights = here.watched.eyes.rights()
        keep(here, "at", "the beginning")
        here.before = partial(keep, here, "before")
        here.after = partial(keep, here, "after")
        report = here.apply(mirror=True)
        here.before = here.after = None
        assert not unfinished(report), unfinished(report)
        assert not missed, missed
        bound = here.watched.told(rights) | here.watched.told(here.watched.eyes.rights())
        named = named_moments(report.plan.notes)
        excess, _ = judge(here, bound, frozenset(), named)
        return Recorded(
            history, folder, config, points, counted[0], here.census(), at_first, at_first - on_forge(here),
            bound, excess, named, here.watched.eyes, here.watched.eyes.names(), here.watched.moments,
        )  # fmt: skip


def recover(recorded: Recorded, point: Path, text: str) -> list[str]:
    """Apply again from a copy, and return all that is wrong with it."""
    folder = recorded.folder / "again"
    shutil.rmtree(folder, ignore_errors=True)
    copy(point / "forges", folder / "forges")
    copy_cache(point / "cache", folder / "cache")
    wrong: list[str] = []
    with recorded.history.ground(folder, recorded.config, recorded.folder / "upstream") as here:
        before = on_forge(here)
        held = before | kept(folder / "cache")
        was = recorded.at_first - held
        if was:
            wrong.append(f"lost at that moment: {sorted(was)}")
        here.watched.eyes, here.watched.ends = recorded.eyes.looking_at(here.sandbox), recorded.ends
        here.watched.look(BEGINNING)
        report = here.apply(mirror=True)
        wrong += unfinished(report)
        excess, _ = judge(here, recorded.bound, frozenset(), named_moments(report.plan.notes))
        wrong += [
            f"excess: {right} after {request}"
            for right, request in sorted(excess.items())
            if request != BEGINNING or not recorded.named.explains_excess(right)
        ][:5]
        recorded.moments += here.watched.moments
        if here.census() != recorded.census:
            wrong.append(
                f"made twice or not at all: {set(here.census().items()) ^ set(recorded.census.items())}"
            )
        lost = held - on_forge(here) - kept(folder / "cache")
        if lost:
            wrong.append(f"lost: {sorted(lost)}")
    return [f"{recorded.history.name}, crash at {text} ({point.name}): {one}" for one in wrong]


def _copied(folder: Path, name: str) -> Path:
    target = folder / "points" / name
    copy(folder / "forges", target / "forges")
    copy_cache(folder / "cache", target / "cache")
    return target


def on_forge(here: Ground) -> frozenset[str]:
    """Return every commit that some ref of some repository of the forge leads to."""
    return _commits(_bare(here), "--all")


def kept(cache: Path) -> frozenset[str]:
    """Return every commit that sigctl keeps of what it overwrote or deleted."""
    return _commits(cache.rglob("HEAD"), "--glob=refs/sigctl/kept")


def copy_cache(source: Path, target: Path) -> None:
    """Copy the cache as a crash would leave it; objects by link, since they are never written in place.

    The client's git may still work on what it has got by then: what changes meanwhile is copied again, so that the copy is one moment.
    """

    def one(file: str, to: str) -> object:
        return (os.link if "objects" in Path(file).parts else shutil.copy2)(file, to)

    until = time.monotonic() + PATIENCE
    while source.exists():
        shutil.rmtree(target, ignore_errors=True)
        try:
            shutil.copytree(source, target, copy_function=one)
        except (OSError, shutil.Error):  # a file went while it was copied
            if time.monotonic() > until:
                raise
            continue
        if _digest(source) == _digest(target):
            return
        assert time.monotonic() < until, "the cache does not come to rest"


def _bare(here: Ground) -> list[Path]:
    return [bare for forge in here.sandbox.forges.values() for bare in forge.env.directory.glob("*.git")]


def _commits(repositories: Iterable[Path], which: str) -> frozenset[str]:
    found: set[str] = set()
    for one in repositories:
        found.update(_git("-C", str(one if one.is_dir() else one.parent), "rev-list", which).split())
    return frozenset(found)


def _digest(cache: Path) -> str:
    """Return what tells one state of the cache from another: every file, its length, and the text of those that are short."""
    told = hashlib.sha256()
    for place, _, files in sorted(os.walk(cache)):
        for name in sorted(files):
            file = Path(place, name)
            try:
                size = file.stat().st_size
                text = file.read_bytes() if size < SHORT and "objects" not in file.parts else b""
            except FileNotFoundError:  # git works meanwhile
                continue
            told.update(f"{file.relative_to(cache)} {size} ".encode() + text)
    return told.hexdigest()


def _make(folder: Path, branches: Iterable[str]) -> None:
    """Make an upstream: a trunk, branches with a commit of their own, two tags."""
    _git("init", "-q", "--bare", "-b", "master", str(folder))
    commit = ""
    for number in range(4):
        commit = _commit(folder, f"{folder.name} {number}", commit)
    _git("-C", str(folder), "update-ref", "refs/heads/master", commit)
    for branch in branches:
        _git("-C", str(folder), "update-ref", f"refs/heads/{branch}", _commit(folder, branch, commit))
    for tag in ("v1", "v2"):
        _git("-C", str(folder), "update-ref", f"refs/tags/{tag}", commit)


def _rewrite(folder: Path) -> None:
    """Rewrite one branch, delete another, add a third, move a tag, and go on with the trunk."""
    trunk = _git("-C", str(folder), "rev-parse", "refs/heads/master")
    for ref, parent in (
        ("heads/master", trunk), ("heads/xen-5", f"{trunk}~1"), ("heads/new", trunk), ("tags/v2", f"{trunk}~2"),
    ):  # fmt: skip
        at = _git("-C", str(folder), "rev-parse", parent)
        _git("-C", str(folder), "update-ref", f"refs/{ref}", _commit(folder, f"again {ref}", at))
    _git("-C", str(folder), "update-ref", "-d", "refs/heads/other")


def _rewrite_another(folder: Path, branch: str) -> None:
    """Rewrite a branch, so that copies of it diverge."""
    parent = _git("-C", str(folder), "rev-parse", f"refs/heads/{branch}~1")
    _git("-C", str(folder), "update-ref", f"refs/heads/{branch}", _commit(folder, "again", parent))


def _push_by_hand(here: Ground) -> None:
    """Have somebody commit to branches of a copy: to one that is rewritten upstream, one that is deleted, and one of his own."""
    for bare in _bare(here):
        refs = _git("-C", str(bare), "for-each-ref", "--format=%(refname)").split()
        if "refs/heads/xen-5" in refs:
            for branch, parent in (("xen-5", "xen-5"), ("other", "other"), ("mine", "master")):
                at = _git("-C", str(bare), "rev-parse", f"refs/heads/{parent}")
                _git(
                    "-C",
                    str(bare),
                    "update-ref",
                    f"refs/heads/{branch}",
                    _commit(bare, f"by hand {branch}", at),
                )


def _commit(folder: Path, message: str, parent: str) -> str:
    tree = _git("-C", str(folder), "hash-object", "-w", "-t", "tree", "/dev/null")
    who = ("-c", "user.name=Packager", "-c", "user.email=packager@example.org")
    above = ("-p", parent) if parent else ()
    return _git(*who, "-C", str(folder), "commit-tree", tree, *above, "-m", message)


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], check=True, capture_output=True, text=True, env=environment()
    ).stdout.strip()
