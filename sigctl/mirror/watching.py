"""What a forge says of the mirrors that it pushes by itself, as notes for a reader; pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sigctl.core.history import Hop
from sigctl.core.state import Note
from sigctl.forges.base import PushMirror
from sigctl.mirror.said import printable

LATE = timedelta(hours=24)
"""A mirror that has something to push and did not succeed for longer than this is said to be stuck."""
SOON = timedelta(days=14)
"""How long before its last day a token is spoken of."""
_LOGIN = ("401", "403", "authentication", "access denied", "permission", "could not read username")


def judge(hop: Hop, mirrors: Sequence[PushMirror], url: str, *, behind: bool, now: datetime) -> list[Note]:
    """Return what is wrong with a watched mirror, each a note that is held; `url` is where the target is, `now` has a time zone."""
    ours = [one for one in mirrors if _same(one.url, url)]
    if not ours:
        there = f"; it pushes to {', '.join(sorted(one.url for one in mirrors))}" if mirrors else ""
        return [_note(hop, f"{hop.source} has no push mirror to {url}{there}")]
    found = []
    for one in ours:
        if not one.enabled:
            found.append(_note(hop, f"the push mirror of {hop.source} is switched off{_last(one)}"))
        elif one.failed or one.error:
            login = any(word in one.error.lower() for word in _LOGIN)
            hint = ": its token may have ended" if login else ""
            said = f": {printable(one.error)}" if one.error else ""
            found.append(_note(hop, f"the push mirror of {hop.source} failed{hint}{said}{_last(one)}"))
        elif behind and not one.last_success:
            found.append(_note(hop, f"the push mirror of {hop.source} has not run yet"))
        elif behind and now - datetime.fromisoformat(one.last_success) > LATE:
            found.append(_note(hop, f"the push mirror of {hop.source} is stuck{_last(one)}"))
    if len(ours) > 1:
        found.append(_note(hop, f"{hop.source} has {len(ours)} push mirrors to {url}; one is enough"))
    return found


def ending(forge: str, last_day: date, now: datetime) -> list[Note]:
    """Return what is to be said of the token that push mirrors to a forge use: nothing until two weeks before its last day."""
    left = (last_day - now.date()).days
    if left > SOON.days:
        return []
    when = f"ended on {last_day}" if left < 0 else f"ends on {last_day}, in {left} days"
    text = f"the token of the push mirrors to {forge} {when}: make a new one, and name its last day in `mirror_token_ends`"
    return [Note("held", forge, text, forge)]


def _last(one: PushMirror) -> str:
    return f"; it last succeeded at {one.last_success}" if one.last_success else "; it never succeeded"


def _same(one: str, other: str) -> bool:
    return _plain(one) == _plain(other)


def _plain(url: str) -> str:
    return url.rstrip("/").removesuffix(".git").casefold()


def _note(hop: Hop, text: str) -> Note:
    return Note("held", hop.target.path, text, hop.target.forge, hop.sig)
