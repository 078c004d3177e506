"""Reading every forge and the histories, and making one plan of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from sigctl.app.context import Context
from sigctl.app.moving import mirror_options
from sigctl.app.side_by_side import of_each_forge
from sigctl.core.archives import opens
from sigctl.core.compare import Compared, compare
from sigctl.core.guard import judge_refs
from sigctl.core.history import End, Hop
from sigctl.core.kinds import BranchRule, Grant, Key, Ref, Repo, Resource, Team
from sigctl.core.kinds.branch import TAG
from sigctl.core.parts import renewed
from sigctl.core.plan import Action, Cost, Plan, Refusal, merge
from sigctl.core.state import Desired, Note, SetAside
from sigctl.core.unexplained import Before, judge
from sigctl.errors import UsageError
from sigctl.forges.base import Estimates, Forge, Remote, Scope
from sigctl.mirror.model import MirrorPlan


@dataclass(frozen=True, slots=True)
class Allowed:
    """Guards that are told to let a number through, once, and why."""

    limits: Mapping[str, int] = field(default_factory=dict)
    reason: str = ""

    def check(self) -> None:
        """UsageError where something is to pass without a reason."""
        if self.limits and not self.reason.strip():
            raise UsageError("--allow needs a reason", "--reason TEXT; it is recorded with the plan")

    def lets(self, refusal: Refusal) -> bool:
        """Whether this refusal is told to pass."""
        return refusal.guard in self.limits and refusal.passes(self.limits[refusal.guard])


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan, and what it was made from."""

    plan: Plan
    compared: Mapping[str, Compared]
    mirror: MirrorPlan | None = None


def make_plan(
    context: Context,
    allowed: Allowed | None = None,
    *,
    renew: bool = False,
    before: Mapping[str, Before] | None = None,
) -> Planned:
    """Return the plan for everything in the context's scope; a forge or a repository that can't be read is set aside, the rest goes on.

    With `renew`, the secrets of webhooks, which nobody can compare, are to be written anew. With `before`, what was applied last on
    each forge, what no change of the files explains is told of, and judged.
    """
    if allowed:
        allowed.check()
    compared, aside = of_each_forge(
        context,
        lambda forge: _one(context, forge, before, renew=renew),
        "nothing is known of this forge in this run, and nothing is done there",
    )
    mirror = _mirror(context, compared) if context.options.mirror else None
    plan = _whole(context, compared, mirror, aside, allowed or Allowed())
    return Planned(plan, compared, mirror)


def _one(context: Context, forge: Forge, before: Mapping[str, Before] | None, *, renew: bool) -> Compared:
    asked = renewed(context.resolved.desired[forge.name]) if renew else context.resolved.desired[forge.name]
    desired = _with_histories(context, asked)
    narrow = bool(context.options.sigs) or context.narrow
    if narrow:
        wide = dict.fromkeys(("repos", "teams", "members"), "ignore")
        desired = replace(desired, undeclared={**desired.undeclared, **wide})
    observation = forge.observe(
        replace(scope_of(desired, narrow=narrow), thorough=context.options.full),
        lambda what: context.watch.reading(forge.name, what),
    )
    found = compare(desired, observation, forge.traits, context.resolved.policy)
    if isinstance(forge, Estimates):
        cost = forge.estimate(found.plan.actions, observation.state)
        found = replace(found, plan=replace(found.plan, cost=replace(cost, reads=observation.reads)))
    if before is not None:
        last = before.get(forge.name)
        refusals, notes = judge(found.plan.actions, last, asked, context.resolved.policy)
        told = merge([found.plan, Plan(notes=tuple(notes), refusals=tuple(refusals))], cost=found.plan.cost)
        found = replace(found, plan=told)
    return found


def _with_histories(context: Context, desired: Desired) -> Desired:
    """Return the desired state in which only those repositories count on a history that get one in this run."""
    hops = hops_in_reach(context, context.forges) if context.options.mirror else []
    reached = {hop.target.path for hop in hops if hop.target.forge == desired.forge and not hop.watched}
    state = {
        key: replace(one, filled=False) if isinstance(one, Repo) and one.path not in reached else one
        for key, one in desired.state.items()
    }
    rewritten = (hop.target for hop in hops if hop.rewrites and hop.target.forge == desired.forge)
    return replace(desired, state=state, rewritten=frozenset(Key(Repo.KIND, end.path) for end in rewritten))


def scope_of(desired: Desired, *, narrow: bool = False) -> Scope:
    """Return what must be read to compare a forge with what it should hold."""
    resources = desired.state.values()
    repos = [r for r in resources if isinstance(r, Repo)]
    teams = [r for r in resources if isinstance(r, Team)]
    grants = [r for r in resources if isinstance(r, Grant)]
    personal = {g.target for g in grants if g.on == "repo" and g.subject_kind == "person"}
    return Scope(
        orgs=desired.orgs,
        groups=frozenset(key.name for key in desired.state if key.kind == "org") | _older_groups(repos),
        teams=frozenset(path for team in teams for path in (team.path, *(team.previously or ()))),
        repos=frozenset(path for repo in repos for path in (repo.path, *(repo.previously or ()))),
        person_repos=frozenset(
            path for repo in repos if repo.path in personal for path in (repo.path, *(repo.previously or ()))
        ),
        logins=desired.logins(),
        ids=frozenset(desired.pins.values()),
        parts=_parts(desired, repos),
        rules=tuple(r for r in resources if isinstance(r, BranchRule)),
        tagged=_tagged(resources, repos),
        narrow=narrow,
    )


