"""What a policy overwrites or deletes is kept first, and comes back."""

from __future__ import annotations

import dataclasses

import pytest
from githttp import Fault, git
from hypothesis import given
from hypothesis import strategies as st
from refworlds import HOPS, TIPS, ancestor

from sigctl.core.history import End
from sigctl.errors import UsageError
from sigctl.mirror import policy, run
from sigctl.mirror import refs as rules
from sigctl.mirror.model import Kept
from sigctl.mirror.refs import Refs

OVERWRITE = (("refs/heads/*", "overwrite"),)
EVERYTHING = (("*", "overwrite"),)


@pytest.fixture
def pair(world):
    upstream, primary = world.bare("upstream/xen"), world.bare("primary/xen")
    upstream.commit("master", "first", "second")
    world.mirror()
    return upstream, primary


def kept(world, *hops):
    return run.kept(hops or [world.hop()], world.remote_of, **world.options({}))


def test_a_branch_that_diverged_is_overwritten_where_the_files_say_so_and_comes_back(world, pair):
    upstream, primary = pair
    mine = primary.commit("master", "by the SIG")
    theirs = upstream.commit("master", "by upstream")
    hop = world.hop(on_divergence=OVERWRITE)
    plan = world.mirror(hop)
    (note,) = plan.notes
    assert note.topic == "forced"
    assert "by the SIG" in note.text
    assert [(a.verb, a.before.sha, a.after.sha) for a in plan.actions] == [("update", mine, theirs)]
    assert plan.held == ()
    assert primary.refs() == upstream.refs()
    assert world.plan(hop).actions == ()

    git(primary.path, "gc", "--quiet", "--prune=now")
    assert not primary.has(mine)
    (one,) = kept(world)
    assert (one.end, one.ref, one.sha) == (End("primary", "xen"), "refs/heads/master", mine)
    outcome = run.restore(one, [hop], world.remote_of, name="refs/heads/rescued", **world.options({}))
    assert outcome.status == "done"
    assert primary.refs() == {"refs/heads/master": theirs, "refs/heads/rescued": mine}
    assert run.restore(one, [hop], world.remote_of, **world.options({})).status == "done"
    assert primary.refs()["refs/heads/master"] == mine
    assert [(k.ref, k.sha) for k in kept(world)] == [
        ("refs/heads/master", mine),
        ("refs/heads/master", theirs),
    ]
    assert run.restore(one, [hop], world.remote_of, **world.options({})).reason == "it is there already"


def test_a_tag_is_overwritten_only_where_the_files_name_tags(world, pair):
    upstream, primary = pair
    tip = upstream.refs()["refs/heads/master"]
    upstream.tag("v1", tip)
    world.mirror()
    before = primary.refs()["refs/tags/v1"]
    upstream.tag("v1", f"{tip}~1", force=True)
    assert len(world.mirror(world.hop(on_divergence=OVERWRITE)).held) == 1
    assert primary.refs()["refs/tags/v1"] == before
    world.mirror(world.hop(on_divergence=EVERYTHING))
    assert primary.refs()["refs/tags/v1"] == upstream.refs()["refs/tags/v1"]
    assert [k.sha for k in kept(world)] == [before]


def test_the_first_pattern_that_fits_decides(world, pair):
    _, primary = pair
    primary.commit("master", "mine")
    hop = world.hop(on_divergence=(("refs/heads/master", "hold"), ("*", "overwrite")))
    assert len(world.mirror(hop).held) == 1


def test_what_is_ignored_is_neither_touched_nor_held(world, pair):
    _, primary = pair
    mine = primary.commit("master", "mine")
    plan = world.mirror(world.hop(on_divergence=(("*", "ignore"),)))
    assert (plan.actions, plan.held) == ((), ())
    assert [s.status for s in plan.states] == ["equal"]
    assert primary.refs()["refs/heads/master"] == mine


def test_an_exact_copy_deletes_only_where_the_files_say_so(world, pair):
    upstream, primary = pair
    upstream.commit("old", "x")
    world.mirror()
    gone = primary.refs()["refs/heads/old"]
    foreign = primary.commit("refs/notes/own", "not in the patterns")
    upstream.delete("refs/heads/old")

    plan = world.mirror(world.hop(mode="mirror"))
    assert plan.actions == ()
    assert "is gone from" in plan.held[0].text
    follow = world.mirror(world.hop(mode="follow", delete_refs=(("*", "delete"),)))
    assert (follow.actions, follow.held) == ((), ())

    exact = world.hop(mode="mirror", delete_refs=(("refs/heads/*", "delete"),))
    plan = world.mirror(exact)
    assert [(a.verb, a.before.ref, a.after) for a in plan.actions] == [("delete", "refs/heads/old", None)]
    assert primary.refs() == {**upstream.refs(), "refs/notes/own": foreign}
    assert world.plan(exact).actions == ()
    (one,) = kept(world)
    assert run.restore(one, [exact], world.remote_of, **world.options({})).status == "done"
    assert primary.refs()["refs/heads/old"] == gone


