"""Carries a plan for refs out, family by family: objects first, then old tips kept, then pushes in an order that leaves no gap."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

from sigctl.core.history import End
from sigctl.core.plan import Action
from sigctl.errors import GitError, InterruptedRunError, SigctlError
from sigctl.mirror.cache import Entry
from sigctl.mirror.first import FirstCopies
from sigctl.mirror.inside import remember
from sigctl.mirror.kin import in_turn
from sigctl.mirror.model import Family, OnOutcome, RefOutcome, Transfer
from sigctl.mirror.objects import Objects
from sigctl.mirror.parallel import each
from sigctl.mirror.sending import Sender, Verdict, groups, new_of, old_of, ref_of
from sigctl.mirror.tools import Tools

_INTERRUPTED = "interrupted; the next run compares again"


def carry_out(
    families: Iterable[Family], chosen: frozenset[str] | None, tools: Tools, jobs: int, told: OnOutcome | None
) -> list[RefOutcome]:
    """Return what became of every chosen action (all, when None); nothing that fails stops the rest."""
    work = {family.name: _FamilyPush(family, chosen, tools, told) for family in families}
    kin = {name: one.family.kin for name, one in work.items()}
    turns = in_turn(work, kin, lambda name: not tools.cache.exists(name))

    number = count(1)

    def one_by_one(names: list[str]) -> list[RefOutcome]:
        found = []
        for name in names:
            found += work[name].run()
            tools.tell("brought", work[name].family.observed, next(number), len(work))
        return found

    return [outcome for found in each(one_by_one, turns, jobs, tools.cache.git.stop) for outcome in found]


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
    streamed: FirstCopies = field(default_factory=FirstCopies)

    def run(self) -> list[RefOutcome]:
        tools = self.tools
        with Objects(self.family.name, tools, self.family.observed, self.family.kin) as objects:
            work = [(transfer, self._ready(transfer, objects)) for transfer in self.family.transfers]
            for transfer, actions in work:
                self._hop(transfer, actions, objects)
        return self.outcomes

    def _ready(self, transfer: Transfer, objects: Objects) -> list[Action]:
        """Return the chosen actions once their objects are in the cache: all are fetched before the first push moves anything."""
        actions = [a for a in transfer.actions if self.chosen is None or a.id in self.chosen]
        left = [a for a in transfer.actions if a not in actions]  # nothing that rests on them may run
        self.failed |= {(transfer.hop.target, ref_of(action)) for action in left}
        try:
            if actions:
                self.streamed.attempt(self.family, transfer, actions, objects, self.tools)
                objects.ensure((new_of(action) for action in actions if new_of(action)), transfer.hop.source)
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
        old = {ref_of(action): old_of(action) for action in forced}
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
            for group in groups(transfer, actions):
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
        there = [action for action in group if action.id in self.streamed.arrived]
        left = [action for action in group if action not in there]
        sender = Sender(self.tools, target, entry, target in self.streamed.tried)
        verdicts: dict[str, Verdict] = {action.id: ("done", "", "") for action in there}
        verdicts |= sender.send(left) if left else {}
        arrived = [action for action in group if verdicts[action.id][0] == "done"]
        if arrived:
            verdicts |= sender.read_back(arrived)
        for action in group:
            self._conclude(transfer, [action], verdicts[action.id])

    def _conclude(self, transfer: Transfer, actions: Iterable[Action], verdict: Verdict) -> None:
        status, reason, hint = verdict
        for action in actions:
            outcome = RefOutcome(action, status, reason, hint)
            self.outcomes.append(outcome)
            if self.told:
                self.told(outcome)
            if status != "done":
                self.failed.add((transfer.hop.target, ref_of(action)))

    def _rest(self, transfer: Transfer, actions: list[Action], verdict: Verdict) -> None:
        """Conclude what has no outcome yet."""
        known = {outcome.action for outcome in self.outcomes}
        self._conclude(transfer, [action for action in actions if action not in known], verdict)
