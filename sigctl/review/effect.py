"""What a change of the files comes to: computed from what both versions resolve to, never from the lines that changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest

from sigctl.core import levels
from sigctl.core.history import Hop
from sigctl.core.kinds import Key, Repo, Resource
from sigctl.core.plan import Action
from sigctl.core.state import State
from sigctl.review.items import Item, items
from sigctl.review.rights import May, Version, may, moved, moves, same
from sigctl.spec.resolve.hops import DeclaredBranch


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """A person whose level or branches in a repository are not as they were, on all these forges alike."""

    account: str
    repo: str
    """SIG/NAME."""
    before: str
    after: str
    forges: tuple[str, ...]
    pushes: tuple[str, ...] = ()
    """Patterns of branches that the person may push from now on; "" = those without a rule."""
    stops: tuple[str, ...] = ()
    """Patterns of branches that the person may no longer push."""

    @property
    def gains(self) -> bool:
        """Whether the person may do anything that was not allowed before."""
        return levels.widens(self.before, self.after) or bool(self.pushes)


@dataclass(frozen=True, slots=True, order=True)
class Handover:
    """Somebody whose account on a forge is another one from now on: all that the files give him changes hands."""

    account: str
    forge: str
    before: str
    after: str
    rights: int
    """Repositories there on which he has a level."""


@dataclass(frozen=True, slots=True)
class Mirror:
    """A step by which history goes from one repository to another, before and after."""

    sig: str
    repo: str
    before: Hop | None
    after: Hop | None


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch that the files name, before and after."""

    before: DeclaredBranch | None
    after: DeclaredBranch | None

    @property
    def one(self) -> DeclaredBranch:
        """The branch as it is after, or as it was."""
        found = self.after or self.before
        if found is None:
            raise ValueError("neither before nor after")
        return found


@dataclass(frozen=True, slots=True)
class Effect:
    """Everything that is different: for people, for things, for histories; and the values in the files behind it."""

    rights: tuple[Right, ...] = ()
    handovers: tuple[Handover, ...] = ()
    mirrors: tuple[Mirror, ...] = ()
    branches: tuple[Branch, ...] = ()
    actions: tuple[Action, ...] = ()
    """Every resource that differs, as a change from what the files said to what they say."""
    items: tuple[Item, ...] = ()
    names: Mapping[tuple[str, str], str] | None = None
    """(forge, path of a repository, or `team:` and the path of a team) -> SIG/NAME."""

    @property
    def empty(self) -> bool:
        """Whether nobody's rights, no thing on a forge and no history is other than before."""
        return not (self.rights or self.handovers or self.mirrors or self.branches or self.actions)

    @property
    def widens(self) -> bool:
        """Whether anybody may do more, anything is opened, or history comes from somewhere else."""
        return (
            any(one.gains for one in self.rights)
            or bool(self.handovers)
            or any(one.after is not None for one in self.mirrors)
            or any(action.effect == "widens" for action in self.actions)
        )

    def name(self, forge: str, path: str) -> str:
        """Return a repository as the files call it; its path where they don't."""
        return (self.names or {}).get((forge, path), path)


def effect(before: Version, after: Version) -> Effect:
    """Return what differs between what the two versions resolve to."""
    rights: dict[tuple[str, str, str, str, tuple[str, ...], tuple[str, ...]], list[str]] = defaultdict(list)
    actions: list[Action] = []
    names = {**before.names, **after.names}
    for forge in sorted({*before.resolved.desired, *after.resolved.desired}):
        old, new = before.state(forge), after.state(forge)
        found = moves(old, new)
        there = moved(old, found)
        actions += _moved(forge, old, found, after)
        actions += _changed(forge, (there, before), (new, after), found)
        for one in _rights(forge, (there, before), (new, after), names):
            rights[one.account, one.repo, one.before, one.after, one.pushes, one.stops].append(forge)
    return Effect(
        rights=tuple(sorted(Right(*key[:4], tuple(forges), *key[4:]) for key, forges in rights.items())),
        handovers=tuple(_handovers(before, after)),
        mirrors=tuple(_mirrors(before.resolved.hops, after.resolved.hops)),
        branches=tuple(_branches(before.resolved.branches, after.resolved.branches)),
        actions=tuple(actions),
        items=items(before.config.spec, after.config.spec),
        names=names,
    )


