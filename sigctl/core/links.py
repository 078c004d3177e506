"""What each action depends on: without it, it must not happen, since it could not, or would let somebody do too much."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sigctl.core.kinds import BranchRule, ClassicRule, DeployKey, Grant, Key, Resource, TeamMember
from sigctl.core.kinds.grant import TEAM
from sigctl.core.plan import Action


def linked(actions: Sequence[Action], waits: Mapping[str, frozenset[str]], *, opened: int) -> list[Action]:
    """Return the actions with what each depends on; `waits` says more of some, and phase `opened` takes out of the archive."""
    makers: dict[Key, list[Action]] = defaultdict(list)
    barriers: dict[str | Key, list[Action]] = defaultdict(list)
    rules: dict[Key, list[Action]] = defaultdict(list)
    for action in actions:
        if isinstance(action.subject, BranchRule):
            rules[action.subject.inside].append(action)
        if isinstance(action.subject, BranchRule) and action.effect == "narrows":
            barriers[action.subject.inside].append(action)
        if action.verb in ("create", "move") or action.phase == opened:
            makers[action.key].append(action)
        if is_rights(action) and action.effect == "narrows" and (team := team_of(action.subject)):
            barriers[team].append(action)
    return _waiting([replace(a, depends=_depends(a, makers, barriers, rules)) for a in actions], waits)


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
    if (is_rights(action) or isinstance(action.subject, DeployKey)) and action.effect == "widens":
        wanted += barriers.get(team_of(action.subject), [])
        wanted += barriers.get(action.subject.inside or "", [])
    if isinstance(action.subject, ClassicRule):
        wanted += rules.get(action.subject.inside, [])
    return tuple(sorted({m.id for m in wanted if m.phase < action.phase and m.id != action.id}))


def _waiting(actions: list[Action], waits: Mapping[str, frozenset[str]]) -> list[Action]:
    """Let what must not be given before something is taken away depend on that."""
    phases = {a.id: a.phase for a in actions}
    return [
        replace(a, depends=tuple(sorted({*a.depends, *(o for o in waits[a.id] if phases[o] < a.phase)})))
        if a.id in waits
        else a
        for a in actions
    ]


def team_of(resource: Resource) -> str:
    """Return the team that a place or a right belongs to, "" for none."""
    if isinstance(resource, TeamMember):
        return resource.team
    return resource.subject_name if isinstance(resource, Grant) and resource.subject_kind == TEAM else ""


def is_rights(action: Action) -> bool:
    """Whether the action gives or takes a place in a team, or a right."""
    return isinstance(action.subject, TeamMember | Grant) and action.effect in ("widens", "narrows")
