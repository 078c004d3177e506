"""The words of the mirror's report: what was held and why, and what a reader should know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sigctl.core.history import Hop
from sigctl.core.state import Note
from sigctl.errors import SigctlError
from sigctl.mirror import address
from sigctl.mirror.inside import Needs
from sigctl.mirror.refs import Held, Reason, Refs, Selection
from sigctl.mirror.said import printable

_SHORT = 10
_FEW = 3


@dataclass(frozen=True, slots=True)
class Facts:
    """What a decision about a held ref needs to know."""

    lost: int | None = None
    """Commits of the target that the source lacks."""
    new: int | None = None
    subjects: tuple[str, ...] = ()


def held(hop: Hop, item: Held, facts: Facts) -> Note:
    """Return the note for a ref that is not touched."""
    return _note(hop, "held", f"{_repo(hop)}:{shown(item.ref)}", _reason(hop, item, facts))


def forced(hop: Hop, item: Held, facts: Facts) -> Note:
    """Return the note for a ref that is overwritten or deleted because the files say so."""
    what = "overwritten" if item.new else "deleted"
    text = f"is {what}, as the files say; its old tip {item.old[:_SHORT]} is kept in the cache: {_reason(hop, item, facts)}"
    return _note(hop, "forced", f"{_repo(hop)}:{shown(item.ref)}", text)


def empty(hop: Hop, source: Refs, present: int) -> Note:
    """Return the note for a source that has nothing while its target has."""
    what = "has no refs" if not source.tips else "has none of the refs that are asked for"
    return _note(
        hop, "held", _repo(hop), f"{hop.source} {what} but the target has {present}; nothing is touched"
    )


def both_empty(hop: Hop, source: Refs) -> Note:
    """Return the note for a repository that is there but has nothing to copy."""
    what = "is empty" if not source.tips else "has none of the refs that are asked for"
    return _note(hop, "empty", _repo(hop), f"{hop.source} {what}, so nothing is copied")


def only_there(hop: Hop, names: tuple[str, ...]) -> Note:
    """Return the note for refs of a replica that its source lacks; they stay, and somebody should know of them."""
    listed = ", ".join(f"`{shown(name)}`" for name in names[:_SHORT])
    more = f" and {len(names) - _SHORT} more" if len(names) > _SHORT else ""
    return _note(hop, "extra", _repo(hop), f"only {_repo(hop)} has {listed}{more}; nothing is deleted")


def uncounted(hop: Hop, error: SigctlError) -> Note:
    """Return the note for a target whose own commits could not be looked at."""
    return _note(hop, "refs", _repo(hop), f"what only the target has could not be counted: {error.text}")


def about(hop: Hop, source: Refs, chosen: Selection) -> list[Note]:
    """Return the notes on a source that is copied."""
    notes = [
        _note(
            hop, "refs", _repo(hop), f"names differ only by case: {', '.join(f'`{name}`' for name in group)}"
        )
        for group in chosen.colliding
    ]
    if source.tips and not source.head:
        text = f"HEAD of {hop.source} names no branch that exists, so the default branch is not carried over"
        notes.append(_note(hop, "refs", _repo(hop), text))
    return notes


def needs(hop: Hop, refs: Mapping[str, Needs], objects: Mapping[str, int]) -> list[Note]:
    """Return the notes on what refs of the source need and git alone doesn't copy: one on Git LFS, one for each submodule."""
    notes = []
    large = [ref for ref, need in refs.items() if need.lfs]
    if large:
        behind = f"{len(objects)} object{'' if len(objects) == 1 else 's'} of {_size(sum(objects.values()))}"
        verb = "uses" if len(large) == 1 else "use"
        text = f"{_names(large)} {verb} Git LFS: the pointers are copied, the {behind} behind them stay at {hop.source}"
        notes.append(_note(hop, "lfs", _repo(hop), text))
    for url in sorted({url for need in refs.values() for url in need.submodules}):
        having = [ref for ref, need in refs.items() if url in need.submodules]
        moves = ", which means another place at the target" if url.startswith((".", "/")) else ""
        verb = "has" if len(having) == 1 else "have"
        text = f"{_names(having)} {verb} a submodule that is cloned from `{address.shown(url)}`{moves}; it is not copied along"
        notes.append(_note(hop, "submodules", _repo(hop), text))
    return notes


def _names(refs: Iterable[str]) -> str:
    listed = sorted(refs)
    first = ", ".join(f"`{shown(ref)}`" for ref in listed[:_FEW])
    return first + (f" and {len(listed) - _FEW} more" if len(listed) > _FEW else "")


def _size(number: int) -> str:
    size = float(number)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024:  # noqa: PLR2004  # of each in the next
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def shown(ref: str) -> str:
    """Return a ref's name as it can be printed, whatever bytes it has."""
    return ref.encode("utf-8", "backslashreplace").decode()


def _reason(hop: Hop, item: Held, facts: Facts) -> str:
    old, new = item.old[:_SHORT], item.new[:_SHORT]
    both = f"{_commits(facts.lost)} that {hop.source} lacks, which has {_commits(facts.new)} of its own"
    other = shown(item.other)
    texts: dict[Reason, str] = {
        "diverged": f"both sides moved: the target has {both}; it would lose {_list(facts)}",
        "ahead": f"the target is ahead of {hop.source} by {_commits(facts.lost)}: {_list(facts)}",
        "unknown": f"the target's {old} has commits that {hop.source} lacks",
        "tag": f"the tag moved at {hop.source} from {old} to {new}; tags are for ever",
        "conflict": f"can't be beside `{other}`, which the target has: one is a folder of the other",
        "twice": f"`{shown(item.source)}` and `{other}` would both get this name",
        "gone": f"is gone from {hop.source}",
        "name": f"`{shown(item.source)}` of {hop.source} is no name that git accepts",
        "start": f"is to start from `{other}`, which {_repo(hop)} does not have",
        "kept": f"is retired, but the tag `{other}` holds something else",
        "default": "is to go, but it is the default branch",
        "absent": f"is to move to {hop.source}, and is not there yet",
        "apart": f"has moved to {hop.source}, and commits were added here since",
    }
    return texts[item.reason]


def _commits(number: int | None) -> str:
    return "commits" if number is None else f"{number} commit{'' if number == 1 else 's'}"


def _list(facts: Facts) -> str:
    rest = (facts.lost or 0) - len(facts.subjects)
    return "; ".join(facts.subjects) + (f"; and {rest} more" if rest > 0 else "")


def _repo(hop: Hop) -> str:
    return hop.target.path or hop.target.url


def _note(hop: Hop, topic: str, subject: str, text: str) -> Note:
    return Note(topic, printable(subject), printable(text), hop.target.forge, hop.sig)
