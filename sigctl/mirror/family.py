"""The plan of one family of repositories: compared from what was read, and with git where histories differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sigctl.core.history import End, Hop
from sigctl.core.state import Note, SetAside
from sigctl.errors import InterruptedRunError, NotThereError, SigctlError
from sigctl.mirror import policy, wording
from sigctl.mirror import refs as rules
from sigctl.mirror.cache import MovedError
from sigctl.mirror.inside import recall
from sigctl.mirror.model import Family, HopState, Status, Step, Transfer, action_of
from sigctl.mirror.objects import Objects
from sigctl.mirror.refs import Change, Comparison, RefPlan, Refs, Selection
from sigctl.mirror.starting import DECISIONS
from sigctl.mirror.tools import Tools

_TRIES = 3
"""How often a hop is planned anew because its refs moved meanwhile."""


@dataclass(slots=True)
class FamilyPlan:
    """The plan of one family, hop by hop: each sees what the hops before it will have done."""

    name: str
    hops: list[Hop]
    answers: Mapping[End, Refs | SigctlError]
    missing: frozenset[tuple[str, str]]
    tools: Tools
    kin: tuple[str, ...] = ()
    now: dict[End, Refs | SigctlError] = field(default_factory=dict)
    """What each repository holds once the hops so far are done."""
    made: dict[End, list[Change]] = field(default_factory=dict)
    observed: dict[End, Refs] = field(default_factory=dict)
    transfers: list[Transfer] = field(default_factory=list)
    held: list[Note] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    aside: list[SetAside] = field(default_factory=list)
    states: list[HopState] = field(default_factory=list)
    defaults: dict[tuple[str, str], str] = field(default_factory=dict)

    def run(self) -> None:
        """Plan every hop; what goes wrong with one is set aside, only InterruptedRunError is raised."""
        for hop in self.hops:
            for end in (hop.source, hop.target):
                if end in self.answers:
                    self.now[end] = self.answers[end]
        self.observed = {end: answer for end, answer in self.now.items() if isinstance(answer, Refs)}
        filled = {hop.target for hop in self.hops}
        for hop in self.hops:  # a repository that this very run creates, and that no hop fills, is empty
            if (hop.source.forge, hop.source.path) in self.missing and hop.source not in filled:
                self.now[hop.source] = Refs()
        with Objects(self.name, self.tools, self.observed, self.kin) as objects:
            for hop in self.hops:
                try:
                    self._hop(hop, objects)
                except InterruptedRunError:
                    raise
                except SigctlError as error:
                    self._set_aside(hop, error.text, error.hint)
            self.observed = objects.observed

    def ends(self) -> list[End]:
        """Return the repositories of the family."""
        return list(dict.fromkeys(end for hop in self.hops for end in (hop.source, hop.target)))

    def family(self) -> Family:
        """Return what a push needs to know."""
        return Family(self.name, self.observed, tuple(self.transfers), self.kin)

    def _hop(self, hop: Hop, objects: Objects) -> None:
        if hop.optional and isinstance(self.now.get(hop.source), NotThereError):
            self.states.append(HopState(hop, "equal"))
            return
        source, target = self._at(hop, hop.source), self._at(hop, hop.target)
        if source is None or target is None:
            return
        if source.shallow:
            self._set_aside(
                hop, f"{hop.source}: a shallow clone, which lacks history", "mirror from a whole repository"
            )
            return
        for last in (False,) * (_TRIES - 1) + (True,):
            try:
                self._compare(hop, source, target, objects)
            except MovedError:
                if last or hop.source not in objects.observed:
                    raise
                source = self._again(hop.source, objects)
            else:
                return

    def _compare(self, hop: Hop, source: Refs, target: Refs, objects: Objects) -> None:
        if hop.mode in DECISIONS:
            self._within(hop, source, target, objects)
            return
        chosen = rules.select(source, hop)
        present = rules.visible(target.tips)
        if len(chosen.wanted) > self.tools.max_refs:
            text = (
                f"{hop.source} has {len(chosen.wanted)} refs to bring, at most {self.tools.max_refs} may be"
            )
            self._set_aside(
                hop, text, "choose fewer with `include`, or raise mirror.limits.refs in policy.yaml"
            )
            return
        if not chosen.wanted and not chosen.held:
            self._nothing_there(hop, source, target)
            return
        if hop.mode == "import" and rules.finished_import(chosen, present):
            self.states.append(HopState(hop, "equal", extra=len(present)))
            return
        comparison = rules.once(rules.compare(chosen, present), hop)
        asked = bool(comparison.differ)
        compared = self._decide(hop, comparison, objects) if asked else rules.decide(comparison, _unasked)
        settled = policy.settle(hop, comparison, compared, present)
        decided = settled.plan
        held = [wording.held(hop, item, self._facts(item, objects)) for item in decided.held]
        forced = [wording.forced(hop, item, self._facts(item, objects)) for item in settled.forced]
        state = self._state(hop, comparison, decided, objects)
        # nothing is kept before this line, so that a hop can be planned again
        self.states.append(state)
        self.held += held
        self.notes += [*forced, *wording.about(hop, source, chosen)]
        self._needs(hop, chosen)
        extra = tuple(ref for ref in comparison.extra if rules.chosen(ref, hop.include, hop.exclude))
        if hop.stage and extra and hop.mode == "follow":
            # SIGs have branches of their own at the primary, nobody has at a replica
            self.notes.append(wording.only_there(hop, extra))
        self._done(hop, chosen, target, decided)

    def _within(self, hop: Hop, source: Refs, target: Refs, objects: Objects) -> None:
        """Plan a hop that brings nothing along: what is there already is named anew, or goes."""
        decided = DECISIONS[hop.mode](hop, source, target, objects)
        state = self._state(hop, Comparison(), decided, objects)
        self.states.append(state)
        self.held += [wording.held(hop, item, wording.Facts()) for item in decided.held]
        self._done(hop, Selection({}), target, decided)

    def _needs(self, hop: Hop, chosen: Selection) -> None:
        taken = {wanted.source for wanted in chosen.wanted.values()}
        known = recall(self.tools.cache.root / self.name, hop.source)
        needs = {ref: need for ref, need in known.refs.items() if ref in taken}
        self.notes += wording.needs(hop, needs, known.objects)

    def _decide(self, hop: Hop, comparison: Comparison, objects: Objects) -> RefPlan:
        if self.tools.told:
            self.tools.told(Step(str(hop.target), "compare"))
        objects.ensure((change.new for change in comparison.differ), hop.source)
        contains = objects.entry.contains
        unclear = [change for change in comparison.differ if not contains(change.old, change.new)]
        try:  # what the target has and the source lacks is fetched only to say what would be lost
            objects.ensure((change.old for change in unclear), hop.target)
        except InterruptedRunError:
            raise
        except SigctlError as error:
            self.notes.append(wording.uncounted(hop, error))
        return rules.decide(comparison, contains)

    def _facts(self, item: rules.Held, objects: Objects) -> wording.Facts:
        if item.reason not in ("diverged", "ahead"):
            return wording.Facts()
        entry = objects.entry
        return wording.Facts(
            lost=entry.count([item.old], [item.new]),
            new=entry.count([item.new], [item.old]),
            subjects=tuple(entry.subjects(item.old, item.new)),
        )

    def _state(self, hop: Hop, comparison: Comparison, decided: RefPlan, objects: Objects) -> HopState:
        status: Status = "held" if decided.held else "behind" if decided.changes else "equal"
        sizes = (len(decided.changes), len(decided.held), len(comparison.extra), len(comparison.equal))
        if not (self.tools.count and decided.changes):
            return HopState(hop, status, *sizes)
        new = [change.new for change in decided.changes if change.new]
        objects.ensure(new, hop.source)
        there = {change.old for change in decided.changes if change.old}
        target = self.now.get(hop.target)
        if isinstance(target, Refs):
            there |= set(target.tips.values()) & objects.entry.known()
        entry = objects.entry
        return HopState(hop, status, *sizes, commits=entry.count(new, there), since=entry.oldest(new, there))

    def _done(self, hop: Hop, chosen: Selection, target: Refs, decided: RefPlan) -> None:
        if hop.watched:
            return
        tips = rules.after(target.tips, decided.changes)
        head = chosen.head if chosen.head in tips else ""
        if head:
            self.defaults[(hop.target.forge, hop.target.path)] = head.removeprefix(rules.HEADS)
        self.now[hop.target] = Refs(tips, head or target.head)
        self.made.setdefault(hop.target, []).extend(decided.changes)
        actions = tuple(action_of(hop, change) for change in decided.changes)
        if actions:
            changes = {action.id: change for action, change in zip(actions, decided.changes, strict=True)}
            self.transfers.append(Transfer(hop, actions, chosen.head, changes))

    def _nothing_there(self, hop: Hop, source: Refs, target: Refs) -> None:
        present = sum(
            bool(hop.rename) or rules.chosen(ref, hop.include, hop.exclude)
            for ref in rules.visible(target.tips)
        )
        if present and hop.mode != "seed":
            self.held.append(wording.empty(hop, source, present))
            self.states.append(HopState(hop, "held", extra=present))
        else:
            if not hop.optional:
                self.notes.append(wording.both_empty(hop, source))
            self.states.append(HopState(hop, "equal"))
            self.now[hop.target] = target

    def _at(self, hop: Hop, end: End) -> Refs | None:
        """Return what an end holds by now; None when the hop had to be set aside for it."""
        found = self.now.get(end)
        if found is None:
            if end == hop.target:
                return Refs()
            found = NotThereError("is not there yet: what should fill it was set aside")
        if isinstance(found, SigctlError):
            text = found.text if str(end) in found.text else f"{end}: {found.text}"
            self._set_aside(hop, f"{'source' if end == hop.source else 'target'} {text}", found.hint)
            return None
        return found

    def _again(self, end: End, objects: Objects) -> Refs:
        """Return what an end, read anew, holds once the hops so far are done."""
        found = self.tools.reader.read(self.tools.remote_of(end))
        objects.observed[end] = found
        then = Refs(rules.after(found.tips, self.made.get(end, ())), found.head, found.shallow, found.url)
        self.now[end] = then
        return then

    def _set_aside(self, hop: Hop, reason: str, hint: str) -> None:
        self.aside.append(SetAside(str(hop.target), reason, hop.target.forge, hop.sig, hint))
        self.states.append(HopState(hop, "aside"))


def _unasked(_older: str, _newer: str) -> bool | None:
    return None
