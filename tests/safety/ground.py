"""The ground the safety tests stand on: a sandbox whose every request is watched, copied at any moment, and run upon again."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from estates import SECRETS
from eyes import Eyes, Right, accept_everything
from prints import fingerprint

from sigctl.app.applying import apply
from sigctl.app.context import Context, Options, open_context, settings_of
from sigctl.app.planning import Allowed, Planned, make_plan
from sigctl.core.plan import Action
from sigctl.forges.base import Forge
from sigctl.forges.github.forge import GitHub
from sigctl.forges.gitlab.forge import GitLab
from sigctl.report.outcome import Outcome, Report
from sigctl.sandbox import control
from sigctl.sandbox.seed import BOT

ROOT = Path(__file__).resolve().parents[2]
TOKENS = {"github": "SIGCTL_GITHUB_TOKEN", "gitlab": "SIGCTL_GIT_CENTOS_ORG_TOKEN"}
NAMES = {"github": "github", "gitlab": "git.centos.org"}
LARGE = 10_000
GITHUB_THINGS = (
    "repos", "teams", "team_members", "members", "invitations", "repo_invitations", "team_repos", "collaborators", "rulesets",
)  # fmt: skip
GITLAB_THINGS = ("projects", "groups", "members", "shares", "branch_rules", "tag_rules")
Left = tuple[tuple[int | str, ...], ...]
"""What is still to be done, in its order: phase and id of each action, and the ids that it waits for."""


@dataclass
class Watched:
    """What was seen in one run: all that anybody could do at some moment, and all that everybody could do at every moment."""

    eyes: Eyes
    ever: set[Right] = field(default_factory=set)
    always: frozenset[Right] | None = None
    first: dict[Right, str] = field(default_factory=dict)
    """Right -> the request after which it was first there."""
    lost: dict[Right, str] = field(default_factory=dict)
    moments: int = 0
    now: frozenset[Right] | None = None
    """What was seen last: the same object as long as nobody can do anything else."""
    requests: list[str] = field(default_factory=list)
    names: dict[tuple[str, str, int | str], str] = field(default_factory=dict)
    """The paths of things at the first moment."""
    ends: dict[tuple[str, str, int | str], str] = field(default_factory=dict)
    """The paths that things get which were there at the first moment, where a run need not come so far."""
    teams: frozenset[tuple[str, str]] = frozenset()
    """Logins and the groups they were in at the first moment, by the paths of then (GitLab)."""

    def by_path(self, rights: Collection[Right]) -> dict[Right, Right]:
        """Return right -> the same by the path that the thing gets or has now, or had at first where it is gone."""
        ends = {thing: path for thing, path in self.ends.items() if thing in self.names}
        names = {**self.names, **self.eyes.names(), **ends}
        known = self.eyes.named.setdefault(frozenset(names.items()), {})
        for r in rights:
            if r not in known:
                thing = names.get((r.forge, r.kind, r.thing), r.thing)
                known[r] = r._replace(thing=thing)
        return {r: known[r] for r in rights}

    def told(self, rights: Iterable[Right]) -> frozenset[Right]:
        """Return the rights by path, those that count: owners of groups are told, the lesser ones there reach no repository."""
        counting = [r for r in rights if r.kind != "group" or r.what == "admin"]
        return frozenset(self.by_path(counting).values())

    def look(self, text: str) -> None:
        """Take note of what everybody can do now."""
        now = self.eyes.rights()
        if not self.moments:
            self.names = self.eyes.names()
            self.teams = self.eyes.places()
        self.moments += 1
        if now is self.now:
            return
        self.now = now
        for right in now - self.ever:
            self.first[right] = text
        self.ever |= now
        for right in (self.always or now) - now:
            self.lost[right] = text
        self.always = now if self.always is None else self.always & now


@dataclass
class Ground:
    """A sandbox that runs, and a config to run on it."""

    folder: Path
    sandbox: Any
    config: Path
    watched: Watched
    forges: frozenset[str] = frozenset()
    """Only these, by their names in the files."""
    rewrites: tuple[tuple[str, str], ...] = ()
    jobs: int = 4
    """Histories that move at once."""
    before: Callable[[str], None] | None = None
    after: Callable[[str], None] | None = None
    each: Callable[[Any], None] | None = None
    """Told both sides of every request."""
    hasty: bool = False
    """Waits of the adapters take no time."""
    patience: float = 30.0
    """Seconds that a hasty adapter waits for one answer."""
    changed: bool = False
    """Whether the last request can have changed anything."""

    @property
    def env(self) -> dict[str, str]:
        """The environment that sigctl needs."""
        forges = self.sandbox.document()["forges"]
        return SECRETS | {TOKENS[name]: forge["token"] for name, forge in forges.items()}

    def overrides(self) -> tuple[str, ...]:
        """Return what sends sigctl to the sandbox."""
        forges = self.sandbox.document()["forges"]
        return tuple(f"forges.{NAMES[name]}.url={forge['url']}" for name, forge in forges.items())

    def options(self, *, mirror: bool) -> Options:
        """Return the options of a run."""
        return Options(
            config=self.config,
            overrides=self.overrides(),
            forges=self.forges,
            rewrites=self.rewrites,
            mirror=mirror,
            cache=self.folder / "cache",
            jobs=self.jobs,
        )

    @contextmanager
    def context(self, *, mirror: bool = False) -> Iterator[Context]:
        """Open a run."""
        found = open_context(self.options(mirror=mirror), self.env)
        if self.hasty:
            found.forges = {name: self._hasty(found.config.spec.forges[name]) for name in found.forges}
        try:
            yield found
        finally:
            found.close()

    def _hasty(self, config: Any) -> Forge:
        pauses: list[float] = []
        kinds: dict[str, type[GitHub | GitLab]] = {"github": GitHub, "gitlab": GitLab}
        settings = replace(settings_of(config, self.env), timeout=self.patience)
        return kinds[config.type](settings, sleep=pauses.append, clock=lambda: time.monotonic() + sum(pauses))

    def plan(self, *, mirror: bool = False) -> Planned:
        """Return the plan."""
        with self.context(mirror=mirror) as context:
            return make_plan(context)

    def apply(
        self,
        *,
        mirror: bool = False,
        allow: Mapping[str, int] | None = None,
        known: Callable[[Left], bool] = lambda _: False,
    ) -> Report:
        """Apply, whatever the guards say, and return what became of it.

        `known` is told what is still to be done, before the first action and after each; the apply is interrupted where it says so.
        """
        with self.context(mirror=mirror) as context:
            planned = make_plan(context)
            if planned.plan.refusals:
                refused = planned.plan.refusals
                limits = {r.guard: LARGE if r.number > r.limit else r.number for r in refused}
                limits |= allow or {}
                planned = make_plan(context, Allowed(limits, "a test"))
            left = {action.id: action for action in planned.plan.actions}
            one_at_a_time = threading.Lock()

            def told(outcome: Outcome) -> None:
                with one_at_a_time:  # lanes end side by side
                    left.pop(outcome.action.id, None)
                    if not context.watch.stop.is_set() and known(_order(left)):
                        context.watch.stop.set()  # what comes after is told as left out, and is no moment

            if known(_order(left)):
                context.watch.stop.set()
            return apply(context, planned, told)

    def fingerprint(self) -> str:
        """Return a digest of all that the forges hold, times and what was logged aside."""
        return " ".join(fingerprint(forge) for forge in self.sandbox.forges.values())

    def accept(self) -> None:
        """Let everybody accept what he is invited to, as people do between two runs."""
        if "github" in self.sandbox.forges:
            forge = self.sandbox.forges["github"]
            with forge.store.transaction():
                accept_everything(forge.state)
                for found in (forge.state.invitations, forge.state.repo_invitations):
                    for one in list(found):
                        found.delete(one["id"])

    def teams(self) -> frozenset[tuple[str, str]]:
        """Return logins and the groups they are in now (GitLab)."""
        return self.watched.eyes.places()

    def census(self) -> dict[str, int]:
        """Return how many there are of everything that could be made twice; our own place in a team we made does not count."""
        found = {}
        if "github" in self.sandbox.forges:
            state = self.sandbox.forges["github"].state
            me = state.account(BOT)["id"]
            found |= {f"github {name}": _count(getattr(state, name), "user", me) for name in GITHUB_THINGS}
        if "gitlab" in self.sandbox.forges:
            world = self.sandbox.forges["gitlab"].world
            me = world.user(BOT)["id"]
            found |= {f"gitlab {name}": _count(getattr(world, name), "user_id", me) for name in GITLAB_THINGS}
        return found


def _order(left: Mapping[str, Action]) -> Left:
    return tuple(
        (one.phase, name, *(other for other in one.depends if other in left)) for name, one in left.items()
    )


def unfinished(report: Report) -> list[str]:
    """Return what an apply did not do, and what is still to do; what the files ask and the forge can't keep is neither."""
    left = report.remaining.actions if report.remaining else ()
    failed = [f"{o.action.verb} {o.action.key}: {o.reason}" for o in report.outcomes if o.status != "done"]
    unread = ["not read back"] if report.remaining is None else []
    return [*failed, *unread, *(f"still to do: {a.verb} {a.key} {a.changed()}" for a in left)]


