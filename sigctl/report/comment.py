"""The one comment on a merge request: our own review and plan, and below it, as text, what the proposal's own pipeline said."""

from __future__ import annotations

from collections.abc import Iterable

from sigctl.core.plan import Plan
from sigctl.errors import Problem
from sigctl.report.markdown import LIMIT, code, fenced, plan_markdown
from sigctl.report.review import MARKER, Review, review_markdown

_PLAN, _SAID = 14_000, 12_000
"""Characters for the plan, and for what was said elsewhere."""
_PROBLEMS = 50
_SAID_AT = "<!-- sigctl said at {commit} -->"


def of_review(review: Review, plan: Plan | None, basis: str) -> str:
    """Return what is ours of the comment; `basis` says which commits were compared."""
    text = review_markdown(review, LIMIT - _PLAN - _SAID - 1_000)
    if plan is not None:
        text += f"\n### Plan\n\n{plan_markdown(plan, _PLAN)}"
    return f"{text}\n<sub>{code(basis)}</sub>\n"


def of_problems(problems: Iterable[Problem], basis: str) -> str:
    """Return what is ours of the comment where the files can't be used."""
    found = list(problems)
    lines = [MARKER, f"**sigctl: {code(f'the files have {len(found)} problems')}**", ""]
    lines += [f"- {code(str(one).splitlines()[0][:300])}" for one in found[:_PROBLEMS]]
    if len(found) > _PROBLEMS:
        lines.append(f"- *{len(found) - _PROBLEMS} more*")
    return "\n".join([*lines, "", f"<sub>{code(basis)}</sub>", ""])


def of_trouble(text: str, basis: str) -> str:
    """Return what is ours of the comment where nothing could be compared."""
    return "\n".join([MARKER, f"**sigctl: {code(text)}**", "", f"<sub>{code(basis)}</sub>", ""])


def with_said(ours: str, there: str, commit: str, said: str | None) -> str:
    """Return the whole comment: with what the pipeline of this commit said, or the comment that is there has of it."""
    mark = _SAID_AT.format(commit=commit)
    if said is None:
        _, found, rest = there.partition(mark)
        return f"{ours}{found}{rest}"[: LIMIT + _SAID]
    block = fenced(said, _SAID - 400)
    summary = (
        "what the pipeline of the proposal said, with the proposal's own files: nobody else vouches for it"
    )
    return f"{ours}{mark}\n<details><summary>{summary}</summary>\n\n{block}\n\n</details>\n"
