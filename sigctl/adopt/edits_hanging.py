"""Labels, deploy keys, webhooks and settings that somebody changed by hand, as changes of the files.

A list that a repository has from the defaults of its SIG is written out at the repository, since only that one was changed. Secrets stay what
the files say: where one is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from sigctl.adopt.editing import Edit, Known, at
from sigctl.adopt.hanging import telling
from sigctl.core.kinds import (
    Actions,
    Approvals,
    DeployKey,
    Label,
    PushRules,
    Repo,
    Resource,
    Security,
    Webhook,
)
from sigctl.core.kinds.webhook import place_of
from sigctl.core.plan import Action
from sigctl.spec.yamlfault import Path

_BLOCKS = {
    PushRules.KIND: "push_rules",
    Approvals.KIND: "approvals",
    Security.KIND: "security",
    Actions.KIND: "actions",
}
_HOOK = {"events": "events", "active": "active", "tls": "verify_tls"}
Data = dict[str, Any]


def hanging_edits(actions: Sequence[Action], known: Known) -> list[Edit] | None:
    """Return what to change so that the files ask for what is there; None where it is of no such kind, or they can't."""
    subject = actions[0].subject
    first, last = actions[0].before, actions[-1].after
    if isinstance(subject, Label):
        return _in_list(actions, known, "labels", subject.name, _label(first))
    if isinstance(subject, DeployKey):
        return _key(actions, subject, known, first)
    if isinstance(subject, Webhook):
        return _hook(actions, subject, known, first)
    if subject.KIND in _BLOCKS and first is not None and last is not None:
        return _setting(actions, known, first, last)
    return None


def _place(action: Action, known: Known) -> Path | None:
    """Return where the files say what hangs on the repository, org or group that an action is about."""
    inside = action.subject.inside
    if inside is None:
        return None
    if inside.kind == Repo.KIND:
        return known.repos.get((action.forge, inside.name))
    orgs = known.spec.forges[action.forge].orgs
    return ("forges", action.forge, "orgs", inside.name) if inside.name in orgs else None


def _in_list(
    actions: Sequence[Action], known: Known, word: str, name: str, value: Data | None
) -> list[Edit] | None:
    """Return what gives an entry of a list these values, or takes it out where there are none; what else the entry says stays."""
    place = _place(actions[0], known)
    if place is None:
        return None
    own = getattr(at(known.spec, place), word, None)
    if own is None:
        return _written_out(known, place, word, name, value)
    there = name in own
    if (
        value is None and len(own) == 1 and there
    ):  # the list stays one that is declared: without it, that of the defaults would hold
        return [Edit("set", (*place, word), {})]
    if value is None:
        return [Edit("drop", (*place, word, name))] if there else None
    if not there:
        return [Edit("set", (*place, word, name), value)]
    held = _data(own[name])
    return [
        Edit("set", (*place, word, name, key), one) for key, one in value.items() if held.get(key) != one
    ] or None


def _written_out(known: Known, place: Path, word: str, name: str, value: Data | None) -> list[Edit] | None:
    shared = known.inherited(place, word)
    if not isinstance(shared, Mapping):
        return None
    every = {key: _data(one, short=True) for key, one in shared.items() if value is not None or key != name}
    if value is not None:
        every[name] = {**every.get(name, {}), **value}
    return [Edit("set", (*place, word), every)]


def _data(one: Any, *, short: bool = False) -> Data:
    return one.model_dump(mode="json", exclude_defaults=short) if isinstance(one, BaseModel) else dict(one)


def _label(before: Resource | None) -> Data | None:
    if not isinstance(before, Label):
        return None
    return {"color": before.color or "", "description": before.description or ""}


def _key(
    actions: Sequence[Action], one: DeployKey, known: Known, before: Resource | None
) -> list[Edit] | None:
    """Return the edits for a key: it is told apart by what it is, so an entry that is there keeps its name and where its text is."""
    declared = next((a.after for a in actions if isinstance(a.after, DeployKey)), None)
    if not isinstance(before, DeployKey):
        return _in_list(actions, known, "deploy_keys", one.title, None)
    if declared is not None:
        return _in_list(actions, known, "deploy_keys", declared.title, {"write": before.write})
    if not before.key_text:
        return None
    place = _place(actions[0], known)
    taken = getattr(at(known.spec, place), "deploy_keys", None) or {} if place else {}
    title = before.title.strip() or before.fingerprint
    title = title if title not in taken else f"{title} {before.fingerprint}"
    value: Data = {"key": before.key_text} | ({"write": True} if before.write else {})
    return _in_list(actions, known, "deploy_keys", title, value)


def _hook(
    actions: Sequence[Action], one: Webhook, known: Known, before: Resource | None
) -> list[Edit] | None:
    """Return the edits for a webhook: it is found by its address; an address that is new is written only where it tells no secret."""
    place = _place(actions[0], known)
    if place is None:
        return None
    held = getattr(at(known.spec, place), "webhooks", None) or known.inherited(place, "webhooks") or {}
    name = next((name for name, hook in held.items() if place_of(hook.url) == one.place), "")
    if not isinstance(before, Webhook):
        return _in_list(actions, known, "webhooks", name, None) if name else None
    told = {_HOOK[field]: value for field in _HOOK if (value := getattr(before, field)) is not None}
    if "events" in told:
        told["events"] = list(told["events"])
    if name:
        return _in_list(actions, known, "webhooks", name, told)
    url = known.addresses(actions[0].forge, before.on, before.target).get(before.place)
    if url is None or telling(url):
        return None
    host = before.place.partition("#")[0]
    name = next(
        free for free in (host, *(f"{host}-{n}" for n in range(2, len(held) + 3))) if free not in held
    )
    usual = {"active": True, "verify_tls": True}
    return _in_list(
        actions, known, "webhooks", name, {"url": url, **{k: v for k, v in told.items() if usual.get(k) != v}}
    )


def _setting(actions: Sequence[Action], known: Known, first: Resource, last: Resource) -> list[Edit] | None:
    place = _place(actions[0], known)
    if place is None:
        return None
    block, out = _BLOCKS[first.KIND], []
    for name in last.changes(first):
        value = getattr(first, name)
        if value is None:
            return None
        out.append(Edit("set", (*place, block, name), list(value) if isinstance(value, tuple) else value))
    return out or None
