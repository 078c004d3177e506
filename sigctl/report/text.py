"""Plans and reports for a terminal, as rich text: the caller decides on width and colour."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from rich.console import Group, RenderableType
from rich.text import Text

from sigctl.core.plan import Plan
from sigctl.core.state import Note, SetAside
from sigctl.report.outcome import Outcome, Report
from sigctl.report.words import Block, blocks, counted, describe, plain

MARKS = {"removed": "-", "narrowed": "v", "widened": "^", "neutral": "+"}
STYLES = {"removed": "bold red", "narrowed": "yellow", "widened": "bold magenta", "neutral": "green"}
_NOTES_SHOWN = 12
_THINGS_SHOWN = 6
_TODO = "by hand"
"""What somebody else must do first: every line of it is shown."""
_TOPICS = (_TODO, "unexplained", "held", "extra", "renamed", "moment", "expires", "unlinked", "undeclared")
"""Topics of notes that need somebody, first; the others follow."""


def plan_text(plan: Plan) -> Group:
    """Return the plan: a headline, refusals, what is done by SIG and thing, notes, what it costs."""
    parts: list[RenderableType] = [_headline(plan)]
    parts += [_refusal(r.text or r.guard, r.hint) for r in plan.refusals]
    for sig, group in groupby(blocks(plan.actions), key=lambda block: block.sig):
        parts.append(Text(f"\n{plain(sig) or 'no SIG'}", style="bold underline"))
        for things, block in _alike(group):
            parts += _block(things, block)
    parts += _aside(plan.quarantined)
    parts += _notes(plan.notes)
    parts.append(_cost(plan))
    return Group(*parts)


def report_text(report: Report) -> Group:
    """Return what became of a run: counts, each failure with its reason, and whether the state is now as declared."""
    counts = report.counts()
    parts: list[RenderableType] = []
    if report.plan.refusals:
        parts.append(Text("refused: nothing was changed", style="bold red"))
        parts += [_refusal(r.text or r.guard, r.hint) for r in report.plan.refusals]
        return Group(*parts)
    said = ", ".join(f"{count} {status}" for status, count in counts.items() if count or status == "done")
    parts.append(Text(f"applied: {said}", style="bold"))
    parts += [_failed(o) for o in report.outcomes if o.status == "failed"]
    parts += _skipped(report.outcomes)
    parts += _aside(report.set_aside)
    if report.mirrored:
        told = ", ".join(f"{count} {word}" for word, count in report.mirrored.items())
        parts.append(Text(f"histories: {told}"))
    parts += _notes(report.notes)
    parts.append(_verdict(report))
    return Group(*parts)


def outcome_text(outcome: Outcome) -> Text:
    """Return one line for an action that just ended."""
    mark = {"done": "ok", "failed": "FAILED"}.get(outcome.status, outcome.status)
    style = {"done": "green", "failed": "bold red"}.get(outcome.status, "yellow")
    where = plain((outcome.action.subject.inside or outcome.action.key).name)
    text = Text.assemble(
        (f"{mark:>7} ", style), f"{plain(outcome.action.forge)} {where}: {describe(outcome.action)}"
    )
    if outcome.status in ("failed", "later"):
        text.append(f": {plain(outcome.reason)}", style)
    return text


def _headline(plan: Plan) -> Text:
    where = plain(", ".join(plan.forges))
    if not where:
        return Text("nothing could be compared", style="bold red")
    if not plan.actions:
        return Text(f"{where}: nothing to change", style="bold green")
    verbs = ", ".join(f"{count} {verb}" for verb, count in plan.summary().items() if count)
    text = Text(f"{where}: {len(plan.actions)} changes ({verbs})", style="bold")
    counts = counted(plan.actions)
    for name in ("removed", "narrowed", "widened"):
        if count := counts[name]:
            text.append(f"\n{MARKS[name]} {count} {name}", STYLES[name])
    return text


def _alike(found: Iterable[Block]) -> Iterator[tuple[list[str], Block]]:
    """Yield (names, block) for the things of one SIG: those on the same forge to which the same happens are told of once."""
    groups: dict[object, tuple[list[str], Block]] = {}
    for block in found:
        groups.setdefault((block.forge, block.lines), ([], block))[0].append(block.thing)
    yield from groups.values()


def _block(things: Sequence[str], block: Block) -> Iterator[Text]:
    names = ", ".join(things[:_THINGS_SHOWN])
    more = f" and {len(things) - _THINGS_SHOWN} more" if len(things) > _THINGS_SHOWN else ""
    count = f" ({len(things)} alike)" if len(things) > 1 else ""
    yield Text.assemble("  ", (f"{names}{more}", "bold"), count, (f"  {plain(block.forge)}", "dim"))
    for line in block.lines:
        style = STYLES[line.tone]
        yield Text.assemble(
            "    ", (MARKS[line.tone], style), " ", (line.text, "" if line.tone == "neutral" else style)
        )


def _refusal(text: str, hint: str) -> Text:
    return Text.assemble(("refused: ", "bold red"), plain(text), (f"\n  hint: {plain(hint)}", "dim"))


def _aside(found: Sequence[SetAside]) -> Iterator[Text]:
    if found:
        yield Text("\nset aside", style="bold red")
    for one in found:
        where = f" ({plain(one.forge)})" if one.forge and one.forge != one.subject else ""
        yield Text(f"  {plain(one.subject)}{where}: {plain(one.reason)}")
        if one.hint:
            yield Text(f"    hint: {plain(one.hint)}", style="dim")


def _notes(found: Iterable[Note]) -> Iterator[Text]:
    ordered = sorted(
        found, key=lambda n: (_TOPICS.index(n.topic) if n.topic in _TOPICS else len(_TOPICS), n.topic)
    )
    for topic, group in groupby(ordered, key=lambda note: note.topic):
        notes = list(group)
        yield Text(f"\n{plain(topic)} ({len(notes)})", style="bold yellow" if topic in _TOPICS else "bold")
        lines = [_note(note, [note]) for note in notes] if topic == _TODO else list(_folded(notes))
        shown = len(lines) if topic == _TODO else _NOTES_SHOWN
        yield from (Text(f"  {line}") for line in lines[:shown])
        if len(lines) > shown:
            yield Text(f"  and {len(lines) - shown} more", style="dim")


def _folded(notes: Iterable[Note]) -> Iterator[str]:
    """Yield the notes in words: what is said of several things alike is said once."""
    groups: dict[tuple[str, str], list[Note]] = {}
    for note in notes:
        text = note.text.replace(note.subject, "\0", 1) if note.subject else note.text
        groups.setdefault((note.forge, text), []).append(note)
    for found in groups.values():
        yield _note(found[0], found)


def _note(note: Note, alike: Sequence[Note]) -> str:
    names = list(dict.fromkeys(plain(one.subject) for one in alike))
    more = f" and {len(names) - _THINGS_SHOWN} more" if len(names) > _THINGS_SHOWN else ""
    told = f"{', '.join(names[:_THINGS_SHOWN])}{more}{f' ({len(names)} alike)' if len(names) > 1 else ''}"
    where = f" ({plain(note.forge)})" if note.forge else ""
    if note.subject and note.subject in note.text:
        before, _, after = note.text.partition(note.subject)
        return f"{plain(before)}{told}{plain(after)}{where}"
    return f"{told}: {plain(note.text)}{where}"


def _cost(plan: Plan) -> Text:
    cost = plan.cost
    text = f"\n{cost.reads} requests to read"
    if plan.actions:
        told = ", ".join(f"{count} {word}" for word, count in cost.requests.items())
        text += f"; about {cost.writes} to write{f' ({told})' if told else ''}, {_duration(cost.seconds)} at the usual pace"
        if cost.pauses:
            text += f", {_duration(cost.pauses)} of it pauses that the forge's limits ask for"
        text += f"; digest {plan.digest[:12]}"
    if cost.later:
        text += f"\n{cost.later} invitations are more than the forge takes today: a later run makes them"
    return Text(text, style="dim")


def _duration(seconds: float) -> str:
    """Return so many seconds as people say it: 45 s, 12 min, 2 h 5 min."""
    minutes = round(seconds / 60)
    if seconds < 100:  # noqa: PLR2004  # up to there seconds say more
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"  # noqa: PLR2004  # an hour


def _failed(outcome: Outcome) -> Text:
    where = plain((outcome.action.subject.inside or outcome.action.key).name)
    text = Text.assemble(
        ("  failed: ", "bold red"), f"{plain(outcome.action.forge)} {where}: {describe(outcome.action)}"
    )
    text.append(f": {plain(outcome.reason)}")
    if outcome.hint:
        text.append(f"\n    hint: {plain(outcome.hint)}", "dim")
    return text


def _skipped(outcomes: Sequence[Outcome]) -> Iterator[Text]:
    for status in ("later", "skipped", "stopped"):
        found = [o for o in outcomes if o.status == status]
        for outcome in found[:_NOTES_SHOWN]:
            where = plain((outcome.action.subject.inside or outcome.action.key).name)
            yield Text(
                f"  {status}: {plain(outcome.action.forge)} {where}: {describe(outcome.action)}"
                + (f": {plain(outcome.reason)}" if status == "later" else ""),
                style="yellow",
            )
        if len(found) > _NOTES_SHOWN:
            yield Text(f"  and {len(found) - _NOTES_SHOWN} more {status}", style="yellow")


def _verdict(report: Report) -> Text:
    if report.interrupted:
        return Text(
            "interrupted: run the same command again, it goes on where this one ended", style="bold yellow"
        )
    if report.remaining is None:
        return Text("not read back", style="yellow")
    if report.converged:
        return Text("read back: everything is as declared", style="bold green")
    left = len(report.remaining.actions)
    return Text(f"read back: {left} differences are left", style="bold red")
