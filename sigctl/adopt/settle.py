"""Files whose plan is empty: what they would change is taken out of them, and told of, until nothing is left."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from sigctl.adopt.build import Builder
from sigctl.adopt.model import Data, Draft, Leave, Said, Source, Unsaid
from sigctl.core.compare import compare
from sigctl.core.kinds import (
    Approvals,
    DeployKey,
    Grant,
    Key,
    Label,
    Membership,
    Org,
    PushRules,
    Repo,
    Team,
    Webhook,
)
from sigctl.core.plan import Action
from sigctl.core.policy import Policy
from sigctl.core.state import Desired
from sigctl.spec.checks import run_checks
from sigctl.spec.config import Files
from sigctl.spec.layout import layouts
from sigctl.spec.model import Spec
from sigctl.spec.resolve.forge import build
from sigctl.spec.resolve.roster import Roster
from sigctl.spec.source import Source as FileSource

_ROUNDS = 200
_PARTS = (Label.KIND, DeployKey.KIND, Webhook.KIND, PushRules.KIND, Approvals.KIND)
Place = tuple[str, str]
Found = set[tuple[str, Place]]
"""(kind, (forge, path))."""


@dataclass(frozen=True, slots=True)
class Adopted:
    """Files, and what they don't say."""

    data: Data
    unsaid: tuple[Unsaid, ...]
    desired: Mapping[str, Desired]
    places: Mapping[tuple[str, Key], tuple[str, str]]


def adopt(
    sources: Sequence[Source],
    mapping: Said,
    today: date,
    say: Callable[[Action], str] = lambda action: str(action.key),
) -> Adopted:
    """Return files that ask for what is there and nothing else; `say` puts into words what would have been changed."""
    leave = Leave()
    told: set[Unsaid] = set()
    for _ in range(_ROUNDS):
        draft = Builder(sources, mapping, leave).draft()
        try:
            desired, actions = planned(draft.data, sources, today)
        except ValidationError as error:
            leave, why = _unwritable(leave, error, draft)
            told |= why
            continue
        more, why = (
            _wrong(leave, draft, today, {one.name: one for one in sources}) if not actions else (leave, set())
        )
        if not actions and more == leave:
            unsaid = sorted(told | draft.unsaid, key=lambda one: (one.forge, one.subject, one.text))
            return Adopted(draft.data, tuple(unsaid), desired, draft.places)
        if actions:
            more, why = _without(leave, actions, draft, say)
        if more == leave:
            raise AssertionError(f"{actions[0].verb} {actions[0].key} is left and nothing can be taken out")
        leave, told = more, told | why
    raise AssertionError("the files do not settle")


def planned(data: Data, sources: Sequence[Source], today: date) -> tuple[dict[str, Desired], list[Action]]:
    """Return what the files ask for, and all that it would change on what is there."""
    spec = Spec.model_validate(data)
    roster = Roster(spec, today)
    desired: dict[str, Desired] = {}
    actions: list[Action] = []
    by_name = {source.name: source for source in sources}
    for name, layout in layouts(spec, {one.name: one.traits for one in sources}).items():
        desired[name] = build(spec, layout, roster)[0]
        compared = compare(desired[name], by_name[name].observation, layout.traits, Policy(max_removals={}))
        actions += compared.plan.actions
    return desired, actions


def _wrong(
    leave: Leave, draft: Draft, today: date, sources: Mapping[str, Source]
) -> tuple[Leave, set[Unsaid]]:
    """Return what else must not be declared since a check of the files is against it; what is in a repository goes first."""
    spec = Spec.model_validate(draft.data)
    files = Files(FileSource(Path("sigs.yaml"), "sigs.yaml", ""))
    traits = {str(one.settings["type"]): one.traits for one in sources.values()}
    found = [one for one in run_checks(spec, files, today=today, traits=traits) if not one.warning]
    for depth, kinds in ((4, ("repos",)), (4, ("teams",)), (3, ("branches", "tags", "access"))):
        names = {
            (str(one.path[1]), str(one.path[3]) if depth > 3 else "", str(one.problem))  # noqa: PLR2004  # with a name
            for one in found
            if len(one.path) >= depth and one.path[0] == "sigs" and one.path[2] in kinds
        }
        out: Found = set()
        why: set[Unsaid] = set()
        for (forge, key), mine in draft.places.items():
            for sig, name, problem in names:
                wanted = Team.KIND if kinds == ("teams",) else Repo.KIND
                if key.kind == wanted and mine[0] == sig and name in ("", mine[1]):
                    out.add((wanted, (forge, key.name)))
                    why.add(
                        Unsaid(forge, key.name, f"the files can't say it: {problem}; it stays undeclared")
                    )
        if out:
            return _more(leave, out), why
    orgs: Found = {
        (Org.KIND, (str(one.path[1]), str(one.path[3])))
        for one in found
        if len(one.path) > 3 and one.path[0] == "forges" and one.path[2] == "orgs"  # noqa: PLR2004  # with a name
    }
    return _more(leave, orgs), {
        Unsaid(*place, "its settings contradict each other in the files") for _, place in orgs
    }


