"""Finds and brings back what a policy overwrote or deleted."""

from __future__ import annotations

from collections.abc import Iterable

from sigctl.core.history import End, Hop
from sigctl.errors import UsageError
from sigctl.mirror.model import Family, Kept, RefOutcome, Transfer, action_of
from sigctl.mirror.objects import Objects
from sigctl.mirror.planning import families_of
from sigctl.mirror.pushing import carry_out
from sigctl.mirror.refs import Change, valid
from sigctl.mirror.tools import Tools


def find(hops: Iterable[Hop], tools: Tools) -> list[Kept]:
    """Return every old tip that is kept of the hops' targets, oldest first; GitError when a cache entry can't be read."""
    found = []
    for name, members in families_of(hops):
        if tools.cache.exists(name):
            with Objects(name, tools, {}) as objects:
                for end in sorted({hop.target for hop in members}, key=str):
                    found += [Kept(stamp, end, ref, sha) for stamp, ref, sha in objects.entry.kept(end)]
    return sorted(found, key=lambda kept: (kept.time, str(kept.end), kept.ref))


def bring_back(kept: Kept, hops: Iterable[Hop], tools: Tools, name: str) -> RefOutcome:
    """Put an old tip at its target again, under its own name or another; what stands there is kept in turn.

    UsageError for a name that can't be or a target that is in no hop, ForgeError or GitError when the target can't be read.
    """
    ref = name or kept.ref
    if not valid(ref):
        raise UsageError(f"`{ref}` is no name of a ref", "write it in full, as in refs/heads/xen")
    family, hop = _home(kept.end, hops)
    now = tools.reader.read(tools.remote_of(kept.end))
    old = now.tips.get(ref, "")
    change = Change(ref, "", old, kept.sha, forced=bool(old))
    action = action_of(hop, change)
    if old == kept.sha:
        return RefOutcome(action, "done", "it is there already")
    transfer = Transfer(hop, (action,), "", {action.id: change})
    (outcome,) = carry_out([Family(family, {kept.end: now}, (transfer,))], None, tools, 1, None)
    return outcome


def _home(end: End, hops: Iterable[Hop]) -> tuple[str, Hop]:
    for name, members in families_of(hops):
        for hop in members:
            if hop.target == end and hop.mode != "import":
                return name, hop
    raise UsageError(f"`{end}` is not the target of a mirror")
