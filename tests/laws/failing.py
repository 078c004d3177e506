"""What everybody can do in a world, and what becomes of a plan of which some actions fail: for the laws about moments."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from dataclasses import fields, replace
from fnmatch import fnmatchcase

from worlds import PEOPLE, applied, desired_of, observation_of, step

from sigctl.core.access import strongest
from sigctl.core.compare import compare
from sigctl.core.kinds import Approvals, BranchRule, Features, Org, PushRules, Repo, TeamMember
from sigctl.core.policy import Limit, Policy
from sigctl.errors import RefusedError
from sigctl.executor import Executor

OPEN = Policy(max_removals={"default": Limit(percent=100)}, keep_self=False)
BRANCHES = ("main", "c7", "c7-x")
LEVELS = {"read": 1, "triage": 2, "write": 3, "maintain": 4, "admin": 5}
WRITE, MAINTAIN, ADMIN = 3, 4, 5
WIDTH = {"*": 0, "c7*": 1, "c7-x": 2}
"""Pattern -> how narrow it is, as one who reads the files would say."""
DEEDS = ("push", "force", "delete")


NAMED = re.compile(r"(\S+) (?:is open for a moment|is made before its rules): .*")


def abilities(state, *, rules_open=False):
    """Return what everybody can do: (login, repo, what) -> rank, or 1 for a deed on a branch.

    With `rules_open` one rule that lets somebody in is enough, and who may change the rules may do everything.
    """
    out = {}
    ranks = {
        (p, key.name): 1
        for key, r in state.items()
        for p in PEOPLE
        if getattr(r, "visibility", "") == "public"
    }
    for (login, repo), rank in {**ranks, **strongest(state)}.items():
        out[login, repo, "level"] = rank
        there = state.get(("repo", repo))
        if rank < WRITE or not isinstance(there, Repo) or there.archived:
            continue
        rules = [r for r in state.values() if isinstance(r, BranchRule) and r.repo == repo]
        for branch in BRANCHES:
            fits = [rule for rule in rules if fnmatchcase(branch, rule.pattern)]
            passing = rank >= (MAINTAIN if rules_open else ADMIN)
            chosen = fits if rules_open else [max(fits, key=lambda one: WIDTH[one.pattern])] if fits else []
            found = DEEDS if passing or not fits else _allowed(state, login, rank, chosen)
            out |= {(login, repo, f"{deed} {branch}"): 1 for deed in found}
        out |= {(login, repo, what): 1 for what in _on_terms(state, login, repo, out)}
    for one in state.values():
        if isinstance(one, Features):
            out |= {(login, one.repo, f"use {what}"): 1 for login, what in _used(one, out)}
    return out


def _on_terms(state, login, repo, out):
    """Yield what who may write can do by the terms of the repository: push what is not looked at, let in what nobody else approved."""
    looked_at, approvals = state.get(("push_rules", f"repo:{repo}")), state.get(("approvals", repo))
    pushes = [branch for branch in BRANCHES if (login, repo, f"push {branch}") in out]
    if isinstance(looked_at, PushRules) and pushes:
        yield from () if looked_at.reject_unsigned_commits else ("push unsigned",)
        yield from (f"push {size} MB" for size in (1, 2, 3) if size <= (looked_at.max_file_size or 3))
    if isinstance(approvals, Approvals):
        yield from (name for name in ("author", "override") if getattr(approvals, name))


def _used(features, out):
    """Yield (login, feature) for whoever can use it."""
    for name, who in features.given().items():
        for login in PEOPLE:
            if who == "public" or (who != "off" and out.get((login, features.repo, "level"))):
                yield login, name


def _allowed(state, login, rank, rules):
    mine = {f"person:{login}"} | {
        f"team:{m.team}" for m in state.values() if isinstance(m, TeamMember) and m.login == login
    }
    mine |= {f"level:{name}" for name, least in LEVELS.items() if rank >= least}
    found = set()
    for rule in rules:
        if mine & set(rule.push):
            found |= {"push", *(("force",) if rule.force else ()), *(("delete",) if rule.delete else ())}
    return found


def plan_for(wanted, seen, traits, **told):
    return compare(desired_of(wanted), observation_of(seen, **told), traits, OPEN).plan


def in_some_order(actions, rng):
    """Return the actions in an order that their phases allow."""
    return sorted(actions, key=lambda action: (action.phase, rng.random()))


def run(seen, actions, bad, look):
    """Do the actions but the bad ones, as the executor would; `look` is told each state and the action that led to it."""
    now = dict(seen)

    def perform(action):
        if action.id in bad or not _possible(now, action):
            raise RefusedError("no")
        if isinstance(action.subject, Repo | Org) and action.verb == "update":
            now[action.key] = _changed(now[action.key], action)
        else:
            step(now, action) if action.verb != "update" else now.update({action.key: action.after})
        look(now, action)
        return ""

    executor = Executor({"f": perform}, jobs={"f": 1})
    for action in actions:  # one by one, in this order
        executor.run([action])
    return now


def _possible(now, action):
    if action.verb == "create":
        return action.key not in now and all(
            key in now for key in action.subject.needs() if key.kind != "membership"
        )
    return action.before.key in now


def _changed(there, action):
    """Return what a thing is after a write of those fields that change: others may be as they were, where a write failed before."""
    names = [
        f.name
        for f in fields(action.after)
        if getattr(action.before, f.name) != getattr(action.after, f.name)
    ]
    return replace(there, **{name: getattr(action.after, name) for name in names})


def excess(wanted, seen, traits, seed, share):
    """Return what somebody can do too much at some moment of a run in which that share of the actions fails."""
    plan = plan_for(wanted, seen, traits)
    rng = random.Random(seed)
    order = in_some_order(plan.actions, rng)
    bad = {action.id for action in order if rng.random() < share}
    named = {m.group(1) for n in plan.notes if n.topic == "moment" and (m := NAMED.fullmatch(n.text))}
    bound = bound_of(wanted, seen, plan.actions, traits)
    found = []

    def look(now, action):
        for what, rank in abilities(now, rules_open=traits.rules_open).items():
            if rank > bound.get(what, 0) and not (what[1] in named and what[2] != "level"):
                found.append(f"{what} after {action.verb} {action.key}")

    run(seen, order, bad, look)
    return [f"{one}; failed: {sorted(str(a.key) for a in order if a.id in bad)}" for one in found]


def excess_by_one(wanted, seen, traits, seed, *, waiting=True):
    """Return what somebody can do too much at some moment of a run in which one action fails that takes something: each, one by one.

    Without `waiting` what comes later goes on as if nothing had failed.
    """
    plan = plan_for(wanted, seen, traits)
    actions = plan.actions if waiting else [replace(action, depends=()) for action in plan.actions]
    order = in_some_order(actions, random.Random(seed))
    bound = bound_of(wanted, seen, plan.actions, traits)
    found = []
    for failing in [action for action in order if action.effect == "narrows"]:

        def look(now, action, failing=failing):
            for what, rank in abilities(now, rules_open=traits.rules_open).items():
                if rank > bound.get(what, 0):
                    found.append(f"{what} after {action.verb} {action.key}; failed: {failing.key}")

        run(seen, order, {failing.id}, look)
    return found


def bound_of(wanted, seen, actions, traits):
    """Return what everybody may do: before, as it is declared, or once all is done; by both paths of what moves."""
    places = {a.before.key.name: a.key.name for a in actions if a.verb == "move"}
    found = defaultdict(int)
    for state in (seen, wanted, applied(seen, actions)):
        for (login, repo, what), rank in abilities(state, rules_open=traits.rules_open).items():
            for path in {repo, *(p for pair in places.items() if repo in pair for p in pair)}:
                found[login, path, what] = max(found[login, path, what], rank)
    return found
