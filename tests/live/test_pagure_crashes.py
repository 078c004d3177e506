"""An apply on a real Pagure that is killed at any side of any write: the next one finishes it, makes nothing twice, and at no moment
can anybody do more than before or in the end.

One apply is recorded, with a copy of the server's database and repositories after each write. What a killed run leaves is one of these
copies: killed before a request is sent it leaves the copy after the write before it, killed before it sees the answer the copy after it.
So each copy is put back and applied to. A run that comes to where another one ended well is not taken to its end once more.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pagure.accounts import KEEPER
from pagure.moment import Place, Right
from pagure.proxy import Proxy, between

from sigctl.app.applying import apply
from sigctl.app.context import Options, open_context
from sigctl.app.planning import Allowed, make_plan
from sigctl.report.outcome import Outcome, Report

pytestmark = pytest.mark.live
TOKEN = "SIGCTL_TOKEN"
LARGE = 10_000
MAIN = """\
version: 1
include: [virt.yaml]
policy: policy.yaml
forges:
  pagure: {{type: pagure, url: "{url}", token: env:SIGCTL_TOKEN, repo: "rpms/k-{{repo}}", team: "sk-{{team}}", jobs: 1, role: primary}}
people:
{people}
"""
PEOPLE = ("alice", "member1", "member2", "outsider", "release1")
POLICY = "version: 1\nguards: {max_removals: {default: 100%}}\n"
GROUPS = ("sk-virt", "sk-testers")
ONE = """\
sig: virt
teams:
  virt: {members: [alice, member1]}
  testers: {members: [member2]}
access: {virt: write}
repos:
  xen: {description: Xen, issues: true, access: {testers: triage, "person:release1": write, "person:alice": admin}}
  tools: {description: Tools, issues: true, access: {testers: admin, "person:member1": triage}}
  frozen: {description: As it was, archived: true}
  live: {description: Still changed, archived: false, access: {testers: write}}
"""
OTHER = """\
sig: virt
teams:
  virt: {members: [member1, release1]}
  testers: {members: [alice, outsider]}
access: {virt: triage}
repos:
  xen: {description: Xen, issues: false, default_branch: c8s, access: {testers: write, "person:release1": admin, "person:member2": triage}}
  tools: {description: Tools, issues: true, access: {virt: admin, "person:member1": write}}
  frozen: {description: As it was, archived: false, access: {testers: admin}}
  live: {description: Still changed, archived: true, access: {testers: write}}
  coming: {description: New, default_branch: c7, issues: false, access: {"person:member2": write}}
