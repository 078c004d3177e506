"""Whom a proposal is mailed to, and which mail is which: one for each change, and one for each time it changes."""

from __future__ import annotations

import hashlib
import json

from sigctl.review.effect import Effect
from sigctl.review.rights import Version
from sigctl.spec.entries import entries


def digest(effect: Effect) -> str:
    """Return what tells one proposal from another: the values that it changes; layout and comments are none of them."""
    values = [[list(one.path), one.verb, one.before, one.after] for one in effect.items]
    return hashlib.sha256(json.dumps(values, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]


def touched(effect: Effect) -> set[str]:
    """Return the SIGs whose file, rights or repositories a proposal touches."""
    found = {one.sig for one in effect.items if one.sig} | {action.sig for action in effect.actions}
    return (found | {one.repo.partition("/")[0] for one in effect.rights}) - {""}


def lists(effect: Effect, before: Version, after: Version) -> dict[str, str]:
    """Return SIG -> list of those who are told: the SIGs that are touched, and those interested in a repository that is.

    A list is that of the files of before: nobody mails a proposal to where nobody reads it by proposing another list.
    """
    sigs = touched(effect)
    repos = {effect.name(a.forge, (a.subject.inside or a.key).name) for a in effect.actions}
    repos |= {one.repo for one in effect.rights} | {f"{one.sig}/{one.repo}" for one in effect.mirrors}
    for version in (before, after):
        for entry in entries(version.config.spec):
            if f"{entry.sig.name}/{entry.name}" in repos:
                sigs |= set(entry.config.interested)
    spec = before.config.spec
    return {sig: found for sig in sorted(sigs) if sig in spec.sigs and (found := spec.sigs[sig].list)}


def message_id(change: str, found: str, number: int, domain: str) -> str:
    """Return the id of a change's mail with this number: the same on every machine, so that a second one is known as such."""
    return f"<sigctl.{hashlib.sha256(change.encode()).hexdigest()[:16]}.{number}.{found}@{domain}>"
