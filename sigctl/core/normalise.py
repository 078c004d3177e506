"""Bring both sides to one form, so that what the forge can't hold or merely spells differently is no difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from sigctl.core import levels
from sigctl.core.archives import readable
from sigctl.core.features import within_reach as features_within_reach
from sigctl.core.filled import filled_elsewhere
from sigctl.core.group_rules import told as told_of_groups
from sigctl.core.heritage import own_only
from sigctl.core.kinds import BranchRule, Grant, Key, Membership, Org, Resource, TeamMember
from sigctl.core.kinds.grant import PERSON, TEAM
from sigctl.core.kinds.org import OWNER
from sigctl.core.optional import OPTIONAL
from sigctl.core.own_roles import told as roles_told
from sigctl.core.parts import (
    labels_as_declared,
    secrets,
    shown_by_hand,
    within_reach,
    without_labels_of_archives,
)
from sigctl.core.patterns import by_pattern, without_patterns
from sigctl.core.people import Identities, identify
from sigctl.core.protections import Held, as_protections
from sigctl.core.state import Desired, Note, Observation, SetAside, State, Traits, state
from sigctl.core.told import as_told


@dataclass(frozen=True, slots=True)
class Normal:
    """Both sides in comparable form, and what had to be said on the way."""

    desired: State
    observed: State
    notes: tuple[Note, ...]
    set_aside: tuple[SetAside, ...]
    standing: State
    """Rules of branches that are there, and stay whatever is desired: they are not compared, and still keep people out."""


def normalise(desired: Desired, observation: Observation, traits: Traits) -> Normal:
    """Return both states as they can be compared; nothing is dropped or rounded without a note."""
    notes: list[Note] = list(observation.notes)
    people = identify(desired, observation, traits)
    wanted = _without(desired.state.values(), people)
    seen = _without(observation.state.values(), people)
    seen = _spelled_as_declared(seen, wanted, people, traits)
    if traits.push_by_pattern:
        wanted = by_pattern(wanted, notes)
    wanted = within_reach(wanted, traits, observation, notes)
    wanted = [one for r in wanted if (one := _supported(r, traits, notes)) is not None]
    wanted = shown_by_hand(wanted, seen, traits, notes)
    hindered: list[SetAside] = []
    wanted = features_within_reach(wanted, seen, traits, notes, hindered, forge=desired.forge)
    wanted = as_told(wanted, seen, notes)
    if observation.computed_rules:
        wanted, seen = without_patterns(wanted, seen)
    held, rules = Held(wanted, seen), [one for one in seen if isinstance(one, BranchRule)]
    if traits.rules_open and BranchRule.KIND in traits.kinds:
        held = as_protections(wanted, seen, desired, observation, traits, notes)
        wanted, seen = held.wanted, held.seen
    needless = _needless(wanted, _owners_after(wanted, seen, desired), traits, notes, held.anchors)
    if needless:
        wanted = [one for one in wanted if one.key not in needless]
        seen = [one for one in seen if one.key not in needless]
    seen = _left_alone(seen, wanted, desired, observation, notes)
    wanted, seen = filled_elsewhere(wanted, seen, notes)
    seen = roles_told(seen, wanted, desired, notes)
    seen = _owners_are_no_leads(seen, wanted, traits)
    seen = own_only(seen, wanted)
    if traits.archived_locked:
        wanted, seen = readable(wanted, seen, notes, desired.rewritten)
    else:
        wanted, seen = without_labels_of_archives(wanted, seen, notes)
    notes += told_of_groups(seen)
    asked = state(wanted)
    notes += secrets(asked, desired.forge)
    told = [replace(note, forge=desired.forge) for note in _counted(notes)]
    aside = (*people.set_aside, *held.set_aside, *hindered)
    observed = state(seen)
    standing = state(one for one in rules if one.key not in observed)
    return Normal(asked, observed, (*told, *people.notes), aside, standing)


def _without(resources: Iterable[Resource], people: Identities) -> list[Resource]:
    kept = list(resources)
    if people.aside:
        gone: dict[str, str | None] = {f"{PERSON}:{login}": None for login in people.aside}
        kept = [
            resource.with_subjects(gone) if isinstance(resource, BranchRule) else resource
            for resource in kept
            if isinstance(resource, BranchRule) or resource.who() not in people.aside
        ]
    return [resource.with_logins(people.renamed) for resource in kept] if people.renamed else kept


def _spelled_as_declared(
    seen: list[Resource], wanted: list[Resource], people: Identities, traits: Traits
) -> list[Resource]:
    if traits.fold_logins:
        logins = {login.casefold(): login for one in wanted if (login := one.who())}
        logins.update({login.casefold(): login for login in people.renamed.values()})
        spelled = {
            who: now
            for who in {one.who() for one in seen}
            if (now := logins.get(who.casefold())) is not None and now != who
        }
        seen = [one.with_logins(spelled) for one in seen] if spelled else seen
    if traits.fold_paths:
        things = {(one.KIND, one.key.name.casefold()): one.key.name for one in wanted if one.KIND in _THINGS}
        moves = {
            one.key: spelling
            for one in seen
            if one.KIND in _THINGS
            and (spelling := things.get((one.KIND, one.key.name.casefold()))) is not None
            and spelling != one.key.name
        }
        seen = [one.renamed(moves) for one in seen] if moves else seen
    return labels_as_declared(seen, wanted) if traits.fold_labels else seen


_THINGS = ("org", "team", "repo")


def _supported(resource: Resource, traits: Traits, notes: list[Note]) -> Resource | None:
    if resource.KIND not in traits.kinds:
        notes.append(
            Note("unsupported", resource.KIND, f"{_plain(resource.KIND)} can't be enforced on this forge")
        )
        return None
    if isinstance(resource, Grant) and resource.on == Org.KIND and not traits.group_grants:
        text = f"{resource.level} on all of {resource.target} can't be given at once on this forge"
        notes.append(Note("unsupported", resource.target, text))
        return None
    resource = _as_only(resource, traits, notes)
    lost = OPTIONAL.get(resource.KIND, frozenset()) - traits.fields.get(resource.KIND, frozenset())
    dropped = sorted(name for name in lost if getattr(resource, name) is not None)
    for name in dropped:
        # an end that the forge doesn't keep is kept by the next apply after that day
        if getattr(resource, name) not in ("", ()) and name != "until":
            text = f"{_plain(name)} is not kept by this forge"
            notes.append(Note("unsupported", f"{resource.KIND}.{name}", text))
    if dropped:
        resource = replace(resource, **dict.fromkeys(dropped))
    if isinstance(resource, BranchRule) and traits.pushers_merge:
        return _merging(resource, notes)
    return _rounded(resource, traits, notes) if isinstance(resource, Grant) else resource


def _merging(rule: BranchRule, notes: list[Note]) -> BranchRule:
    if rule.merge is None:
        return rule
    if rule.push is None:
        notes.append(
            Note("unsupported", rule.repo, "who may merge is kept only where the files say who may push")
        )
        return replace(rule, merge=None)
    return replace(rule, merge=tuple(sorted({*rule.merge, *rule.push})))


def _as_only(resource: Resource, traits: Traits, notes: list[Note]) -> Resource:
    """Return the resource without asking for what it has anyway; another value is told of."""
    optional = OPTIONAL.get(resource.KIND, frozenset())
    only = traits.only.get(resource.KIND, {})
    for name, value in only.items():
        if getattr(resource, name) not in (None, "", (), value):
            text = f"{_plain(name)} is always `{_said(value)}` on this forge"
            notes.append(Note("unsupported", f"{resource.KIND}.{name}", text))
    here = {name: None if name in optional else value for name, value in only.items()}
    return replace(resource, **here) if here else resource


def _said(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _plain(word: str) -> str:
    return word.replace("_", " ")


def _rounded(grant: Grant, traits: Traits, notes: list[Note]) -> Grant | None:
    if levels.is_known(grant.level) and levels.at_least(traits.everyone, grant.level):
        text = f"`{grant.level}` needs no grant on this forge: everyone has it on what is public"
        notes.append(Note("rounded", grant.level, text))
        return None
    supported = traits.team_levels if grant.subject_kind == TEAM else traits.person_levels
    level = levels.round_down(grant.level, supported)
    if level == grant.level:
        return grant
    notes.append(
        Note("rounded", grant.level, f"`{grant.level}` for a {grant.subject_kind} is `{level}` on this forge")
    )
    return None if level == levels.NONE else replace(grant, level=level)


def _owners_after(wanted: list[Resource], seen: list[Resource], desired: Desired) -> set[tuple[str, str]]:
    """Return (org, login) of those who own an org once the plan is done."""
    declared = {one.key: one for one in wanted if isinstance(one, Membership)}
    owners = {(one.org, one.login) for one in declared.values() if one.role == OWNER}
    for one in seen:
        if isinstance(one, Membership) and one.role == OWNER:
            ours = declared.get(one.key)
            if (ours is None and one.inside not in desired.managed) or (
                ours is not None and ours.role is None
            ):
                owners.add((one.org, one.login))
    return owners


def _needless(
    wanted: list[Resource],
    owners: set[tuple[str, str]],
    traits: Traits,
    notes: list[Note],
    anchors: frozenset[Key] = frozenset(),
) -> set[Key]:
    """Return the grants of those who have at least as much anyway, as owner or from the group above; `anchors` stay nevertheless."""
    groups = {
        (one.target, one.subject): one.level
        for one in wanted
        if isinstance(one, Grant) and one.on == "org" and traits.group_grants
    }
    found: set[Key] = set()
    for one in wanted:
        if isinstance(one, TeamMember) and (above := _above_team(one, groups)) == levels.ADMIN:
            notes.append(
                Note("inherited", one.team, f"{one.login} has `{above}` on {one.team} from the group above")
            )
            found.add(one.key)
        if not isinstance(one, Grant) or one.on != "repo" or one.key in anchors:
            continue
        above = _above(one, groups)
        if one.subject_kind == PERSON and (one.target.split("/")[0], one.who()) in owners:
            notes.append(
                Note("inherited", one.who(), f"{one.who()} is an owner and has admin on every repository")
            )
            found.add(one.key)
        elif above and levels.at_least(above, one.level):
            notes.append(
                Note("inherited", one.target, f"{one.subject} has `{above}` on {one.target} from the group")
            )
            found.add(one.key)
    return found


def _above_team(member: TeamMember, groups: dict[tuple[str, str], str]) -> str | None:
    return _above(Grant("org", member.team, f"{PERSON}:{member.login}", levels.ADMIN), groups)


def _above(grant: Grant, groups: dict[tuple[str, str], str]) -> str | None:
    parts = grant.target.split("/")[:-1]
    found = [groups.get(("/".join(parts[:n]), grant.subject)) for n in range(1, len(parts) + 1)]
    known = [level for level in found if level is not None]
    return max(known, key=lambda level: levels.rank(level) or 0, default=None)


def _left_alone(
    seen: list[Resource],
    wanted: Iterable[Resource],
    desired: Desired,
    observation: Observation,
    notes: list[Note],
) -> list[Resource]:
    asked = {one.key for one in wanted if one.who()}
    bots = {login for login, account in observation.accounts.items() if account.kind == "bot"}
    kept: list[Resource] = []
    for one in seen:
        login = one.who()
        why = (
            ("ourselves", "the account sigctl runs as")
            if login and login.casefold() == observation.me.casefold()
            else ("bot", "a bot")
            if login in bots
            else ("left alone", "named in the policy")
            if login in desired.left_alone
            else None
        )
        if why is None or one.key in asked:
            kept.append(one)
        else:
            notes.append(Note(why[0], login, f"rights of {login} are left alone: {why[1]}"))
    return kept


def _owners_are_no_leads(seen: list[Resource], declared: list[Resource], traits: Traits) -> list[Resource]:
    if not traits.owners_lead_teams:
        return seen
    wanted = {one.key: one for one in declared if isinstance(one, Membership | TeamMember)}
    owners = {
        (one.org, one.login)
        for one in seen
        if isinstance(one, Membership)
        and one.role == OWNER
        and getattr(wanted.get(one.key), "role", None)
        in (None, OWNER)  # who stops being one shows his role again
    }
    out: list[Resource] = []
    for one in seen:
        if isinstance(one, TeamMember) and (one.team.split("/")[0], one.login) in owners:
            ours = wanted.get(one.key)
            out.append(replace(one, role=ours.role) if isinstance(ours, TeamMember) else one)
        else:
            out.append(one)
    return out


def _counted(notes: list[Note]) -> list[Note]:
    counts = Counter(notes)
    return [replace(n, text=f"{n.text} ({count} times)") if count > 1 else n for n, count in counts.items()]