"""
CONFIGS = {"one": ONE, "other": OTHER}
Moment = tuple[str, tuple[str, ...]]
"""A digest of what the server holds, and the actions that are left."""


@dataclass
class Seen:
    """What was seen of rights since the beginning of a run."""

    place: Place
    ever: dict[Right, str] = field(default_factory=dict)
    always: frozenset[Right] | None = None
    lost: dict[Right, str] = field(default_factory=dict)

    def look(self, text: str) -> None:
        """Take note of what everybody can do now."""
        self.place.settle()
        now = self.place.rights()
        for right in now:
            self.ever.setdefault(right, text)
        for right in (now if self.always is None else self.always) - now:
            self.lost.setdefault(right, text)
        self.always = now if self.always is None else self.always & now


@dataclass
class Estate:
    """A server, the proxy before it, and files for it."""

    place: Place
    proxy: Proxy
    url: str
    folder: Path
    token: str

    def write(self, which: str) -> None:
        """Write one of the two configs."""
        people = "\n".join(f"  {login}: {{logins: {{pagure: {login}}}}}" for login in PEOPLE)
        (self.folder / "sigs.yaml").write_text(MAIN.format(url=self.url, people=people), encoding="utf-8")
        (self.folder / "policy.yaml").write_text(POLICY, encoding="utf-8")
        (self.folder / "virt.yaml").write_text(CONFIGS[which], encoding="utf-8")

    def apply(self, known: Callable[[tuple[str, ...]], bool] = lambda _: False) -> Report:
        """Apply whatever the guards say; `known` is told what is left before the first action and after each, and may end it there."""
        options = Options(config=self.folder / "sigs.yaml", mirror=False, cache=self.folder / "cache")
        context = open_context(options, {TOKEN: self.token})
        try:
            planned = make_plan(context)
            if planned.plan.refusals:
                limits = {one.guard: LARGE for one in planned.plan.refusals}
                planned = make_plan(context, Allowed(limits, "a test"))
            left = {action.id: None for action in planned.plan.actions}

            def told(outcome: Outcome) -> None:
                left.pop(outcome.action.id, None)
                if known(tuple(left)):
                    context.watch.stop.set()

            if known(tuple(left)):
                context.watch.stop.set()
            return apply(context, planned, told)
        finally:
            context.close()


def unfinished(report: Report) -> list[str]:
    """Return what an apply did not do, and what is left to do."""
    failed = [
        f"{one.action.verb} {one.action.key}: {one.reason}" for one in report.outcomes if one.status != "done"
    ]
    left = report.remaining.actions if report.remaining is not None else ()
    unread = [] if report.remaining is not None else ["not read back"]
    return [*failed, *unread, *(f"still to do: {one.verb} {one.key}" for one in left)]


@pytest.fixture
def estate(pagure: Any, token: str, tmp_path: Path) -> Iterator[Estate]:
    """A server that holds the first config, and afterwards what it held before."""
    server, reached = pagure
    place = Place(server)
    first = place.keep(tmp_path / "first")
    server.ctl(*(f"group {name} {KEEPER}" for name in GROUPS))
    try:
        with between(reached.url) as (proxy, url):
            found = Estate(place, proxy, url, tmp_path, token)
            found.write("one")
            report = found.apply()
            assert not unfinished(report), unfinished(report)
            branches(place, "rpms/k-xen", "c7", "c8s")
            yield found
    finally:
        place.put_back(first)


def branches(place: Place, repo: str, *names: str) -> None:
    """Give a repository branches, as its server would."""
    bare = place.repositories / f"{repo}.git"
    owner = bare.stat()
    who = ("-c", "user.name=t", "-c", "user.email=t@example.test", "-c", "safe.directory=*")

    def git(*arguments: str) -> str:
        command = ["git", *who, "-C", str(bare), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    commit = git("commit-tree", git("hash-object", "-w", "-t", "tree", "/dev/null"), "-m", "first")
    for name in names:
        git("update-ref", f"refs/heads/{name}", commit)
    git("symbolic-ref", "HEAD", f"refs/heads/{names[0]}")
    subprocess.run(["chown", "-R", f"{owner.st_uid}:{owner.st_gid}", str(bare)], check=True)


@contextmanager
def watched(estate: Estate, after: Callable[[str], None]) -> Iterator[Seen]:
    """Look at everybody's rights after each write, and do this, too."""
    seen = Seen(estate.place)
    seen.look("the beginning")

    def told(text: str) -> None:
        seen.look(text)
        after(text)

    estate.proxy.after = told
    try:
        yield seen
    finally:
        estate.proxy.after = None
    assert not estate.proxy.troubles, estate.proxy.troubles


@pytest.mark.timeout(1800)
def test_an_apply_that_is_killed_at_any_write_is_finished_by_the_next_and_gives_nobody_too_much(
    estate: Estate, tmp_path: Path
) -> None:
    place = estate.place
    estate.write("other")
    points = [(place.keep(tmp_path / "points/0000"), "the beginning")]
    before = place.rights()
    good: set[Moment] = set()
    writes = len(estate.proxy.writes)

    def keep(text: str) -> None:
        points.append((place.keep(tmp_path / f"points/{len(points):04}"), text))

    with watched(estate, keep) as seen:
        report = estate.apply(known=lambda left: good.add((place.fingerprint(), left)) is not None)
    assert not unfinished(report), unfinished(report)
    writes = len(estate.proxy.writes) - writes
    after, census = place.rights(), place.census()
    assert writes >= 20, "the second config is far from the first"
    assert len(points) == writes + 1
    wrong = judged(seen, before | after)
    named = [note.text for note in report.plan.notes if note.topic == "moment"]
    wrong += [f"gap: {right} after {seen.lost[right]}" for right in sorted((before & after) - (seen.always or frozenset()))
              if not any(right.who in text.split() and right.where in text.split() for text in named)]  # fmt: skip

    for point, text in reversed(points):
        place.put_back(point)
        passed: list[Moment] = []

        def known(left: tuple[str, ...], passed: list[Moment] = passed) -> bool:
            passed.append((place.fingerprint(), left))
            return passed[-1] in good

        with watched(estate, lambda _: None) as seen:
            report = estate.apply(known=known)
        bad = judged(seen, before | after)
        if not report.interrupted:
            bad += unfinished(report)
            if place.census() != census:
                bad.append(
                    f"made twice or not at all: {sorted(set(place.census().items()) ^ set(census.items()))}"
                )
            if place.rights() != after:
                bad.append(f"not the same rights in the end: {sorted(place.rights() ^ after)}")
        if not bad:
            good.update(passed)
        wrong += [f"crash after {text}: {one}" for one in bad]
    assert not wrong, "\n".join(wrong)


def judged(seen: Seen, bound: frozenset[Right]) -> list[str]:
    """Return who could do at some moment what he may neither before nor in the end."""
    return [
        f"excess: {right} after {text}" for right, text in sorted(seen.ever.items()) if right not in bound
    ]
