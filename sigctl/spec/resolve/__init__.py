"""From SIG words to facts: what each forge should hold, and where history goes. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date

from sigctl.core.history import Hop
from sigctl.core.kinds import PARTS, Key
from sigctl.core.policy import Limit, Policy
from sigctl.core.state import Desired, Note, SetAside, Traits
from sigctl.spec.config import Config
from sigctl.spec.layout import layouts
from sigctl.spec.load import paused_gc
from sigctl.spec.model import Spec
from sigctl.spec.model.policy import LimitConfig, LimitKind
from sigctl.spec.resolve.forge import build
from sigctl.spec.resolve.hops import DeclaredBranch, declared_branches, hops
from sigctl.spec.resolve.roster import Logins, Roster


@dataclass(frozen=True)
class Resolved:
    """What the files mean on one day."""

    desired: dict[str, Desired]
    hops: tuple[Hop, ...]
    notes: tuple[Note, ...]
    set_aside: tuple[SetAside, ...]
    policy: Policy
    branches: tuple[DeclaredBranch, ...] = ()
    """Branches that the files name, on the primary."""


def resolve(
    config: Config,
    *,
    today: date,
    traits: Mapping[str, Traits],
    forges: Collection[str] = (),
    sigs: Collection[str] = (),
) -> Resolved:
    """Return what each forge should hold; `traits` is by forge name.

    `forges` and `sigs` narrow it: to these forges, and to what belongs to these SIGs together with what that needs; then nothing is
    said about undeclared things, since most declared ones are left out too.
    """
    spec = config.spec
    roster = Roster(spec, today)
    where = layouts(spec, dict(traits))
    desired: dict[str, Desired] = {}
    notes: set[Note] = set()
    with paused_gc():
        for name, layout in where.items():
            if not forges or name in forges:
                built, said = build(spec, layout, roster)
                desired[name] = _narrowed(built, frozenset(sigs)) if sigs else built
                notes |= said
    notes |= roster.notes
    declared = tuple(declared_branches(spec, where))
    return Resolved(
        desired=desired,
        hops=tuple(hop for hop in hops(spec, where, declared) if _in_scope(hop, forges, sigs)),
        notes=tuple(
            sorted(
                (n for n in notes if not sigs or n.sig in sigs),
                key=lambda n: (n.forge, n.sig, n.topic, n.subject, n.text),
            )
        ),
        set_aside=(),
        policy=policy_of(spec),
        branches=tuple(b for b in declared if not sigs or b.sig in sigs),
    )


def _in_scope(hop: Hop, forges: Collection[str], sigs: Collection[str]) -> bool:
    return (not sigs or hop.sig in sigs) and (not forges or hop.target.forge in forges)


_INSIDE = frozenset(kind.PART for kind in PARTS if kind.PART)
"""What hangs on declared things: that nobody declared it is known also when only some SIGs are looked at."""


def _narrowed(desired: Desired, sigs: frozenset[str]) -> Desired:
    some = desired.only(key for key in desired.state if desired.sigs.get(key) in sigs)
    return replace(
        some,
        managed=frozenset(key for key in desired.managed if desired.sigs.get(key) in sigs),
        undeclared={what: how if what in _INSIDE else "ignore" for what, how in desired.undeclared.items()},
        parts=frozenset(
            one for one in desired.parts if any(Key(kind, one.name) in some.state for kind in ("repo", "org"))
        ),
    )


def policy_of(spec: Spec) -> Policy:
    """Return the guards' limits as the core knows them."""
    guards = spec.policy.guards
    required = {name: Logins(name, spec.people).known(guards.required_owners) for name in spec.forges}
    return Policy(
        max_removals={"default": Limit(percent=10), **_limits(guards.max_removals)},
        per_sig=_limits(guards.per_sig),
        minimum_owners=guards.minimum_owners,
        required_owners={name: logins for name, logins in required.items() if logins},
        keep_self=guards.keep_self,
        most={
            "publish": guards.publish,
            "delete": guards.delete,
            "archive": guards.archive,
            "empty_teams": guards.empty_teams,
        },
        unexplained=_limits({"default": guards.unexplained})["default"],
        first_run=guards.first_run,
    )


def _limits(written: Mapping[LimitKind, LimitConfig]) -> dict[str, Limit]:
    return {
        kind: Limit(limit.number, None if limit.percent is None else float(limit.percent), limit.of_at_least)
        for kind, limit in written.items()
    }
