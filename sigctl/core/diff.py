"""The one comparison: two states in, actions and findings out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from sigctl.core.heritage import comes_from_above
from sigctl.core.kinds import (
    Approvals,
    BranchRule,
    ClassicRule,
    Features,
    Key,
    Label,
    Membership,
    Org,
    PushRules,
    Repo,
    Resource,
    Team,
    Webhook,
)
from sigctl.core.kinds.org import MEMBER, OWNER, PRIVATE, opens
from sigctl.core.parts import surplus, undeclared
from sigctl.core.plan import Action, Verb
from sigctl.core.protected import made_late, named_late
from sigctl.core.state import Desired, Note, State

UNDECLARED = {"repo": "repos", "team": "teams", "membership": "members"}
"""Whole things that can be undeclared, and the word the files have for their policy."""


Step = tuple[Resource | None, Resource]


@dataclass(frozen=True, slots=True)
class Difference:
    """The actions that turn observed into desired, not yet put in order, and what was found but is not acted on."""

    actions: tuple[Action, ...]
    notes: tuple[Note, ...]


def diff(
    wanted: State,
    seen: State,
    desired: Desired,
    *,
    locked_archives: bool = False,
    branch_at_birth: bool = False,
    own_way: str | None = None,
) -> Difference:
    """Return what to do so that a forge holds what is wanted; an empty tuple where it does.

    `wanted` and `seen` are the normalised states; `desired` says whose each thing is, what is managed and what happens to
    undeclared things. Where archives are locked, an archived repository that needs a change is opened for it and archived again;
    where a branch is chosen at birth, a repository is made with its default branch. Where `own_way` says how rules let our own
    account in, a rule names only who has a right there, and one that lets somebody in is enough: a rule is made first without those
    who have none yet, and without what the rules beside it forbid.
    """
    moves, notes = _moves(wanted, seen)
    actions = _as_moves(desired, seen, moves)
    seen = {one.key: one for r in seen.values() for one in [r.renamed(moves)]} if moves else seen
    inner, more = _moves(wanted, seen, inner=True)
    actions += _as_moves(desired, seen, inner)
    notes += more
    seen = {one.key: one for r in seen.values() for one in [r.renamed(inner)]} if inner else seen
    for key, ours in wanted.items():
        theirs = seen.get(key)
        if theirs is None:
            steps = _create(ours, branch_at_birth=branch_at_birth, locked=locked_archives)
            if own_way is not None and isinstance(ours, BranchRule):
                steps = made_late(ours, seen, own_way)
            actions += [_action(desired, before, after) for before, after in steps]
        elif not isinstance(ours, Repo) and ours.changes(theirs):
            steps = _change(theirs, ours.over(theirs))
            if own_way is not None and isinstance(ours, BranchRule):
                steps = named_late(steps, seen, own_way)
            actions += [_action(desired, before, after) for before, after in steps]
    removed, found = _surplus(wanted, seen, desired)
    actions += removed
    notes += undeclared(wanted, seen, desired)
    touched = {key for action in actions for key in action.subject.needs()} if locked_archives else set()
    places = {Key(old.kind, new): old for old, new in moves.items()}
    for key, ours in wanted.items():
        theirs = seen.get(key)
        if isinstance(ours, Repo) and isinstance(theirs, Repo):
            opened = key in touched or (locked_archives and key in places)
            steps = _update(theirs, ours, opened=opened, locked=locked_archives)
            found_ = [_action(desired, before, after) for before, after in steps]
            if key in places and found_ and _goes_first(found_[0], locked=locked_archives):
                actions[:] = [_as_it_is_then(action, key, found_[0].after) for action in actions]
                found_[0] = _where_it_was(found_[0], places[key])
            actions += found_
    return Difference(tuple(actions), (*notes, *found))


def _change(before: Resource, after: Resource) -> list[Step]:
    """Change in one step; what shuts some out and lets others in does the one before and the other after."""
    if isinstance(before, Org) and isinstance(after, Org):
        return _base_apart(before, after)
    between = _between(before, after)
    if between is not None and between.changes(before) and after.changes(between):
        return [(before, between), (between, after)]
    return [(before, after)]


def _between(before: Resource, after: Resource) -> Resource | None:
    """Return what allows only what both allow, for kinds that shut some out and let others in at once."""
    if isinstance(before, BranchRule) and isinstance(after, BranchRule):
        return before.narrowed(after)
    if isinstance(before, Features) and isinstance(after, Features):
        return before.narrowed(after)
    if isinstance(before, PushRules) and isinstance(after, PushRules):
        return before.narrowed(after)
    if isinstance(before, Approvals) and isinstance(after, Approvals):
        return before.narrowed(after)
    return None


def _base_apart(before: Org, after: Org) -> list[Step]:
    """Change what every member has apart from the other settings: it may have to wait for what those need not wait for."""
    base, rest = replace(before, base_level=after.base_level), replace(after, base_level=before.base_level)
    if not base.changes(before) or not rest.changes(before):
        return [(before, after)]
    base_first = Org.effect(before, base) == "widens" and Org.effect(before, rest) == "narrows"
    between = base if base_first else rest
    return [(before, between), (between, after)]


def _goes_first(action: Action, *, locked: bool) -> bool:
    """Whether a step comes before the repository moves: out of a locked archive, into one that is not."""
    archived = action.changed().get("archived")
    return archived is not None and archived[1] is not locked


def _as_it_is_then(action: Action, key: Key, then: Resource | None) -> Action:
    """Return the move of this repository as it is once that first step is done."""
    if action.verb != "move" or action.key != key or not isinstance(then, Repo):
        return action
    before, after = (
        replace(one, archived=then.archived) if isinstance(one, Repo) else one
        for one in (action.before, action.after)
    )
    return replace(action, before=before, after=after)


def _where_it_was(action: Action, old: Key) -> Action:
    """Return the first step of a repository as it is before the repository moves."""
    back = {action.key: old.name}
    before, after = (one.renamed(back) if one else None for one in (action.before, action.after))
    return replace(action, before=before, after=after)


def _action(desired: Desired, before: Resource | None, after: Resource | None) -> Action:
    subject = after or before
    if subject is None:
        raise ValueError("an action with neither before nor after")
    sig = desired.sigs.get(subject.key) or _sig_above(subject, desired.sigs)
    verb: Verb = "create" if before is None else "delete" if after is None else "update"
    return Action(desired.forge, verb, before, after, sig)


def _sig_above(resource: Resource, sigs: Mapping[Key, str]) -> str:
    return sigs.get(resource.inside, "") if resource.inside else ""


def _as_moves(desired: Desired, seen: State, moves: Mapping[Key, str]) -> list[Action]:
    found = []
    for old, new in moves.items():
        before, after = seen[old], seen[old].renamed({old: new})
        if isinstance(after, Webhook) and isinstance(ours := desired.state.get(after.key), Webhook):
            after = replace(after, url=ours.url)  # what was seen does not tell where it goes
        sig = desired.sigs.get(Key(old.kind, new)) or _sig_above(after, desired.sigs)
        found.append(Action(desired.forge, "move", before, after, sig))
    return found


def _moves(wanted: State, seen: State, *, inner: bool = False) -> tuple[dict[Key, str], list[Note]]:
    """Return old key -> new name of repositories and teams, or (`inner`) of what hangs on them."""
    moves: dict[Key, str] = {}
    notes: list[Note] = []
    for key, ours in wanted.items():
        if not isinstance(ours, Repo | Team | Label | Webhook) or not ours.previously:
            continue
        if isinstance(ours, Label | Webhook) is not inner:
            continue
        olds = [old for path in ours.previously if (old := Key(key.kind, path)) in seen and old not in wanted]
        if olds and key in seen:
            text = f"exists beside its older name {olds[0].name}: nothing is moved"
            notes.append(Note("undeclared", key.name, text))
        elif olds:
            moves[olds[0]] = key.name
    return moves, notes


def _create(ours: Resource, *, branch_at_birth: bool, locked: bool) -> list[Step]:
    """Create closed, open last: a repository is made private and unarchived, shown and archived once all else is in place.

    Where it can be, one that gets no history is in the archive from the start, so that nobody ever pushes to it.
    """
    if not isinstance(ours, Repo):
        return [(None, ours)]
    first = replace(
        ours,
        visibility=None if ours.visibility is None else PRIVATE,
        archived=None if ours.archived is None else archives_early(ours, locked=locked),
        default_branch=ours.default_branch if branch_at_birth else None,
        filled=False,
        previously=None,
    )
    target = replace(ours, previously=None)
    return [
        (None, first),
        *_repo_steps(first, target if ours.filled else replace(target, default_branch=first.default_branch)),
    ]


def _update(theirs: Repo, ours: Repo, *, opened: bool, locked: bool) -> list[Step]:
    changes = ours.changes(theirs)
    opened = opened or (locked and bool(set(changes) - {"archived"}))
    if not (changes or opened):
        return []
    kept = ours if "default_branch" in changes else replace(ours, default_branch=None)
    after = replace(kept.over(theirs), filled=ours.filled or theirs.filled)
    if "archived" in changes and archives_early(ours, locked=locked):
        shut = replace(theirs, archived=True)
        return [(theirs, shut), *_repo_steps(shut, after)]
    return _repo_steps(theirs, after, opened=opened)


def archives_early(ours: Resource | None, *, locked: bool) -> bool:
    """Whether a repository can go into the archive before anything else is done: it can be changed there, and no history comes."""
    return isinstance(ours, Repo) and bool(ours.archived) and not locked and not ours.filled


def _repo_steps(before: Repo, after: Repo, *, opened: bool = False) -> list[Step]:
    """Split a change of a repository so that each part can run when it is safe: settings, branch, showing, archiving.

    `opened` takes an archived repository out of the archive for the time of the change.
    """
    chain = [before]
    if before.archived and (opened or after.archived is False):
        chain.append(replace(before, archived=False))
    shut = opens(before.visibility, after.visibility) == "narrows"
    if shut:
        chain.append(replace(chain[-1], visibility=after.visibility))
    now = chain[-1]
    settings = replace(after, visibility=now.visibility, archived=now.archived)
    chain.append(replace(settings, default_branch=before.default_branch))
    chain.append(replace(chain[-1], default_branch=after.default_branch or before.default_branch))
    chain.append(replace(chain[-1], visibility=after.visibility))
    chain.append(replace(chain[-1], archived=after.archived))
    return [(old, new) for old, new in pairwise(chain) if new.changes(old)]


def _surplus(wanted: State, seen: State, desired: Desired) -> tuple[list[Action], list[Note]]:
    actions: list[Action] = []
    notes: list[Note] = []
    for key, theirs in seen.items():
        if key in wanted or theirs.SETTING:
            continue
        if theirs.PART or isinstance(theirs, ClassicRule):
            if surplus(theirs, wanted, desired):
                actions.append(_action(desired, theirs, None))
        elif isinstance(theirs, Membership):
            if theirs.role == OWNER and theirs.inside in desired.managed:
                theirs_as_member = replace(theirs, role=MEMBER)
                actions.append(_action(desired, theirs, theirs_as_member))
            _undeclared(theirs, desired, actions, notes)
        elif theirs.inside is not None:
            level = getattr(theirs, "level", "")
            if is_managed(theirs.inside, desired) and not comes_from_above(theirs, level, wanted, seen):
                actions.append(_action(desired, theirs, None))
        elif theirs.KIND in UNDECLARED:
            _undeclared(theirs, desired, actions, notes)
    return actions, notes


def is_managed(where: Key, desired: Desired) -> bool:
    """Return whether the files are the whole truth inside; a team that is a group may be shared like one."""
    return where in desired.managed or (where.kind == "org" and Key(Team.KIND, where.name) in desired.managed)


def _undeclared(theirs: Resource, desired: Desired, actions: list[Action], notes: list[Note]) -> None:
    policy = desired.undeclared.get(UNDECLARED[theirs.KIND], "report")
    if theirs.key.name.partition("/")[0].partition(":")[0] not in desired.orgs or policy == "ignore":
        return
    if policy == "remove":
        actions[:] = [a for a in actions if a.key != theirs.key]
        actions.append(_action(desired, theirs, None))
    else:
        text = f"{theirs.KIND} {theirs.key.name} is not declared"
        notes.append(Note("undeclared", theirs.key.name, text, desired.forge))
