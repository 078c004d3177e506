"""Rules of branches on a forge that keeps them as protections: by level on every server, by name only where its tier has that.

There the most permissive of all protections that match a branch decides, who may push may create, and whoever runs the forge's account
has to be let in like anybody else. So a rule is said in the levels that the people have whom it names, where these levels hold nobody
else. Where they do, it is either closed to those whom no level tells apart, or set aside: nobody ever gets more than declared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sigctl.core import levels
from sigctl.core.globs import covers, overlap
from sigctl.core.kinds import BranchRule, Grant, Key, Org, Repo, Resource, TeamMember
from sigctl.core.kinds.branch import BRANCH, TAG
from sigctl.core.kinds.grant import PERSON, TEAM
from sigctl.core.plan import Action
from sigctl.core.state import Desired, Note, Observation, SetAside, Traits

SUBJECTS = "branch_rule.subjects"
"""In `Traits.needs`: the capability that a server must have for named teams and people in rules."""
_LEVEL = "level:"
_STEPS = (levels.MAINTAIN, levels.WRITE)
"""Levels that a protection can be for, the narrowest first."""
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Held:
    """Both sides as such a forge can hold them."""

    wanted: list[Resource]
    seen: list[Resource]
    anchors: frozenset[Key] = frozenset()
    """Grants that must be there by themselves, since a rule names who has them."""
    set_aside: tuple[SetAside, ...] = ()


@dataclass(slots=True)
class _Problem:
    """What can't be kept of some rules of one repository, for one reason."""

    patterns: list[str]
    text: str
    hint: str
    left_out: bool
    """Whether the rules are left out of the run, unless the files take the closest there is."""


def as_protections(  # noqa: PLR0917  # what is compared, and what decides how
    wanted: Sequence[Resource],
    seen: Sequence[Resource],
    desired: Desired,
    observation: Observation,
    traits: Traits,
    notes: list[Note],
) -> Held:
    """Return both sides with rules that the server can hold; what is lost by it is noted, or set aside with the ways out."""
    need = traits.needs.get(SUBJECTS)
    named = need is None or need in observation.capabilities
    people = _People.of(wanted, seen, desired.managed)
    filled = frozenset(one.path for one in wanted if isinstance(one, Repo) and one.filled)
    keeper = _Keeper(people, observation.own_way, named=named, more=_more(observation, traits), filled=filled)
    out = [keeper.kept(one) if isinstance(one, BranchRule) else one for one in wanted]
    keeper.compare([one for one in out if isinstance(one, BranchRule)])
    aside = [] if desired.closest_rules else list(_aside(keeper, desired))
    if desired.closest_rules:
        notes += _notes(keeper, desired)
    notes += keeper.notes
    out, theirs = _without(keeper, out, list(seen), desired)
    anchors = _anchors(out, people) if named else []
    there = {one.key for one in out}
    out += [one for one in anchors if one.key not in there]
    return Held(out, _own_defaults(out, theirs, notes), frozenset(one.key for one in anchors), tuple(aside))


def _more(observation: Observation, traits: Traits) -> frozenset[str]:
    def there(name: str) -> bool:
        need = traits.needs.get(f"{BranchRule.KIND}.{name}")
        return need is None or need in observation.capabilities

    return frozenset(filter(there, traits.fields.get(BranchRule.KIND, frozenset())))


