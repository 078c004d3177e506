"""When each action runs: phases in which nobody ever holds more than before-or-declared, nor loses what he keeps.

Within a phase actions may run in any order and side by side. Adding comes before taking away, except where the two meet in one
team: whoever is about to leave a team must be out before the team gets something new, and whoever comes in must come after what
the team is about to lose is gone. Such additions are late; where lateness would leave someone without a right he keeps, the
taking away is early instead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sigctl.core import archives, covered, leavers, parts, transfers
from sigctl.core.gaps import gaps
from sigctl.core.kinds import (
    BranchRule,
    ClassicRule,
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
from sigctl.core.kinds.grant import TEAM
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
) -> Order:
    """Return the actions in a safe order, given the state they start from.

    `early` are the repositories that go into the archive before anybody gets a right; all others go there last. `locked` says
    that nothing can be changed there, `hidden_rules` that rules can be made in a repository that is not shown.
    """
    phased = _nested([replace(action, phase=_phase(action)) for action in actions])
    teams = _conflicts(phased)
    notes: list[Note] = []
    sinking = _sinking_groups(phased)
    shrinking = transfers.shrinking(phased, seen)
    first, last = leavers.early(phased, seen), leavers.late(phased, seen)

    def arranged(choice: dict[str, int]) -> list[Action]:
        shifted = transfers.ahead(_shift(phased, choice, sinking, shrinking), seen, early=EARLY)
        settled = {**dict.fromkeys(last, LATE + _STEP[TeamMember]), **dict.fromkeys(first, EARLY)}
        return [replace(a, phase=settled.get(a.key, a.phase)) for a in shifted]

    choice = dict.fromkeys(teams, LATE)
    best = arranged(choice)
    for team in sorted(teams):
        if now := gaps(best, seen):
            trial = arranged({**choice, team: EARLY})
            if len(gaps(trial, seen)) < len(now):
                choice[team], best = EARLY, trial
    phased = best
    if not hidden_rules:
        phased = _ruled_when_open(phased)
    if not locked:
        phased = archives.settle(phased, early, first=UNARCHIVE, opening=LATE + 6, last=ARCHIVE)
    phased = archives.base_last(covered.first(phased, seen, phase=_SHUT - 1), last=ARCHIVE)
    phased = parts.settle(phased, renames=_SHUT - 1, classic=LATE + 5, opening=OPEN)
    if any(a.effect == "narrows" or a.verb == "move" for a in phased):
        notes = [
            Note("moment", login, f"{login} is without access to {repo} for a moment", phased[0].forge)
            for login, repo in sorted(gaps(phased, seen))
        ]
    linked = transfers.linked(_linked(phased), seen)
    return Order(tuple(sorted(linked, key=order_key)), tuple(notes))


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


def _team(resource: Resource) -> str:
    if isinstance(resource, TeamMember):
        return resource.team
    return resource.subject_name if isinstance(resource, Grant) and resource.subject_kind == TEAM else ""


def _is_rights(action: Action) -> bool:
    return isinstance(action.subject, TeamMember | Grant) and action.effect in ("widens", "narrows")


def _conflicts(actions: Iterable[Action]) -> set[str]:
    """Return the teams in which an addition and a removal, in the wrong order, give someone what nobody declared."""
    kinds: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for action in actions:
        if _is_rights(action) and (team := _team(action.subject)):
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


def _shift(
    actions: list[Action], choice: dict[str, int], groups: set[tuple[str, str]], shrinking: set[str]
) -> list[Action]:
    """Put the additions of a team late, or its removals early.

    New members and new repositories of an org whose base level sinks come after it has sunk, and new repositories in groups where
    somebody loses rights after he has lost them; so does a grant on a repository to
    someone whose grant on the group above sinks, since a forge that inherits refuses a lower level before.
    """
    made = {a.key for a in actions if isinstance(a.subject, Repo) and _is_new(a)}
    sinking = {a.key.name for a in actions if isinstance(a.subject, Org) and a.phase == NARROW + 4}
    newcomers = {
        (a.subject.org, a.subject.login)
        for a in actions
        if isinstance(a.subject, Membership) and a.effect == "widens" and a.subject.org in sinking
    }
    out = []
    for action in actions:
        subject = action.subject
        phase = action.phase if isinstance(subject, Team) else _phase(action)
        step = _STEP.get(type(subject), 4)
        chosen = choice.get(_team(subject)) if _is_rights(action) else None
        if chosen == LATE and action.effect == "widens":
            phase = LATE + step
        elif chosen == EARLY and action.effect == "narrows":
            phase = EARLY
        late = (_org(subject), subject.who()) in newcomers or _is_below(subject, groups)
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


def _linked(actions: list[Action]) -> list[Action]:
    makers: dict[Key, list[Action]] = defaultdict(list)
    barriers: dict[str | Key, list[Action]] = defaultdict(list)
    rules: dict[Key, list[Action]] = defaultdict(list)
    for action in actions:
        if isinstance(action.subject, BranchRule):
            rules[action.subject.inside].append(action)
        if isinstance(action.subject, BranchRule) and action.effect == "narrows":
            barriers[action.subject.inside].append(action)
        if action.verb in ("create", "move") or action.phase == UNARCHIVE:
            makers[action.key].append(action)
        if _is_rights(action) and action.effect == "narrows" and (team := _team(action.subject)):
            barriers[team].append(action)
    return [replace(a, depends=_depends(a, makers, barriers, rules)) for a in actions]


def _depends(
    action: Action,
    makers: dict[Key, list[Action]],
    barriers: dict[str | Key, list[Action]],
    rules: dict[Key, list[Action]],
) -> tuple[str, ...]:
    own = (action.key, action.before.key) if action.before else (action.key,)
    wanted = [m for key in (*action.subject.needs(), *own) for m in makers.get(key, [])]
    if isinstance(action.subject, BranchRule):
        subjects = {s.partition(":")[2] for f in (action.subject.push, action.subject.merge) for s in f or ()}
        wanted += [
            m for key, found in makers.items() if key.kind == "team" and key.name in subjects for m in found
        ]
    if (_is_rights(action) or isinstance(action.subject, DeployKey)) and action.effect == "widens":
        wanted += barriers.get(_team(action.subject), [])
        wanted += barriers.get(action.subject.inside or "", [])
    if isinstance(action.subject, ClassicRule):
        wanted += rules.get(action.subject.inside, [])
    return tuple(sorted({m.id for m in wanted if m.phase < action.phase and m.id != action.id}))