def _count(documents: Iterable[Any], field: str, me: int) -> int:
    return sum(document.get(field) != me for document in documents)


@contextmanager
def ground(
    folder: Path,
    config: Path,
    *,
    logins: tuple[str, ...],
    only: str = "",
    watch: bool = True,
    **knobs: int,
) -> Iterator[Ground]:
    """Serve the forges of a folder, watching everything that is asked of them."""
    holder: list[Ground] = []

    def watcher(boundary: Any) -> None:
        if not holder:
            return
        here = holder[0]
        if here.each:
            here.each(boundary)
        text = f"{boundary.forge} {boundary.method} {boundary.path}"
        if boundary.side == "before":
            if here.before:
                here.before(text)
            return
        here.watched.requests.append(text)
        here.changed = may_write(boundary)
        if watch and here.changed:
            here.watched.look(text)
        if here.after:
            here.after(text)

    forges = (only,) if only else ("github", "gitlab")
    with control.running(
        folder / "forges", logins=logins, forges=forges, watcher=watcher, knobs=knobs
    ) as sandbox:
        here = Ground(folder, sandbox, config, Watched(Eyes(sandbox)))
        here.forges = frozenset({NAMES[only]}) if only else frozenset()
        holder.append(here)
        yield here


def may_write(boundary: Any) -> bool:
    """Whether the request can have changed anything; GitLab's clockwork also moves with reads, which is looked at with the next."""
    return boundary.method not in ("GET", "HEAD") and not boundary.operation.startswith(("git-upload-pack",))


def copy(source: Path, target: Path) -> None:
    """Copy a sandbox's folder as a crash would leave it: databases whole, git's files by link, since git never writes in place."""
    target.mkdir(parents=True)
    for file in source.iterdir():
        if file.suffix == ".sqlite":
            with sqlite3.connect(file) as old, sqlite3.connect(target / file.name) as new:
                old.backup(new)
        elif file.name in ("repos", "git"):
            unfinished_pushes = shutil.ignore_patterns("tmp_objdir-*", "*.lock")
            shutil.copytree(file, target / file.name, copy_function=os.link, ignore=unfinished_pushes)
        elif file.name in ("seed.json", "clock"):
            shutil.copy2(file, target / file.name)