@dataclass(slots=True)
class _People:
    """Who has which level on which repository once the plan is done."""

    teams: Mapping[str, frozenset[str]]
    grants: Mapping[Key, list[Grant]]

    @classmethod
    def of(cls, wanted: Iterable[Resource], seen: Iterable[Resource], told: Collection[Key]) -> _People:
        """Return what the wanted side says of people; of a team of which it does not tell who is in it, what was seen."""
        teams: dict[str, set[str]] = defaultdict(set)
        grants: dict[Key, list[Grant]] = defaultdict(list)
        for one in wanted:
            if isinstance(one, TeamMember):
                teams[one.team].add(one.login)
            elif isinstance(one, Grant):
                grants[one.inside].append(one)
        for one in seen:
            if isinstance(one, TeamMember) and one.inside not in told:
                teams[one.team].add(one.login)
        return cls({team: frozenset(logins) for team, logins in teams.items()}, grants)

    def having(self, repo: str, floor: str) -> set[str]:
        """Return the subjects with at least this level; owners of a group above are left out: no rule keeps them away."""
        return {
            grant.subject
            for grant in self._on(repo)
            if levels.is_known(grant.level) and levels.at_least(grant.level, floor)
        }

    def level_above(self, repo: str, subject: str) -> str:
        """Return the strongest level of a subject on the groups above, `none` for none."""
        found = [
            g.level
            for g in self._on(repo)
            if g.on == Org.KIND and g.subject == subject and levels.is_known(g.level)
        ]
        return max(found, key=lambda level: levels.rank(level) or 0, default=levels.NONE)

    def _on(self, repo: str) -> Iterator[Grant]:
        yield from self.grants.get(Key(Repo.KIND, repo), ())
        parts = repo.split("/")
        for depth in range(1, len(parts)):
            for grant in self.grants.get(Key(Org.KIND, "/".join(parts[:depth])), ()):
                if grant.subject_kind != PERSON or grant.level != levels.ADMIN:
                    yield grant

    def logins(self, subjects: Iterable[str]) -> set[str]:
        """Return who is meant: people by login, teams by their members and, by their own name, as such."""
        found: set[str] = set()
        for subject in subjects:
            kind, _, name = subject.partition(":")
            found |= {name} if kind == PERSON else {subject, *self.teams.get(name, ())}
        return found

    def outside(self, subjects: Iterable[str], among: Collection[str]) -> set[str]:
        """Return those subjects with anybody in them who is not among the others."""
        inside = self.logins(among)
        return {
            one
            for one in subjects
            if one not in among and not (self._members(one) and self._members(one) <= inside)
        }

    def _members(self, subject: str) -> frozenset[str]:
        kind, _, name = subject.partition(":")
        return frozenset({name}) if kind == PERSON else self.teams.get(name, frozenset())


