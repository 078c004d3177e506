"""Plans as Markdown, harmless whatever the names contain, for a comment on a merge request."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from sigctl.core.plan import Plan
from sigctl.report.text import MARKS
from sigctl.report.words import blocks, counted, plain

_ROOM_TO_END = 60
"""Characters that the end of what was cut takes."""
LIMIT = 60_000
"""Characters; GitHub takes 65,536 in a comment."""


def plan_markdown(plan: Plan, limit: int = LIMIT) -> str:
    """Return the plan as Markdown of at most `limit` characters; what does not fit is counted."""
    lines = list(_lines(plan))
    out: list[str] = []
    size = _ROOM_TO_END
    for number, line in enumerate(lines):
        size += len(line) + 1
        if size > limit:
            folded = sum("<details>" in one for one in out) - sum("</details>" in one for one in out)
            out += ["\n</details>"] * folded
            out.append(f"\n*{len(lines) - number} more lines*")
            break
        out.append(line)
    return "\n".join(out) + "\n"


def fenced(text: str, limit: int) -> str:
    """Return foreign text as a block of code that nothing in it can leave, cut to `limit` characters in all.

    No mention, link, image, HTML or quick action works inside; control characters and those that turn the direction are taken out.
    """
    lines = [plain(line) for line in text[: 2 * limit].splitlines()]
    mark = "`" * max([4, *(len(run) + 1 for run in re.findall(r"`+", "\n".join(lines)))])
    room = limit - 2 * len(mark) - _ROOM_TO_END
    kept: list[str] = []
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    cut = len(text) > 2 * limit or len(kept) < len(lines)
    return "\n".join([f"{mark}text", *kept, *(["..."] if cut else []), mark])


def code(text: str) -> str:
    """Return the text as inline code that nothing in it can leave: no mention, link or markup works inside."""
    text = plain(text).replace("\n", " ")
    ticks = "`" * (max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    return f"{ticks} {text} {ticks}" if "`" in text else f"`{text}`"


def _lines(plan: Plan) -> Iterator[str]:
    if not plan.forges:
        yield "**Nothing could be compared.**"
    elif not plan.actions:
        yield f"**Nothing to change** on {', '.join(map(code, plan.forges))}."
    else:
        counts = ", ".join(f"{count} {verb}" for verb, count in plan.summary().items() if count)
        yield f"**{len(plan.actions)} changes** ({counts}) on {', '.join(map(code, plan.forges))}"
        tones = counted(plan.actions)
        for name in ("removed", "narrowed", "widened"):
            if tones[name]:
                yield f"- {tones[name]} {name}"
    for refusal in plan.refusals:
        yield f"\n> **Refused**: {code(refusal.text or refusal.guard)}, hint: {code(refusal.hint)}"
    for sig, group in groupby(blocks(plan.actions), key=lambda block: block.sig):
        found = list(group)
        yield f"\n<details><summary><code>{_html(sig or 'no SIG')}</code>: {sum(len(b.lines) for b in found)} changes</summary>\n"
        for block in found:
            yield f"- {code(block.thing)} ({code(block.forge)})"
            yield from (
                f"  - {MARKS[line.tone]} {code(line.text)}".replace("- -", "- \\-") for line in block.lines
            )
        yield "\n</details>"
    for one in plan.quarantined:
        yield f"\n> **Set aside**: {code(one.subject)}: {code(one.reason)}"
    if plan.notes:
        yield f"\n<details><summary>{len(plan.notes)} notes</summary>\n"
        yield from (f"- {code(note.topic)} {code(note.text)}" for note in plan.notes)
        yield "\n</details>"
    yield f"\nReads: {plan.cost.reads} requests. Digest {code(plan.digest[:12])}"


def _html(text: str) -> str:
    return plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
