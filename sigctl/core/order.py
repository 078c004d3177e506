"""When each action runs: phases in which nobody ever holds more than before-or-declared, nor loses what he keeps.

Within a phase actions may run in any order and side by side. Adding comes before taking away, except where the two meet in one
team: whoever is about to leave a team must be out before the team gets something new, and whoever comes in must come after what
the team is about to lose is gone. Such additions are late; where lateness would leave someone without a right he keeps, the
taking away is early instead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sigctl.core import archives, born, coming, covered, leavers, links, openings, parts, transfers, withheld
from sigctl.core.course import Trouble
from sigctl.core.kinds import (
    BranchRule,
    DeployKey,
    Grant,
    Key,
    Membership,
    Org,
    Ref,
    Repo,
    Resource,
    Team,
    TeamMember,
)
from sigctl.core.mend import mend
from sigctl.core.plan import Action, order_key
from sigctl.core.state import Note, State

UNARCHIVE, CREATE, EARLY, ADD, NARROW, LATE, REFS, SETTLE, OPEN, ARCHIVE, DELETE = (
    10, 20, 35, 40, 50, 60, 70, 75, 80, 85, 90,
)  # fmt: skip
_DEEPEST = 6
"""Teams nested deeper than this are made in one go, and may need a second run."""
_STEP = {Org: 0, Membership: 1, TeamMember: 2, Grant: 4}
"""Where a kind comes within adding; within narrowing it is the other way round."""
_SHUT = EARLY + 4
"""What shuts people out of branches comes before anyone gets more: into a team or by a grant."""


@dataclass(frozen=True, slots=True)
class Order:
    """The actions with their phases and dependencies, sorted; and what could not be had without a gap."""

    actions: tuple[Action, ...]
    notes: tuple[Note, ...]


def order(
    actions: Sequence[Action],
    seen: State,
    early: frozenset[Key] = frozenset(),
    *,
    locked: bool = True,
    hidden_rules: bool = False,
    rules_open: bool = False,
    filled: frozenset[Key] = frozenset(),
    own_way: str = "",
) -> Order:
    """Return the actions in a safe order, given the state they start from.

    `early` are the repositories that go into the archive before anybody gets a right; all others go there last. `locked` says
    that nothing can be changed there, `hidden_rules` that rules can be made in a repository that is not shown, `rules_open`
    that of several rules of a branch the most permissive decides. `filled` are the repositories that get a history: what a forge
    looks at in pushes would refuse one that is older. `own_way` is how a rule lets in the account that sigctl runs as.
    """
    phased = _nested([replace(action, phase=_phase(action)) for action in actions])
    shrinking = transfers.shrinking(phased, seen)
    first, last = leavers.early(phased, seen), leavers.late(phased, seen)

    shifted = _shift(phased, _conflicts(phased), _sinking_groups(phased), shrinking)
    settled = {**dict.fromkeys(last, LATE + _STEP[TeamMember]), **dict.fromkeys(first, EARLY)}
    ahead = transfers.ahead(shifted, seen, early=EARLY)
    phased = [replace(a, phase=settled.get(a.key, a.phase)) for a in ahead]
    phased = born.ruled(phased, filled, phase=CREATE + 10) if hidden_rules else _ruled_when_open(phased)
    if not locked:
        phased = archives.settle(
            phased, early, first=UNARCHIVE, opening=LATE + 6, last=ARCHIVE, own_way=own_way
        )
    moved = transfers.across(phased, seen)
    reached = transfers.reached(phased, seen, moved, shut=_SHUT)
    phased = born.shut(phased, reached, phase=EARLY - 1)
    phased = coming.shut(phased, seen, reached, coming.Phases(EARLY - 1, EARLY, LATE + 5))
    phased = covered.first(phased, seen, phase=_SHUT - 1, late=LATE + 3, rules_open=rules_open)
    phased = archives.base_last(phased, last=ARCHIVE)
    phased = born.shut_first(phased, phase=EARLY - 1)
    natural = {a.id: _phase(a) for a in phased}
    mended = mend(phased, seen, early=EARLY, natural=natural, rules_open=rules_open)
    hung = parts.settle(born.open_last(mended.actions), renames=_SHUT - 1, classic=LATE + 5, opening=OPEN)
    linked = transfers.linked(links.linked(hung, mended.waits, opened=UNARCHIVE), seen)
    linked = withheld.linked(openings.linked(linked, seen), seen, rules_open=rules_open)
    linked = coming.where_they_were(linked, moved)
    notes = (*_named(mended.gaps, phased), *born.unchecked(phased, filled))
    return Order(tuple(sorted(linked, key=order_key)), notes)


def _named(gaps: Iterable[Trouble], actions: Sequence[Action]) -> Iterator[Note]:
    """Yield a note for each person and repository with a moment in which he can do less than before and after it."""
    bare = {(one.login, one.repo) for one in gaps if one.bare}
    for login, repo in sorted({(one.login, one.repo) for one in gaps}):
        what = "is without access to" if (login, repo) in bare else "can do less on"
        yield Note("moment", login, f"{login} {what} {repo} for a moment", actions[0].forge)


def _depth(path: str) -> int:
    return min(path.count("/"), 8)


def _phase(action: Action) -> int:  # noqa: PLR0911  # a table of cases, each one line
    subject = action.subject
    if isinstance(subject, Ref):
        return REFS
    if action.verb == "move" or (action.verb == "create" and isinstance(subject, Org | Team | Repo)):
        return CREATE + _depth(action.key.name)
    if action.verb == "delete" and isinstance(subject, Org | Team | Repo):
        return DELETE + 8 - _depth(action.key.name)
    if isinstance(subject, Repo):
        return _repo_phase(action)
    if isinstance(subject, BranchRule):
        return {"widens": LATE + 5, "narrows": _SHUT}.get(action.effect, SETTLE)
    if isinstance(subject, born.TERMS):
        # after rights that were put late, before the refs that they may be for
        return {"widens": LATE + 8, "narrows": _SHUT}.get(action.effect, SETTLE)
    step = _STEP.get(type(subject), 4)
    if action.effect == "widens":
        return ADD + step
    return NARROW + 4 - step if action.effect == "narrows" else SETTLE


def _nested(actions: list[Action]) -> list[Action]:
    """Make teams after the team above them, delete them before it, and turn a nesting around only once it is undone."""
    chain = {
        a.key.name: a.subject.parent or ""
        for a in actions
        if isinstance(a.subject, Team) and a.verb != "move"
    }
    leaving = {a.key.name for a in actions if isinstance(a.subject, Team) and "parent" in a.changed()}

    def depth(team: str) -> int:
        count = 0
        while team in chain and count < _DEEPEST and (team := chain[team]) in chain:
            count += 1
        return count

    def phase(action: Action) -> int:
        if not isinstance(action.subject, Team):
            return action.phase
        if action.verb in ("create", "delete"):
            return action.phase + (
                depth(action.key.name) if action.verb == "create" else -depth(action.key.name)
            )
        return LATE if "parent" in action.changed() and action.subject.parent in leaving else action.phase

    return [replace(action, phase=phase(action)) for action in actions]


def _repo_phase(action: Action) -> int:
    changed = action.changed()
    if "archived" in changed:
        return ARCHIVE if changed["archived"][1] else UNARCHIVE
    if "visibility" in changed:
        return OPEN if action.effect == "widens" else NARROW
    return SETTLE + 1 if "default_branch" in changed else SETTLE


def _conflicts(actions: Iterable[Action]) -> set[str]:
    """Return the teams in which an addition and a removal, in the wrong order, give someone what nobody declared."""
    kinds: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for action in actions:
        if links.is_rights(action) and (team := links.team_of(action.subject)):
            kinds[team].add((action.kind, action.effect))
    return {
        team
        for team, found in kinds.items()
        if {("team_member", "narrows"), ("grant", "widens")} <= found
        or {("team_member", "widens"), ("grant", "narrows")} <= found
    }


def _ruled_when_open(actions: list[Action]) -> list[Action]:
    """Set the rules of a repository that is shown only then, and give rights in it only after its rules.

    A GitHub org on the free plan refuses rulesets on private repositories, and a grant without its rules would open too much.
    """
    shown = {a.key for a in actions if a.phase == OPEN}
    ruled = {a.subject.inside for a in actions if isinstance(a.subject, BranchRule)} & shown
    phases = {BranchRule: OPEN + 1, Grant: OPEN + 2, DeployKey: OPEN + 2}
    return [
        replace(a, phase=OPEN + 3 if _lets_in(a) else phases[type(a.subject)])
        if type(a.subject) in phases and a.subject.inside in ruled and a.phase < OPEN and _adds(a)
        else a
        for a in actions
    ]


def _lets_in(action: Action) -> bool:
    """Whether it is the second half of a rule's change, or all of one that shuts nobody out."""
    return isinstance(action.subject, BranchRule) and action.verb == "update" and action.effect == "widens"


