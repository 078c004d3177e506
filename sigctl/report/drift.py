"""Drift for people and their tools: a terminal, Markdown, a ticket, a mail, JUnit. Text of forges and files is made harmless."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from email import policy
from email.message import EmailMessage
from email.utils import formatdate
from itertools import groupby
from xml.etree import ElementTree as ET  # written only, never read

from rich.console import Group, RenderableType
from rich.text import Text

from sigctl.report.markdown import code
from sigctl.report.text import plan_text
from sigctl.report.words import plain
from sigctl.watch.modes import Decision
from sigctl.watch.record import Entry
from sigctl.watch.view import View

_MOST = 60
"""Differences in a ticket, a mail or a comment; more are counted."""
_SHOWN = 30
_WIDTH = 72


def drift_text(view: View) -> Group:
    """Return the plan, and for each difference why it is there, since when, and what becomes of it."""
    parts: list[RenderableType] = [plan_text(view.plan)]
    for sig, group in groupby(view.drift, key=lambda one: one.sig):
        found = list(group)
        parts.append(Text(f"\nwhy: {plain(sig) or 'no SIG'} ({len(found)})", style="bold underline"))
        for entry in found[:_SHOWN]:
            parts.append(Text.assemble(f"  {_thing(entry)}: ", (because(entry), "yellow")))
            told = [f"since {_day(entry.first_seen)}", *_fate(view, entry)]
            parts.append(Text(f"    {'; '.join(told)}", style="dim"))
        if len(found) > _SHOWN:
            parts.append(Text(f"  and {len(found) - _SHOWN} more", style="dim"))
    if view.fresh or view.resolved:
        new = sum(one.weight == "drift" for one in view.fresh)
        parts.append(
            Text(f"\nsince the last run: {new} new or changed, {len(view.resolved)} ended", style="bold")
        )
        parts += [
            Text(f"  ended: {_thing(one)}: {plain(one.by)}", style="green") for one in view.resolved[:_SHOWN]
        ]
    return Group(*parts)


def because(entry: Entry) -> str:
    """Return the cause in words, with the time where it is known."""
    when = f" ({plain(entry.cause.when[:16].replace('T', ' '))})" if entry.cause.when else ""
    who = plain(entry.cause.who)
    text = plain(entry.cause.text)
    by = f", by {who}" if who and who not in text else ""
    return f"{text}{by}{when}"


def history_text(entries: Sequence[Entry]) -> Group:
    """Return differences of the past and present, a line or two each."""
    parts: list[RenderableType] = []
    for one in entries:
        end = f"ended {_day(one.resolved)}: {plain(one.by)}" if one.resolved else "open"
        parts.append(
            Text.assemble(
                f"{_day(one.first_seen)} {_thing(one)}: {plain(one.problem)}",
                (f"\n  {because(one)}; {end}", "dim"),
            )
        )
    open_ = sum(not one.resolved for one in entries)
    parts.append(Text(f"{len(entries)} differences, {open_} of them open", style="bold"))
    return Group(*parts)


def drift_markdown(view: View) -> str:
    """Return the differences by SIG as Markdown, harmless whatever the names contain."""
    lines = [f"**{len(view.drift)} differences**" if view.drift else "**No drift**"]
    unread = [*view.unread, *(f"{path} on {forge}" for forge, path in view.unread_repos)]
    lines += [f"\n> {code(one)} could not be read whole" for one in unread]
    for sig, group in groupby(view.drift, key=lambda one: one.sig):
        lines += ["", f"### {code(sig or 'no SIG')}", ""]
        lines += _items(list(group), view)
    if view.told:
        lines += ["", "### Not declared", "", *_items(list(view.told), view)]
    return "\n".join(lines) + "\n"


def ticket_title(sig: str, entries: Sequence[Entry]) -> str:
    """Return the title of a SIG's ticket."""
    count = sum(one.weight == "drift" for one in entries)
    about = f"SIG {plain(sig)}" if sig else "what belongs to no SIG"
    return f"drift: {about}: {count} difference{'' if count == 1 else 's'} between the files and the forges"


def ticket_text(entries: Sequence[Entry], view: View) -> str:
    """Return the text of a SIG's ticket: equal as long as nothing changes, so that nobody is told twice."""
    drift = [one for one in entries if one.weight == "drift"]
    told = [one for one in entries if one.weight == "told"]
    lines = ["What the forges hold is not what the files say.", ""]
    lines += _items(drift, view)
    if told:
        lines += ["", "Nobody declared:", "", *_items(told, view)]
    lines += [
        "",
        (
            "To keep a change, put it into the files (`sigctl adopt --drift` writes it); to end it, undo it on the forge or ask an admin "
            "to apply. This issue is kept by sigctl: it changes with what it tells of, and is closed when there is nothing left."
        ),
    ]
    return "\n".join(lines) + "\n"


