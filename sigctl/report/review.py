"""A review as text, JSON and Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from sigctl.report.effects import Said, sentences, some
from sigctl.report.markdown import LIMIT, code
from sigctl.report.words import plain
from sigctl.review.effect import Effect
from sigctl.review.needs import CHAIR
from sigctl.review.verdict import Approval, Verdict
from sigctl.review.warnings import Warned

FORMAT = "sigctl/review/1"
MARKER = "<!-- sigctl review -->"
"""First line of the comment, by which the next run finds it to edit it."""
NO_EFFECT = "no effect: nobody's rights, no repository, no branch and no history changes"
_TOP = 12
"""Sentences that are not folded away."""
STYLES = {"gains": "bold magenta", "loses": "yellow", "hands": "bold red"}
MARKS = {"gains": "^", "loses": "v", "hands": "!"}


@dataclass(frozen=True, slots=True)
class Review:
    """Everything there is to say about a proposal."""

    base: str
    author: str
    effect: Effect
    verdict: Verdict
    warnings: tuple[Warned, ...]
    notes: tuple[str, ...] = ()
    """What was read of the merge request and not counted, and why."""

    @property
    def exit_code(self) -> int:
        """0 it may be merged, 3 an approval is missing."""
        return 0 if self.verdict.allowed else 3


def as_json(review: Review) -> dict[str, Any]:
    """Return the review as JSON values."""
    effect, verdict = review.effect, review.verdict
    return {
        "format": FORMAT,
        "base": review.base,
        "author": review.author,
        "verdict": "allowed" if verdict.allowed else "missing",
        "effect": {
            "empty": effect.empty,
            "widens": effect.widens,
            "sentences": [asdict(one) for one in sentences(effect)],
            "rights": [asdict(one) for one in effect.rights],
            "handovers": [asdict(one) for one in effect.handovers],
            "mirrors": [asdict(one) for one in effect.mirrors],
            "branches": [asdict(one) for one in effect.branches],
            "actions": [action.as_json() for action in effect.actions],
            "values": [
                {"path": list(one.path), "verb": one.verb, "before": one.before, "after": one.after}
                for one in effect.items
            ],
        },
        "approvals": [
            {
                "role": one.need.role,
                "sig": one.need.sig,
                "why": list(one.need.why),
                "widens": one.need.widens,
                "accounts": list(one.accounts),
                "approved_by": list(one.by),
                "given": one.given,
            }
            for one in verdict.approvals
        ],
        "lazy": {
            "days": verdict.lazy.days,
            "sig": verdict.lazy.sig,
            "holds": verdict.lazy.holds,
            "waits": list(verdict.lazy.waits),
        },
        "ignored": list(verdict.ignored),
        "notes": list(review.notes),
        "warnings": [asdict(one) for one in review.warnings],
    }


def headline(review: Review) -> str:
    """Return the verdict in one line."""
    verdict = review.verdict
    if not verdict.approvals:
        return "may be merged: it needs nobody's approval"
    if verdict.lazy.holds and verdict.missing:
        return f"may be merged: nobody objected for {verdict.lazy.days} days"
    if verdict.allowed:
        return "may be merged: everyone who must approve has"
    *most, last = [_role(one) for one in verdict.missing]
    return f"waits for {', '.join(most)} and {last}" if most else f"waits for {last}"


def _role(one: Approval) -> str:
    return f"a chair of {one.need.sig}" if one.need.role == CHAIR else "an admin"


def _quiet(found: list[Said]) -> str:
    kinds = {one.kind for one in found}
    if "gains" in kinds and "loses" not in kinds:
        return "nobody loses anything"
    if "loses" in kinds and not kinds & {"gains", "hands"}:
        return "nobody gains anything"
    return ""


def _effect_lines(review: Review) -> Iterator[Said]:
    found = sentences(review.effect)
    yield from found
    if quiet := _quiet(found):
        yield Said("things", quiet)
    if review.effect.empty:
        yield Said("things", NO_EFFECT)
        if values := [str(item) for item in review.effect.items]:
            yield Said(
                "things", plain(f"{len(values)} values of the files change all the same: {some(values)}")
            )


def _approval(one: Approval) -> str:
    who = some(one.accounts, 10) or "nobody: the files name no such person"
    if one.given:
        return f"{_role(one)}: approved by {', '.join(one.by)}"
    return f"{_role(one)}: {who}"


def review_text(review: Review) -> Group:
    """Return the review for a terminal: the verdict, the effect, who must approve and why, what to look at twice."""
    style = "bold green" if review.verdict.allowed else "bold yellow"
    parts: list[RenderableType] = [
        Text(headline(review), style=style),
        Text("\neffect", style="bold underline"),
    ]
    parts += [
        Text.assemble("  ", (f"{MARKS.get(line.kind, '+')} ", STYLES.get(line.kind, "")), line.text)
        for line in _effect_lines(review)
    ]
    if review.verdict.approvals:
        parts.append(Text("\napprovals", style="bold underline"))
    for one in review.verdict.approvals:
        parts.append(Text(f"  {'[x]' if one.given else '[ ]'} {plain(_approval(one))}"))
        parts += [Text(f"      {plain(why)}", style="dim") for why in _whys(one)]
    parts += [Text(f"  {line}", style="dim") for line in _asides(review)]
    if review.warnings:
        parts.append(Text("\nlook twice", style="bold underline"))
    parts += [Text(f"  {one.topic}: {plain(one.text)}", style="yellow") for one in review.warnings]
    return Group(*parts)


def _whys(one: Approval) -> list[str]:
    shown = list(one.need.why[:4])
    if len(one.need.why) > len(shown):
        shown.append(f"and {len(one.need.why) - len(shown)} reasons more")
    return shown


def _asides(review: Review) -> Iterator[str]:
    lazy = review.verdict.lazy
    if lazy.days and review.verdict.missing:
        if lazy.holds:
            yield f"lazy consensus: open for {lazy.days} days, and nobody objects"
        else:
            yield from (f"no lazy consensus: {plain(one)}" for one in lazy.waits)
    if review.verdict.ignored:
        yield f"not asked for: the approval of {plain(', '.join(review.verdict.ignored))}"
    yield from (plain(one) for one in review.notes)
    if not review.author:
        yield "the proposer is not known (--author): nothing counts as his own, and nothing as approved by himself"


def review_markdown(review: Review, limit: int = LIMIT) -> str:
    """Return the review for a comment of a merge request, at most `limit` characters: short on top, details folded."""
    lines = list(_effect_lines(review))
    top = [MARKER, f"**sigctl: {code(headline(review))}**", ""]
    top += [f"- [{'x' if one.given else ' '}] {code(_approval(one))}" for one in review.verdict.approvals]
    top += [f"- {code(one)}" for one in _asides(review)]
    top += ["", *(f"- {MARKS.get(one.kind, '+').replace('+', '·')} {code(one.text)}" for one in lines[:_TOP])]
    if review.warnings:
        top += ["", *(f"- ⚠ {code(one.topic)} {code(one.text)}" for one in review.warnings[:_TOP])]
    rest = limit - sum(len(line) + 1 for line in top)
    for title, found in _folded(review, lines):
        block = _details(title, found, rest)
        rest -= sum(len(line) + 1 for line in block)
        top += block
    return "\n".join(top)[:limit] + "\n"


def _folded(review: Review, lines: list[Said]) -> Iterator[tuple[str, list[str]]]:
    more = [f"- {code(one.text)}" for one in lines[_TOP:]]
    more += [f"- {code(one.topic)} {code(one.text)}" for one in review.warnings[_TOP:]]
    if more:
        yield f"{len(more)} lines more", more
    why = [f"- {_role(one)}: {code(reason)}" for one in review.verdict.approvals for reason in one.need.why]
    if why:
        yield "why these approvals", why
    values = [f"- {code(one.verb)} {code(str(one))}" for one in review.effect.items]
    if values:
        yield f"{len(values)} values of the files", values


def _details(title: str, lines: list[str], room: int) -> list[str]:
    """Return a folded block that fits; what does not is counted."""
    out = ["", f"<details><summary>{title}</summary>", ""]
    size = sum(len(line) + 1 for line in out) + 80
    if size > room:
        return []
    for number, line in enumerate(lines):
        size += len(line) + 1
        if size > room:
            out.append(f"- *{len(lines) - number} more*")
            break
        out.append(line)
    return [*out, "", "</details>"]
