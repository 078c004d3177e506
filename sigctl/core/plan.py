"""A plan: actions as data, sorted, with a digest, written to and read from JSON."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from sigctl.core.kinds import KINDS, Effect, Key, Resource, from_json, to_json
from sigctl.core.state import Note, SetAside

FORMAT = "sigctl/plan/1"
Verb = Literal["create", "update", "delete", "move"]
VERBS: tuple[Verb, ...] = ("create", "update", "delete", "move")


@dataclass(frozen=True, slots=True)
class Action:
    """One change of one resource on one forge, with before and after; nothing in it can be called."""

    forge: str
    verb: Verb
    before: Resource | None
    after: Resource | None
    sig: str = ""
    phase: int = 0
    depends: tuple[str, ...] = ()
    """Ids of the actions without which this one must not happen."""

    @property
    def subject(self) -> Resource:
        """The resource after the change, or before it where it goes."""
        resource = self.after or self.before
        if resource is None:
            raise ValueError("an action with neither before nor after")
        return resource

    @property
    def key(self) -> Key:
        """Key of the resource after the change; before it for a delete."""
        return self.subject.key

    @property
    def kind(self) -> str:
        """Kind of the resource."""
        return self.subject.KIND

    @property
    def id(self) -> str:
        """Short, stable over runs and machines: equal changes have equal ids."""
        text = _canonical([self.forge, self.verb, self.kind, _data(self.before), _data(self.after)])
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def effect(self) -> Effect:
        """Whether anyone may do more, or less, once it is done."""
        return KINDS[self.kind].effect(self.before, self.after)

    def changed(self) -> dict[str, tuple[Any, Any]]:
        """Return {field: (before, after)} of an update or a move; empty for the other verbs."""
        if self.before is None or self.after is None:
            return {}
        old, new = to_json(self.before), to_json(self.after)
        info = KINDS[self.kind].INFO
        return {
            name: (old.get(name), new.get(name))
            for name in sorted(set(old) | set(new))
            if old.get(name) != new.get(name) and name not in info
        }

    def as_json(self) -> dict[str, Any]:
        """Return the action as the documented JSON object."""
        return {
            "id": self.id,
            "forge": self.forge,
            "sig": self.sig,
            "verb": self.verb,
            "kind": self.kind,
            "key": self.key.name,
            "before": _data(self.before),
            "after": _data(self.after),
            "effect": self.effect,
            "phase": self.phase,
            "depends": list(self.depends),
        }

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Action:
        """Return the action that `as_json` wrote; ValueError or KeyError where it is not one."""
        if data["verb"] not in VERBS:
            raise ValueError(f"unknown verb `{data['verb']}`")
        before, after = (
            from_json(data["kind"], data[side]) if data[side] is not None else None
            for side in ("before", "after")
        )
        action = cls(
            data["forge"],
            data["verb"],
            before,
            after,
            data["sig"],
            int(data["phase"]),
            tuple(data["depends"]),
        )
        if action.id != data["id"]:
            raise ValueError(f"action `{data['id']}` does not match its own content")
        return action


@dataclass(frozen=True, slots=True)
class Refusal:
    """A guard's no: the number it met, the limit, and the way out."""

    guard: str
    number: int
    limit: int
    hint: str
    text: str = ""

    def passes(self, limit: int) -> bool:
        """Whether it lets the plan pass when it is told this number: of too many no more than that, of too few no fewer.

        A plan that takes the last owner from an org never passes.
        """
        if self.number < self.limit:
            return 0 < self.number >= limit
        return self.number <= limit


@dataclass(frozen=True, slots=True)
class Cost:
    """What making the plan took and what applying it will take: requests, and seconds at the usual pace."""

    reads: int = 0
    writes: int = 0
    seconds: float = 0.0
    """The whole, pauses included."""
    requests: Mapping[str, int] = field(default_factory=dict)
    """Of the requests to write: creations, invitations, other writes; empty where the forge does not tell them apart."""
    pauses: float = 0.0
    """Seconds of waiting, since the forge takes only so much at a time."""
    later: int = 0
    """Invitations for which a day's number is too small: a later run makes them."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All actions, sorted, with what was learned on the way; equal inputs give equal plans, `created` aside."""

    actions: tuple[Action, ...] = ()
    forges: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    quarantined: tuple[SetAside, ...] = ()
    cost: Cost = field(default_factory=Cost)
    config_digest: str = ""
    created: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 over the actions, in hex."""
        text = _canonical([action.as_json() for action in self.actions])
        return hashlib.sha256(text.encode()).hexdigest()

    def summary(self) -> dict[str, int]:
        """Return the number of actions by verb."""
        return {verb: sum(action.verb == verb for action in self.actions) for verb in VERBS}

    def as_json(self) -> dict[str, Any]:
        """Return the plan as the documented JSON object."""
        return {
            "format": FORMAT,
            "digest": self.digest,
            "config_digest": self.config_digest,
            "created": self.created,
            "forges": list(self.forges),
            "actions": [action.as_json() for action in self.actions],
            "notes": [asdict(note) for note in self.notes],
            "refusals": [asdict(refusal) for refusal in self.refusals],
            "quarantined": [asdict(one) for one in self.quarantined],
            "cost": asdict(self.cost),
            "summary": self.summary(),
        }

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Plan:
        """Return the plan that `as_json` wrote; ValueError where it is of another format or was edited by hand."""
        if data.get("format") != FORMAT:
            raise ValueError(f"not a plan of format {FORMAT}")
        try:
            plan = cls(
                actions=tuple(Action.parse(action) for action in data["actions"]),
                forges=tuple(data["forges"]),
                notes=tuple(Note(**note) for note in data["notes"]),
                refusals=tuple(Refusal(**refusal) for refusal in data["refusals"]),
                quarantined=tuple(SetAside(**one) for one in data["quarantined"]),
                cost=Cost(**data["cost"]),
                config_digest=data["config_digest"],
                created=data["created"],
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a whole plan: {error}") from None
        if plan.digest != data["digest"]:
            raise ValueError("the digest does not match the actions")
        return plan


def merge(plans: Iterable[Plan], **fields: Any) -> Plan:
    """Return one plan of several (one per forge), sorted as each of them is."""
    every = list(plans)
    merged = Plan(
        actions=tuple(sorted((a for p in every for a in p.actions), key=order_key)),
        forges=tuple(sorted({name for p in every for name in p.forges})),
        notes=_sorted(note for p in every for note in p.notes),
        refusals=tuple(r for p in every for r in p.refusals),
        quarantined=_sorted(one for p in every for one in p.quarantined),
        cost=Cost(
            sum(p.cost.reads for p in every),
            sum(p.cost.writes for p in every),
            max((p.cost.seconds for p in every), default=0.0),
            dict(sorted(sum((Counter(p.cost.requests) for p in every), Counter()).items())),
            max((p.cost.pauses for p in every), default=0.0),
            sum(p.cost.later for p in every),
        ),
    )
    return replace(merged, **fields)


def order_key(action: Action) -> tuple[int, str, str, str, str, str]:
    """Sort by when it runs, then by forge, SIG and key; the id settles the rest."""
    return (action.phase, action.forge, action.sig, action.kind, action.key.name, action.id)


def _sorted(items: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(sorted(set(items), key=lambda item: tuple(asdict(item).values())))


def _data(resource: Resource | None) -> dict[str, Any] | None:
    return None if resource is None else to_json(resource)


def _canonical(data: Any) -> str:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
