"""People whom somebody should look at: without a login, gone or idle, with an end; and what the files make of a person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

from sigctl.core.access_table import Side
from sigctl.core.kinds import Grant, Membership, TeamMember
from sigctl.core.kinds.org import INVITED
from sigctl.errors import ForgeError
from sigctl.forges.telling import TellsActivity
from sigctl.spec import Spec
from sigctl.spec.entries import entries
from sigctl.spec.layout import team_ref
from sigctl.spec.model import Access

if TYPE_CHECKING:
    from sigctl.app.access import Seen
    from sigctl.app.context import Context

Kind = Literal["unlinked", "inactive", "expiring", "stranger"]
KINDS: tuple[Kind, ...] = ("unlinked", "inactive", "expiring", "stranger")
ASLEEP = timedelta(days=180)
"""Without doing anything on a forge for longer than that, somebody is told of."""
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Look:
    """One thing about one person that somebody should look at."""

    kind: Kind
    who: str
    """Account; LOGIN@FORGE for somebody whom the files don't know."""
    forge: str
    sig: str
    text: str
    day: str = ""
    """ISO date on which something ends."""


def lookers(seen: Seen, today: date) -> list[Look]:
    """Return everybody to look at, those that end first in the order in which they do."""
    found = [*_unlinked(seen), *_gone(seen), *_waiting(seen), *_asleep(seen, today), *_idle(seen)]
    found += sorted(_ending(seen.config.spec, today), key=lambda one: (one.day, one.who))
    found += _strangers(seen)
    return sorted(found, key=lambda one: KINDS.index(one.kind))


def _unlinked(seen: Seen) -> Iterator[Look]:
    reasons: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for note in seen.resolved.notes:
        if note.topic == "unlinked":
            reasons[note.subject, note.forge].append((note.text.partition(": ")[2], note.sig))
    for (who, forge), found in sorted(reasons.items()):
        listed = [text for text, _ in found]
        more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
        sig = found[0][1] if len({sig for _, sig in found}) == 1 else ""
        yield Look(
            "unlinked", who, forge, sig, f"has no login on {forge}: {', '.join(listed[:_SHOWN])}{more}"
        )
    for who, person in sorted(seen.config.spec.people.items()):
        if not person.logins:
            yield Look("unlinked", who, "", "", "has no login on any forge")


def _gone(seen: Seen) -> Iterator[Look]:
    accounts = {
        (forge, link.login): account
        for account, person in seen.config.spec.people.items()
        for forge, link in person.logins.items()
    }
    for forge, people in seen.identities:
        for one in people.set_aside:
            who = accounts.get((forge, one.subject), one.subject)
            login = "" if who == one.subject else f", as {one.subject}"
            yield Look("inactive", who, forge, "", f"on {forge}{login}: {one.reason}")
        for old, now in sorted(people.renamed.items()):
            yield Look("inactive", accounts.get((forge, old), old), forge, "", f"{old} is {now} now")


def _waiting(seen: Seen) -> Iterator[Look]:
    for side in seen.sides:
        waits: dict[str, list[str]] = defaultdict(list)
        for one in side.judge.held.values():
            if isinstance(one, Membership | TeamMember | Grant) and one.state == INVITED and one.who():
                waits[one.who()].append(one.inside.name)
        for login, places in sorted(waits.items()):
            more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
            text = f"has not accepted the invitation to {', '.join(sorted(places)[:_SHOWN])}{more}"
            yield Look(
                "inactive", side.names.accounts.get(login, f"{login}@{side.forge}"), side.forge, "", text
            )


def last_active(context: Context, sides: Iterable[Side]) -> dict[tuple[str, str], str]:
    """Return since when those with a right have done nothing, on forges that tell; a forge that fails to tells nothing."""
    out: dict[tuple[str, str], str] = {}
    for side in sides:
        forge: object = context.forges[side.forge]
        logins = {login for login, _ in side.judge.roads.routes if login != side.me}
        if isinstance(forge, TellsActivity) and logins:
            with suppress(ForgeError):  # beside the question: who may do what is known without it
                out |= {(side.forge, login): day for login, day in forge.last_active(logins).items()}
    return out


def _asleep(seen: Seen, today: date) -> Iterator[Look]:
    """Yield those with rights who did nothing for long on a forge that tells."""
    names = {side.forge: side.names.accounts for side in seen.sides}
    for (forge, login), day in sorted(seen.active.items()):
        who = names[forge].get(login, f"{login}@{forge}")
        if not day:
            yield Look("inactive", who, forge, "", f"on {forge}: has done nothing that the server knows of")
        elif (idle := today - date.fromisoformat(day)) > ASLEEP:
            yield Look(
                "inactive", who, forge, "", f"on {forge}: last did something on {day}, {idle.days} days ago"
            )


