"""Who may do what by the files of one version: levels and branches, by person and repository."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields

from sigctl.core.access import strongest
from sigctl.core.kinds import BranchRule, Grant, Key, Membership, Org, Repo, Resource, Team, TeamMember
from sigctl.core.kinds.branch import BRANCH
from sigctl.core.kinds.org import OWNER
from sigctl.core.levels import LADDER, NONE, WRITE, at_least, is_known
from sigctl.core.state import State, Traits, state
from sigctl.spec import Config, Resolved
from sigctl.spec.entries import entries, on_forge
from sigctl.spec.layout import layouts, project_of

_LEVEL = "level:"
ELSEWHERE = ""
"""In place of a pattern: the branches that no rule speaks of."""


@dataclass(frozen=True, slots=True)
class May:
    """What one person may do in one repository of one forge."""

    level: str = NONE
    pushes: frozenset[str] = frozenset()
    """Patterns of branches; ELSEWHERE for those without a rule."""


@dataclass(frozen=True)
class Version:
    """The files of one version, and what they mean on the day of the review."""

    config: Config
    resolved: Resolved
    names: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(forge, path of a repository, or `team:` and the path of a team) -> SIG/NAME."""
    accounts: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(forge, login) -> account."""

    @classmethod
    def of(cls, config: Config, resolved: Resolved, traits: Mapping[str, Traits]) -> Version:
        """Return the version with its names looked up; `traits` is by forge name."""
        where = layouts(config.spec, dict(traits))
        names = {
            (forge, layout.repo(one.sig.name, one.name, one.project)): f"{one.sig.name}/{one.name}"
            for one in entries(config.spec)
            for forge, layout in where.items()
            if on_forge(one, forge)
        }
        names |= {
            (forge, f"team:{layout.team(sig.name, team, layout.home(sig.name), project_of(sig, team))}"): (
                f"{sig.name}/{team}"
            )
            for sig in config.spec.sigs.values()
            for team in sig.all_teams()
            for forge, layout in where.items()
        }
        accounts = {
            (forge, link.login): account
            for account, person in config.spec.people.items()
            for forge, link in person.logins.items()
        }
        return cls(config, resolved, names, accounts)

    def state(self, forge: str) -> State:
        """Return what the forge should hold; nothing where these files don't know the forge."""
        desired = self.resolved.desired.get(forge)
        return dict(desired.state) if desired else {}

    def sigs(self, forge: str) -> Mapping[Key, str]:
        """Return the SIG of each resource of the forge that belongs to one."""
        desired = self.resolved.desired.get(forge)
        return desired.sigs if desired else {}


def moves(before: State, after: State) -> dict[Key, str]:
    """Return old key -> new path of what the files of after say was elsewhere before."""
    out: dict[Key, str] = {}
    for key, one in after.items():
        if not isinstance(one, Repo | Team) or key in before:
            continue
        for path in one.previously or ():
            old = Key(key.kind, path)
            if old in before and old not in after and old not in out:
                out[old] = key.name
                break
    return out


def moved(before: State, found: Mapping[Key, str]) -> State:
    """Return the state of before with its things where they are after."""
    return state(one.renamed(found) for one in before.values()) if found else before


def may(found: State, sigs: Mapping[Key, str]) -> dict[tuple[str, str], May]:
    """Return what each login may do in each repository of a forge's state; only those who have a level.

    What somebody may do as owner of a whole org is left out: that is a fact of its own, not one of each repository. `sigs` has
    the SIG of each resource that belongs to one.
    """
    rules: dict[str, list[BranchRule]] = defaultdict(list)
    members: dict[str, set[str]] = defaultdict(set)
    shut = {one.path for one in found.values() if isinstance(one, Repo) and one.archived}
    for one in found.values():
        if isinstance(one, BranchRule) and one.on == BRANCH:
            rules[one.repo].append(one)
        elif isinstance(one, TeamMember):
            members[f"team:{one.team}"].add(one.login)
    out = {}
    given = {key: one for key, one in found.items() if not owns(one, sigs)}
    for (login, repo), rank in strongest(given).items():
        level = LADDER[rank - 1] if rank else NONE
        active = at_least(level, WRITE) and repo not in shut
        pushes = _pushes(login, level, rules.get(repo, ()), members) if active else frozenset()
        out[login, repo] = May(level, pushes)
    return out


def owns(one: Resource, sigs: Mapping[Key, str]) -> bool:
    """Whether it makes somebody an owner of a whole org or top group."""
    if isinstance(one, Membership):
        return one.role == OWNER
    return isinstance(one, Grant) and one.on == Org.KIND and one.key not in sigs


def _pushes(
    login: str, level: str, rules: Iterable[BranchRule], members: Mapping[str, set[str]]
) -> frozenset[str]:
    out = {rule.pattern for rule in rules if rule.push is None or admits(rule.push, login, level, members)}
    return frozenset(out | (set() if any(rule.pattern == "*" for rule in rules) else {ELSEWHERE}))


def admits(subjects: Iterable[str], login: str, level: str, members: Mapping[str, set[str]]) -> bool:
    """Whether a rule that names these lets somebody in who has this level; `members` is by `team:PATH`.

    A level that only a forge knows (its administrators') is nobody's by the files.
    """
    return any(
        one == f"person:{login}" or login in members.get(one, ()) or _reaches(level, one) for one in subjects
    )


def _reaches(level: str, subject: str) -> bool:
    floor = subject.removeprefix(_LEVEL)
    return floor != subject and is_known(floor) and at_least(level, floor)


def same(one: Resource | None, other: Resource | None) -> bool:
    """Whether two resources ask for the same; what is only told does not count."""
    if one is None or other is None or type(one) is not type(other):
        return one is other
    return all(getattr(one, f.name) == getattr(other, f.name) for f in fields(one) if f.name not in one.INFO)
