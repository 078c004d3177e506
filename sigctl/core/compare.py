"""From both sides to one forge's plan: normalise, diff, order, guard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sigctl.core import passing
from sigctl.core.archives import by_ourselves, moments, rewritten_on_the_way, shown_late
from sigctl.core.deeds import judge_deeds, judge_first_run
from sigctl.core.diff import archives_early, diff
from sigctl.core.guard import judge
from sigctl.core.keys import rekeyed, without_unread
from sigctl.core.kinds import Grant, Key, Repo
from sigctl.core.normalise import Normal, normalise
from sigctl.core.order import order
from sigctl.core.plan import Action, Cost, Plan, merge
from sigctl.core.policy import Policy
from sigctl.core.protected import moments as ruled_late
from sigctl.core.state import Desired, Note, Observation, SetAside, State, Traits, Unread
from sigctl.core.unread import Apart, keep

SECONDS_PER_WRITE = 0.5
"""A usual answer to a write, and what a forge lets through a minute; for the estimate only."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One forge's plan, and both states in the form in which they were compared."""

    plan: Plan
    wanted: State
    seen: State
    unread: Mapping[Key, Unread] = field(default_factory=dict)
    """Repositories that are set aside since they could not be read whole, by every path that they may have; `seen` may lack some of them."""
    left: tuple[Action, ...] = ()
    """What is not in the plan because of that."""


def compare(desired: Desired, observation: Observation, traits: Traits, policy: Policy) -> Compared:
    """Return the plan that turns what was observed into what is desired, judged by the guards.

    Nothing is planned for a repository that could not be read whole, see `unread`.
    """
    desired, observation, keyless = without_unread(desired, observation)
    apart = Apart.of(desired, observation, traits)
    observation = apart.known(observation)
    normal = normalise(desired, observation, traits)
    difference = diff(
        normal.desired,
        normal.observed,
        desired,
        locked_archives=traits.archived_locked,
        branch_at_birth=traits.branch_at_birth,
        own_way=observation.own_way if traits.rules_open else None,
    )
    early = frozenset(
        Key(key.kind, path)
        for key, one in normal.desired.items()
        if isinstance(one, Repo) and archives_early(one, locked=traits.archived_locked)
        for path in (one.path, *(one.previously or ()))
    )
    changes = difference.actions
    if not traits.archived_locked:
        shutting = rewritten_on_the_way(normal.desired.values(), normal.observed.values(), desired.rewritten)
        changes = tuple(by_ourselves(changes, shutting, observation.own_way))
    ordered = order(
        changes,
        {**normal.observed, **normal.standing},
        early,
        locked=traits.archived_locked,
        hidden_rules=traits.rules_open,
        rules_open=traits.rules_open,
        own_way=observation.own_way,
        filled=frozenset(key for key, one in normal.desired.items() if isinstance(one, Repo) and one.filled),
    )
    kept = keep(ordered.actions, normal.observed, apart, desired, traits)
    refusals = [
        *judge(kept.actions, normal.observed, policy, desired.forge, observation.me, sigs=desired.sigs),
        *judge_deeds(kept.actions, normal.desired, normal.observed, policy, desired.forge),
        *judge_first_run(
            kept.actions, normal.desired, normal.observed, policy, desired.forge, orgs=desired.orgs
        ),
    ]
    missing = _missing_orgs(normal.desired, normal.observed, desired.forge, traits)
    writes = len(kept.actions)
    plan = Plan(
        actions=kept.actions,
        forges=(desired.forge,),
        notes=apart.about_others(
            (
                *(_passed(kept.actions, normal, desired.forge) if traits.team_is_group else ()),
                *normal.notes,
                *difference.notes,
                *ordered.notes,
                *moments(kept.actions, observation.state),
                *shown_late(kept.actions),
                *(ruled_late(kept.actions, normal.observed) if traits.rules_open else ()),
                *(_shares(kept.actions) if traits.share_gap else ()),
                *rekeyed(kept.actions, traits),
                *(note for action in kept.actions for note in _by_hand(action, traits, observation.me)),
            )
        ),
        refusals=tuple(refusals),
        quarantined=(*normal.set_aside, *missing, *keyless, *kept.set_aside),
        cost=Cost(observation.reads, writes, round(writes * SECONDS_PER_WRITE, 1)),
    )
    return Compared(merge([plan]), normal.desired, normal.observed, apart.places, kept.left)


def _passed(actions: Sequence[Action], normal: Normal, forge: str) -> list[Note]:
    return [*passing.brought(normal.desired, forge), *passing.moments(actions, normal.observed, forge)]


def _by_hand(action: Action, traits: Traits, me: str) -> Iterator[Note]:
    """Yield what somebody else must do before, or in place of, the action."""
    told = traits.by_hand.get(f"{action.verb} {action.kind}")
    one = action.after
    if told is not None:
        text = told.format(name=action.key.name, me=me)
        yield Note("by hand", action.key.name, text, action.forge, action.sig)
    elif isinstance(one, Grant) and one.branches and (told := traits.by_hand.get("branches")):
        text = told.format(target=one.target, subject=one.subject, branches=",".join(one.branches))
        yield Note("by hand", one.target, text, action.forge, action.sig)


def _shares(actions: Iterable[Action]) -> list[Note]:
    """Return a note for each team whose level changes where that takes it out for a moment."""
    return [
        Note(
            "moment",
            a.subject.target,
            f"{a.subject.subject_name} is out of {a.subject.target} for a moment",
            a.forge,
        )
        for a in actions
        if isinstance(a.subject, Grant) and a.verb == "update" and a.subject.subject_kind == "team"
    ]


def _missing_orgs(wanted: State, seen: State, forge: str, traits: Traits) -> list[SetAside]:
    if traits.nested_orgs:
        return []
    lost = [key for key in wanted if key.kind == "org" and key not in seen]
    hint = "make it by hand, then run again"
    return [
        SetAside(
            key.name, "the org does not exist, and this forge lets nobody create one by API", forge, "", hint
        )
        for key in lost
    ]