def _idle(seen: Seen) -> Iterator[Look]:
    """Yield people of the files who have no right on any forge that was looked at, and no role either."""
    busy = {
        side.names.accounts.get(login, login) for side in seen.sides for login, _ in side.judge.roads.routes
    }
    spec = seen.config.spec
    for who, person in sorted(spec.people.items()):
        if who not in busy and person.logins and not roles_of(spec, who):
            yield Look("inactive", who, "", "", "has no right on any repository, and no role")


def _strangers(seen: Seen) -> Iterator[Look]:
    for side in seen.sides:
        if seen.source == "files":
            continue
        rights: dict[str, int] = defaultdict(int)
        for login, _ in side.judge.roads.routes:
            if login not in side.names.accounts and login != side.me:
                rights[login] += 1
        for login, count in sorted(rights.items()):
            repos = "1 repository" if count == 1 else f"{count} repositories"
            text = f"has rights on {repos}, and is nobody in the files"
            yield Look("stranger", f"{login}@{side.forge}", side.forge, "", text)


def _ending(spec: Spec, today: date) -> Iterator[Look]:
    for who, sig, text, until in _ends(spec):
        if until is not None:
            over = until < today
            left = (until - today).days
            when = (
                f"ended on {until}"
                if over
                else f"ends on {until}, in {left} days"
                if left
                else f"ends today, {until}"
            )
            yield Look("expiring", who, "", sig, f"{text} {when}", until.isoformat())


def _ends(spec: Spec) -> Iterator[tuple[str, str, str, date | None]]:
    for name, sig in sorted(spec.sigs.items()):
        for team, config in sorted(sig.all_teams().items()):
            for member in config.members:
                yield member.person, name, f"membership of {name}/{team}", member.until
            for sub in config.teams:
                yield sub.team, name, f"being part of {name}/{team}", sub.until
        for chair in sig.chairs:
            yield chair.person, name, f"being {'acting ' if chair.acting else ''}chair of {name}", chair.until
        yield from _rights(sig.access, name, f"all of {name}")
        for project, group in sorted(sig.projects.items()):
            yield from _rights(group.access, name, f"{name}'s project {project}")
    for entry in entries(spec):
        yield from _rights(entry.config.access, entry.sig.name, f"{entry.sig.name}/{entry.name}")


def _rights(access: Access, sig: str, where: str) -> Iterator[tuple[str, str, str, date | None]]:
    for subject, right in sorted(access.items()):
        yield subject.removeprefix("person:"), sig, f"{right.level} on {where}", right.until


def roles_of(spec: Spec, person: str) -> list[str]:
    """Return what the files make of a person beside rights on forges, in words."""
    found = []
    for name, sig in sorted(spec.sigs.items()):
        found += [
            f"{'acting ' if chair.acting else ''}chair of {name}" + _only(sig.chairs)
            for chair in sig.chairs
            if chair.person == person
        ]
        found += [f"sponsor of {name}"] if person in sig.sponsors else []
    if person in spec.policy.approval.admins:
        found.append("admin, who approves what no chair may" + _only(spec.policy.approval.admins))
    if person in spec.policy.guards.required_owners:
        found.append("required as owner of every org: the guards refuse to take that away")
    return found


def _only(found: Iterable[object]) -> str:
    return ", the only one" if len(list(found)) == 1 else ""


def chains(spec: Spec) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """Return (SIG/TEAM, account) -> the teams within it by which the account is in it, for those who are not in it themselves."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for name, sig in spec.sigs.items():
        for team, config in sig.all_teams().items():
            top = f"{name}/{team}"
            own = {member.person for member in config.members} | set(config.leads)
            for account, chain in _within(spec, (name, team), ()):
                if account not in own:
                    found.setdefault((top, account), chain)
    return found


def _within(
    spec: Spec, team: tuple[str, str], passed: tuple[str, ...]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield (account, teams from the person's side) for all who are in teams within this one, the shortest way first."""
    sig = spec.sigs.get(team[0])
    config = sig.all_teams().get(team[1]) if sig else None
    subs = [team_ref(sub.team, team[0]) for sub in config.teams] if config else []
    for sub in subs:
        inner = spec.sigs[sub[0]].all_teams().get(sub[1]) if sub[0] in spec.sigs else None
        for account in sorted({m.person for m in inner.members} | set(inner.leads)) if inner else ():
            yield account, (f"{sub[0]}/{sub[1]}", *passed)
    for sub in subs:
        if f"{sub[0]}/{sub[1]}" not in passed:
            yield from _within(spec, sub, (f"{sub[0]}/{sub[1]}", *passed))
