"""Makes the plan for refs: reads every repository once, compares, and asks git only where histories differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count

from sigctl.core.history import End, Hop
from sigctl.core.plan import Action
from sigctl.core.state import Note, SetAside
from sigctl.errors import InterruptedRunError, NotThereError, SigctlError
from sigctl.mirror import refs as rules
from sigctl.mirror import wording
from sigctl.mirror.advertise import Reader
from sigctl.mirror.cache import Cache, MovedError, entry_name
from sigctl.mirror.model import (
    Family,
    HopState,
    MirrorPlan,
    OnStep,
    RemoteOf,
    Status,
    Step,
    Transfer,
    action_of,
)
from sigctl.mirror.objects import Objects
from sigctl.mirror.parallel import each
from sigctl.mirror.refs import Change, Comparison, RefPlan, Refs, Selection

_TRIES = 3
"""How often a hop is planned anew because its refs moved meanwhile."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What a run works with."""

    reader: Reader
    cache: Cache
    remote_of: RemoteOf
    told: OnStep | None = None
    count: bool = False
    """Fetch all that is behind too, and count its commits."""


def make(hops: Iterable[Hop], tools: Tools, missing: frozenset[tuple[str, str]], jobs: int) -> MirrorPlan:
    """Return the plan for all hops; what can't be read is set aside and the others go on."""
    ordered = sorted(set(hops), key=_order)
    answers = _read(ordered, tools, missing)
    families = [_FamilyPlan(name, members, answers, missing, tools) for name, members in families_of(ordered)]
    for _ in each(_FamilyPlan.run, families, jobs, tools.cache.git.stop):
        pass
    place = {hop: number for number, hop in enumerate(ordered)}
    transfers = sorted((t for f in families for t in f.transfers), key=lambda t: place[t.hop])
    return MirrorPlan(
        actions=tuple(action for transfer in transfers for action in transfer.actions),
        held=_sorted(note for f in families for note in f.held),
        notes=_sorted(note for f in families for note in f.notes),
        set_aside=tuple(
            sorted((s for f in families for s in f.aside), key=lambda s: (s.forge, s.subject, s.reason))
        ),
        default_branches={key: branch for f in families for key, branch in sorted(f.defaults.items())},
        states=tuple(sorted((s for f in families for s in f.states), key=lambda s: place[s.hop])),
        families=tuple(f.family() for f in families if f.transfers),
        reads=tools.reader.reads,
    )


def families_of(hops: Iterable[Hop]) -> list[tuple[str, list[Hop]]]:
    """Return the hops grouped by the repositories they share, each group in order with the name of its cache entry."""
    leader: dict[End, End] = {}

    def find(end: End) -> End:
        while leader.setdefault(end, end) != end:
            end = leader[end]
        return end

    every = list(hops)
    for hop in every:
        leader[find(hop.target)] = find(hop.source)
    groups: dict[End, list[Hop]] = {}
    for hop in every:
        groups.setdefault(find(hop.source), []).append(hop)
    return sorted((entry_name(_root(group)), group) for group in groups.values())


def _root(group: list[Hop]) -> End:
    """Return where the family's history begins; the same in every order of the hops."""
    targets = {hop.target for hop in group}
    sources = {hop.source for hop in group}
    return min(sources - targets or sources, key=str)


def _order(hop: Hop) -> tuple[int, str, str, str, str]:
    return (hop.stage, hop.sig, hop.repo, str(hop.target), str(hop.source))


def _read(
    hops: list[Hop], tools: Tools, missing: frozenset[tuple[str, str]]
) -> dict[End, Refs | SigctlError]:
    ends = dict.fromkeys(
        end for hop in hops for end in (hop.source, hop.target) if (end.forge, end.path) not in missing
    )
    answers: dict[End, Refs | SigctlError] = {}
    remotes = {}
    for end in ends:
        try:
            remotes[end] = tools.remote_of(end)
        except SigctlError as error:
            answers[end] = error

    number = count(1)

    def told(end: End, _answer: Refs | SigctlError) -> None:
        if tools.told:
            tools.told(Step(str(end), "read", next(number), len(remotes)))

    return answers | tools.reader.read_all(remotes, told)


