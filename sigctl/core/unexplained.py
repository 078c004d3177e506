"""What a plan would do that no change of the files explains: somebody changed it on the forge, or something reads it wrongly."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sigctl.core.diff import UNDECLARED, is_managed
from sigctl.core.kinds import BranchRule, ClassicRule, Key, Ref, Resource, to_json
from sigctl.core.plan import Action, Refusal
from sigctl.core.policy import Policy
from sigctl.core.state import Desired, Note, State

GUARD = "unexplained"
_SHOWN = 5
_RIGHTS = ("grant", "membership", "team", "team_member")


@dataclass(frozen=True, slots=True)
class Before:
    """What one forge held at the end of the last apply, as the files of then asked for it."""

    desired: Desired
    day: str
    """When that was, ISO 8601."""
    left: frozenset[Key] = frozenset()
    """What was not so even then: an apply that failed explains it."""


def unexplained(actions: Sequence[Action], before: Before, now: Desired) -> list[Action]:
    """Return the first action on each thing that differs though the files ask for the same as before.

    A thing counts once, however many steps change it, and not at all where the last step leaves it as the first one found it. What
    follows from a change of something else counts as explained: the rights of a person whose place in the files changed, the rules
    of branches where any rights did, and what is newly ours to take away.
    """
    change = _Change(before.desired, now, before.left)
    steps: dict[Key, list[Action]] = {}
    for action in actions:
        if not isinstance(action.subject, Ref):
            steps.setdefault(action.key, []).append(action)
    return [found[0] for found in steps.values() if not _stays(found) and not change.explains(found)]


def judge(
    actions: Sequence[Action], before: Before | None, now: Desired, policy: Policy
) -> tuple[list[Refusal], list[Note]]:
    """Return the refusal where more differs than the policy lets pass unexplained, and a note for each such thing.

    Where nothing is known of before, a note says so if the plan is large enough that it could have been refused.
    """
    if before is None:
        return [], _unjudged(actions, now, policy)
    found = unexplained(actions, before, now)
    text = f"differs from the files, and nothing in them that is about it has changed since the last apply ({before.day})"
    notes = [Note(GUARD, str(one.key), f"{one.key} {text}", now.forge, one.sig) for one in found]
    there = len(now.state)
    if policy.unexplained is None or policy.unexplained.allows(len(found), there):
        return [], notes
    ceiling = policy.unexplained.ceiling(there)
    shown = ", ".join(str(one.key) for one in found[:_SHOWN]) + (" ..." if len(found) > _SHOWN else "")
    told = (
        f"{now.forge}: {len(found)} of {there} things would change though the files about them did not since the last apply "
        f"({before.day}): {shown}; at most {ceiling} may"
    )
    hint = (
        f"`sigctl drift` tells who changed them; if it is meant, `--allow {GUARD}={len(found)} --reason TEXT`"
    )
    return [Refusal(GUARD, len(found), ceiling, hint, told)], notes


def _unjudged(actions: Sequence[Action], now: Desired, policy: Policy) -> list[Note]:
    count = len({action.key for action in actions if not isinstance(action.subject, Ref)})
    if policy.unexplained is None or policy.unexplained.allows(count, len(now.state)):
        return []
    text = (
        f"nothing is known here of an apply before, so nothing says which of the {count} changes the files explain: "
        f"the guard `{GUARD}` judges none of them"
    )
    return [Note("unknown", now.forge, text, now.forge)]


def differs(keys: Iterable[Key], fields: Iterable[str], then: Folded, now: Folded) -> bool:
    """Whether the files asked for something else then of one of these things: whether it is there, or in one of the fields.

    Without fields, all of them count.
    """
    names = set(fields)
    for key in keys:
        old, new = then.find(key), now.find(key)
        if (old is None) != (new is None):
            return True
        if old is None or new is None:
            continue
        if any(getattr(old, name, None) != getattr(new, name, None) for name in names or to_json(new)):
            return True
    return False


class Folded:
    """A state in which names are found in whatever case they are written."""

    def __init__(self, held: State) -> None:
        self._held = held
        self._by_name: Mapping[tuple[str, str], Resource] | None = None

    def find(self, key: Key) -> Resource | None:
        """Return the resource with this key, None where there is none."""
        if key in self._held:
            return self._held[key]
        if self._by_name is None:
            self._by_name = {(k.kind, k.name.casefold()): one for k, one in self._held.items()}
        return self._by_name.get((key.kind, key.name.casefold()))


class _Change:
    """What changed in the files."""

    def __init__(self, before: Desired, now: Desired, left: Collection[Key]) -> None:
        self._before, self._now = before, now
        self._left = {(key.kind, key.name.casefold()) for key in left}
        self._then, self._today = Folded(before.state), Folded(now.state)
        changed = [
            one
            for state, other in ((before.state, now.state), (now.state, before.state))
            for key, one in state.items()
            if other.get(key) != one
        ]
        logins = {one.who() for one in changed} - {""}
        logins |= set(before.left_alone ^ now.left_alone)
        logins |= {login for login, _ in set(before.pins.items()) ^ set(now.pins.items())}
        self._people = {login.casefold() for login in logins}
        self._rights = any(one.KIND in _RIGHTS for one in changed)

    def explains(self, steps: Sequence[Action]) -> bool:
        """Whether it says why these steps, all of one thing, are to be done."""
        keys = {step.key for step in steps} | {step.before.key for step in steps if step.before}
        fields = {name for step in steps for name in step.changed()}
        subject = steps[0].subject
        if any((key.kind, key.name.casefold()) in self._left for key in keys):
            return True
        if differs(keys, fields, self._then, self._today) or subject.who().casefold() in self._people:
            return True
        if isinstance(subject, BranchRule) and (
            self._rights or self._before.closest_rules != self._now.closest_rules
        ):
            return True  # where rules are kept by levels, they follow from who has which
        if isinstance(subject, ClassicRule) and self._before.classic != self._now.classic:
            return True
        return self._today.find(subject.key) is None and self._newly_ours(subject)

    def _newly_ours(self, gone: Resource) -> bool:
        """Whether the files say only now that what nobody declared there is taken away, or an owner made a member."""
        before, now = self._before, self._now
        name = gone.key.name.partition("/")[0].partition(":")[0]
        if gone.KIND in UNDECLARED:
            word = UNDECLARED[gone.KIND]
            if before.undeclared.get(word) != now.undeclared.get(word):
                return True
            if name in now.orgs and name not in before.orgs:
                return True
        if gone.inside is None:
            return False
        if gone.PART:
            part = Key(gone.KIND, gone.inside.name)
            other = before.undeclared.get(gone.PART) != now.undeclared.get(gone.PART)
            return other or (part in now.parts and part not in before.parts)
        return is_managed(gone.inside, now) and not is_managed(gone.inside, before)


def _stays(steps: Sequence[Action]) -> bool:
    """Whether all is as it was once the last step is done: an archived repository that is only opened for a change inside."""
    first, last = steps[0].before, steps[-1].after
    if first is None or last is None:
        return first is last
    return first.key == last.key and not last.changes(first)
