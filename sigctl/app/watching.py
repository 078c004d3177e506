"""Mirrors that the primary forge pushes by itself: how they stand, read from that forge."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

from sigctl.app.context import Context
from sigctl.core.history import Hop
from sigctl.core.state import Note
from sigctl.errors import SigctlError
from sigctl.forges.base import PushesItself
from sigctl.mirror.model import MirrorPlan
from sigctl.mirror.watching import ending, judge

_AT_ONCE = 8


def with_watched(context: Context, found: MirrorPlan) -> MirrorPlan:
    """Return the plan with what is wrong with the mirrors that sigctl does not push; one request for each of them."""
    behind = {state.hop: state.status in ("behind", "held") for state in found.states if state.hop.watched}
    if not behind:
        return found
    with ThreadPoolExecutor(_AT_ONCE, "watch") as pool:
        notes = [
            note for some in pool.map(lambda hop: _one(context, hop, behind[hop]), behind) for note in some
        ]
    for name in sorted({hop.target.forge for hop in behind}):
        last_day = context.config.spec.forges[name].mirror_token_ends
        if last_day is not None:
            notes += ending(name, last_day, datetime.now(UTC))
    return replace(found, held=(*found.held, *notes), reads=found.reads + len(behind))


def _one(context: Context, hop: Hop, behind: bool) -> Iterable[Note]:  # noqa: FBT001  # one caller, right above
    forge: object = context.forges.get(hop.source.forge)
    if not isinstance(forge, PushesItself):
        text = f"{hop.source.forge} does not tell of push mirrors, so nobody watches this one"
        return [Note("held", hop.target.path, text, hop.target.forge, hop.sig)]
    try:
        mirrors = forge.push_mirrors(hop.source.path)
        url = context.remote_of(hop.target).url
    except SigctlError as error:
        text = f"the push mirrors of {hop.source} can't be read: {error.text}"
        return [Note("held", hop.target.path, text, hop.target.forge, hop.sig)]
    return judge(hop, mirrors, url, behind=behind, now=datetime.now(UTC))
