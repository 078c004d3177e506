"""From a plan to the differences that are told and kept; pure."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from sigctl.core.kinds import KINDS, Key, Resource, to_json
from sigctl.core.plan import Action
from sigctl.core.state import Note, SetAside
from sigctl.watch.causes import Evidence, cause_of, cause_of_undeclared
from sigctl.watch.record import HISTORY, PERSON, Cause, Entry, Found

_SHOWN = 4
Say = Callable[[Action], str]
KnownOf = Callable[[str, str], Evidence]
"""What is known of a forge, as far as it concerns a SIG."""
SeenOf = Callable[[str, Key], Resource | None]


def grouped(actions: Iterable[Action]) -> dict[tuple[str, str, str], list[Action]]:
    """Return the actions by the difference that they end: forge, kind and key; refs are one difference a repository."""
    out: dict[tuple[str, str, str], list[Action]] = defaultdict(list)
    for action in actions:
        name = (
            (action.forge, HISTORY, action.key.name.partition(":")[0])
            if action.kind == "ref"
            else (action.forge, action.kind, action.key.name)
        )
        out[name].append(action)
    return dict(out)


def differences(actions: Iterable[Action], known: KnownOf, say: Say, seen: SeenOf) -> list[Found]:
    """Return what differs on the forges, with its cause; `say` puts an action into words, `seen` tells what is there."""
    out = []
    for (forge, kind, key), found in grouped(actions).items():
        if kind == HISTORY:
            continue
        sig = next((one.sig for one in found if one.sig), "")
        out.append(
            Found(
                forge,
                kind,
                key,
                sig,
                _some([say(one) for one in found]),
                cause_of(found, known(forge, sig)),
                effect=effect_of(found),
                form=f"{as_seen(seen(forge, Key(kind, key)))}.{_digest(one.id for one in found)}",
            )
        )
    return out


def as_seen(resource: Resource | None) -> str:
    """Return a digest of what is there, of what is compared of it; that of nothing is "none"."""
    if resource is None:
        return "none"
    data = {name: value for name, value in to_json(resource).items() if name not in resource.INFO}
    return _digest([json.dumps(data, sort_keys=True)])


def effect_of(actions: Iterable[Action]) -> str:
    """Return what the actions together let people do: widens if any does, else narrows if any does."""
    effects = {action.effect for action in actions}
    return next((one for one in ("widens", "narrows") if one in effects), "neutral")


def histories(actions: Iterable[Action], held: Iterable[Note]) -> list[Found]:
    """Return one difference for each repository whose history is behind its source, or held."""
    behind: dict[tuple[str, str], list[Action]] = defaultdict(list)
    for (forge, kind, key), found in grouped(actions).items():
        if kind == HISTORY:
            behind[forge, key] = found
    notes: dict[tuple[str, str], list[Note]] = defaultdict(list)
    for note in held:
        notes[note.forge, note.subject].append(note)
    out = []
    for forge, path in sorted({*behind, *notes}):
        late, kept = behind.get((forge, path), []), notes.get((forge, path), [])
        sig = next((one.sig for one in late if one.sig), "") or next((one.sig for one in kept if one.sig), "")
        told = [f"{len(late)} refs are behind the source"] if late else []
        told += [note.text for note in kept]
        cause = (
            Cause("mirror", "somebody must decide: nothing is overwritten by itself")
            if kept
            else Cause("mirror", "the copy is behind its source: the mirror has not run since, or could not")
        )
        form = _digest([*("behind" for _ in late[:1]), *sorted(note.text for note in kept)])
        out.append(Found(forge, HISTORY, path, sig, _some(told), cause, effect=effect_of(late), form=form))
    return out


def people(aside: Iterable[SetAside], logins: Mapping[str, frozenset[str]]) -> list[Found]:
    """Return one difference for each person that is set aside; `logins` are those that each forge's files speak of."""
    return [
        Found(
            one.forge,
            PERSON,
            one.subject,
            one.sig,
            one.reason,
            _why_aside(one),
            form=_digest([one.reason]),
        )
        for one in aside
        if one.subject in logins.get(one.forge, frozenset())
    ]


def _why_aside(one: SetAside) -> Cause:
    if "invitation" in one.reason:
        return Cause("invitation", f"{one.reason}; {one.hint}".rstrip("; "))
    return Cause("person", f"the account is not what the files say: {one.hint}".rstrip(": "))


def undeclared(notes: Iterable[Note], known: KnownOf, seen: SeenOf) -> list[Found]:
    """Return what is there and nobody declared; it is told of, and no drift."""
    out = {}
    for note in notes:
        if note.topic != "undeclared" or not note.forge:
            continue
        kind = note.text.partition(" ")[0]
        if kind not in KINDS:  # it is told of something else, such as an older name beside the new one
            continue
        cause = cause_of_undeclared(Key(kind, note.subject), known(note.forge, note.sig))
        one = Found(
            note.forge,
            kind,
            note.subject,
            note.sig,
            note.text,
            cause,
            "told",
            form=as_seen(seen(note.forge, Key(kind, note.subject))),
        )
        out[one.name] = one
    return list(out.values())


def covered(
    entry: Entry,
    *,
    forges: Iterable[str],
    sigs: frozenset[str],
    aside: Mapping[str, frozenset[str]],
    histories_read: frozenset[tuple[str, str]] | None,
    histories_known: frozenset[tuple[str, str]],
    repos: frozenset[tuple[str, str]] | None = None,
) -> bool:
    """Whether a run read all that it takes to say that a difference is no more.

    `aside` are the people of each forge that are set aside, `histories_read` the targets that were compared (None: none were),
    `histories_known` all that are declared, `repos` the repositories that the run was narrowed to (None: it was not).
    """
    if entry.forge not in forges or (sigs and entry.sig not in sigs):
        return False
    place = (entry.forge, entry.key)
    if entry.kind == HISTORY:
        if histories_read is None or (repos is not None and place not in repos):
            return False
        return place in histories_read or place not in histories_known
    if repos is not None and not any((entry.forge, part) in repos for part in entry.key.split(":")):
        return False
    if entry.kind == PERSON:
        return repos is None
    parts = {part.casefold() for part in entry.key.split(":")}
    return not any(login.casefold() in parts for login in aside.get(entry.forge, frozenset()))


def _some(texts: Sequence[str]) -> str:
    every = list(dict.fromkeys(texts))
    more = f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
    return "; ".join(every[:_SHOWN]) + more


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(parts)).encode()).hexdigest()[:16]