@dataclass(slots=True)
class _Keeper:
    """Says rules in the words of one server, and remembers what could not be said."""

    people: _People
    own: str
    """Subject by which sigctl's own account is let in, "" for none."""
    named: bool
    more: frozenset[str]
    """Fields of a rule beside who may push, that this server can hold."""
    filled: frozenset[str]
    """Repositories that get a history from somewhere."""
    problems: dict[tuple[str, str], _Problem] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    def kept(self, rule: BranchRule) -> BranchRule:
        """Return the rule as the server can hold it, never more open than it is declared."""
        push = self._one_answer(rule)
        pushers = self._side(rule, push, "push")
        merge = (
            None
            if rule.on == TAG
            else pushers
            if rule.merge is None
            else self._side(rule, rule.merge, "merge")
        )
        if rule.delete and pushers and pushers != (self.own,):
            text = f"{rule.pattern}: nobody deletes a protected {rule.on} by git on this forge; maintainers do by hand"
            self.notes.append(Note("unsupported", rule.repo, text))
        return replace(
            rule,
            push=pushers,
            create=pushers,
            merge=merge,
            force=False if rule.on == TAG else rule.force,
            delete=None if rule.delete is None else False,
            reviews=self._rest(rule, "reviews"),
            checks=self._rest(rule, "checks"),
            code_owners=self._rest(rule, "code_owners"),
        )

    def _rest(self, rule: BranchRule, name: str) -> Any:
        """Return what the rule asks of merges, None where this server can't be made to ask for it."""
        if name in self.more:
            return getattr(rule, name)
        if getattr(rule, name):
            hint = "raise the tier, where one has them; or take them out of the rule"
            self._problem(
                rule,
                f"can't be made to ask for {name.replace('_', ' ')} on this server",
                hint,
                left_out=False,
            )
        return None

    def _one_answer(self, rule: BranchRule) -> tuple[str, ...]:
        """Return who may push and create; where the files tell these apart, only who may do both."""
        said = [side for side in (rule.push, rule.create) if side is not None]
        if not said:
            return (f"{_LEVEL}{levels.WRITE}",)
        if len({frozenset(side) for side in said}) > 1:
            both = tuple(sorted(set(said[0]) & set(said[1])))
            text = "can't tell who may push from who may create: whoever may push may create"
            self._problem(rule, text, "give `push` and `create` to the same")
            return both
        return said[0]

    def _side(self, rule: BranchRule, asked: tuple[str, ...], verb: str) -> tuple[str, ...]:
        if all(one.startswith(_LEVEL) for one in asked) and asked:
            return asked
        writers = self.people.having(rule.repo, levels.WRITE)
        able = {one for one in asked if one.startswith(_LEVEL) or not self.people.outside({one}, writers)}
        return self._by_name(able, writers) if self.named else self._by_level(rule, asked, able, verb)

    def _by_name(self, able: set[str], writers: set[str]) -> tuple[str, ...]:
        """Return these by name; a team that has its right by others only is named person by person, since it has no access itself."""
        found = {self.own} if self.own else set()
        for one in able:
            if one in writers or not one.startswith(f"{TEAM}:"):
                found.add(one)
            else:
                found |= {f"{PERSON}:{login}" for login in self.people.logins({one}) - {one}}
        return tuple(sorted(found))

    def _by_level(
        self, rule: BranchRule, asked: tuple[str, ...], able: set[str], verb: str
    ) -> tuple[str, ...]:
        """Return the level that only those have who are asked for: the narrowest that leaves out none of them, else the widest."""
        steps: list[tuple[tuple[str, ...], set[str]]] = [
            ((f"{_LEVEL}{step}",), self.people.having(rule.repo, step)) for step in _STEPS
        ]
        closed: tuple[str, ...] = (self.own,) if self.own.startswith(_LEVEL) else ()
        steps.insert(0 if closed else len(steps), (closed, set()))
        fit = [(said, let_in) for said, let_in in steps if not self.people.outside(let_in, asked)]
        for said, let_in in fit:
            if not self.people.outside(able, let_in):
                if not said:
                    self._shut_out(rule)
                return said
        said, let_in = max(fit, key=lambda one: len(self.people.logins(one[1])))
        lost = sorted(self.people.outside(able, let_in))
        who = _listed([one.partition(":")[2] for one in asked])
        text = f"can't be kept to {who} on this tier: by level alone, nobody can be told from others who may write there"
        if verb == "merge":
            text = f"can't be merged into by {who} alone on this tier: by level, they can't be told from others who may write there"
        hint = (
            "give the others no right to write there, or these a higher one than the others; keep their branches in another repository "
            "(`kernel.layout: carried`); raise the tier; or `branch_rules: closest` on the forge, which shuts out "
            f"{_listed([one.partition(':')[2] for one in lost])}"
        )
        self._problem(rule, text, hint)
        return said

    def _shut_out(self, rule: BranchRule) -> None:
        text = (
            "nobody may push some of its branches, and the account that sigctl runs as neither: make it an administrator of the server, "
            "or give nobody `maintain` there"
        )
        if rule.repo in self.filled:
            self.notes.append(Note("unsupported", rule.repo, text))

    def _problem(self, rule: BranchRule, text: str, hint: str, *, left_out: bool = True) -> None:
        found = self.problems.setdefault((rule.repo, text), _Problem([], text, hint, left_out))
        if rule.pattern not in found.patterns:
            found.patterns.append(rule.pattern)

    def compare(self, rules: Sequence[BranchRule]) -> None:
        """Find the rules within wider ones that let in more: on such a forge the most permissive decides."""
        groups: dict[tuple[str, str], list[BranchRule]] = defaultdict(list)
        for rule in rules:
            groups[rule.repo, rule.on].append(rule)
        for found in groups.values():
            for inner in found:
                for outer in found:
                    if inner is not outer and covers(outer.pattern, inner.pattern):
                        self._inside(inner, outer)

    def _inside(self, inner: BranchRule, outer: BranchRule) -> None:
        more = self._logins(outer) - self._logins(inner)
        if more:
            text = f"stays open to {_listed(sorted(more))}, whom the rule for `{outer.pattern}` lets in: on this forge the most permissive rule decides"
            hint = "let both rules name the same, take these branches out of the wider pattern, or keep them in another repository"
            self._problem(inner, text, hint, left_out=False)

    def _logins(self, rule: BranchRule) -> set[str]:
        subjects: set[str] = set()
        for one in rule.push or ():
            level = one.removeprefix(_LEVEL)
            if one != self.own:
                subjects |= self.people.having(rule.repo, level) if levels.is_known(level) else {one}
        people = self.people.logins(subjects)
        return {one.partition(":")[2] if one.startswith(f"{TEAM}:") else one for one in people}


def _listed(names: Sequence[str]) -> str:
    if not names:
        return "nobody"
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _aside(keeper: _Keeper, desired: Desired) -> Iterator[SetAside]:
    for (repo, text), problem in sorted(keeper.problems.items()):
        said = f"{_listed(problem.patterns)} {text}"
        yield SetAside(repo, said, desired.forge, desired.sigs.get(Key(Repo.KIND, repo), ""), problem.hint)


def _notes(keeper: _Keeper, desired: Desired) -> Iterator[Note]:
    for (repo, text), problem in sorted(keeper.problems.items()):
        said = f"{_listed(problem.patterns)} {text}"
        yield Note("unsupported", repo, said, desired.forge, desired.sigs.get(Key(Repo.KIND, repo), ""))