def _more(leave: Leave, found: Found) -> Leave:
    return Leave(
        leave.repos | {place for kind, place in found if kind == Repo.KIND},
        leave.teams | {place for kind, place in found if kind == Team.KIND},
        leave.orgs | {place for kind, place in found if kind == Org.KIND},
        leave.parts | {(forge, kind, path) for kind, (forge, path) in found if kind in _PARTS},
    )


def _unwritable(leave: Leave, error: ValidationError, draft: Draft) -> tuple[Leave, set[Unsaid]]:
    """Return what else must not be declared since the language has no way to write it."""
    repos, teams = set(leave.repos), set(leave.teams)
    why: set[Unsaid] = set()
    for one in error.errors():
        where = one["loc"]
        name = (str(where[1]), str(where[3])) if len(where) > 3 and where[0] == "sigs" else None  # noqa: PLR2004  # sigs, SIG, repos, NAME
        kind = {"repos": Repo.KIND, "teams": Team.KIND}.get(str(where[2])) if name else None
        for (forge, key), mine in draft.places.items():
            if name and mine == name and key.kind == kind:
                (repos if kind == Repo.KIND else teams).add((forge, key.name))
                why.add(
                    Unsaid(
                        forge,
                        key.name,
                        f"the files can't say it: {where[-1]}: {one['msg']}; it stays undeclared",
                    )
                )
    if not why:
        raise AssertionError(str(error))
    return replace(leave, repos=frozenset(repos), teams=frozenset(teams)), why


def _without(
    leave: Leave, actions: Sequence[Action], draft: Draft, say: Callable[[Action], str]
) -> tuple[Leave, set[Unsaid]]:
    """Return what else must not be declared, and why; repositories go first, since a team may be wrong only for theirs."""
    for find in (_parts, _repos, _teams_and_orgs, _below, _of_sig, _everything):
        found = find(leave, actions, draft)
        if found:
            why = {_why(place, actions, say) for _, place in found}
            return _more(leave, found), why
    return leave, set()


def _why(place: Place, actions: Sequence[Action], say: Callable[[Action], str]) -> Unsaid:
    mine = [one for one in actions if (one.forge, _thing(one).name) == place]
    told = "; ".join(say(one) for one in mine[:3])
    text = (
        f"the files can't say it as it is (they would: {told})" if told else "it goes with what can't be said"
    )
    return Unsaid(*place, f"{text}, so it stays undeclared")


def _thing(action: Action) -> Key:
    return action.subject.inside or action.key


def _parts(leave: Leave, actions: Sequence[Action], draft: Draft) -> Found:  # noqa: ARG001  # as the others
    """Return the lists of labels, keys and webhooks, and the checks of pushes and merges, that the files would change; all else of their repositories can be said."""
    return {
        (one.kind, (one.forge, _thing(one).name))
        for one in actions
        if one.kind in _PARTS and (one.forge, one.kind, _thing(one).name) not in leave.parts
    }


def _repos(leave: Leave, actions: Sequence[Action], draft: Draft) -> Found:
    things = {
        (one.forge, _thing(one).name)
        for one in actions
        if _thing(one).kind == Repo.KIND and (one.forge, _thing(one)) in draft.places
    }
    return {(Repo.KIND, place) for place in things - leave.repos}


def _teams_and_orgs(leave: Leave, actions: Sequence[Action], draft: Draft) -> Found:
    out: Found = set()
    for action in actions:
        place = (action.forge, _thing(action).name)
        there = (action.forge, _thing(action)) in draft.places
        if _thing(action).kind == Team.KIND and there and place not in leave.teams:
            out.add((Team.KIND, place))
        elif isinstance(action.subject, Org | Membership | Grant) and place not in leave.orgs:
            out.add((Org.KIND, place))
    return out


def _below(leave: Leave, actions: Sequence[Action], draft: Draft) -> Found:
    """Return the repositories of groups whose own rights can't be said."""
    groups = {(one.forge, f"{_thing(one).name}/") for one in actions}
    return {
        (Repo.KIND, (forge, key.name))
        for forge, key in draft.places
        if key.kind == Repo.KIND
        and (forge, key.name) not in leave.repos
        and any(forge == name and key.name.startswith(group) for name, group in groups)
    }


def _of_sig(leave: Leave, actions: Sequence[Action], draft: Draft) -> Found:
    """Return the teams, on whichever forge, of SIGs for which something would be made; then their repositories."""
    sigs = {one.sig for one in actions if one.sig}
    for kind, left in ((Team.KIND, leave.teams), (Repo.KIND, leave.repos)):
        found: Found = {
            (kind, (forge, key.name))
            for (forge, key), (sig, _) in draft.places.items()
            if sig in sigs and key.kind == kind and (forge, key.name) not in left
        }
        if found:
            return found
    return set()


def _everything(leave: Leave, actions: Sequence[Action], draft: Draft) -> Found:
    """Return all teams of the forges on which something is left: what concerns people and no single thing ends with them."""
    names = {one.forge for one in actions}
    return {
        (Team.KIND, (forge, key.name))
        for forge, key in draft.places
        if key.kind == Team.KIND and forge in names and (forge, key.name) not in leave.teams
    }
