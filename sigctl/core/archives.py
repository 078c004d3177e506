"""Repositories on their way into the archive: whoever has rights there must not get to push before it is shut.

In the archive a right is no more than reading. So on a forge that lets nothing be changed there, a right on an archived repository
is given as reading; on the others it is given once the repository is in the archive.

Rules are no different: they are never wider than they were until it is shut. Where one forbids what a last change of the history
needs, and the files no longer do, it lets only ourselves in meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from sigctl.core import levels
from sigctl.core.kinds import BranchRule, DeployKey, Grant, Key, Org, Repo, Resource, Team
from sigctl.core.kinds.branch import BRANCH
from sigctl.core.plan import Action, Verb
from sigctl.core.state import Note, State


def readable(
    wanted: Iterable[Resource],
    seen: Iterable[Resource],
    notes: list[Note],
    rewritten: frozenset[Key] = frozenset(),
) -> tuple[list[Resource], list[Resource]]:
    """Return both sides with the rights on repositories that shall be archived as no more than reading.

    What is there already on an archived one counts as that, too: taking it away would open the repository for those who have it.
    `rewritten` are the repositories in which refs may be overwritten or deleted.
    """
    ours, theirs = list(wanted), list(seen)
    moved = moves(ours, theirs)
    there = {one.renamed(moved).key: one for one in theirs if isinstance(one, Repo)}
    shut = {one.key for one in ours if isinstance(one, Repo) and _is_shut(one, there.get(one.key))}
    closed = {key for key in shut if isinstance(one := there.get(key), Repo) and one.archived}
    declared = {one.key for one in ours}
    out = [_read_only(one) if one.inside in shut else one for one in ours]
    for old, new in zip(ours, out, strict=True):
        if old != new and old.inside is not None:
            text = f"{old.inside.name} is archived: rights on it are no more than reading"
            notes.append(Note("archived", old.inside.name, text))
    out = _as_narrow(out, theirs, shut, rewritten_on_the_way(ours, theirs, rewritten))
    return out, [_read_only(one) if one.inside in closed and one.key in declared else one for one in theirs]


def _as_narrow(
    ours: list[Resource], theirs: list[Resource], shut: set[Key], rewritten: set[Key]
) -> list[Resource]:
    """Return our side with the rules of what shall be shut no wider than they are: widened before, they let people push until then."""
    old_keys = moves(ours, theirs)
    rules = (one.renamed(old_keys) for one in theirs if isinstance(one, BranchRule))
    there = {one.key: one for one in rules if one.inside in shut}
    kept: list[Resource] = []
    for one in ours:
        old = there.pop(one.key, None) if isinstance(one, BranchRule) else None
        if isinstance(one, BranchRule) and old is not None:
            kept.append((one.inside in rewritten and _ours_alone(old, one)) or old.narrowed(one))
        else:
            kept.append(one)
    return [*kept, *((old.inside in rewritten and _ours_alone(old, None)) or old for old in there.values())]


def rewritten_on_the_way(
    ours: Iterable[Resource], theirs: Iterable[Resource], rewritten: frozenset[Key]
) -> set[Key]:
    """Return those of the repositories whose history may be rewritten that are to be shut after that."""
    there = {one.key: one for one in theirs if isinstance(one, Repo)}
    found = set()
    for one in ours:
        if isinstance(one, Repo) and one.archived and one.filled and one.key in rewritten:
            places = (one.path, *(one.previously or ()))
            now = next((old for path in places if (old := there.get(Key(one.KIND, path)))), None)
            if now is not None and not now.archived:
                found.add(one.key)
    return found


def by_ourselves(actions: Iterable[Action], repos: set[Key], own_way: str) -> Iterator[Action]:
    """Yield the actions, rules of these repositories opened for nobody but ourselves first; `own_way` is how a rule lets us in.

    That is about force: branches can be deleted there in another way.
    """
    for action in actions:
        old, new = action.before, action.after
        alone = None
        if isinstance(old, BranchRule) and old.on == BRANCH and old.inside in repos:
            alone = _ours_alone(old, new if isinstance(new, BranchRule) else None, own_way, deletes=False)
        if alone is None or not isinstance(old, BranchRule) or action.effect != "widens":
            yield action
            continue
        closed = old.narrowed(alone)
        for before, after in ((old, closed), (closed, alone), (alone, new)):
            if after is None or after.changes(before):
                verb: Verb = "delete" if after is None else "update"
                yield replace(action, verb=verb, before=before, after=after)


def _ours_alone(
    old: BranchRule, new: BranchRule | None, own_way: str = "", *, deletes: bool = True
) -> BranchRule | None:
    """Return the rule for nobody but ourselves, with force and deletion as the files have them; None where we need nothing of it.

    A run that ended within the change may have left a rule that lets not even us in.
    """
    force, delete = (True, True) if new is None else (new.force, new.delete)
    delete = delete if deletes else old.delete
    shut = bool(own_way) and old.push == ()
    if not (shut or (force and old.force is False) or (delete and old.delete is False)):
        return None
    sides = (own_way,) if own_way else ()
    merge = sides if old.merge is not None or own_way else None
    return replace(
        old, push=sides, merge=merge, create=sides, force=force or old.force, delete=delete or old.delete
    )


def moves(ours: Iterable[Resource], theirs: Iterable[Resource]) -> dict[Key, str]:
    """Return old key -> new path of the teams and repositories that this plan moves: what is kept as it is tells of them as they will be."""
    there, wanted = ({one.key for one in side if isinstance(one, Team | Repo)} for side in (theirs, ours))
    return {
        old: one.path
        for one in ours
        if isinstance(one, Team | Repo) and one.key not in there
        for old in [Key(one.KIND, path) for path in one.previously or ()]
        if old in there and old not in wanted
    }


def settle(
    actions: Iterable[Action],
    early: frozenset[Key],
    *,
    first: int,
    opening: int,
    last: int,
    own_way: str = "",
) -> list[Action]:
    """Shut early what can be, open when all rights are settled; what gives anybody more in what is shut last comes only after that."""
    phased = [
        replace(action, phase=first)
        if _shuts(action) and action.key in early
        else replace(action, phase=opening)
        if opens(action)
        else action
        for action in actions
    ]
    late = {action.key.name for action in phased if _shuts(action) and action.phase == last}
    return [
        replace(action, phase=last + 2)
        if _reaches(action, late) and not _is_ours_alone(action.after, own_way)
        else action
        for action in phased
    ]


def base_last(actions: Sequence[Action], *, last: int) -> list[Action]:
    """Raise what every member of an org has only once what is shut in this plan is shut."""
    shut = [a.key.name for a in actions if _shuts(a)]
    return [
        replace(a, phase=last + 2)
        if isinstance(a.subject, Org)
        and "base_level" in a.changed()
        and a.effect == "widens"
        and any(repo.startswith(f"{a.key.name}/") for repo in shut)
        else a
        for a in actions
    ]


def moments(actions: Sequence[Action], seen: State) -> list[Note]:
    """Return a note for each repository to which people can push for a moment, since they have rights above it, or had them on it."""
    opened = {
        action.key.name: action.forge
        for action in actions
        if isinstance(action.subject, Repo)
        and (opens(action) or (action.verb == "create" and _will_shut(action, actions)))
    }
    return [
        Note("moment", repo, f"{repo} is open for a moment: whoever may write there can push", forge)
        for repo, forge in sorted(opened.items())
        if any(_writes(one, repo) for one in seen.values())
    ]


def shown_late(actions: Sequence[Action]) -> list[Note]:
    """Return a note for each repository that is shown or hidden while rights end: what people read it by may end before.

    Nobody reads one that is only made in this plan.
    """
    if not any(
        (a.effect == "narrows" and not isinstance(a.subject, Repo)) or a.verb == "move" for a in actions
    ):
        return []
    born = {a.key for a in actions if a.verb == "create"}
    return [
        Note(
            "moment",
            a.key.name,
            f"{a.key.name} changes who sees it: some can't read it for a moment",
            a.forge,
        )
        for a in actions
        if isinstance(a.subject, Repo) and "visibility" in a.changed() and a.key not in born
    ]


def _is_shut(ours: Repo, theirs: Resource | None) -> bool:
    if ours.archived is None:
        return isinstance(theirs, Repo) and bool(theirs.archived)
    return ours.archived


def _read_only(one: Resource) -> Resource:
    if isinstance(one, Grant) and levels.is_known(one.level) and levels.widens(levels.READ, one.level):
        return replace(one, level=levels.READ)
    if isinstance(one, DeployKey) and one.write:
        return replace(one, write=False)
    return one


def _shuts(action: Action) -> bool:
    return isinstance(action.subject, Repo) and action.changed().get("archived", (None, False))[1] is True


def opens(action: Action) -> bool:
    """Whether the action takes a repository out of the archive."""
    return action.changed().get("archived", (None, None))[1] is False


def _will_shut(action: Action, actions: Sequence[Action]) -> bool:
    return any(_shuts(other) and other.key == action.key for other in actions) or (
        isinstance(action.subject, Repo) and bool(action.subject.archived)
    )


def _reaches(action: Action, repos: set[str]) -> bool:
    subject = action.subject
    if isinstance(subject, BranchRule):
        return subject.repo in repos and action.effect == "widens"
    if isinstance(subject, DeployKey):
        return subject.repo in repos and subject.write and action.effect == "widens"
    if not isinstance(subject, Grant) or action.effect != "widens":
        return False
    if subject.on == Org.KIND:
        return any(repo.startswith(f"{subject.target}/") for repo in repos)
    return subject.target in repos


def _is_ours_alone(one: Resource | None, own_way: str) -> bool:
    """Whether it is a rule that lets in nobody but ourselves, see `by_ourselves`."""
    if not isinstance(one, BranchRule) or one.push is None:
        return False
    return {*one.push, *(one.merge or ()), *(one.create or ())} <= {own_way}


def _writes(one: Resource, repo: str) -> bool:
    if isinstance(one, Org):
        return repo.startswith(f"{one.path}/") and levels.widens(levels.TRIAGE, one.base_level or levels.NONE)
    if not isinstance(one, Grant) or not levels.widens(levels.TRIAGE, one.level):
        return False
    return repo.startswith(f"{one.target}/") if one.on == Org.KIND else one.target == repo
