"""Whether the approvals that are needed are there."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from sigctl.review.needs import ADMIN, CHAIR, Need
from sigctl.spec import Spec

AUTHOR = "the author"


@dataclass(frozen=True, slots=True)
class Approval:
    """A need, who may meet it, and who has."""

    need: Need
    accounts: tuple[str, ...]
    """Who may approve, the proposer among them only where he may approve himself."""
    by: tuple[str, ...] = ()

    @property
    def given(self) -> bool:
        """Whether somebody has approved who may."""
        return bool(self.by)


@dataclass(frozen=True, slots=True)
class Opened:
    """What is known of the merge request, for lazy consensus."""

    since: date | None = None
    objections: tuple[str, ...] = ()
    """Unresolved threads, and labels that object."""
    announced: date | None = None
    """Day on which it was mailed to all lists that must know."""


@dataclass(frozen=True, slots=True)
class Lazy:
    """Lazy consensus: whether it can replace the approval, and what is still missing for it."""

    days: int = 0
    """0: the policy has none."""
    sig: str = ""
    waits: tuple[str, ...] = ()
    """Why it does not hold, in words; empty where it holds."""

    @property
    def holds(self) -> bool:
        """Whether silence was consent."""
        return bool(self.days) and not self.waits


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer."""

    approvals: tuple[Approval, ...]
    lazy: Lazy
    ignored: tuple[str, ...] = ()
    """Accounts that approved and whose approval is not asked for."""

    @property
    def missing(self) -> tuple[Approval, ...]:
        """Approvals that nobody has given."""
        return tuple(one for one in self.approvals if not one.given)

    @property
    def allowed(self) -> bool:
        """Whether the proposal may be merged."""
        return not self.missing or self.lazy.holds


def judge(
    found: Iterable[Need],
    spec: Spec,
    today: date,
    *,
    author: str = "",
    approved_by: Collection[str] = (),
    opened: Opened | None = None,
) -> Verdict:
    """Return the verdict by the files of before (`spec`): its admins, its chairs of today, its rules for proposers."""
    listed = list(found)
    approvals = tuple(_approval(need, spec, today, author, approved_by) for need in listed)
    asked = {account for one in approvals for account in one.accounts}
    return Verdict(
        approvals,
        _lazy(listed, spec, opened or Opened(), today),
        tuple(sorted(set(approved_by) - asked)),
    )


def _approval(need: Need, spec: Spec, today: date, author: str, approved_by: Collection[str]) -> Approval:
    policy = spec.policy.approval
    may = set(policy.admins) | (chairs(spec, need.sig, today) if need.role == CHAIR else set())
    himself = author in may and (not need.widens or policy.own)
    others = may - {author}
    by = {one for one in approved_by if one in others} | ({author} if himself else set())
    return Approval(need, tuple(sorted(others | ({author} if himself else set()))), tuple(sorted(by)))


def chairs(spec: Spec, sig: str, today: date) -> set[str]:
    """Return the accounts that chair a SIG on a day; a retired SIG has no chairs who decide."""
    found = spec.sigs.get(sig)
    if found is None or found.status != "active":
        return set()
    return {one.person for one in found.chairs if one.until is None or one.until >= today}


def _lazy(found: list[Need], spec: Spec, opened: Opened, today: date) -> Lazy:
    policy = spec.policy.approval.lazy
    if policy is None:
        return Lazy()
    sigs = {need.sig for need in found if need.role == CHAIR}
    sig = min(sigs, default="")
    waits = []
    if any(need.role == ADMIN for need in found):
        waits.append("it needs an admin, and silence never covers that")
    if len(sigs) > 1:
        waits.append(f"it touches {len(sigs)} SIGs: {', '.join(sorted(sigs))}")
    if opened.since is None:
        waits.append("it is not known since when it is open")
    elif (end := opened.since + timedelta(days=policy.days)) > today:
        waits.append(f"it is open since {opened.since}, consent is on {end}")
    if opened.announced is None:
        waits.append("it is not known that it was mailed to the list")
    elif (end := opened.announced + timedelta(days=policy.days)) > today:
        waits.append(f"it was mailed on {opened.announced}, consent is on {end}")
    waits += [f"somebody objects: {one}" for one in opened.objections]
    return Lazy(policy.days, sig, tuple(waits))
