"""Repositories of which some part could not be read: they are set aside, and so is whatever could let somebody do too much there.

What is not seen of such a repository is not absent. So nothing is done to it or to anything inside it, and it counts as one about which
every change fails: what depends on such a change, since it would give too much without it, is left out as it is where a change fails.

That is enough where all that says who may do what there was read. Where some of it was not, what gives people more waits too, where it
could let them do there what was neither so before nor is declared: a team may be named by a rule that nobody saw, or have a right there
that it should not have. What only lets somebody read there, or makes him one who may do all there by the files, goes on; but not where it is to leave.

Where an addition waits, so does each removal that would leave somebody without what he has elsewhere and shall keep. In the repository
itself somebody may be without a right until it can be read again: that is no reason to leave him rights in all others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sigctl.core.course import END, START, Course
from sigctl.core.kinds import BranchRule, Grant, Key, Membership, Org, Repo, Resource, Team, TeamMember
from sigctl.core.plan import Action
from sigctl.core.reach import ADMIN, WRITE, Pair, groups_of
from sigctl.core.state import Desired, Note, Observation, SetAside, State, Traits, Unread

_SHOWN = 3
_GIVES = (TeamMember, Grant, Membership, Org)
HINT = "nothing is done there until it can be read; the next run tries again"


def told(observation: Observation, sigs: Mapping[Key, str] | None = None) -> list[SetAside]:
    """Return what there is to say of an observation that lacks something of some repositories, for whoever plans nothing."""
    hint = "what is said of it lacks that; the next run tries again"
    return [
        SetAside(key.name, _why(one), observation.forge, (sigs or {}).get(key, ""), one.hint or hint)
        for key, one in observation.unread.items()
    ]


def _why(one: Unread) -> str:
    """Return what of a repository could not be read, and why."""
    words = {Repo.KIND: "settings", Grant.KIND: "rights", BranchRule.KIND: "branch rules"}
    kinds = sorted(words.get(kind, kind.replace("_", " ")) for kind in one.kinds)
    return f"it could not be read whole ({', '.join(kinds) or 'something'}): {one.reason}"


@dataclass(frozen=True, slots=True)
class Kept:
    """What of a plan goes on."""

    actions: tuple[Action, ...]
    left: tuple[Action, ...] = ()
    """What is left out of this run."""
    set_aside: tuple[SetAside, ...] = ()


@dataclass(frozen=True, slots=True)
class Apart:
    """The repositories of one forge that are set aside, by every path that they may have."""

    places: Mapping[Key, Unread] = field(default_factory=dict)
    """Each such repository, and each older or newer name of it in the files."""

    @classmethod
    def of(cls, desired: Desired, observation: Observation, traits: Traits) -> Apart:
        """Return them: what the files take for the same repository at another path is as unknown as itself."""
        if not observation.unread:
            return cls()
        spell: Callable[[str], str] = str.casefold if traits.fold_paths else str
        found = dict(observation.unread)
        known = {spell(key.name): one for key, one in observation.unread.items()}
        families = [
            {one.path, *(one.previously or ())} for one in desired.state.values() if isinstance(one, Repo)
        ]
        while True:
            before = len(known)
            for paths in families:
                why = next((known[name] for path in sorted(paths) if (name := spell(path)) in known), None)
                if why is not None:
                    found |= {key: why for path in paths if (key := Key(Repo.KIND, path)) not in found}
                    known |= {name: why for path in paths if (name := spell(path)) not in known}
            if len(known) == before:
                return cls({key: found[key] for key in sorted(found)})

    def __bool__(self) -> bool:
        return bool(self.places)

    def has(self, one: Resource) -> bool:
        """Whether it is such a repository, or inside of one."""
        return one.key in self.places or one.inside in self.places

    def touches(self, action: Action) -> bool:
        """Whether it is about one of them, or takes one along."""
        sides = [one for one in (action.before, action.after) if one is not None]
        if any(self.has(one) for one in sides):
            return True
        if action.verb not in ("move", "delete") or not isinstance(action.subject, Org | Team):
            return False
        above = tuple(f"{one.key.name}/" for one in sides)
        return any(place.name.startswith(above) for place in self.places)

    def known(self, observation: Observation) -> Observation:
        """Return the observation without rules of which some were not read: what was seen of them may be half of what they say."""
        mute = {place for place, why in self.places.items() if BranchRule.KIND in why.kinds}
        if not mute:
            return observation
        state = {
            key: one
            for key, one in observation.state.items()
            if not (isinstance(one, BranchRule) and one.inside in mute)
        }
        return replace(observation, state=state)

    def about_others(self, notes: Iterable[Note]) -> tuple[Note, ...]:
        """Return the notes that say nothing of what is set aside."""
        return tuple(note for note in notes if Key(Repo.KIND, note.subject) not in self.places)


def _takes(action: Action) -> bool:
    """Whether it takes something from somebody that an addition may have made up for; an archive is shut all the same."""
    if action.effect != "narrows":
        return False
    return not isinstance(action.subject, Repo) or "visibility" in action.changed()


def keep(actions: Sequence[Action], seen: State, apart: Apart, desired: Desired, traits: Traits) -> Kept:
    """Return what goes on of a plan in its order, given the state it starts from, and each repository that is set aside with what waits for it."""
    if not apart:
        return Kept(tuple(actions))
    return _Keeping(actions, seen, apart, desired, traits).run()


class _Keeping:
    def __init__(
        self, actions: Sequence[Action], seen: State, apart: Apart, desired: Desired, traits: Traits
    ) -> None:
        self.actions = actions
        self.seen = seen
        self.apart = apart
        self.desired = desired
        self.traits = traits
        there = {place: Repo(place.name) for place in apart.places}  # also where nobody saw it
        self.course = Course(actions, {**there, **seen}, rules_open=traits.rules_open)
        self.made = {
            a.subject.path: a.subject for a in actions if a.verb == "create" and isinstance(a.subject, Team)
        }
        self.lost: dict[str, Key | None] = {}
        """Id of each action that is left out -> the repository that it waits for, None for what is about one itself."""

    def run(self) -> Kept:
        self.lost = {a.id: None for a in self.actions if self.apart.touches(a)}
        for action in self.actions:
            if action.id not in self.lost and (place := self._risks(action)) is not None:
                self.lost[action.id] = place
        self._spread()
        while self._close_gaps():
            self._spread()
        return Kept(
            tuple(a for a in self.actions if a.id not in self.lost),
            tuple(a for a in self.actions if a.id in self.lost),
            tuple(self._told()),
        )

    def _spread(self) -> None:
        """Leave out what depends on what is left out."""
        before = -1
        while before != len(self.lost):
            before = len(self.lost)
            for action in self.actions:
                if action.id in self.lost:
                    continue
                cause = next((one for one in action.depends if one in self.lost), None)
                if cause is not None:
                    self.lost[action.id] = self.lost[cause] or self._place_of(cause)

    def _place_of(self, number: str) -> Key:
        """Return the repository that an action is about."""
        action = next(a for a in self.actions if a.id == number)
        sides = [one for one in (action.after, action.before) if one is not None]
        for one in sides:
            for key in (one.key, one.inside):
                if key is not None and key in self.apart.places:
                    return key
        above = tuple(f"{one.key.name}/" for one in sides)
        return next(place for place in self.apart.places if place.name.startswith(above))

    def _risks(self, action: Action) -> Key | None:
        """Return a repository of which too much is unknown to say what the action lets somebody do there, None where it gives nothing there."""
        if action.effect != "widens":
            return None
        for place, why in self.apart.places.items():
            if isinstance(action.subject, Team) and self._is_nested_there(action.subject, place, why):
                return place
            if isinstance(action.subject, _GIVES) and self._gives(action, place, why):
                return place
        return None

    def _is_nested_there(self, team: Team, place: Key, why: Unread) -> bool:
        """Whether a team comes under one that has something there, as it is now."""
        above, passed = team.parent or "", {team.path}
        while above and above not in passed:
            passed.add(above)
            if why.teams or Key(Grant.KIND, f"repo:{place.name}:team:{above}") in self.seen:
                return True
            found = self.made.get(above) or self.seen.get(Key(Team.KIND, above))
            above = (found.parent or "") if isinstance(found, Team) else ""
        return False

    def _gives(self, action: Action, place: Key, why: Unread) -> bool:
        one = action.subject
        if isinstance(one, TeamMember) and why.teams and self._may_have(one.team, place):
            return True
        if self._is_other_name(place) and self._reaches(action, place):
            return True  # it stays there for now, where no file gives him anything
        if not why.kinds & {BranchRule.KIND, Grant.KIND, Repo.KIND}:
            return False
        pairs = {pair for pair in self.course.pairs_of(action) if pair[1] == place.name}
        if isinstance(one, TeamMember):
            pairs.add((one.login, place.name))  # rules that nobody saw may name the team
        teams = self.course.with_above(one.team) if isinstance(one, TeamMember) else ()
        named = any(place.name in self.course.ruled.get(team, ()) for team in teams)
        return any(self._is_risky(pair, why, named=named) for pair in pairs)

    def _reaches(self, action: Action, place: Key) -> bool:
        """Whether the action lets somebody come to more there than he has."""
        pairs = (pair for pair in self.course.pairs_of(action) if pair[1] == place.name)
        return any(self._rank(pair, END) > self._rank(pair, START) for pair in pairs)

    def _may_have(self, team: str, place: Key) -> bool:
        """Whether a team can have a right there at all."""
        everywhere = self.traits.team_is_group or self.traits.server_teams
        return everywhere or groups_of(team)[:1] == groups_of(place.name)[:1]

    def _is_risky(self, pair: Pair, why: Unread, *, named: bool) -> bool:
        """Whether what is unknown can be more than what somebody with this level could do before, or shall do."""
        start, end = (self._rank(pair, phase) for phase in (START, END))
        passing = ADMIN - 1 if self.traits.rules_open else ADMIN
        if BranchRule.KIND in why.kinds or Repo.KIND in why.kinds:
            return WRITE <= max(start, end) < passing
        return named and end < WRITE  # he may have a right of his own there, with which a rule lets him push

    def _rank(self, pair: Pair, phase: int) -> int:
        return self.course.can(pair, phase, ())["level", ""].most

    def _close_gaps(self) -> bool:
        """Keep from happening what takes away that for which the addition waits; say whether there was any."""
        waiting = [a for a in self.actions if self.lost.get(a.id) is not None]
        taking = {a.id for a in self.actions if a.id not in self.lost and _takes(a)}
        if not waiting or not taking:
            return False
        kept = Course(
            [a for a in self.actions if a.id not in self.lost], self.seen, rules_open=self.traits.rules_open
        )
        found = False
        for action in waiting:
            for pair in sorted(self.course.pairs_of(action)):
                if Key(Repo.KIND, pair[1]) in self.apart.places or not self._is_gap(pair, kept):
                    continue
                keys = {one.key for one in kept.relevant(pair) if one.id in taking}
                for one in self.actions:  # a change in several steps waits as a whole
                    if one.key in keys and one.id not in self.lost:
                        self.lost[one.id] = self.lost[action.id]
                        found = True
        return found

    def _is_gap(self, pair: Pair, kept: Course) -> bool:
        """Whether what goes on leaves somebody with less than he has and shall have, or for a moment where the whole plan would not."""
        branches = self.course.branches(pair[1])
        before, after = (self.course.can(pair, phase, branches) for phase in (START, END))
        left = kept.can(pair, END, branches)
        if any(left[facet].most < min(before[facet].most, after[facet].most) for facet in before):
            return True
        anyway = {gap.facet for gap in self.course.judged(pair)[0]}
        return any(gap.facet not in anyway for gap in kept.judged(pair)[0])

    def _told(self) -> Iterator[SetAside]:
        waiting: dict[Key, list[str]] = {}
        for action in self.actions:
            place = self.lost.get(action.id)
            if place is not None:
                waiting.setdefault(place, []).append(f"{action.kind.replace('_', ' ')} {action.key.name}")
        for place, why in self.apart.places.items():
            names = list(dict.fromkeys(waiting.get(place, ())))
            if place not in self.desired.state and not names and self._is_other_name(place):
                continue
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            held = (
                f"; what could let somebody do too much there waits: {', '.join(names[:_SHOWN])}{more}"
                if names
                else ""
            )
            sig = self.desired.sigs.get(place, "")
            yield SetAside(place.name, f"{_why(why)}{held}", self.desired.forge, sig, why.hint or HINT)

    def _is_other_name(self, place: Key) -> bool:
        """Whether the files have the repository under another name, which is told of."""
        return any(
            isinstance(one, Repo) and place.name in (one.previously or ())
            for one in self.desired.state.values()
        )
