"""Makes the plan for refs: reads every repository once, compares, and asks git only where histories differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import count

from sigctl.core.history import End, Hop
from sigctl.core.state import Note
from sigctl.errors import SigctlError
from sigctl.mirror.cache import entry_name
from sigctl.mirror.family import FamilyPlan
from sigctl.mirror.kin import in_turn, kin_of
from sigctl.mirror.model import MirrorPlan, Step
from sigctl.mirror.parallel import each
from sigctl.mirror.refs import Refs, visible
from sigctl.mirror.tools import Tools


def make(hops: Iterable[Hop], tools: Tools, missing: frozenset[tuple[str, str]], jobs: int) -> MirrorPlan:
    """Return the plan for all hops; what can't be read is set aside and the others go on."""
    ordered = sorted(set(hops), key=_order)
    answers = _read(ordered, tools, missing)
    grouped = families_of(ordered)
    kin = kin_of({name: _tips(members, answers) for name, members in grouped})
    families = {
        name: FamilyPlan(name, members, answers, missing, tools, kin.get(name, ()))
        for name, members in grouped
    }
    turns = in_turn(families, kin, lambda name: not tools.cache.exists(name))

    number = count(1)

    def one_by_one(names: list[str]) -> None:
        for name in names:
            families[name].run()
            tools.tell("compared", families[name].ends(), next(number), len(families))

    for _ in each(one_by_one, turns, jobs, tools.cache.git.stop):
        pass
    place = {hop: number for number, hop in enumerate(ordered)}
    transfers = sorted((t for f in families.values() for t in f.transfers), key=lambda t: place[t.hop])
    return MirrorPlan(
        actions=tuple(action for transfer in transfers for action in transfer.actions),
        held=_sorted(note for f in families.values() for note in f.held),
        notes=_sorted(note for f in families.values() for note in f.notes),
        set_aside=tuple(
            sorted(
                (s for f in families.values() for s in f.aside), key=lambda s: (s.forge, s.subject, s.reason)
            )
        ),
        default_branches={
            key: branch for f in families.values() for key, branch in sorted(f.defaults.items())
        },
        states=tuple(sorted((s for f in families.values() for s in f.states), key=lambda s: place[s.hop])),
        families=tuple(f.family() for f in families.values() if f.transfers),
        reads=tools.reader.reads,
        present=_present(ordered, answers),
    )


def _tips(members: list[Hop], answers: Mapping[End, Refs | SigctlError]) -> set[str]:
    found = (answers.get(end) for hop in members for end in (hop.source, hop.target))
    return {sha for refs in found if isinstance(refs, Refs) for sha in refs.tips.values()}


def _present(hops: list[Hop], answers: Mapping[End, Refs | SigctlError]) -> dict[str, int]:
    """Return forge -> number of refs at its targets that could be read."""
    found: Counter[str] = Counter()
    for end in {hop.target for hop in hops}:
        answer = answers.get(end)
        if isinstance(answer, Refs):
            found[end.forge] += len(visible(answer.tips))
    return dict(found)


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


def _sorted(notes: Iterable[Note]) -> tuple[Note, ...]:
    return tuple(
        sorted(set(notes), key=lambda note: (note.forge, note.sig, note.subject, note.topic, note.text))
    )