def _without(
    keeper: _Keeper, wanted: list[Resource], seen: list[Resource], desired: Desired
) -> tuple[list[Resource], list[Resource]]:
    """Leave out rules that can't be kept, on both sides, so that what is there stays; nobody gets a right there meanwhile."""
    if desired.closest_rules:
        return wanted, seen
    left = {
        (repo, pattern) for (repo, _), p in keeper.problems.items() if p.left_out for pattern in p.patterns
    }
    repos = {repo for repo, _ in left}
    rights = {one.key: one for one in seen if isinstance(one, Grant)}

    def stays(one: Resource) -> bool:
        return not (isinstance(one, BranchRule) and (one.repo, one.pattern) in left)

    ours: list[Resource] = []
    for one in filter(stays, wanted):
        if isinstance(one, Grant) and one.on == Repo.KIND and one.target in repos:
            there = rights.get(one.key)
            if not isinstance(there, Grant):
                continue
            ours.append(there if Grant.effect(there, one) == "widens" else one)
        else:
            ours.append(one)
    return ours, [one for one in seen if stays(one)]


def _anchors(wanted: Sequence[Resource], people: _People) -> list[Grant]:
    """Return the grants of teams that rules name and that have their right from a group above only."""
    found: dict[Key, Grant] = {}
    for rule in wanted:
        if not isinstance(rule, BranchRule):
            continue
        for subject in {*(rule.push or ()), *(rule.merge or ())}:
            if subject.startswith(f"{TEAM}:"):
                grant = Grant(Repo.KIND, rule.repo, subject, people.level_above(rule.repo, subject), until="")
                if grant.level != levels.NONE:
                    found[grant.key] = grant
    return list(found.values())


def _own_defaults(wanted: Sequence[Resource], seen: list[Resource], notes: list[Note]) -> list[Resource]:
    """Leave what such a forge itself makes of a new default branch, some moments late, where no file says anything of that branch.

    Which branch was the default one at that moment is not known later, so whatever looks like it stays: it only ever shuts.
    """
    rules: dict[str, list[BranchRule]] = defaultdict(list)
    for one in wanted:
        if isinstance(one, BranchRule) and one.on == BRANCH:
            rules[one.repo].append(one)
    declared = {one.key for one in wanted}
    moves = {old: one.path for one in wanted if isinstance(one, Repo) for old in one.previously or ()}
    kept: list[Resource] = []
    left: list[str] = []
    for one in seen:
        if (
            not isinstance(one, BranchRule)
            or one.key in declared
            or not _is_default(one)
            or any(overlap(rule.pattern, one.pattern) for rule in rules[moves.get(one.repo, one.repo)])
        ):
            kept.append(one)
        elif one.inside in declared:
            left.append(f"{one.repo} {one.pattern} ({_who(one)} may push)")
    if left:
        text = f"what the server itself makes of default branches stays where no file has a rule for the branch: {_listed(left)}"
        notes.append(Note("left alone", "default branches", text))
    return kept


def _is_default(rule: BranchRule) -> bool:
    sides = (*(rule.push or ()), *(rule.merge or ()))
    by_level = bool(rule.push) and all(one.startswith(_LEVEL) for one in sides)
    return rule.on == BRANCH and "*" not in rule.pattern and not rule.force and by_level


def _who(rule: BranchRule) -> str:
    found = [one.removeprefix(_LEVEL) for one in rule.push or ()]
    return _listed(found)


def moments(actions: Sequence[Action], seen: Mapping[Key, Resource]) -> list[Note]:
    """Return a note for each repository that is made where people may write already, and that has its rules only a moment later."""
    ruled = {a.subject.inside for a in actions if isinstance(a.subject, BranchRule)}
    made = [(a.key.name, a.forge) for a in actions if a.verb == "create" and a.key in ruled]
    groups = {
        one.target
        for one in seen.values()
        if isinstance(one, Grant) and one.on == Org.KIND and levels.widens(levels.TRIAGE, one.level)
    }
    text = "{} is made before its rules: for a moment whoever may write in the group above can push to any branch"
    return [
        Note("moment", repo, text.format(repo), forge)
        for repo, forge in sorted(made)
        if any(repo.startswith(f"{group}/") for group in groups)
    ]


def not_yet(rule: BranchRule, seen: Mapping[Key, Resource], own: str = "") -> BranchRule | None:
    """Return the rule without those whom it names and who have no right there yet; None where it names no such."""

    def there(subject: str) -> bool:
        if subject.startswith(_LEVEL) or subject == own:
            return True
        places = [(Repo.KIND, rule.repo)]
        if subject.startswith(f"{PERSON}:"):
            parts = rule.repo.split("/")
            places += [(Org.KIND, "/".join(parts[:depth])) for depth in range(1, len(parts))]
        return any(Grant(on, target, subject, levels.READ).key in seen for on, target in places)

    first = {
        name: tuple(one for one in side if there(one))
        for name in ("push", "merge", "create")
        if (side := getattr(rule, name)) is not None
    }
    narrowed = replace(rule, **first)  # type: ignore[arg-type]  # the names are those of the sides
    return None if narrowed == rule else narrowed
