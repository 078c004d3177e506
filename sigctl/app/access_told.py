"""From an answer to what is printed of it."""

from __future__ import annotations

from sigctl.app.access import Answer
from sigctl.core.access_table import Wanted
from sigctl.core.state import Note
from sigctl.report.access import Told


def told(found: Answer, wanted: Wanted) -> Told:
    """Return what is printed of an answer: the notes are those that bear on it."""
    seen = found.seen
    return Told(
        source=seen.source,
        moment=seen.moment,
        rows=found.rows,
        people=[(one.kind, one.who, one.text) for one in found.people],
        leaving=found.leaving,
        notes=[one for one in seen.notes if _bears(one, found, wanted)],
        set_aside=seen.set_aside,
    )


def _bears(note: Note, found: Answer, wanted: Wanted) -> bool:
    """Whether a note is about what is shown: a repository or a person of it, or a whole forge."""
    if wanted == Wanted():
        return True
    rows = (*found.rows, *(found.leaving.rows if found.leaving else ()))
    things = {name for row in rows for name in (row.path, row.repo, row.who, row.login)}
    whole = note.subject == note.forge or (not note.sig and "/" not in note.subject)
    return note.subject in things or whole
