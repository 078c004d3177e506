"""A repository of which something could not be read, in generated worlds: nothing is done to it, and to others what would be done anyway."""

from __future__ import annotations

import random

from failing import NAMED, OPEN, abilities, bound_of, in_some_order, plan_for, run
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import (
    GROUPED,
    REPOS,
    RULED,
    TRAITS,
    applied,
    desired_of,
    grouped_pairs,
    observation_of,
    worlds,
)

from sigctl.core.compare import compare
from sigctl.core.kinds import Key, Repo
from sigctl.core.state import Unread

LOST = {
    "webhooks": Unread("no", kinds=frozenset({"webhook"})),
    "what people have": Unread("no", kinds=frozenset({"grant"})),
    "rules": Unread("no", kinds=frozenset({"branch_rule"})),
    "all rights": Unread("no", kinds=frozenset({"grant", "branch_rule"}), teams=True),
    "everything": Unread("no", kinds=frozenset({"repo", "grant", "branch_rule"}), teams=True),
}
BLIND = st.sampled_from(sorted(LOST))
SEEDS = st.integers(0, 2**32)
FEWER = settings(max_examples=max(1, settings.default.max_examples // 4))
"""Each example makes three plans and tries two orders."""
GROUPED_REPOS = ("O/r1", "O/a/r2", "O/b/r1")


def without(seen, path, what, rng):
    """Return what is seen of a world where some read about a repository failed: of what was asked for, some or nothing."""
    why, all_of_it = LOST[what], rng.random() < 0.5  # as often as not
    place = Key("repo", path)

    def is_lost(one):
        inside = one.inside == place
        if one.key == place:
            found = "repo" in why.kinds
        elif inside and one.KIND == "grant" and one.subject.startswith("team:"):
            found = why.teams
        else:
            found = inside and one.KIND in why.kinds
        return found and (all_of_it or rng.random() < 0.5)  # the same

    return {key: one for key, one in seen.items() if not is_lost(one)}


def family(wanted, path):
    """Return the keys under which the files and the forge have the repository."""
    found = {path}
    while more := {
        name
        for key, one in wanted.items()
        if key.kind == "repo" and found & (names := {one.path, *(one.previously or ())})
        for name in names - found
    }:
        found |= more
    return {Key("repo", name) for name in found}


def planned(wanted, seen, traits, *, path, what, rng):
    partly = observation_of(without(seen, path, what, rng), unread={Key("repo", path): LOST[what]})
    return compare(desired_of(wanted), partly, traits, OPEN)


def sides(action):
    return [one for one in (action.before, action.after) if one is not None]


def check(wanted, seen, traits, *, path, what, seed):
    rng = random.Random(seed)
    places = family(wanted, path)
    whole = plan_for(wanted, seen, traits)
    found = planned(wanted, seen, traits, path=path, what=what, rng=rng)
    part = found.plan.actions
    assert {one.subject for one in found.plan.quarantined} & {key.name for key in places}
    for action in part:
        assert not any({one.key, one.inside} & places for one in sides(action)), action
    known = {action.id for action in whole.actions}
    assert {action.id for action in part} <= known, [a for a in part if a.id not in known]
    waits = {action.id for action in found.left}
    mine = {a.id for a in whole.actions if any({one.key, one.inside} & places for one in sides(a))}
    gone = known - mine - {a.id for a in part}
    assert gone <= waits, [a for a in whole.actions if a.id in gone - waits]
    never_too_much(wanted, seen, traits, whole, found.plan, rng)
    others_keep_theirs(seen, traits, whole, part, places)
    after = applied(seen, part)
    done = applied(after, plan_for(wanted, after, traits).actions)
    assert plan_for(wanted, done, traits).actions == ()


def never_too_much(wanted, seen, traits, whole, part, rng):  # noqa: PLR0917  # both plans and what they rest on
    bound = bound_of(wanted, seen, whole.actions, traits)
    named = {m.group(1) for n in part.notes if n.topic == "moment" and (m := NAMED.fullmatch(n.text))}
    found = []

    def look(now, action):
        for able, rank in abilities(now, rules_open=traits.rules_open).items():
            if rank > bound.get(able, 0) and not (able[1] in named and able[2] != "level"):
                found.append(f"{able} after {action.verb} {action.key}")

    run(seen, in_some_order(part.actions, rng), set(), look)
    assert not found


def in_effect(state, traits):
    """Return what everybody can do: in the archive no right is more than reading."""
    shut = {one.path for one in state.values() if isinstance(one, Repo) and one.archived}
    found = abilities(state, rules_open=traits.rules_open)
    return {able: min(rank, 1) if able[1] in shut else rank for able, rank in found.items()}


def others_keep_theirs(seen, traits, whole, part, places):
    before, after, now = (
        in_effect(state, traits) for state in (seen, applied(seen, whole.actions), applied(seen, part))
    )
    for able in before.keys() & after.keys():
        if Key("repo", able[1]) not in places:
            assert now.get(able, 0) >= min(before[able], after[able]), able


@FEWER
@given(worlds(whole=True), worlds(whole=True), st.sampled_from(REPOS), BLIND, SEEDS)
def test_an_unread_repository_changes_nothing_of_others_but_what_could_reach_it(
    wanted, seen, path, what, seed
):
    check(wanted, seen, TRAITS, path=path, what=what, seed=seed)


@FEWER
@given(worlds(whole=True, ruled=True), worlds(whole=True, ruled=True), st.sampled_from(REPOS), BLIND, SEEDS)
def test_nobody_is_let_in_to_branches_by_rules_that_nobody_could_read(wanted, seen, path, what, seed):
    check(wanted, seen, RULED, path=path, what=what, seed=seed)


@FEWER
@given(grouped_pairs(), st.sampled_from(GROUPED_REPOS), BLIND, SEEDS)
def test_nobody_is_let_in_from_a_group_above_to_what_could_not_be_read(pair, path, what, seed):
    check(*pair, GROUPED, path=path, what=what, seed=seed)


@FEWER
@given(worlds(whole=True, ruled=True), worlds(whole=True, ruled=True), st.sampled_from(REPOS))
def test_where_rights_were_read_only_what_would_fail_with_the_repository_waits(wanted, seen, path):
    """It is as if each change there failed: the executor skips the same, but for what keeps others from a gap."""
    whole = plan_for(wanted, seen, RULED)
    found = planned(wanted, seen, RULED, path=path, what="webhooks", rng=random.Random(0))
    bad = {
        a.id for a in whole.actions if any({one.key, one.inside} & {Key("repo", path)} for one in sides(a))
    }

    lost = set(bad)
    for action in whole.actions:
        lost |= {action.id} if lost & set(action.depends) else set()
    gone = {a.id for a in whole.actions} - {a.id for a in found.plan.actions}
    assert lost <= gone
    stays = {a.key for a in whole.actions if a.id in gone - lost and a.effect == "narrows"}
    for action in whole.actions:
        if action.id in gone - lost:
            assert action.key in stays or set(action.depends) & gone, action


@FEWER
@given(worlds(), worlds(), st.sampled_from(REPOS), BLIND, SEEDS)
def test_nobody_loses_anything_since_his_rights_could_not_be_read(wanted, seen, path, what, seed):
    whole = plan_for(wanted, seen, TRAITS)
    part = planned(wanted, seen, TRAITS, path=path, what=what, rng=random.Random(seed)).plan

    def taken(plan):
        return {a.id for a in plan.actions if a.effect == "narrows"}

    assert taken(part) <= taken(whole)
