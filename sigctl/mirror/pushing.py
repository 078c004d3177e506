"""Carries a plan for refs out: straight from the cache, each ref on the value the plan saw, read back afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from sigctl.core.history import End
from sigctl.core.kinds import Ref, Resource
from sigctl.core.plan import Action
from sigctl.errors import GitError, InterruptedRunError, SigctlError
from sigctl.mirror.cache import Entry
from sigctl.mirror.inside import remember
from sigctl.mirror.model import Family, OnOutcome, RefOutcome, Step, Transfer
from sigctl.mirror.objects import Objects
from sigctl.mirror.parallel import each
from sigctl.mirror.refs import Refs
from sigctl.mirror.said import failure, printable, remote_word
from sigctl.mirror.tools import Tools

_ARGV_BYTES = 200_000
"""Refs of one push stand on its command line, which is bounded."""
_PAUSES = (0.0, 0.2, 0.6, 1.5)
"""Seconds before each reading back: a forge's answer may lag behind its own push."""
_INTERRUPTED = "interrupted; the next run compares again"
_REJECTED = "!"
_WHY = re.compile(r"\(([^()]+)\)(: .*)?$")

Verdict = tuple[Literal["done", "failed", "skipped"], str, str]


def carry_out(
    families: Iterable[Family], chosen: frozenset[str] | None, tools: Tools, jobs: int, told: OnOutcome | None
) -> list[RefOutcome]:
    """Return what became of every chosen action (all, when None); nothing that fails stops the rest."""
    work = [_FamilyPush(family, chosen, tools, told) for family in families]
    return [outcome for found in each(_FamilyPush.run, work, jobs, tools.cache.git.stop) for outcome in found]


