"""Whether somebody may push, merge, create, rewrite or delete a branch, and what says so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

from sigctl.core import levels
from sigctl.core.access_routes import OWNED, Roads, Route
from sigctl.core.access_says import ELSEWHERE, VERBS, Can, Says, Verb
from sigctl.core.globs import covers
from sigctl.core.group_rules import inherited
from sigctl.core.kinds import BranchRule, Grant, Key, Repo
from sigctl.core.kinds.branch import BRANCH
from sigctl.core.levels import MAINTAIN, WRITE
from sigctl.core.state import State, Traits

_NOWHERE = "\0"
"""A name that no pattern but `*` matches."""


class _Who(NamedTuple):
    login: str
    repo: str
    level: str
    """The strongest known one that holds now."""
    native: str
    """A word of the forge that nobody knows the strength of, "" for none."""
    owner: str
    """The org that he owns, "" for none."""
    routes: tuple[Route, ...]


class Judge:
    """What one forge's state lets people do; made once, asked often."""

    def __init__(self, held: State, traits: Traits) -> None:
        self.held = held
        self.traits = traits
        self.roads = Roads(held, traits)
        self.knows_rules = traits.push_by_pattern or BranchRule.KIND in traits.kinds

    @cached_property
    def rules(self) -> dict[str, list[BranchRule]]:
        """Repository -> its rules of branches, by pattern."""
        found: dict[str, list[BranchRule]] = defaultdict(list)
        for one in self.held.values():
            if isinstance(one, BranchRule) and one.on == BRANCH and self.knows_rules:
                found[one.repo].append(one)
        for one in inherited(self.held.values()) if self.knows_rules else ():
            found[one.repo].append(one)
        return {repo: sorted(rules, key=lambda rule: rule.pattern) for repo, rules in found.items()}

    def grants_on(self, repo: str) -> list[Grant]:
        """Return the grants on the repository itself."""
        return self._grants.get(repo, [])

    @cached_property
    def _grants(self) -> dict[str, list[Grant]]:
        found: dict[str, list[Grant]] = defaultdict(list)
        for one in self.held.values():
            if isinstance(one, Grant) and one.on == Repo.KIND:
                found[one.target].append(one)
        return found

    def level(self, login: str, repo: str) -> str:
        """Return the strongest level that holds now; a native word where that may be stronger."""
        who = self._who(login, repo)
        return who.native or who.level

    def patterns(self, repo: str) -> tuple[str, ...]:
        """Return the names for which answers may differ: each pattern, and ELSEWHERE where there are other branches."""
        found = {rule.pattern for rule in self.rules.get(repo, ())}
        if self.traits.push_by_pattern:
            found |= self._granted_patterns.get(repo, set())
        default = self._default(repo)
        if not self.knows_rules and default:
            found.add(default)
        return (*sorted(found), *(() if "*" in found else (ELSEWHERE,)))

    @cached_property
    def _granted_patterns(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for (_, repo), routes in self.roads.routes.items():
            for route in routes:
                found[repo].update(route.branches)
        return found

    def can(self, login: str, repo: str) -> Can:
        """Return what he may do on all branches; repositories with the same rules are looked at once."""
        who = self._who(login, repo)
        pushes = tuple((r.level, r.branches) for r in who.routes) if self.traits.push_by_pattern else ()
        kind = (login, who.level, who.native, who.owner, pushes, self._shape(repo))
        found = self._answers.get(kind)
        if found is None:
            found = self._answers[kind] = self._can(login, repo)
        return found

    def _can(self, login: str, repo: str) -> Can:
        names = self.patterns(repo)
        said = {verb: {name: self.may(verb, login, repo, name) for name in names} for verb in VERBS}
        allowed = {verb: tuple(name for name in names if said[verb][name].may) for verb in VERBS}
        return Can(
            names,
            unknown=tuple(name for name in names if said["push"][name].may is None),
            past=tuple(name for name in names if said["push"][name].past),
            **allowed,
        )

    def _shape(self, repo: str) -> int:
        """Return a number that is the same for repositories with the same rules, names and default branch, archived or not."""
        if repo not in self._shapes:
            terms = tuple(
                (r.pattern, r.push, r.merge, r.create, r.force, r.delete, r.reviews, r.checks)
                for r in self.rules.get(repo, ())
            )
            found = self.repo(repo)
            whole = (terms, self.patterns(repo), self._default(repo), bool(found and found.archived))
            self._shapes[repo] = self._numbers.setdefault(whole, len(self._numbers))
        return self._shapes[repo]

    @cached_property
    def _shapes(self) -> dict[str, int]:
        return {}

    @cached_property
    def _numbers(self) -> dict[object, int]:
        return {}

    @cached_property
    def _answers(self) -> dict[object, Can]:
        return {}

    def may(self, verb: Verb, login: str, repo: str, branch: str) -> Says:
        """Return whether he may, and why; `branch` is a name, a pattern that stands for its names, or ELSEWHERE."""
        who = self._who(login, repo)
        shut = self._shut(verb, who, branch)
        if shut:
            return Says.no(shut)
        name = branch or _NOWHERE
        if self.traits.push_by_pattern:
            return _by_pattern(who, name)
        if not levels.at_least(who.level, WRITE):
            return (
                Says.unknown(f"`{who.native}` may be anything")
                if who.native
                else Says.no(f"{who.level} is not enough")
            )
        fits = [rule for rule in self.rules.get(repo, ()) if covers(rule.pattern, name)]
        if not fits:
            return self._free(who, branch)
        return self._open(verb, who, fits) if self.traits.rules_open else self._narrow(verb, who, fits)

    def _shut(self, verb: Verb, who: _Who, branch: str) -> str:
        """Return why nobody, or somebody without any right, may do it; "" where more has to be looked at."""
        found = self.repo(who.repo)
        if not who.routes:
            return "no right on the repository"
        if found and found.archived:
            return "the repository is archived"
        default = verb == "delete" and branch and branch == self._default(who.repo)
        return "it is the default branch" if default else ""

    def _free(self, who: _Who, branch: str) -> Says:
        shut = not self.knows_rules and branch and branch == self._default(who.repo)
        if shut and not levels.at_least(who.level, MAINTAIN):
            return Says.unknown("the forge's own protection of the default branch is not read")
        return Says.yes("no rule covers it: whoever may write" if self.knows_rules else "whoever may write")

    def _open(self, verb: Verb, who: _Who, fits: Sequence[BranchRule]) -> Says:
        """Judge where one rule that lets somebody in is enough."""
        names = ", ".join(rule.pattern for rule in fits)
        if verb == "delete":
            return Says.no(f"rule {names}: nobody deletes what a rule covers by git")
        forced = next((one for one in fits if one.force), None)
        if verb == "force" and forced is None:
            return Says.no(f"rule {names}: no force push")
        doubts = []
        for rule in fits:
            subjects = _let_in_by(verb, rule)
            let_in = self._let_in(subjects, who)
            if let_in and forced is not None and verb == "force":
                return Says.yes(f"rule {forced.pattern}: force push")
            if let_in:
                return Says.yes(f"rule {rule.pattern}: {let_in}")
            doubts += _doubts(rule, subjects, who)
        if doubts:
            return Says.unknown("; ".join(doubts))
        return Says.no(f"rule {names}: {_only(_let_in_by(verb, fits[0]))}")

    def _narrow(self, verb: Verb, who: _Who, fits: Sequence[BranchRule]) -> Says:
        """Judge where the narrowest rules decide, all of them."""
        deciding = [rule for rule in fits if not any(_is_within(one, rule) for one in fits)]
        past, whys, doubts = False, [], []
        for rule in deciding:
            if verb in ("force", "delete") and getattr(rule, verb) is False:
                return Says.no(f"rule {rule.pattern}: no {'force push' if verb == 'force' else 'deletion'}")
            subjects = self._asked(verb, rule)
            if subjects is None:
                whys.append(f"rule {rule.pattern}: whoever may write")
                continue
            let_in = self._let_in(subjects, who)
            if let_in or (who.owner and self.traits.owners_pass):
                past = past or not let_in
                whys.append(f"rule {rule.pattern}: {let_in or f'passed by as owner of {who.owner}'}")
                continue
            found = _doubts(rule, subjects, who)
            if not found:
                reviewed = rule.push is None and verb in ("push", "force")
                only = "only by a reviewed change" if reviewed else _only(subjects)
                return Says.no(f"rule {rule.pattern}: {only}")
            doubts += found
        return Says.unknown("; ".join(doubts)) if doubts else Says.yes("; ".join(whys), past=past)

    def _asked(self, verb: Verb, rule: BranchRule) -> tuple[str, ...] | None:
        """Return who a rule lets in; None for whoever may write. Who is kept from pushing does not delete, either."""
        if verb == "create":
            return rule.create
        if verb == "merge" and self.traits.pushers_merge:
            return None if rule.push is None else (*rule.push, *(rule.merge or ()))
        if verb == "merge":
            return rule.merge if rule.merge is not None else rule.push
        if rule.push is None and (rule.reviews or rule.checks) and verb != "delete":
            return ()
        return rule.push

    def _let_in(self, subjects: Iterable[str], who: _Who) -> str:
        """Return the subject by which he is let in, in words; "" where he is not."""
        for subject in subjects:
            kind, _, name = subject.partition(":")
            if kind == "person" and name == who.login:
                return "named"
            if kind == "level" and levels.is_known(name) and levels.at_least(who.level, name):
                return f"{name} and up"
            if kind == "team" and who.login in self._pushers(name):
                return subject
        return ""

    def _pushers(self, team: str) -> frozenset[str]:
        if team not in self._teams:
            self._teams[team] = frozenset(
                seat.login
                for seat in self.roads.seats(team)
                if not seat.waiting and levels.at_least(seat.cap, WRITE)
            )
        return self._teams[team]

    @cached_property
    def _teams(self) -> dict[str, frozenset[str]]:
        return {}

    def repo(self, path: str) -> Repo | None:
        """Return the repository itself, None where there is none."""
        found = self.held.get(Key(Repo.KIND, path))
        return found if isinstance(found, Repo) else None

    def _default(self, repo: str) -> str:
        found = self.repo(repo)
        return (found.default_branch or "") if found else ""

    @cached_property
    def _known(self) -> dict[tuple[str, str], _Who]:
        return {}

    def _who(self, login: str, repo: str) -> _Who:
        found = self._known.get((login, repo))
        if found is None:
            found = self._known[login, repo] = self._look(login, repo)
        return found

    def _look(self, login: str, repo: str) -> _Who:
        routes = tuple(r for r in self.roads.routes.get((login, repo), ()) if not r.waiting)
        level, native, owner = levels.NONE, "", ""
        for one in routes:
            if not levels.is_known(one.level):
                native = native or one.level
            elif level == levels.NONE:
                level = one.level  # the strongest comes first
            if one.way == OWNED:
                owner = owner or one.on
        return _Who(login, repo, level, native, owner, routes)


def _by_pattern(who: _Who, name: str) -> Says:
    """Judge on a forge where grants name their branches."""
    for route in who.routes:
        if levels.at_least(route.level, WRITE):
            if not route.branches:
                return Says.yes("may push every branch")
            for pattern in route.branches:
                if covers(pattern, name):
                    return Says.yes(f"granted for {pattern}")
    if any(not levels.is_known(route.level) for route in who.routes):
        return Says.unknown("a word of the forge that may be anything")
    return Says.no("no branch of this name is granted")


def _only(subjects: Iterable[str]) -> str:
    named = ", ".join(dict.fromkeys(subjects))
    return f"only {named}" if named else "nobody"


def _is_within(inner: BranchRule, outer: BranchRule) -> bool:
    """Whether it matches only a part of what the other one matches; `c*` and `c**` match the same, so that both decide."""
    return covers(outer.pattern, inner.pattern) and not covers(inner.pattern, outer.pattern)


def _let_in_by(verb: Verb, rule: BranchRule) -> tuple[str, ...]:
    """Return who a rule lets in where one that lets in is enough; maintainers, where it does not say who pushes."""
    if verb == "merge" and rule.merge is not None:
        return rule.merge
    return rule.push if rule.push is not None else (f"level:{MAINTAIN}",)


def _doubts(rule: BranchRule, subjects: Iterable[str], who: _Who) -> list[str]:
    """Return for which level that a rule lets in his word of the forge may stand, if for any."""
    asked = [one for one in subjects if one.startswith("level:") and levels.is_known(one.partition(":")[2])]
    return [f"rule {rule.pattern}: `{who.native}` may be {one}" for one in asked[:1] if who.native]
