"""Who is in which team today, and who they are on a forge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from sigctl.core.state import Note
from sigctl.spec.layout import team_ref
from sigctl.spec.model import Person, Spec

SOON = timedelta(days=30)
TeamKey = tuple[str, str]
"""SIG and team."""


def expired(until: date | None, today: date) -> bool:
    """Whether the last day is over."""
    return until is not None and until < today


def soon(until: date | None, today: date) -> bool:
    """Whether the last day is near, but not over."""
    return until is not None and today <= until <= today + SOON


@dataclass
class Roster:
    """Teams with their people, on one day."""

    spec: Spec
    today: date
    notes: set[Note] = field(default_factory=set)
    _members: dict[TeamKey, frozenset[str]] = field(default_factory=dict)

    def ends(self, subject: str, text: str, until: date | None, sig: str) -> bool:
        """Whether it is over; says so, and says so before when it soon will be."""
        if until is not None and expired(until, self.today):
            self.notes.add(Note("expires", subject, f"{text} ended on {until}", sig=sig))
            return True
        if until is not None and soon(until, self.today):
            self.notes.add(Note("expires", subject, f"{text} ends on {until}", sig=sig))
        return False

    def members(self, team: TeamKey) -> frozenset[str]:
        """Return the accounts of all who are in the team, by themselves or through a team within it."""
        if team not in self._members:
            self._members[team] = frozenset(self._collect(team, set()))
        return self._members[team]

    def _collect(self, team: TeamKey, seen: set[TeamKey]) -> set[str]:
        sig_name, name = team
        sig = self.spec.sigs.get(sig_name)
        config = sig.all_teams().get(name) if sig else None
        if sig is None or config is None or team in seen:
            return set()
        seen.add(team)
        if sig.status == "retired" and sig.empty_teams:
            return set()
        shown = f"{sig_name}/{name}"
        found = {
            member.person
            for member in config.members
            if not self.ends(member.person, f"membership of {shown}", member.until, sig_name)
        } | set(config.leads)
        for sub in config.teams:
            if not self.ends(sub.team, f"being part of {shown}", sub.until, sig_name):
                found |= self._collect(team_ref(sub.team, sig_name), seen)
        return found

    def leads(self, team: TeamKey) -> frozenset[str]:
        """Return the accounts that lead the team itself; a lead of a team within it is a plain member."""
        sig = self.spec.sigs.get(team[0])
        config = sig.all_teams().get(team[1]) if sig else None
        return frozenset(config.leads) & self.members(team) if config else frozenset()


@dataclass
class Logins:
    """From accounts to logins on one forge; who has none there is noted, never guessed."""

    forge: str
    people: Mapping[str, Person]
    notes: set[Note] = field(default_factory=set)
    used: dict[str, int | str] = field(default_factory=dict)
    """Login -> pinned id, for those that were asked for."""

    def of(self, account: str, why: str, sig: str = "") -> str | None:
        """Return the login, or None where the person is not linked to the forge."""
        person = self.people.get(account)
        link = person.logins.get(self.forge) if person else None
        if link is None:
            text = f"has no login on {self.forge}, so gets nothing there: {why}"
            self.notes.add(Note("unlinked", account, text, self.forge, sig))
            return None
        if link.id is not None:
            self.used[link.login] = link.id
        return link.login

    def known(self, accounts: Iterable[str]) -> frozenset[str]:
        """Return the logins of those who have one, without a note for the others."""
        people = (self.people.get(account) for account in accounts)
        return frozenset(p.logins[self.forge].login for p in people if p and self.forge in p.logins)