@dataclass(slots=True)
class _FamilyPush:
    """The pushes of one family, hop after hop."""

    family: Family
    chosen: frozenset[str] | None
    tools: Tools
    told: OnOutcome | None
    outcomes: list[RefOutcome] = field(default_factory=list)
    failed: set[tuple[End, str]] = field(default_factory=set)
    """(end, ref) that did not arrive: nothing behind it may run ahead."""

    def run(self) -> list[RefOutcome]:
        tools = self.tools
        with Objects(
            self.family.name, tools.cache, tools.remote_of, self.family.observed, tools.told
        ) as objects:
            work = [(transfer, self._ready(transfer, objects)) for transfer in self.family.transfers]
            for transfer, actions in work:
                self._hop(transfer, actions, objects)
        return self.outcomes

    def _ready(self, transfer: Transfer, objects: Objects) -> list[Action]:
        """Return the chosen actions once their objects are in the cache: all are fetched before the first push moves anything."""
        actions = [a for a in transfer.actions if self.chosen is None or a.id in self.chosen]
        left = [a for a in transfer.actions if a not in actions]  # nothing that rests on them may run
        self.failed |= {(transfer.hop.target, _ref(action)) for action in left}
        try:
            if actions:
                objects.ensure((_new(action) for action in actions if _new(action)), transfer.hop.source)
                self._look_inside(transfer, actions, objects)
                return self._keep(transfer, actions, objects)
        except InterruptedRunError:
            self._conclude(transfer, actions, ("skipped", _INTERRUPTED, ""))
        except SigctlError as error:
            self._conclude(transfer, actions, ("failed", error.text, error.hint))
        return []

    def _look_inside(self, transfer: Transfer, actions: list[Action], objects: Objects) -> None:
        """Write down what goes over that git alone doesn't bring along, for this report and the next."""
        changes = [transfer.changes[action.id] for action in actions]
        moved = {change.source: change.new for change in changes if change.source and change.new}
        seen = self.family.observed.get(transfer.hop.source)
        with suppress(GitError, OSError):  # a remark, and no reason to keep history back
            remember(objects.entry, transfer.hop.source, moved, [*moved, *(seen.tips if seen else ())])

    def _keep(self, transfer: Transfer, actions: list[Action], objects: Objects) -> list[Action]:
        """Hold the old tips of what is overwritten or deleted, before anything is; return what may go on."""
        forced = [action for action in actions if transfer.changes[action.id].forced]
        if not forced:
            return actions
        old = {_ref(action): _old(action) for action in forced}
        stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H%M%S.%fZ")
        try:
            objects.ensure(old.values(), transfer.hop.target)
            objects.entry.keep(transfer.hop.target, old, stamp)
            if self.tools.bundles is not None:
                name = f"{self.family.name.removesuffix('.git')}-{stamp}.bundle"
                objects.entry.bundle(self.tools.bundles / name, stamp)
        except InterruptedRunError:
            raise
        except (SigctlError, OSError) as error:
            self._conclude(transfer, forced, ("failed", f"its old tip could not be kept: {error}", ""))
            return [action for action in actions if action not in forced]
        return actions

    def _hop(self, transfer: Transfer, actions: list[Action], objects: Objects) -> None:
        try:
            for group in _groups(transfer, actions):
                arrived = self._arrived(transfer, group)
                if arrived:
                    self._push(transfer, arrived, objects.entry)
        except InterruptedRunError:
            self._rest(transfer, actions, ("skipped", _INTERRUPTED, ""))
        except SigctlError as error:
            self._rest(transfer, actions, ("failed", error.text, error.hint))

    def _arrived(self, transfer: Transfer, group: list[Action]) -> list[Action]:
        """Return those whose source is where the plan has it by now; conclude the others."""
        source = transfer.hop.source
        whole = transfer.hop.mode != "start" or source not in self._cut_short()
        behind = [a for a in group if not whole or (source, transfer.changes[a.id].source) in self.failed]
        self._conclude(transfer, behind, ("skipped", f"what it rests on did not arrive at {source}", ""))
        return [action for action in group if action not in behind]

    def _cut_short(self) -> set[End]:
        """Return the repositories whose import is not whole; a branch made there would make it look as if it were."""
        imports = {t.hop.target for t in self.family.transfers if t.hop.mode == "import"}
        return imports & {end for end, _ in self.failed}

    def _push(self, transfer: Transfer, group: list[Action], entry: Entry) -> None:
        """Push some refs and read them back; the last group of an import waits for the groups before it."""
        target = transfer.hop.target
        if transfer.hop.mode == "import" and any(end == target for end, _ in self.failed):
            self._conclude(transfer, group, ("skipped", "the import is not whole yet, so it stays open", ""))
            return
        verdicts = self._send(transfer, group, entry)
        arrived = [action for action in group if verdicts[action.id][0] == "done"]
        if arrived:
            verdicts |= self._read_back(target, arrived)
        for action in group:
            self._conclude(transfer, [action], verdicts[action.id])

    def _send(self, transfer: Transfer, group: list[Action], entry: Entry) -> dict[str, Verdict]:
        """Return git's verdict on each ref; where a server refused all for the sake of one, they are sent in halves."""
        said = self.tools.cache.patience.run(lambda tries: self._try(transfer, group, entry, tries))
        verdicts = {action.id: _verdict(said.get(_ref(action))) for action in group}
        refused = [action for action in group if verdicts[action.id][0] == "failed"]
        together = len(refused) == len(group) > 1 and all(
            "stale info" not in verdicts[a.id][1] for a in refused
        )
        if together:
            middle = len(group) // 2
            return self._send(transfer, group[:middle], entry) | self._send(transfer, group[middle:], entry)
        return verdicts

    def _try(
        self, transfer: Transfer, group: list[Action], entry: Entry, tries: int
    ) -> dict[str, tuple[str, str]]:
        """Push; after a try whose answer was lost only what did not arrive by it."""
        if not tries:
            return self._git_push(transfer, group, entry)
        now = self.tools.reader.read(self.tools.remote_of(transfer.hop.target))
        left = [action for action in group if now.tips.get(_ref(action), "") != _new(action)]
        there = {_ref(action): ("=", "") for action in group if action not in left}
        return there | (self._git_push(transfer, left, entry) if left else {})

    def _git_push(self, transfer: Transfer, group: list[Action], entry: Entry) -> dict[str, tuple[str, str]]:
        target = transfer.hop.target
        remote = self.tools.remote_of(target)

        def objects(what: str, done: int, total: int) -> None:
            if self.tools.told:
                self.tools.told(Step(str(target), "push", done, total, what))

        # the lease names the value the plan saw; history was compared with that one, so nothing is lost with it
        leases = [f"--force-with-lease={_ref(action)}:{_old(action)}" for action in group]
        specs = [f"{_new(action)}:{_ref(action)}" for action in group]
        flags = ["--porcelain", "--progress", "--no-verify", "--no-follow-tags", "--recurse-submodules=no"]
        result = entry.git.run(
            ["push", *flags, *leases, "--", remote.url, *specs],
            at=entry.path,
            remote=remote,
            codes=(0, 1),
            objects=objects,
        )
        said = _porcelain(result.out)
        if not said:
            raise failure("push", result.code, result.err)
        word = remote_word(result.err)
        return {
            ref: (flag, f"{words}: {word}" if word and "declined" in words else words)
            for ref, (flag, words) in said.items()
        }

    def _read_back(self, target: End, arrived: list[Action]) -> dict[str, Verdict]:
        """Return the verdict on each ref that git says arrived, by what the target itself says now."""
        if self.tools.told:
            self.tools.told(Step(str(target), "check"))
        wrong: list[Action] = arrived
        now = Refs()
        try:
            for pause in _PAUSES:
                if self.tools.cache.git.stop.wait(pause):
                    break
                now = self.tools.reader.read(self.tools.remote_of(target))
                wrong = [action for action in arrived if now.tips.get(_ref(action), "") != _new(action)]
                if not wrong:
                    return {}
        except SigctlError as error:
            return {
                a.id: ("failed", f"pushed, but it could not be read back: {error.text}", error.hint)
                for a in arrived
            }
        return {
            a.id: ("failed", f"pushed, but reads back as {_short(now.tips.get(_ref(a)))}", "") for a in wrong
        }

    def _conclude(self, transfer: Transfer, actions: Iterable[Action], verdict: Verdict) -> None:
        status, reason, hint = verdict
        for action in actions:
            outcome = RefOutcome(action, status, reason, hint)
            self.outcomes.append(outcome)
            if self.told:
                self.told(outcome)
            if status != "done":
                self.failed.add((transfer.hop.target, _ref(action)))

    def _rest(self, transfer: Transfer, actions: list[Action], verdict: Verdict) -> None:
        """Conclude what has no outcome yet."""
        known = {outcome.action for outcome in self.outcomes}
        self._conclude(transfer, [action for action in actions if action not in known], verdict)


