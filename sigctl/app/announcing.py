"""Telling the lists of a proposal, once for each change of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage

from sigctl.app.context import Options
from sigctl.app.mail import Record, Way
from sigctl.app.review import Request, of, versions
from sigctl.report.mail import Letter, mail
from sigctl.report.review import Review
from sigctl.review.announcing import digest, lists, message_id
from sigctl.review.rights import Version


@dataclass(frozen=True, slots=True)
class Announced:
    """What became of it."""

    review: Review
    lists: Mapping[str, str]
    message: EmailMessage | None
    """The mail that was sent; None where there was nothing to send."""
    why: str = ""
    """Why nothing was sent."""


@dataclass(frozen=True, slots=True)
class Mailing:
    """How a proposal is mailed, and what of it the mail names."""

    sender: str
    record: Record
    way: Way | None
    """None: nothing is sent and nothing recorded, the mail is returned to be looked at."""
    change: str = ""
    title: str = ""
    author: str = ""


def announce(base: str, options: Options, today: date, mailing: Mailing) -> Announced:
    """Mail the proposal to the lists of the SIGs it touches, unless this state of it was mailed before; raises as `tell` does."""
    before, after = versions(base, options, today)
    return tell(before, after, today, mailing)


def tell(before: Version, after: Version, today: date, mailing: Mailing) -> Announced:
    """Mail what lies between two versions of the files, once for each state of it.

    Raises SigctlError where the mail is not taken; then nothing is recorded either, so that the next run sends it.
    """
    review = of(before, after, today, request=Request(author=mailing.author))
    to = lists(review.effect, before, after)
    if not review.effect.items:
        return Announced(review, to, None, "nothing changes")
    if not to:
        return Announced(review, to, None, "no SIG that it touches has a list")
    found, record, change = digest(review.effect), mailing.record, mailing.change
    thread = record.thread(change)
    if record.day(change, found) is not None:
        return Announced(review, to, None, "this was mailed before")
    domain = mailing.sender.rpartition("@")[2].rstrip("> ") or "localhost"
    name = message_id(change, found, len(thread) + 1, domain)
    letter = Letter(change, mailing.title, mailing.sender, to, name, thread, today)
    message = mail(review, letter)
    if mailing.way is not None:
        record.save()  # better to learn now that it can't be written than after the mail is out
        mailing.way.send(message)
        record.add(change, found, name, today)
    return Announced(review, to, message)
