"""Why something differs: what the files, the log of what was applied, and the forge's own log say; pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sigctl.core.events import Event
from sigctl.core.kinds import Key, to_json
from sigctl.core.plan import Action
from sigctl.core.state import State
from sigctl.core.unexplained import Folded, differs
from sigctl.watch.record import Cause


@dataclass(frozen=True, slots=True)
class Commit:
    """A change of the files."""

    sha: str
    who: str
    when: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Applied:
    """The last apply that the log tells of."""

    when: str
    who: str
    config: str
    """Digest of the files."""
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Deed:
    """What an apply did to one thing."""

    when: str
    who: str
    status: str
    id: str
    """Id of the action: equal changes have equal ids."""
    after: Mapping[str, Any] | None
    why: str = ""
    converged: bool = False
    """The read at the end of that apply found everything as declared."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of one forge, when causes are looked for."""

    applied: Applied | None = None
    found_right: str = ""
    """When the last apply began that found everything as declared at its end, "" for none."""
    same_files: bool = False
    """The files mean the same as when they were last applied."""
    then: State | None = None
    """What those files ask for today; None where they can't be had any more."""
    now: State = field(default_factory=dict)
    earlier: State | None = None
    """What the present files asked for on the day of that apply."""
    commits: tuple[Commit, ...] = ()
    """Changes of the files since, the newest first."""
    deeds: Mapping[Key, tuple[Deed, ...]] = field(default_factory=dict)
    """What was done to each thing, the oldest first."""
    events: tuple[Event, ...] = ()
    """The newest first."""
    silent: str = ""
    """Why the forge tells no events, "" where it does."""


def cause_of(actions: Sequence[Action], known: Evidence) -> Cause:
    """Return the likely cause of a difference of one thing, given all the actions that would end it."""
    action = actions[0]
    keys = [action.key, *([action.before.key] if action.before else [])]
    for find in (_invitation, _failed, _ended, _files, _normalised):
        found = find(actions, keys, known)
        if found is not None:
            return found
    return _forge(keys, known)


def cause_of_undeclared(key: Key, known: Evidence) -> Cause:
    """Return who made what nobody declared, where the forge tells."""
    for event in known.events:
        if event.touches(key):
            text = f"no file declares it; {event.who or 'somebody'} made it on the forge ({event.what})"
            return Cause("undeclared", text, event.who, event.when)
    silent = f"; {known.silent}" if known.silent else ""
    return Cause("undeclared", f"no file declares it{silent}")


def _invitation(actions: Sequence[Action], keys: Sequence[Key], known: Evidence) -> Cause | None:
    action = actions[0]
    if action.verb != "create":
        return None
    login = action.subject.who()
    for event in known.events:
        ours = bool(login) and event.about.casefold() == login.casefold()
        inside = any(
            part == event.place or part.startswith(f"{event.place}/") for part in keys[0].name.split(":")
        )
        if event.expired and ours and inside:
            return Cause("invitation", f"the invitation of {login} to {event.place} expired", "", event.when)
    return None


def _failed(actions: Sequence[Action], keys: Sequence[Key], known: Evidence) -> Cause | None:
    last = _last(keys, known)
    if last is None or last.status == "done" or last.after != _data(actions[0]):
        return None
    if last.when < known.found_right:
        return None  # somebody did it by hand, and a later apply found it done
    return Cause("files", f"it was to be applied and was not: {last.why or last.status}", last.who, last.when)


def _ended(actions: Sequence[Action], keys: Sequence[Key], known: Evidence) -> Cause | None:
    if known.earlier is None or not _differs(actions, keys, known.earlier, known.now):
        return None
    return Cause("ended", "an `until` in the files has passed and was not applied yet")


def _files(actions: Sequence[Action], keys: Sequence[Key], known: Evidence) -> Cause | None:
    if known.applied is None or known.same_files:
        return None
    if known.then is None:
        return Cause(
            "unknown",
            f"the files changed since the last apply ({known.applied.when}), which may or may not be why: "
            "what was applied then is not in the history of the files",
        )
    if not _differs(actions, keys, known.then, known.now):
        return None
    if not known.commits:
        return Cause("files", "the files changed since the last apply, and nobody committed or applied that")
    newest, count = known.commits[0], len(known.commits)
    which = f"in {newest.sha[:12]}" if count == 1 else f"in {count} commits up to {newest.sha[:12]}"
    return Cause("files", f"the files changed {which} and that was not applied", newest.who, newest.when)


def _normalised(actions: Sequence[Action], keys: Sequence[Key], known: Evidence) -> Cause | None:
    last = _last(keys, known)
    if last is None or last.status != "done" or actions[0].verb != "update":
        return None
    changed = [pair for one in actions for pair in one.changed().values()]
    alike = bool(changed) and all(_alike(old, new) for old, new in changed)
    again = last.id == actions[0].id and not last.converged
    if not (alike or again):
        return None
    text = f"applied on {last.when[:10]}, the forge keeps another form of it"
    return Cause("normalised", text, "", last.when)


def _forge(keys: Sequence[Key], known: Evidence) -> Cause:
    for event in known.events:
        if not event.expired and any(event.touches(key) for key in keys):
            text = f"{event.who or 'somebody'} changed it on the forge ({event.what})"
            return Cause("forge", text, event.who, event.when)
    if known.applied is None:
        return Cause("unknown", "no log tells what was applied before")
    silent = f"; {known.silent}" if known.silent else "; its log does not name who"
    return Cause("forge", f"somebody changed it on the forge since {known.applied.when[:10]}{silent}")


def _last(keys: Sequence[Key], known: Evidence) -> Deed | None:
    found = [deed for key in keys for deed in known.deeds.get(key, ())]
    return max(found, key=lambda deed: deed.when, default=None)


def _differs(actions: Sequence[Action], keys: Sequence[Key], then: State, now: State) -> bool:
    """Whether the files asked for something else then, in what the actions are about."""
    fields = {name for action in actions for name in action.changed()}
    return differs(keys, fields, Folded(then), Folded(now))


def _data(action: Action) -> Mapping[str, Any] | None:
    return None if action.after is None else to_json(action.after)


def _alike(old: Any, new: Any) -> bool:
    if isinstance(old, str) and isinstance(new, str):
        return _plain(old) == _plain(new)
    if isinstance(old, list) and isinstance(new, list):
        return sorted(map(_plain, map(str, old))) == sorted(map(_plain, map(str, new)))
    return False


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
