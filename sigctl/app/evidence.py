"""What tells why something differs: the log of what was applied, the history of the files, the forges' own logs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sigctl.app.audit import lines
from sigctl.app.before import checkout_of, config_before, git_dir
from sigctl.app.context import Context, resolve_for
from sigctl.core.events import Event
from sigctl.core.kinds import Key
from sigctl.core.state import State
from sigctl.errors import ForgeError, GitError, SigctlError
from sigctl.forges.telling import TellsEvents
from sigctl.mirror.git import Git
from sigctl.watch.causes import Applied, Commit, Deed, Evidence

UNKNOWN = timedelta(days=7)
"""How far back a forge is asked for events where no log tells of an apply."""
_COMMITS = 50
BY_DRIFT = "drift"
"""Reason in the log of what `drift` itself took back."""


@dataclass(frozen=True, slots=True)
class _Begun:
    applied: Applied
    forges: tuple[str, ...]
    sigs: tuple[str, ...]
    reason: str


@dataclass(slots=True)
class Audited:
    """What the audit log tells."""

    begun: list[_Begun] = field(default_factory=list)
    """The oldest first."""
    deeds: dict[tuple[str, Key], list[Deed]] = field(default_factory=lambda: defaultdict(list))
    settled: list[_Begun] = field(default_factory=list)
    """Those at whose end everything was found as declared."""
    reasons: dict[str, str] = field(default_factory=dict)
    """Time of a deed -> the reason of its run."""

    def applied(self, forge: str, sig: str) -> Applied | None:
        """Return the last apply that reached this forge and SIG."""
        return _last(self.begun, forge, sig)

    def found_right(self, forge: str, sig: str) -> str:
        """Return when the last apply began that reached this forge and SIG and found everything as declared at its end, "" for none."""
        last = _last(self.settled, forge, sig)
        return last.when if last else ""

    def since(self, forge: str, key: Key, moment: str) -> str:
        """Return who did something to a thing after a time, in words; "" for nobody that the log knows."""
        done = [d for d in self.deeds.get((forge, key), ()) if d.when >= moment and d.status == "done"]
        if not done:
            return ""
        last = done[-1]
        word = "taken back by drift" if self.reasons.get(last.when) == BY_DRIFT else "applied"
        return f"{word} by {last.who}" if word == "applied" else f"{word} ({last.who})"


def _last(runs: Sequence[_Begun], forge: str, sig: str) -> Applied | None:
    for one in reversed(runs):
        if forge in one.forges and (not one.sigs or sig in one.sigs) and one.reason != BY_DRIFT:
            return one.applied
    return None


def audited(file: Path) -> Audited:
    """Return what the log tells; nothing where there is none. Lines that were changed by hand don't count."""
    found = Audited()
    if not file.is_file():
        return found
    runs: dict[str, _Begun] = {}
    waiting: dict[str, list[tuple[str, Key, dict[str, Any]]]] = defaultdict(list)
    for line in lines(file):
        entry = line.entry
        if entry is None or line.problem.startswith("was changed"):
            continue
        run = str(entry.get("run"))
        if entry["event"] == "begin":
            runs[run] = _begun(entry)
            found.begun.append(runs[run])
        elif entry["event"] == "action" and run in runs:
            action = entry["action"]
            key = Key(str(action["kind"]), str(action["key"]))
            waiting[run].append((str(action["forge"]), key, dict(entry)))
        elif entry["event"] == "end" and run in runs:
            _ended(found, runs[run], waiting.pop(run, []), converged=bool(entry.get("converged")))
    for run, entries in waiting.items():
        _ended(found, runs[run], entries, converged=False)
    return found


def _begun(entry: Mapping[str, Any]) -> _Begun:
    applied = Applied(
        str(entry["time"]), str(entry["who"]), str(entry["config"]), str(entry.get("commit") or "")
    )
    names = tuple(map(str, entry.get("forges") or ()))
    return _Begun(applied, names, tuple(map(str, entry.get("sigs") or ())), str(entry.get("reason") or ""))