def _groups(transfer: Transfer, actions: list[Action]) -> list[list[Action]]:
    """Return the actions in pushes of bounded size: the default branch first (for an import alone and last), what goes at the end."""
    going = _bounded([action for action in actions if not _new(action)])
    first = [action for action in actions if _new(action) and _ref(action) == transfer.head]
    rest = [action for action in actions if _new(action) and _ref(action) != transfer.head]
    if transfer.hop.mode == "import":
        return [*_bounded(rest), *([first] if first else [])]
    return [*_bounded([*first, *rest]), *going]


def _bounded(actions: list[Action]) -> list[list[Action]]:
    groups: list[list[Action]] = []
    room = 0
    for action in actions:
        size = 3 * len(_ref(action).encode()) + 3 * 40
        if not groups or size > room:
            groups.append([])
            room = _ARGV_BYTES
        groups[-1].append(action)
        room -= size
    return groups


def _porcelain(out: str) -> dict[str, tuple[str, str]]:
    """Return (flag, words) by the ref's name at the target."""
    said: dict[str, tuple[str, str]] = {}
    for line in out.splitlines():
        flag, tab, rest = line.partition("\t")
        names, more, words = rest.partition("\t")
        if tab and more:
            said[names.partition(":")[2]] = (flag, words)
    return said


def _verdict(said: tuple[str, str] | None) -> Verdict:
    if said is None:
        return ("failed", "git did not say what became of it", "")
    flag, words = said
    if flag != _REJECTED:
        return ("done", "", "")
    if "stale info" in words:
        return (
            "failed",
            "the target moved since the plan; nothing was overwritten",
            "run again: it is compared anew",
        )
    found = _WHY.search(words)
    return ("failed", f"the target refused it: {found[1] + found[2] if found else printable(words)}", "")


def _short(sha: str | None) -> str:
    return sha[:10] if sha else "not there"


def _ref(action: Action) -> str:
    return _of(action.subject).ref


def _new(action: Action) -> str:
    return _of(action.after).sha if action.after else ""


def _old(action: Action) -> str:
    return _of(action.before).sha if action.before else ""


def _of(resource: Resource) -> Ref:
    if not isinstance(resource, Ref):
        raise TypeError(f"{resource.key} is no ref")
    return resource
