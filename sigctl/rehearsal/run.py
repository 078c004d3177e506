"""One rehearsal: forges in a folder that goes away, the state of before, the proposal, the second plan, the proof."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from sigctl.app.applying import apply
from sigctl.app.context import Context, Options, Watch, load, resolve_for, settings_of
from sigctl.app.planning import make_plan
from sigctl.app.review import versions
from sigctl.core.kinds import Key, Repo
from sigctl.core.plan import Plan
from sigctl.core.snapshot import Snapshot
from sigctl.core.state import Desired, SetAside, State
from sigctl.errors import UsageError
from sigctl.forges import open_forge, traits_of
from sigctl.rehearsal.proof import Prover, Tried, Try, tries
from sigctl.report.outcome import Report
from sigctl.review.announcing import touched
from sigctl.review.effect import effect
from sigctl.sandbox import control
from sigctl.sandbox.accepting import accept
from sigctl.sandbox.seed import BOT
from sigctl.spec import Config
from sigctl.spec.entries import entries
from sigctl.spec.layout import layouts

_TOKEN = "REHEARSAL"  # noqa: S105  # a name; the token is the sandbox's own
FEW, MOST = 4, 240
"""Repositories of a SIG that are tried where nothing is named; pushes in all."""


@dataclass(slots=True)
class Rehearsal:
    """What was done and seen."""

    forges: tuple[str, ...] = ()
    set_aside: list[SetAside] = field(default_factory=list)
    loaded: int = 0
    """Resources of the snapshot that were put in before."""
    not_loaded: int = 0
    report: Report | None = None
    again: Plan | None = None
    """The second plan, which should be empty."""
    tried: list[Tried] = field(default_factory=list)
    not_enforced: list[str] = field(default_factory=list)
    """What the files say and a forge can't hold: nothing of it was proved."""
    left_out: int = 0
    """Pushes that were not tried, since there are too many."""
    repos: tuple[int, int] = (0, 0)
    """Repositories in which pushes were tried, of how many, the forges added up."""
    histories: int = 0
    """Steps by which history is carried: none of them is rehearsed."""
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether everything was applied, nothing is left to do, and each push went as the files say."""
        failed = self.report is None or any(one.status != "done" for one in self.report.outcomes)
        refused = self.report is not None and bool(self.report.plan.refusals)
        left = self.again is None or bool(self.again.actions)
        return not (failed or refused or left) and bool(self.tried) and all(one.right for one in self.tried)


def rehearse(
    options: Options,
    today: date,
    folder: Path,
    *,
    snapshot: Snapshot | None = None,
    repos: Collection[str] = (),
    first: Collection[str] = (),
    watch: Watch | None = None,
) -> Rehearsal:
    """Return what became of the files on embedded forges in the folder; no token is needed, no other machine is asked.

    `repos` are SIG/NAME or NAME, of which all are tried; without them a few of each SIG are, those in `first` (SIG/NAME) before
    others. Raises UsageError where none of the forges can be played.
    """
    begun = time.monotonic()
    config = load(options, today)
    out = Rehearsal()
    played = _played(config, options, out)
    resolved = resolve_for(config, replace(options, forges=frozenset(played)), today)
    out.histories = len(resolved.hops)
    logins = {login for one in resolved.desired.values() for login in one.logins()}
    before = _before(snapshot, played, resolved.desired) if snapshot else {}
    logins |= {login for one in before.values() for login in one.logins()}
    orgs = {org for one in (*resolved.desired.values(), *before.values()) for org in one.orgs}
    premium = any(config.spec.forges[name].tier not in ("", "free") for name in played)
    with (
        control.running(
            folder / "forges",
            logins=sorted(logins),
            orgs=sorted(orgs | set(control.ORGS)),
            knobs={"gitlab_premium": int(premium)},
        ) as sandbox,
        _context(options, today, played, sandbox.document(), watch or Watch()) as context,
    ):
        out.forges = tuple(sorted(context.forges))
        if before:
            _load(context, before, out, sandbox.document())
        out.report = apply(context, make_plan(context))
        accept(sandbox.document())
        second = make_plan(context)
        out.again = second.plan
        out.not_enforced = sorted(
            {f"{note.forge}: {note.text}" for note in second.plan.notes if note.topic == "unsupported"}
        )
        wanted = {name: one.wanted for name, one in second.compared.items()}
        choice = _Choice(repos, first, config)
        _prove(context, wanted, sandbox.document(), out, folder=folder, choice=choice)
    out.seconds = round(time.monotonic() - begun, 1)
    return out


def _played(config: Config, options: Options, out: Rehearsal) -> dict[str, str]:
    """Return forge -> its kind, one of each kind that there is an embedded one of; the primary before a replica."""
    unknown = sorted({*options.forges} - set(config.spec.forges))
    if unknown:
        raise UsageError(
            f"no forge `{unknown[0]}` in the files", f"one of {', '.join(sorted(config.spec.forges))}"
        )
    unknown = sorted({*options.sigs} - set(config.spec.sigs))
    if unknown:
        raise UsageError(
            f"no SIG `{unknown[0]}` in the files", f"one of {', '.join(sorted(config.spec.sigs))}"
        )
    found: dict[str, str] = {}
    for name, forge in sorted(config.spec.forges.items(), key=lambda one: (one[1].role != "primary", one[0])):
        if options.forges and name not in options.forges:
            continue
        if forge.type not in control.NAMES:
            out.set_aside.append(SetAside(name, f"there is no embedded {forge.type}", name))
        elif forge.type in found.values():
            out.set_aside.append(SetAside(name, f"one {forge.type} is played at a time", name))
        else:
            found[name] = forge.type
    if not found:
        raise UsageError("none of the forges can be played", f"embedded are {', '.join(control.NAMES)}")
    return found


@contextmanager
def _context(
    options: Options, today: date, played: Mapping[str, str], document: Mapping[str, Any], watch: Watch
) -> Iterator[Context]:
    overrides = [
        text
        for name, kind in played.items()
        for text in (
            f"forges.{name}.url={document['forges'][kind]['url']}",
            f"forges.{name}.token=env:{_TOKEN}",
            f"forges.{name}.app=null",
        )
    ]
    there = replace(
        options, overrides=(*options.overrides, *overrides), forges=frozenset(played), mirror=False
    )
    config = load(there, today)
    resolved = resolve_for(config, there, today)
    # ids are those of the real forges, and mean other people here
    desired = {name: replace(one, pins={}) for name, one in resolved.desired.items()}
    forges = {
        name: open_forge(settings_of(config.spec.forges[name], {_TOKEN: document["forges"][kind]["token"]}))
        for name, kind in played.items()
    }
    context = Context(there, config, replace(resolved, desired=desired), forges, (), watch, today)
    try:
        yield context
    finally:
        context.close()


def _before(
    snapshot: Snapshot, played: Mapping[str, str], wanted: Mapping[str, Desired]
) -> dict[str, Desired]:
    """Return the snapshot as something to be applied: what the files speak of, and what is inside of that."""
    out = {}
    for name in played:
        seen = snapshot.forges.get(name)
        if seen is None or name not in wanted:
            continue
        asked = set(wanted[name].state) | _older(wanted[name].state)
        kept = {
            key: one for key, one in seen.observation.state.items() if key in asked or one.inside in asked
        }
        out[name] = Desired(name, kept, orgs=wanted[name].orgs, managed=frozenset())
    return out


def _older(state: State) -> set[Key]:
    return {
        Key(key.kind, path) for key, one in state.items() for path in getattr(one, "previously", None) or ()
    }


def _load(
    context: Context, before: Mapping[str, Desired], out: Rehearsal, document: Mapping[str, Any]
) -> None:
    desired = {name: before.get(name, Desired(name, {})) for name in context.forges}
    there = replace(context, resolved=replace(context.resolved, desired=desired))
    report = apply(there, make_plan(there))
    accept(document)
    out.loaded = report.counts()["done"]
    out.not_loaded = len(report.outcomes) - out.loaded


def _prove(
    context: Context,
    wanted: Mapping[str, State],
    document: Mapping[str, Any],
    out: Rehearsal,
    *,
    folder: Path,
    choice: _Choice,
) -> None:
    tokens = {login: str(user["token"]) for login, user in document["users"].items()}
    prover = Prover(folder, context.forges, tokens, BOT)
    found: list[Try] = []
    for name, state in sorted(wanted.items()):
        sigs = context.resolved.desired[name].sigs
        chosen = choice.of(name, state, sigs)
        out.repos = (out.repos[0] + len(chosen), out.repos[1] + sum(key.kind == Repo.KIND for key in state))
        found += tries(name, state, sigs, chosen)
    out.left_out = max(0, len(found) - MOST)
    prepared: set[tuple[str, str]] = set()
    for one in found[:MOST]:
        if (one.forge, one.repo) not in prepared:
            prepared.add((one.forge, one.repo))
            prover.prepare(one.forge, one.repo)
        context.watch.reading(one.forge, f"{one.who} pushes {one.branch} of {one.repo}")
        out.tried.append(prover.prove(one))
        if context.watch.stop.is_set():
            return


@dataclass(frozen=True, slots=True)
class _Choice:
    """Which repositories are tried: those named, or a few of each SIG."""

    repos: Collection[str]
    first: Collection[str]
    config: Config

    def of(self, forge: str, state: State, sigs: Mapping[Key, str]) -> list[str]:
        """Return the paths of those on a forge: what the proposal touches goes first, what is archived last."""
        shut = {one.path: bool(one.archived) for one in state.values() if isinstance(one, Repo)}
        paths = self._paths(forge, self.repos)
        first = self._paths(forge, self.first)
        there = sorted(shut, key=lambda path: (path not in first, shut[path], path))
        if self.repos:
            return [path for path in there if path in paths]
        by_sig: dict[str, list[str]] = defaultdict(list)
        for path in there:
            by_sig[sigs.get(Key(Repo.KIND, path), "")].append(path)
        return [path for found in by_sig.values() for path in found[:FEW]]

    def _paths(self, forge: str, names: Collection[str]) -> set[str]:
        spec = self.config.spec
        layout = layouts(spec, {forge: traits_of(spec.forges[forge].type)})[forge]
        return {
            layout.repo(one.sig.name, one.name, one.project)
            for one in entries(spec)
            if one.name in names or f"{one.sig.name}/{one.name}" in names
        }


def touched_by(base: str, options: Options, today: date) -> tuple[frozenset[str], frozenset[str]]:
    """Return the SIGs and the repositories (SIG/NAME) that a proposal touches and that there are after it."""
    before, after = versions(base, options, today)
    found = effect(before, after)
    spec = after.config.spec
    repos = {found.name(one.forge, (one.subject.inside or one.key).name) for one in found.actions}
    repos |= {one.repo for one in found.rights}
    there = {f"{one.sig.name}/{one.name}" for one in entries(spec)}
    return frozenset(touched(found) & set(spec.sigs)), frozenset(repos & there)