def test_an_empty_source_deletes_nothing_whatever_the_files_say(world, pair):
    upstream, primary = pair
    upstream.delete("refs/heads/master")
    plan = world.mirror(world.hop(mode="mirror", delete_refs=(("*", "delete"),)))
    assert plan.actions == ()
    assert len(plan.held) == 1
    assert primary.refs()


def test_what_can_not_be_kept_is_not_overwritten_and_the_rest_goes_on(world, pair):
    upstream, primary = pair
    primary.tag("v1", "master", annotated=True)
    before = primary.refs()["refs/tags/v1"]
    upstream.tag("v1", "master~1", annotated=True)
    upstream.commit("new", "x")
    world.server.faults.append(Fault("primary/xen.git/git-upload-pack", status=403))
    outcomes = world.push(world.plan(world.hop(on_divergence=EVERYTHING)))
    assert {o.action.after.ref: o.status for o in outcomes} == {
        "refs/heads/new": "done",
        "refs/tags/v1": "failed",
    }
    assert "could not be kept" in next(o.reason for o in outcomes if o.status == "failed")
    assert primary.refs()["refs/tags/v1"] == before


def test_a_bundle_of_what_is_replaced_is_written_when_asked(world, pair, tmp_path):
    upstream, primary = pair
    mine = primary.commit("master", "by the SIG")
    upstream.commit("master", "by upstream")
    plan = world.plan(world.hop(on_divergence=OVERWRITE))
    assert [o.status for o in world.push(plan, bundles=tmp_path / "bundles")] == ["done"]
    (file,) = (tmp_path / "bundles").iterdir()
    assert file.suffix == ".bundle"
    assert mine in git(primary.path, "ls-remote", str(file))


def test_a_push_between_plan_and_overwriting_is_not_lost(world, pair):
    upstream, primary = pair
    primary.commit("master", "by the SIG")
    upstream.commit("master", "by upstream")
    plan = world.plan(world.hop(on_divergence=OVERWRITE))
    newer = primary.commit("master", "and one more")
    (outcome,) = world.push(plan)
    assert outcome.status == "failed"
    assert primary.refs()["refs/heads/master"] == newer


def test_only_names_and_targets_that_can_be_are_restored(world, pair):
    one = Kept("2026-01-01T000000.000000Z", End("primary", "xen"), "refs/heads/x", "1" * 40)
    with pytest.raises(UsageError):
        run.restore(one, [world.hop()], world.remote_of, name="master", **world.options({}))
    with pytest.raises(UsageError):
        run.restore(one, [world.hop("other")], world.remote_of, **world.options({}))


def test_check_says_how_many_commits_a_target_is_behind_and_since_when(world, pair):
    upstream, primary = pair
    upstream.bulk("topic", 7)
    upstream.commit("master", "third", "fourth")
    (state,) = world.check().states
    assert (state.status, state.behind, state.commits, state.since) == ("behind", 2, 9, 1_600_000_000)
    assert set(primary.refs()) == {"refs/heads/master"}
    world.mirror()
    (state,) = world.check().states
    assert (state.status, state.behind, state.commits) == ("equal", 0, None)


WORDS = st.sampled_from([(), (("*", "overwrite"),), (("refs/heads/*", "ignore"), ("*", "hold"))])
DELETES = st.sampled_from([(), (("*", "delete"),), (("refs/heads/*", "hold"), ("*", "delete"))])


@given(TIPS, TIPS, HOPS, st.tuples(st.sampled_from(["follow", "mirror"]), WORDS, DELETES))
def test_whatever_the_policy_what_is_lost_is_marked_and_was_chosen(source, target, hop, said):
    mode, words, deletes = said
    hop = dataclasses.replace(hop, mode=mode, on_divergence=words, delete_refs=deletes)
    comparison = rules.compare(rules.select(Refs(source), hop), target)
    settled = policy.settle(hop, comparison, rules.decide(comparison, ancestor), rules.visible(target))
    changes = settled.plan.changes
    marked = {change.ref for change in changes if change.forced}
    assert marked == {item.ref for item in settled.forced}
    then = rules.after(target, changes)
    for ref, sha in target.items():
        assert ref in marked or then[ref] == sha or ancestor(sha, then[ref])
        assert ref in then or (mode == "mirror" and policy.word_for(ref, deletes) == "delete")
    assert not any(rules.fixed_out(change.ref) for change in changes)
    if not words and not deletes:
        assert not marked