def _items(entries: Sequence[Entry], view: View) -> list[str]:
    out = []
    for entry in sorted(entries, key=lambda one: (one.forge, one.kind, one.key))[:_MOST]:
        out.append(f"- {code(_thing(entry))}: {code(entry.problem)}")
        told = [because(entry), f"first seen {_day(entry.first_seen)}", *_fate(view, entry)]
        out.append(f"  - {code('; '.join(told))}")
    if len(entries) > _MOST:
        out.append(f"- and {len(entries) - _MOST} more")
    return out


def drift_mail(
    about: str, to: Iterable[str], sender: str, entries: Sequence[Entry], view: View, *, digest: str
) -> EmailMessage:
    """Return the mail that tells of a state of drift; plain text."""
    message = EmailMessage(policy.default.clone(max_line_length=250))
    what = f"{len(entries)} difference{'' if len(entries) == 1 else 's'}" if entries else "no drift any more"
    message["Subject"] = f"[sigctl] drift{'' if about == '*' else f' of SIG {plain(about)}'}: {what}"[:200]
    message["From"] = sender
    message["To"] = ", ".join(to)
    message["Date"] = formatdate()
    domain = sender.rpartition("@")[2].rstrip("> ") or "localhost"
    name = about if about != "*" else "all"
    message["Message-ID"] = (
        f"<sigctl.drift.{name}.{digest}.{view.at.replace(':', '').replace('+', '')}@{domain}>"
    )
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n".join(_letter(entries, view)) + "\n")
    return message


def _letter(entries: Sequence[Entry], view: View) -> Iterator[str]:
    if not entries:
        yield "The forges hold what the files say."
        return
    yield from ("What the forges hold is not what the files say:", "")
    for entry in entries[:_MOST]:
        yield from _wrapped(f"{_thing(entry)}: {plain(entry.problem)}", "* ", "  ")
        told = [because(entry), f"first seen {_day(entry.first_seen)}", *_fate(view, entry)]
        yield from _wrapped("; ".join(told), "    ", "    ")
    if len(entries) > _MOST:
        yield f"* and {len(entries) - _MOST} more"


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def drift_junit(view: View) -> str:
    """Return the look as JUnit XML: a suite for each forge, a failure for each difference, an error for what was not read."""
    forges = sorted({*view.requests, *(one.forge for one in view.drift), *view.unread})
    root = ET.Element("testsuites", name="sigctl drift", time=f"{view.seconds:.3f}")
    for forge in forges:
        mine = [one for one in view.drift if one.forge == forge]
        unread = forge in view.unread
        suite = ET.SubElement(
            root,
            "testsuite",
            name=plain(forge),
            tests=str(len(mine) + 1),
            failures=str(len(mine)),
            errors=str(int(unread)),
            timestamp=view.at[:19],
        )
        whole = ET.SubElement(suite, "testcase", classname=plain(forge), name="was read whole")
        if unread:
            ET.SubElement(whole, "error", message="the forge could not be read whole")
        for one in mine:
            case = ET.SubElement(
                suite,
                "testcase",
                classname=plain(".".join(filter(None, (forge, one.sig, one.kind)))),
                name=plain(one.key),
            )
            failure = ET.SubElement(case, "failure", message=plain(one.problem), type=one.cause.why)
            failure.text = f"{because(one)}; first seen {_day(one.first_seen)}"
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _thing(entry: Entry) -> str:
    return plain(f"{entry.forge} {entry.kind.replace('_', ' ')} {entry.key}")


def _fate(view: View, entry: Entry) -> list[str]:
    """Return what becomes of a difference, in words."""
    if entry.name in view.reverted:
        return [f"taken back: {plain(view.reverted[entry.name])}"]
    decision = view.decisions.get(entry.name, Decision("report"))
    if decision.word == "waits":
        return [f"is taken back on {_day(decision.on)}, unless the files take it in"]
    if decision.word == "revert":
        return ["is taken back by the next run that may"]
    return [f"not taken back: {decision.why}"] if decision.why else []


def _day(moment: str) -> str:
    try:
        return date.fromisoformat(moment[:10]).isoformat()
    except ValueError:
        return plain(moment)
