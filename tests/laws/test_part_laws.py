"""The laws for what hangs on repositories beside rights and rules: convergence, idempotence, faithful JSON, safe order."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from worlds import TRAITS, applied, desired_of, observation_of, worlds

from sigctl.core.compare import compare
from sigctl.core.kinds import Actions, ClassicRule, DeployKey, Key, Label, Repo, Security, Webhook
from sigctl.core.plan import Plan
from sigctl.core.policy import Limit, Policy
from sigctl.core.state import state

OPEN = Policy(max_removals={"default": Limit(percent=100)}, keep_self=False)
LISTS = ("label", "deploy_key", "webhook")
HANGING = replace(
    TRAITS,
    kinds=TRAITS.kinds | {"label", "deploy_key", "webhook", "actions", "security"},
    fields={**TRAITS.fields, "webhook": frozenset({"events", "tls"})},
    key_gap=True,
)


@st.composite
def hung(draw):
    """Return the resources of a world in which things hang on repositories."""
    found = draw(worlds())
    for repo in [one.path for one in found.values() if isinstance(one, Repo)]:
        pick = draw(st.integers(0, 2**12 - 1))  # one draw for all of it, so that worlds stay quick to make
        found.update(state(_on(repo, [bool(pick >> n & 1) for n in range(12)])))
    return found


def _on(repo, bits):
    if bits[0]:
        yield Label(repo, "bug", "ff0000" if bits[1] else "00ff00", "")
    if bits[2]:
        yield DeployKey(repo, "SHA256:k1", bits[3], "k1", "k1")
    if bits[4]:
        yield Webhook("repo", repo, "h1#1", ("push",) if bits[5] else ("push", "tag"), tls=bits[6])
    if bits[11]:
        yield Webhook("repo", repo, "h2#2", ("issue",), tls=True)
    yield Actions("repo", repo, enabled=bits[7], permissions="write" if bits[8] else "read")
    yield Security(repo, secret_scanning=bits[9], push_protection=bits[10])


def plan_for(wanted, seen, **fields):
    parts = frozenset(Key(kind, key.name) for key in wanted if key.kind == "repo" for kind in LISTS)
    policy = dict.fromkeys(("labels", "webhooks", "deploy_keys"), "remove")
    desired = desired_of(wanted, parts=parts, undeclared=policy, **fields)
    return compare(desired, observation_of(seen), HANGING, OPEN).plan


@given(hung(), hung())
def test_applying_a_plan_leaves_nothing_to_plan(wanted, seen):
    plan = plan_for(wanted, seen)
    assert plan_for(wanted, applied(seen, plan.actions)).actions == ()
    assert Plan.parse(json.loads(json.dumps(plan.as_json()))) == plan


@given(hung())
def test_what_is_as_declared_needs_nothing(wanted):
    assert plan_for(wanted, wanted).actions == ()


@given(hung(), hung())
def test_settings_are_never_made_or_removed_and_nothing_comes_before_its_repository(wanted, seen):
    plan = plan_for(wanted, seen)
    made = {a.key: a.phase for a in plan.actions if a.kind == "repo" and a.verb == "create"}
    for action in plan.actions:
        if action.kind in ("actions", "security"):
            assert action.verb != "delete"
        if action.subject.inside in made and action.kind != "repo":
            assert action.phase > made[action.subject.inside]


@given(hung(), hung())
def test_a_key_may_push_to_nothing_that_is_or_shall_be_in_the_archive(wanted, seen):
    now = applied(seen, plan_for(wanted, seen).actions)
    shut = {one.path for one in wanted.values() if isinstance(one, Repo) and one.archived}
    there = {one.path for one in seen.values() if isinstance(one, Repo) and one.archived}
    for one in now.values():
        if isinstance(one, DeployKey) and one.repo in shut - there and one.key in wanted:
            assert not one.write


@given(hung(), st.sampled_from(["report", "replace"]), st.booleans())
def test_older_protection_goes_last_and_only_where_a_declared_rule_covers_it(wanted, policy, covered):
    from sigctl.core.kinds import BranchRule  # noqa: PLC0415  # only here

    repos = [one.path for one in wanted.values() if isinstance(one, Repo)]
    seen = {**wanted, **state(ClassicRule(repo, "c7-x*") for repo in repos)}
    ruled = dict(wanted)
    if covered:
        ruled.update(state(BranchRule(repo, "c7*", force=False, delete=False) for repo in repos))
    traits = replace(HANGING, kinds=HANGING.kinds | {"branch_rule"})
    plan = compare(desired_of(ruled, classic=policy), observation_of(seen), traits, OPEN).plan
    gone = [action for action in plan.actions if action.kind == "classic_rule"]
    assert len(gone) == (len(repos) if covered and policy == "replace" else 0)
    for action in gone:
        rules = [
            a for a in plan.actions if a.kind == "branch_rule" and a.subject.inside == action.subject.inside
        ]
        assert rules
        assert all(rule.phase < action.phase and rule.id in action.depends for rule in rules)
