"""Deploy keys that the files only point to, and those that are out for a moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace

from sigctl.core.kinds import BranchRule, DeployKey, Key, Resource
from sigctl.core.kinds.branch import DEPLOY_KEY
from sigctl.core.kinds.deploykey import bare_key, fingerprint_of
from sigctl.core.plan import Action
from sigctl.core.state import Desired, Note, Observation, SetAside, Traits


def with_keys(desired: Desired, read: Callable[[str], str]) -> Desired:
    """Return the desired state with the public keys that the files only point to; where `read` raises ValueError it stays so."""
    state: dict[Key, Resource] = {}
    sigs = dict(desired.sigs)
    named: dict[Key, dict[str, str | None]] = defaultdict(dict)
    for key, one in desired.state.items():
        known = _read_key(one, read) if isinstance(one, DeployKey) and _is_reference(one) else one
        if isinstance(one, DeployKey) and isinstance(known, DeployKey) and known is not one:
            named[one.inside][DEPLOY_KEY + one.fingerprint] = DEPLOY_KEY + known.fingerprint
        if known.key in state:
            continue
        state[known.key] = known
        if key in sigs:
            sigs[known.key] = sigs[key]
    for key, one in state.items():
        if isinstance(one, BranchRule) and one.inside in named:
            state[key] = one.with_subjects(named[one.inside])
    return replace(desired, state=dict(sorted(state.items())), sigs=sigs)


def _read_key(one: DeployKey, read: Callable[[str], str]) -> DeployKey:
    try:
        text = bare_key(read(one.fingerprint))
    except ValueError:
        return one
    return replace(one, fingerprint=fingerprint_of(text), key_text=text)


def _is_reference(one: DeployKey) -> bool:
    return one.fingerprint.startswith(("env:", "file:"))


def without_unread(desired: Desired, seen: Observation) -> tuple[Desired, Observation, list[SetAside]]:
    """Return both sides without the keys of repositories of which one could not be read, since nobody knows which of them it is.

    The rules that name such a key are left out with it.
    """
    unread = [one for one in desired.state.values() if isinstance(one, DeployKey) and _is_reference(one)]
    where = {one.inside for one in unread}
    if not where:
        return desired, seen, []
    folded = {key.name.casefold() for key in where}
    aside = [
        SetAside(
            one.repo,
            f"the deploy key {one.title} can't be read from `{one.fingerprint}`: the keys of {one.repo} are left as they are",
            desired.forge,
            desired.sigs.get(one.inside, ""),
            "set it, or write the public key itself into the files",
        )
        for one in unread
    ]
    kept = {
        key: one
        for key, one in desired.state.items()
        if not (isinstance(one, DeployKey) and one.inside in where)
        and not (isinstance(one, BranchRule) and one.inside in where and one.keys)
    }
    unsaid = {key.name.casefold() for key in desired.state.keys() - kept.keys()}
    there = {
        key: one
        for key, one in seen.state.items()
        if not (isinstance(one, DeployKey) and one.repo.casefold() in folded)
        and not (isinstance(one, BranchRule) and key.name.casefold() in unsaid)
    }
    return replace(desired, state=kept), replace(seen, state=there), aside


def rekeyed(actions: Iterable[Action], traits: Traits) -> list[Note]:
    """Return a note for each deploy key that is out for a moment, where the forge can't change one in place."""
    if not traits.key_gap:
        return []
    return [
        Note(
            "moment",
            a.subject.repo,
            f"the deploy key {a.subject.title or a.subject.fingerprint} is taken out and put back: in between it has no access",
            a.forge,
        )
        for a in actions
        if isinstance(a.subject, DeployKey) and a.verb == "update"
    ]