def _moved(forge: str, old: State, found: Mapping[Key, str], after: Version) -> Iterator[Action]:
    for key, path in sorted(found.items()):
        one = old[key]
        sig = after.resolved.desired[forge].sigs.get(Key(key.kind, path), "")
        yield Action(forge, "move", one, one.renamed({key: path}), sig)


def _changed(
    forge: str, before: tuple[State, Version], after: tuple[State, Version], found: Mapping[Key, str]
) -> Iterator[Action]:
    (old, then), (new, now) = before, after
    was = {Key(key.kind, path): key for key, path in found.items()}
    for key in sorted(old.keys() | new.keys()):
        one, other = old.get(key), new.get(key)
        if same(one, other):
            continue
        sig = _sig(now, forge, other) or _sig(then, forge, one, was)
        if one is None:
            yield Action(forge, "create", None, other, sig)
        elif other is None:
            yield Action(forge, "delete", one, None, sig)
        else:
            yield Action(forge, "update", one, other, sig)


def _sig(version: Version, forge: str, one: Resource | None, was: Mapping[Key, Key] | None = None) -> str:
    desired = version.resolved.desired.get(forge)
    if one is None or desired is None:
        return ""
    keys = (one.key, one.inside) if one.inside else (one.key,)
    return next((sig for key in keys if (sig := desired.sigs.get((was or {}).get(key, key), ""))), "")


def _rights(
    forge: str,
    before: tuple[State, Version],
    after: tuple[State, Version],
    names: Mapping[tuple[str, str], str],
) -> Iterator[Right]:
    """Yield what differs for people in repositories that the files still name; what they name no more stays as it is."""
    (old, was), (new, now) = before, after
    had, have = _by_account(forge, old, was), _by_account(forge, new, now)
    for account, repo in sorted(had.keys() | have.keys()):
        one, other = had.get((account, repo), May()), have.get((account, repo), May())
        if one != other and Key(Repo.KIND, repo) in new:
            yield Right(
                account,
                names.get((forge, repo), repo),
                one.level,
                other.level,
                (forge,),
                tuple(sorted(other.pushes - one.pushes)),
                tuple(sorted(one.pushes - other.pushes)),
            )


def _by_account(forge: str, found: State, version: Version) -> dict[tuple[str, str], May]:
    given = may(found, version.sigs(forge))
    return {(version.accounts.get((forge, who), who), repo): one for (who, repo), one in given.items()}


def _handovers(before: Version, after: Version) -> Iterator[Handover]:
    for account, person in sorted(before.config.spec.people.items()):
        now = after.config.spec.people.get(account)
        for forge, link in sorted(person.logins.items()):
            other = now.logins.get(forge) if now else None
            if other is None or (other.login, other.id) == (link.login, link.id):
                continue
            if other.login == link.login and link.id is None:
                continue  # pinning the id that belongs to the login changes nothing for anybody
            desired = after.resolved.desired.get(forge)
            if desired is None or other.login not in desired.logins():
                continue  # nothing is given to him there
            rights = sum(login == other.login for login, _ in may(after.state(forge), {}))
            yield Handover(account, forge, _shown(link.login, link.id), _shown(other.login, other.id), rights)


def _shown(login: str, number: int | str | None) -> str:
    return login if number is None else f"{login} (id {number})"


def _mirrors(before: Iterable[Hop], after: Iterable[Hop]) -> Iterator[Mirror]:
    old, new = _by_ends(before), _by_ends(after)
    for key in sorted(old.keys() | new.keys()):
        for one, other in zip_longest(old.get(key, ()), new.get(key, ())):
            if one != other:
                yield Mirror(key[0], key[1], one, other)


def _by_ends(hops: Iterable[Hop]) -> dict[tuple[str, str, str, int], list[Hop]]:
    out: dict[tuple[str, str, str, int], list[Hop]] = defaultdict(list)
    for hop in sorted(hops, key=lambda one: (str(one.source), one.mode)):
        without = replace(hop, starts=())  # these are told of as branches
        out[hop.sig, hop.repo, str(hop.target), hop.stage].append(without)
    return out


def _branches(before: Iterable[DeclaredBranch], after: Iterable[DeclaredBranch]) -> Iterator[Branch]:
    old = {(one.sig, one.repo, str(one.at), one.name): one for one in before}
    new = {(one.sig, one.repo, str(one.at), one.name): one for one in after}
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) != new.get(key):
            yield Branch(old.get(key), new.get(key))