def _ended(
    found: Audited, run: _Begun, entries: Iterable[tuple[str, Key, dict[str, Any]]], *, converged: bool
) -> None:
    if converged:
        found.settled.append(run)
    for forge, key, entry in entries:
        action = entry["action"]
        deed = Deed(
            when=str(entry["time"]),
            who=run.applied.who,
            status=str(entry["status"]),
            id=str(action["id"]),
            after=action["after"],
            why=str(entry.get("why") or ""),
            converged=converged,
        )
        found.deeds[forge, key].append(deed)
        found.reasons[deed.when] = run.reason


class Witness:
    """Gives the evidence of a run for a forge and SIG; reads each thing once."""

    def __init__(self, context: Context, audit: Path) -> None:
        self._context = context
        self.audited = audited(audit)
        self.of = cache(self._of)
        self._then = cache(self._states_then)
        self._earlier = cache(self._states_earlier)
        self._commits = cache(self._commits_since)
        self._events: dict[str, tuple[tuple[Event, ...], str]] = {}

    def ask(self, forge: str, keys: Collection[Key]) -> None:
        """Have the forge's own log read for these things, before `of` is asked."""
        adapter: object = self._context.forges.get(forge)
        if not isinstance(adapter, TellsEvents):
            self._events[forge] = ((), "this forge keeps no log that tells who did it")
            return
        times = [one.applied.when for one in self.audited.begun if forge in one.forges]
        since = times[-1] if times else (datetime.now(UTC) - UNKNOWN).isoformat(timespec="seconds")
        try:
            self._events[forge] = (adapter.events(keys, since), "")
        except ForgeError as error:
            self._events[forge] = ((), error.text)

    def who(self, forge: str, key: Key, moment: str) -> str:
        """Return who changed a thing on the forge after a time, "" where nothing tells."""
        for event in self._events.get(forge, ((), ""))[0]:
            if event.when[:19] >= moment[:19] and not event.expired and event.touches(key):
                return event.who
        return ""

    def _of(self, forge: str, sig: str) -> Evidence:
        context = self._context
        applied = self.audited.applied(forge, sig)
        events, silent = self._events.get(forge, ((), "the forge was not asked who did it"))
        same = applied is not None and applied.config == context.config.digest
        desired = context.resolved.desired.get(forge)
        return Evidence(
            applied=applied,
            found_right=self.audited.found_right(forge, sig),
            same_files=same,
            then=self._then(applied.commit).get(forge) if applied and not same and applied.commit else None,
            now=desired.state if desired else {},
            earlier=self._earlier(applied.when[:10]).get(forge) if applied else None,
            commits=self._commits(applied.commit) if applied and not same and applied.commit else (),
            deeds={key: tuple(deeds) for (name, key), deeds in self.audited.deeds.items() if name == forge},
            events=events,
            silent=silent,
        )

    def _states_then(self, commit: str) -> dict[str, State]:
        """Return what the files of a commit ask for today, by forge; nothing where they can't be had."""
        options = self._context.options
        try:
            config = config_before(commit, options.config, self._context.today, options.overrides)
            resolved = resolve_for(config, options, self._context.today)
        except SigctlError:
            return {}
        return {name: desired.state for name, desired in resolved.desired.items()}

    def _states_earlier(self, day: str) -> dict[str, State]:
        """Return what the present files asked for on an earlier day, by forge; nothing for today."""
        try:
            then = date.fromisoformat(day)
        except ValueError:
            return {}
        if then >= self._context.today:
            return {}
        resolved = resolve_for(self._context.config, self._context.options, then)
        return {name: desired.state for name, desired in resolved.desired.items()}

    def _commits_since(self, commit: str) -> tuple[Commit, ...]:
        root = checkout_of(self._context.options.config)
        if root is None:
            return ()
        where = self._context.config.root.resolve().relative_to(root).as_posix()
        form = "--format=%H%x00%an%x00%cI%x00%s"
        command = ["log", form, f"--max-count={_COMMITS}", f"{commit}..HEAD", "--", where]
        try:
            out = Git().run(command, at=git_dir(root)).out
        except GitError:
            return ()
        return tuple(Commit(*line.split("\0", 3)) for line in out.splitlines() if line.count("\0") > 2)  # noqa: PLR2004  # four fields
