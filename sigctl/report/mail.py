"""A proposal as a mail to the lists of the SIGs it is about."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from email import policy
from email.message import EmailMessage
from email.utils import formatdate

from sigctl.report.effects import sentences
from sigctl.report.review import Review, headline
from sigctl.report.words import plain

_POLICY = policy.default.clone(max_line_length=250)
"""A subject with an address in it stays on one line: folded, some readers show a gap."""
_WIDTH = 72
_MOST = 60
"""Sentences; more are counted, and are in the merge request."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What the mail needs besides the review."""

    change: str
    """Address of the merge request, or another name of the change."""
    title: str
    sender: str
    lists: Mapping[str, str]
    """SIG -> list."""
    message_id: str
    thread: tuple[str, ...] = ()
    """Ids of the mails about the same change, the first one first; () for the first."""
    day: date | None = None
    """Day from which the days of lazy consensus are counted."""


def mail(review: Review, letter: Letter) -> EmailMessage:
    """Return the mail: plain text, in the thread of the change where there is one."""
    message = EmailMessage(_POLICY)
    sigs = ", ".join(letter.lists)
    title = " ".join(plain(letter.title or letter.change).split())
    message["Subject"] = f"{'Re: ' if letter.thread else ''}[sigctl] {sigs}: {title}"[:200]
    message["From"] = letter.sender
    message["To"] = ", ".join(dict.fromkeys(letter.lists.values()))
    message["Date"] = formatdate()
    message["Message-ID"] = letter.message_id
    if letter.thread:
        message["In-Reply-To"] = letter.thread[-1]
        message["References"] = " ".join(letter.thread)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n".join(_body(review, letter)) + "\n")
    return message


def _body(review: Review, letter: Letter) -> Iterator[str]:
    who = f"{review.author} proposes" if review.author else "Somebody proposes"
    word = "has changed since the last mail" if letter.thread else "is proposed"
    yield from _wrapped(
        f"{plain(who)}: {plain(letter.title)}" if letter.title else f"A change of the files {word}."
    )
    if letter.title and letter.thread:
        yield "It has changed since the last mail."
    yield ""
    yield f"  {plain(letter.change)}"
    yield ""
    yield "What it comes to:"
    yield ""
    found = sentences(review.effect)
    for one in found[:_MOST]:
        yield from _wrapped(one.text, "  * ", "    ")
    if not found:
        yield "  * nobody's rights, no repository, no branch and no history changes"
    if len(found) > _MOST:
        yield f"  * and {len(found) - _MOST} lines more, in the merge request"
    if review.warnings:
        yield from ("", "Look twice:", "")
        for warned in review.warnings[:_MOST]:
            yield from _wrapped(plain(warned.text), "  * ", "    ")
    yield ""
    yield from _wrapped(f"It {headline(review)}.")
    yield from _consent(review, letter)


def _consent(review: Review, letter: Letter) -> Iterator[str]:
    lazy = review.verdict.lazy
    never = [one for one in review.verdict.approvals if one.need.role == "admin"]
    if not lazy.days or never or not review.verdict.approvals or letter.day is None:
        return
    yield ""
    yield from _wrapped(
        f"Lazy consensus: if nobody objects until the end of {letter.day + timedelta(days=lazy.days - 1)}, it may be merged. "
        "To object, open a thread in the merge request and leave it unresolved, or give it the label `veto`."
    )


def _wrapped(text: str, first: str = "", rest: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [first]
