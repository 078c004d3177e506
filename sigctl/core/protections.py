"""Rules of branches on a forge that keeps them as protections: by level on every server, by name only where its tier has that.

There the most permissive of all protections that match a branch decides, who may push may create, and whoever runs the forge's account
has to be let in like anybody else. So a rule is said in the levels that the people have whom it names, where these levels hold nobody
else. Where they do, it is either closed to those whom no level tells apart, or set aside: nobody ever gets more than declared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sigctl.core import levels
from sigctl.core.globs import covers
from sigctl.core.holders import People
from sigctl.core.kinds import BranchRule, Grant, Key, Repo, Resource
from sigctl.core.kinds.branch import DEPLOY_KEY, TAG
from sigctl.core.kinds.grant import PERSON, TEAM
from sigctl.core.protected import grants_named, listed, own_defaults
from sigctl.core.reviews import RAISED_HINT, Raised, lacked, one_number, overridden
from sigctl.core.state import Desired, Note, Observation, SetAside, Traits

SUBJECTS = "branch_rule.subjects"
"""In `Traits.needs`: the capability that a server must have for named teams and people in rules."""
_LEVEL = "level:"
_STEPS = (levels.MAINTAIN, levels.WRITE)
"""Levels that a protection can be for, the narrowest first."""


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
    people = People.of(wanted, seen, desired.managed)
    filled = frozenset(one.path for one in wanted if isinstance(one, Repo) and one.filled)
    keeper = _Keeper(people, observation.own_way, named=named, more=_more(observation, traits), filled=filled)
    out = [keeper.kept(one) if isinstance(one, BranchRule) else one for one in wanted]
    if traits.one_review_count:
        out, raised = one_number(out, seen)
        keeper.told(raised)
        notes += overridden(out, seen)
    keeper.compare([one for one in out if isinstance(one, BranchRule)])
    aside = [] if desired.closest_rules else list(_aside(keeper, desired))
    if desired.closest_rules:
        notes += _notes(keeper, desired)
    notes += keeper.notes
    out, theirs = _without(keeper, out, list(seen), desired)
    anchors = grants_named(out, people) if named else []
    there = {one.key for one in out}
    out += [one for one in anchors if one.key not in there]
    return Held(out, own_defaults(out, theirs, notes), frozenset(one.key for one in anchors), tuple(aside))


def _more(observation: Observation, traits: Traits) -> frozenset[str]:
    def there(name: str) -> bool:
        need = traits.needs.get(f"{BranchRule.KIND}.{name}")
        return need is None or need in observation.capabilities

    return frozenset(filter(there, traits.fields.get(BranchRule.KIND, frozenset())))


@dataclass(slots=True)
class _Keeper:
    """Says rules in the words of one server, and remembers what could not be said."""

    people: People
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
            else tuple(one for one in pushers if not one.startswith(DEPLOY_KEY))
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
            unprotect=self._unprotect(rule),
        )

    def _unprotect(self, rule: BranchRule) -> tuple[str, ...] | None:
        """Return who may take the rule away, our own account among them: those of the named who may change rules at all."""
        asked = self._rest(rule, "unprotect")
        if asked is None:
            return None
        able = self.people.having(rule.repo, levels.MAINTAIN)
        lost = sorted(one for one in self.people.outside(asked, able) if not one.startswith(_LEVEL))
        if lost:
            who = listed([one.partition(":")[2] for one in lost])
            text = f"{rule.pattern}: {who} can't take the rule away without `maintain` there"
            self.notes.append(Note("unsupported", rule.repo, text))
        return self._by_name(set(asked) - set(lost), able, self.own)

    def _rest(self, rule: BranchRule, name: str) -> Any:
        """Return what the rule asks beside who may push, None where this server can't be made to ask for it."""
        value = getattr(rule, name)
        if name in self.more:
            return value
        if value or (value is not None and name == "unprotect"):
            what, hint = lacked(name)
            self._problem(rule, f"can't {what} on this server", hint, left_out=False)
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
        keys = tuple(sorted(one for one in asked if one.startswith(DEPLOY_KEY)))
        if keys:
            people = tuple(one for one in asked if one not in keys)
            return tuple(sorted({*keys, *self._side(rule, people, verb)}))
        if all(one.startswith(_LEVEL) for one in asked) and asked:
            return asked
        writers = self.people.having(rule.repo, levels.WRITE)
        able = {one for one in asked if one.startswith(_LEVEL) or not self.people.outside({one}, writers)}
        if self.named:
            return self._by_name(able, writers, self._own(rule))
        return self._by_level(rule, asked, able, verb)

    def _own(self, rule: BranchRule) -> str:
        """Return by what the rule lets us in; none for tags lets in those who run the server."""
        return "" if rule.on == TAG and self.own.startswith(_LEVEL) else self.own

    def _by_name(self, able: set[str], writers: frozenset[str], own: str) -> tuple[str, ...]:
        """Return these by name; a team that has its right by others only is named person by person, since it has no access itself."""
        found = {own} if own else set()
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
        steps: list[tuple[tuple[str, ...], frozenset[str]]] = [
            ((f"{_LEVEL}{step}",), self.people.having(rule.repo, step)) for step in _STEPS
        ]
        closed: tuple[str, ...] = (own,) if (own := self._own(rule)).startswith(_LEVEL) else ()
        steps.insert(0 if closed else len(steps), (closed, frozenset()))
        fit = [(said, let_in) for said, let_in in steps if not self.people.outside(let_in, asked)]
        for said, let_in in fit:
            if not self.people.outside(able, let_in):
                if not said:
                    self._shut_out(rule)
                return said
        said, let_in = max(fit, key=lambda one: len(self.people.logins(one[1])))
        lost = sorted(self.people.outside(able, let_in))
        who = listed([one.partition(":")[2] for one in asked])
        text = f"can't be kept to {who} on this tier: by level alone, nobody can be told from others who may write there"
        if verb == "merge":
            text = f"can't be merged into by {who} alone on this tier: by level, they can't be told from others who may write there"
        hint = (
            "give the others no right to write there, or these a higher one than the others; keep their branches in another repository "
            "(`kernel.layout: carried`); raise the tier; or `branch_rules: closest` on the forge, which shuts out "
            f"{listed([one.partition(':')[2] for one in lost])}"
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
        found = self.problems.setdefault((rule.repo, text), _Problem([], hint, left_out))
        if rule.pattern not in found.patterns:
            found.patterns.append(rule.pattern)

    def told(self, raised: Sequence[Raised]) -> None:
        """Note the rules that ask for more reviews than declared."""
        for one in raised:
            self._problem(one.rule, one.text, RAISED_HINT, left_out=False)

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
            text = f"stays open to {listed(sorted(more))}, whom the rule for `{outer.pattern}` lets in: on this forge the most permissive rule decides"
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


def _aside(keeper: _Keeper, desired: Desired) -> Iterator[SetAside]:
    for (repo, text), problem in sorted(keeper.problems.items()):
        said = f"{listed(problem.patterns)} {text}"
        yield SetAside(repo, said, desired.forge, desired.sigs.get(Key(Repo.KIND, repo), ""), problem.hint)


def _notes(keeper: _Keeper, desired: Desired) -> Iterator[Note]:
    for (repo, text), problem in sorted(keeper.problems.items()):
        said = f"{listed(problem.patterns)} {text}"
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
