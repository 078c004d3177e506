"""Which first copies go straight from source to target, and what is known of them afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import requests
import urllib3

from sigctl.core.history import End
from sigctl.core.plan import Action
from sigctl.errors import GitError, InterruptedRunError, SigctlError
from sigctl.mirror.lock import sweep
from sigctl.mirror.model import Family, Step, Transfer
from sigctl.mirror.objects import Objects
from sigctl.mirror.refs import Refs
from sigctl.mirror.sending import new_of, old_of, ref_of
from sigctl.mirror.streaming import Copy, possible, stream
from sigctl.mirror.tools import Tools

_MODES = ("import", "follow", "mirror")
_TELL = 8 << 20
"""Bytes between two words on how far it is."""


@dataclass(slots=True)
class FirstCopies:
    """The copies of one family that went straight on."""

    arrived: set[str] = field(default_factory=set)
    """Ids of actions that the target says it did."""
    tried: set[End] = field(default_factory=set)
    """Targets that may have something by now, whatever came back."""

    def attempt(
        self, family: Family, transfer: Transfer, actions: Sequence[Action], objects: Objects, tools: Tools
    ) -> None:
        """Copy, where that can be; what did not arrive is left to a fetch and a push. InterruptedRunError after `stop`."""
        hop = transfer.hop
        if not (tools.stream and hop.mode in _MODES and _whole(family, transfer, actions)):
            return
        try:
            source, target = objects.remote(hop.source), tools.remote_of(hop.target)
            if not possible(source, target) or not objects.fresh:
                return
            self.tried.add(hop.target)
            ordered = sorted(actions, key=lambda action: ref_of(action) != transfer.head)
            copy = Copy(source, target, {ref_of(a): new_of(a) for a in ordered}, objects.entry)
            said = stream(copy, tools.reader, _Told(hop.target, tools))
        except InterruptedRunError:
            sweep(objects.entry.path)
            raise
        except (SigctlError, requests.RequestException, urllib3.exceptions.HTTPError, OSError):
            sweep(objects.entry.path)
            return
        self.arrived |= {action.id for action in actions if not said[ref_of(action)]}
        with suppress(GitError):  # then it is fetched, as if it had not come this way
            objects.entry.took(hop.source, {transfer.changes[a.id].source: new_of(a) for a in actions})


class _Told:
    """Tells how many bytes went over."""

    def __init__(self, target: End, tools: Tools) -> None:
        self._target = target
        self._tools = tools
        self._next = 0

    def __call__(self, moved: int) -> None:
        if self._tools.told and moved >= self._next:
            self._next = moved + _TELL
            self._tools.told(Step(str(self._target), "push", 0, 0, f"streaming, {moved >> 20} MiB"))


def _whole(family: Family, transfer: Transfer, actions: Sequence[Action]) -> bool:
    """Whether the target is empty, and whether this one copy brings all that the rest of the family's plan needs."""
    source, target = transfer.hop.source, transfer.hop.target
    seen = family.observed.get(source)
    there = family.observed.get(target, Refs())
    others = [one for one in family.transfers if one is not transfer]
    brought = {new_of(action) for action in actions}
    needed = {new_of(action) for one in others for action in one.actions} - {""}
    return (
        transfer is family.transfers[0]
        and seen is not None
        and brought <= set(seen.tips.values())
        and not there.tips
        and all(new_of(action) and not old_of(action) for action in actions)
        and needed <= brought
    )