def _tagged(resources: Iterable[Resource], repos: Iterable[Repo]) -> frozenset[str]:
    """Return where rules for tags are declared, by every path at which the repository may be."""
    declared = {one.repo for one in resources if isinstance(one, BranchRule) and one.on == TAG}
    return frozenset(
        path for repo in repos if repo.path in declared for path in (repo.path, *(repo.previously or ()))
    )


def _parts(desired: Desired, repos: Iterable[Repo]) -> frozenset[Key]:
    """Return the declared lists of parts, by every path at which their repository may be."""
    paths = {repo.path: (repo.path, *(repo.previously or ())) for repo in repos}
    return frozenset(
        Key(one.kind, path) for one in desired.parts for path in paths.get(one.name, (one.name,))
    )


def _older_groups(repos: Iterable[Repo]) -> frozenset[str]:
    """Return the groups above older paths: what people have there ends when the repository leaves."""
    parts = [path.split("/")[:-1] for repo in repos for path in repo.previously or ()]
    return frozenset("/".join(part[:depth]) for part in parts for depth in range(1, len(part) + 1))


def hops_in_reach(context: Context, forges: Collection[str]) -> list[Hop]:
    """Return the hops that have both ends on these forges, or their source outside of all."""
    reached = {"", *forges}
    return [hop for hop in context.resolved.hops if {hop.source.forge, hop.target.forge} <= reached]


def _mirror(context: Context, compared: Mapping[str, Compared]) -> MirrorPlan:
    from sigctl.app.watching import with_watched  # noqa: PLC0415  # only where histories are compared
    from sigctl.mirror import run  # noqa: PLC0415  # the same

    made = frozenset(
        (name, action.key.name)
        for name, one in compared.items()
        for action in (*one.plan.actions, *one.left)
        if action.kind == Repo.KIND and action.verb == "create"
    )
    moved = {
        (name, action.key.name): action.before.key.name
        for name, one in compared.items()
        for action in (*one.plan.actions, *one.left)
        if action.kind == Repo.KIND and action.verb == "move" and action.before is not None
    }

    def now(end: End) -> Remote:
        """Find an end while the plan is made: a repository that will be moved is at its older place."""
        return context.remote_of(replace(end, path=moved.get((end.forge, end.path), end.path)))

    found = run.plan(hops_in_reach(context, compared), now, missing=made, **mirror_options(context))
    return _without_unread(_without_archives(with_watched(context, found), compared), compared)


def _without_archives(found: MirrorPlan, compared: Mapping[str, Compared]) -> MirrorPlan:
    """Leave out what would be pushed to an archived repository that this plan does not open, and say so."""
    closed = {
        (name, key.name)
        for name, one in compared.items()
        for key, resource in one.seen.items()
        if isinstance(resource, Repo) and resource.archived
    } - {(a.forge, a.key.name) for one in compared.values() for a in one.plan.actions if opens(a)}
    late = Counter(place for action in found.actions if (place := place_of(action)) in closed)
    notes = [
        Note("archived", path, f"{path} is archived: {count} refs of its source are not brought", forge)
        for (forge, path), count in sorted(late.items())
    ]
    kept = tuple(action for action in found.actions if place_of(action) not in closed)
    return replace(found, actions=kept, notes=(*found.notes, *notes))


def _without_unread(found: MirrorPlan, compared: Mapping[str, Compared]) -> MirrorPlan:
    """Leave out what would be pushed to a repository that is set aside, and say so: its rules may be half of what they should be."""
    apart = {(name, key.name) for name, one in compared.items() for key in one.unread}
    late = Counter(place for action in found.actions if (place := place_of(action)) in apart)
    text = "{} could not be read whole: {} refs of its source are not brought"
    notes = [
        Note("unread", path, text.format(path, count), forge) for (forge, path), count in sorted(late.items())
    ]
    kept = tuple(action for action in found.actions if place_of(action) not in apart)
    return replace(found, actions=kept, notes=(*found.notes, *notes))


def place_of(action: Action) -> tuple[str, str]:
    """Return forge and path of the repository that a ref belongs to."""
    return (action.forge, action.subject.repo if isinstance(action.subject, Ref) else "")


def _whole(
    context: Context,
    compared: Mapping[str, Compared],
    mirror: MirrorPlan | None,
    aside: list[SetAside],
    allowed: Allowed,
) -> Plan:
    plans = [one.plan for one in compared.values()]
    if mirror is not None:
        notes = (*mirror.held, *mirror.notes)
        plans.append(
            Plan(
                actions=mirror.actions,
                notes=notes,
                refusals=tuple(judge_refs(mirror.actions, mirror.present, context.resolved.policy)),
                quarantined=mirror.set_aside,
                cost=_cost(mirror),
            )
        )
    merged = merge(plans)
    return replace(
        merged,
        notes=merge([merged, Plan(notes=context.resolved.notes)]).notes,
        refusals=tuple(r for r in merged.refusals if not allowed.lets(r)),
        quarantined=merge([merged, Plan(quarantined=(*aside, *context.resolved.set_aside))]).quarantined,
        config_digest=context.config.digest,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _cost(mirror: MirrorPlan) -> Cost:
    return Cost(mirror.reads, len({(a.forge, a.key.name.partition(":")[0]) for a in mirror.actions}), 0.0)
