"""What changes will cost: requests by kind, how long they take with all pauses, and which invitations are for another day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from sigctl.core.kinds import BranchRule, Grant, Membership, Repo, TeamMember
from sigctl.core.kinds.grant import PERSON
from sigctl.core.plan import Action, Cost
from sigctl.core.state import State
from sigctl.forges.github.names import split
from sigctl.forges.github.pacing import CREATE, READ, WRITE
from sigctl.forges.github.rulesets import rulesets_of
from sigctl.forges.pacing import Daily, Pacing, Spend

SECONDS_EACH = 0.5
"""What a request takes by itself."""


def estimate(actions: Sequence[Action], seen: State, pacing: Pacing, invitations: Daily) -> Cost:
    """Return the cost of carrying these actions out on what was seen, with what is left of today's invitations."""
    members = {one.key.name.casefold() for one in seen.values() if isinstance(one, Membership)}
    places = Counter(place for action in actions for place in invited_by(action, members))
    left = {place: invitations.left(place) for place in places}
    later = sum(
        max(0, count - number) for place, count in places.items() if (number := left[place]) is not None
    )
    spent = [spend for action in actions for spend in requests_of(action)]
    pauses = _pauses(spent, pacing.fresh())
    creations = sum(spend is CREATE for spend in spent)
    requests = {
        "creations": creations,
        "invitations": places.total(),
        "writes": sum(s is WRITE for s in spent),
    }
    return Cost(
        writes=creations + requests["writes"],
        seconds=round(len(spent) * SECONDS_EACH + pauses, 1),
        requests={name: count for name, count in requests.items() if count},
        pauses=round(pauses, 1),
        later=later,
    )


def requests_of(action: Action) -> Iterator[Spend]:
    """Yield what each request of an action takes, reads that go with it included."""
    one = action.subject
    making = action.verb == "create"
    if isinstance(one, BranchRule):
        yield READ
        yield from ([CREATE if making else WRITE] * max(1, len(rulesets_of(one, [one.pattern]))))
    elif isinstance(one, Membership | TeamMember) or (isinstance(one, Grant) and one.subject_kind == PERSON):
        yield WRITE if action.verb == "delete" else CREATE
    elif isinstance(one, Grant):
        yield WRITE
    elif isinstance(one, Repo) and action.verb == "move":
        yield CREATE if _changes_org(action) else WRITE
        yield READ
    else:
        yield CREATE if making else WRITE
        if one.KIND == "team" and making:
            yield WRITE  # its maker leaves it
        if isinstance(one, Repo) and (one.topics if making else "topics" in action.changed()):
            yield WRITE


def invited_by(action: Action, members: Iterable[str]) -> Iterator[str]:
    """Yield the org or repository to which the action invites someone."""
    one = action.subject
    if action.verb != "create":
        return
    if isinstance(one, Membership):
        yield one.org
    elif isinstance(one, Grant) and one.subject_kind == PERSON:
        org = split(one.target)[0]
        if f"{org}:{one.subject_name}".casefold() not in members:
            yield one.target


def _changes_org(action: Action) -> bool:
    if action.before is None or action.after is None:
        return False
    return split(action.before.key.name)[0].casefold() != split(action.after.key.name)[0].casefold()


def _pauses(spent: Iterable[Spend], pacing: Pacing) -> float:
    now = waited = 0.0
    for spend in spent:
        while (pause := pacing.book(spend, now)) is not None:
            now += pause.seconds
            waited += pause.seconds
        now += SECONDS_EACH
    return waited