@dataclass(slots=True)
class _FamilyPlan:
    """The plan of one family, hop by hop: each sees what the hops before it will have done."""

    name: str
    hops: list[Hop]
    answers: Mapping[End, Refs | SigctlError]
    missing: frozenset[tuple[str, str]]
    tools: Tools
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
        for hop in self.hops:
            for end in (hop.source, hop.target):
                if end in self.answers:
                    self.now[end] = self.answers[end]
        self.observed = {end: answer for end, answer in self.now.items() if isinstance(answer, Refs)}
        filled = {hop.target for hop in self.hops}
        for hop in self.hops:  # a repository that this very run creates, and that no hop fills, is empty
            if (hop.source.forge, hop.source.path) in self.missing and hop.source not in filled:
                self.now[hop.source] = Refs()
        with Objects(
            self.name, self.tools.cache, self.tools.remote_of, self.observed, self.tools.told
        ) as objects:
            for hop in self.hops:
                try:
                    self._hop(hop, objects)
                except InterruptedRunError:
                    raise
                except SigctlError as error:
                    self._set_aside(hop, error.text, error.hint)
            self.observed = objects.observed

    def family(self) -> Family:
        return Family(self.name, self.observed, tuple(self.transfers))

    def _hop(self, hop: Hop, objects: Objects) -> None:
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
        chosen = rules.select(source, hop)
        present = rules.visible(target.tips)
        if not chosen.wanted and not chosen.held:
            self._nothing_there(hop, source, len(present))
            return
        if hop.mode == "import" and rules.finished_import(chosen, present):
            self.states.append(HopState(hop, "equal", extra=len(present)))
            return
        comparison = rules.compare(chosen, present)
        decided = (
            self._decide(hop, comparison, objects)
            if comparison.differ
            else rules.decide(comparison, _unasked)
        )
        held = [wording.held(hop, item, self._facts(item, objects)) for item in decided.held]
        state = self._state(hop, comparison, decided, objects)
        # nothing is kept before this line, so that a hop can be planned again
        self.states.append(state)
        self.held += held
        self.notes += wording.about(hop, source, chosen)
        if (
            hop.stage and comparison.extra
        ):  # SIGs have branches of their own at the primary, nobody has at a replica
            self.notes.append(wording.only_there(hop, comparison.extra))
        self._done(hop, chosen, target, decided)

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
        objects.ensure((change.new for change in decided.changes), hop.source)
        new = [change.new for change in decided.changes]
        there = {change.old for change in decided.changes if change.old}
        target = self.now.get(hop.target)
        if isinstance(target, Refs):
            there |= set(target.tips.values()) & objects.entry.known()
        entry = objects.entry
        return HopState(hop, status, *sizes, commits=entry.count(new, there), since=entry.oldest(new, there))

    def _done(self, hop: Hop, chosen: Selection, target: Refs, decided: RefPlan) -> None:
        tips = rules.after(target.tips, decided.changes)
        head = chosen.head if chosen.head in tips else ""
        if head:
            self.defaults[(hop.target.forge, hop.target.path)] = head.removeprefix(rules.HEADS)
        self.now[hop.target] = Refs(tips, head or target.head)
        self.made.setdefault(hop.target, []).extend(decided.changes)
        actions: tuple[Action, ...] = tuple(action_of(hop, change) for change in decided.changes)
        if actions:
            self.transfers.append(Transfer(hop, actions, chosen.head))

    def _nothing_there(self, hop: Hop, source: Refs, present: int) -> None:
        if present:
            self.held.append(wording.empty(hop, source, present))
            self.states.append(HopState(hop, "held", extra=present))
        else:
            self.notes.append(wording.both_empty(hop, source))
            self.states.append(HopState(hop, "equal"))
            self.now[hop.target] = Refs()

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


def _sorted(notes: Iterable[Note]) -> tuple[Note, ...]:
    return tuple(
        sorted(set(notes), key=lambda note: (note.forge, note.sig, note.subject, note.topic, note.text))
    )
