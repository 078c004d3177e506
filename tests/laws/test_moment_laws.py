"""No moment too much or too little, in worlds with rules of branches: every action by itself, in every order that a phase allows."""

from __future__ import annotations

import random
import re
from fnmatch import fnmatchcase

from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import RULED, applied, desired_of, observation_of, step, worlds

from sigctl.core.access import strongest
from sigctl.core.compare import compare
from sigctl.core.kinds import BranchRule, Repo, TeamMember
from sigctl.core.policy import Limit, Policy

OPEN = Policy(max_removals={"default": Limit(percent=100)}, keep_self=False)
BRANCHES = ("main", "c7", "c7-x")
WRITE, ADMIN = 3, 5
WIDTH = {"*": 0, "c7*": 1, "c7-x": 2}
"""Pattern -> how narrow it is, as one who reads the files would say."""
NAMED = re.compile(r"(\S+) (?:is without access to|can do less on) (\S+) for a moment")


def abilities(state):
    """Return what everybody can do: (login, repo, what) -> rank, or 1 for a deed on a branch."""
    out = {}
    for (login, repo), rank in strongest(state).items():
        out[login, repo, "level"] = rank
        if rank < WRITE or not isinstance(state.get(("repo", repo)), Repo):
            continue
        for branch in BRANCHES:
            out |= {(login, repo, f"{deed} {branch}"): 1 for deed in deeds(state, login, repo, branch, rank)}
    return out


def deeds(state, login, repo, branch, rank):
    rules = [r for r in state.values() if isinstance(r, BranchRule) and r.repo == repo]
    fits = [rule for rule in rules if fnmatchcase(branch, rule.pattern)]
    if rank == ADMIN or not fits:
        return ("push", "force", "delete")
    rule = max(fits, key=lambda one: WIDTH[one.pattern])
    mine = {f"person:{login}"} | {
        f"team:{m.team}" for m in state.values() if isinstance(m, TeamMember) and m.login == login
    }
    if not mine & set(rule.push):
        return ()
    return ("push", *(("force",) if rule.force else ()), *(("delete",) if rule.delete else ()))


def check(wanted, seen, seed):
    plan = compare(desired_of(wanted), observation_of(seen), RULED, OPEN).plan
    rng = random.Random(seed)
    order = sorted(plan.actions, key=lambda action: (action.phase, rng.random()))
    before, after = abilities(seen), abilities(applied(seen, plan.actions))
    named = {NAMED.fullmatch(note.text).groups() for note in plan.notes if note.topic == "moment"}
    now = dict(seen)
    for action in order:
        step(now, action)
        can = abilities(now)
        for what, rank in can.items():
            assert rank <= max(before.get(what, 0), after.get(what, 0)), (what, str(action.key))
        for what in before.keys() & after.keys():
            if what[:2] not in named:
                assert can.get(what, 0) >= min(before[what], after[what]), (what, str(action.key))
    again = compare(desired_of(wanted), observation_of(now), RULED, OPEN).plan
    assert again.actions == ()


def world():
    return worlds(whole=True, ruled=True)


@settings(max_examples=200)
@given(world(), world(), st.integers(0, 2**32))
def test_nobody_can_do_too_much_or_too_little_at_any_moment(wanted, seen, seed):
    check(wanted, seen, seed)