def _adds(action: Action) -> bool:
    return isinstance(action.subject, BranchRule) or action.effect == "widens"


def _sinking_groups(actions: Iterable[Action]) -> set[tuple[str, str]]:
    """Return (group, subject) of the grants on groups that go or sink: below them, no lower level can be given before."""
    return {
        (a.subject.target, a.subject.subject)
        for a in actions
        if isinstance(a.subject, Grant) and a.subject.on == Org.KIND and a.effect == "narrows"
    }


def _is_below(resource: Resource, sinking: set[tuple[str, str]]) -> bool:
    if not isinstance(resource, Grant) or resource.on != Repo.KIND:
        return False
    parts = resource.target.split("/")
    return any(("/".join(parts[:depth]), resource.subject) in sinking for depth in range(1, len(parts)))


def _is_above(resource: Resource, repos: set[str]) -> bool:
    """Whether it is a right on a group that any of these repositories is made in."""
    if not isinstance(resource, Grant) or resource.on != Org.KIND:
        return False
    return any(repo.startswith(f"{resource.target}/") for repo in repos)


def _shift(
    actions: list[Action], conflicts: set[str], groups: set[tuple[str, str]], shrinking: set[str]
) -> list[Action]:
    """Put the additions of teams late that have conflicts.

    New members and new repositories of an org whose base level sinks come after it has sunk, and new repositories in groups where
    somebody loses rights after he has lost them, and new rights on these groups after the rules there; so does a grant on a repository
    to someone whose grant on the group above sinks, since a forge that inherits refuses a lower level before.
    """
    made = {a.key for a in actions if isinstance(a.subject, Repo) and _is_new(a)}
    sinking = {a.key.name for a in actions if isinstance(a.subject, Org) and a.phase == NARROW + 4}
    newcomers = {
        (a.subject.org, a.subject.login)
        for a in actions
        if isinstance(a.subject, Membership) and a.effect == "widens" and a.subject.org in sinking
    }
    born_late = {
        a.subject.inside.name
        for a in actions
        if isinstance(a.subject, BranchRule)
        and a.subject.inside in made
        and (_org(a.subject) in sinking or _inside(a.subject, shrinking))
    }
    out = []
    for action in actions:
        subject = action.subject
        phase = action.phase if isinstance(subject, Team) else _phase(action)
        step = _STEP.get(type(subject), 4)
        late = links.is_rights(action) and links.team_of(subject) in conflicts
        late = late or (_org(subject), subject.who()) in newcomers or _is_below(subject, groups)
        late = late or _is_above(subject, born_late)
        if late and action.effect == "widens":
            phase = LATE + step
        if (
            isinstance(subject, Repo | Grant | BranchRule)
            and _new_repo(subject, made)
            and (_org(subject) in sinking or _inside(subject, shrinking))
            and (isinstance(subject, Repo) or _adds(action))
        ):
            floor = {Repo: NARROW + 5, BranchRule: NARROW + 6}.get(type(subject), LATE + step)
            phase = max(phase, floor)
        out.append(replace(action, phase=phase))
    return out


def _is_new(action: Action) -> bool:
    """Whether its org did not have the repository before."""
    if action.verb != "move" or action.before is None:
        return action.verb == "create"
    return action.before.key.name.partition("/")[0] != action.key.name.partition("/")[0]


def _inside(resource: Resource, groups: set[str]) -> bool:
    repo = resource.key if isinstance(resource, Repo) else resource.inside
    return (
        repo is not None and repo.kind == Repo.KIND and any(repo.name.startswith(f"{one}/") for one in groups)
    )


def _new_repo(resource: Resource, made: set[Key]) -> bool:
    return resource.key in made or resource.inside in made


def _org(resource: Resource) -> str:
    return (
        resource.key.name.partition(":")[2 if isinstance(resource, Grant) else 0].split("/")[0].split(":")[0]
    )
