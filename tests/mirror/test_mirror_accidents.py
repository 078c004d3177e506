"""Bad days: no ref is lost, and the report says what was held."""

from __future__ import annotations

import subprocess
import threading

import pytest
from githttp import CLEAN, EMPTY_TREE, Bare, Fault, git

from sigctl.core.history import End
from sigctl.errors import InterruptedRunError
from sigctl.mirror import cache
from sigctl.mirror.git import Git


@pytest.fixture
def pair(world) -> tuple[Bare, Bare]:
    """An upstream and a primary that is equal to it."""
    upstream, primary = world.bare("upstream/xen"), world.bare("primary/xen")
    upstream.commit("master", "first", "second", "third")
    world.mirror()
    return upstream, primary


def only(notes):
    assert len(notes) == 1, notes
    return notes[0]


def test_a_force_push_upstream_is_held_and_counted(world, pair):
    upstream, primary = pair
    before = primary.refs()
    upstream.commit("master", "rewritten", onto="")
    plan = world.plan()
    assert plan.actions == ()
    note = only(plan.held)
    assert (note.topic, note.subject, note.forge, note.sig) == (
        "held",
        "xen:refs/heads/master",
        "primary",
        "virt",
    )
    assert "3 commits that" in note.text
    assert "1 commit of its own" in note.text
    assert "third" in note.text
    assert "first" in note.text
    assert [s.status for s in plan.states] == ["held"]
    assert world.push(plan) == ()
    assert primary.refs() == before


def test_both_sides_moved_is_held_while_other_refs_go_on(world, pair):
    upstream, primary = pair
    mine = primary.commit("master", "by the SIG")
    upstream.commit("master", "by upstream")
    upstream.commit("new", "fine")
    plan = world.mirror()
    assert [a.after.ref for a in plan.actions] == ["refs/heads/new"]
    assert "both sides moved: the target has 1 commit" in only(plan.held).text
    assert "by the SIG" in only(plan.held).text
    assert primary.refs()["refs/heads/master"] == mine


def test_a_target_that_is_ahead_is_held(world, pair):
    _, primary = pair
    primary.commit("master", "work of the SIG", "and more")
    plan = world.plan()
    assert plan.actions == ()
    assert "ahead of" in only(plan.held).text
    assert "by 2 commits" in only(plan.held).text


def test_a_target_tip_that_can_not_be_fetched_is_held_without_a_count(world, pair):
    upstream, primary = pair
    mine = primary.commit("master", "by the SIG")
    upstream.commit("master", "by upstream")
    world.server.faults.append(Fault("primary/xen.git/git-upload-pack", status=403))
    plan = world.plan()
    assert plan.actions == ()
    assert "has commits that" in only(plan.held).text
    assert "could not be counted" in only(plan.notes).text
    assert primary.refs()["refs/heads/master"] == mine


def test_a_ref_deleted_upstream_stays_at_the_target(world, pair):
    upstream, primary = pair
    upstream.commit("old", "kept for ever")
    world.mirror()
    before = primary.refs()
    upstream.delete("refs/heads/old")
    plan = world.mirror()
    assert plan.actions == ()
    assert primary.refs() == before
    assert [s.extra for s in plan.states] == [1]


def test_a_tag_that_moved_is_held(world, pair):
    upstream, primary = pair
    upstream.tag("v1", upstream.refs()["refs/heads/master"])
    world.mirror()
    before = primary.refs()["refs/tags/v1"]
    upstream.commit("master", "fourth")
    upstream.tag("v1", upstream.refs()["refs/heads/master"], force=True)
    plan = world.mirror()
    assert [a.after.ref for a in plan.actions] == ["refs/heads/master"]
    assert "the tag moved" in only(plan.held).text
    assert primary.refs()["refs/tags/v1"] == before


def test_a_renamed_default_branch_is_followed(world, pair):
    upstream, primary = pair
    tip = upstream.refs()["refs/heads/master"]
    upstream.point("refs/heads/main", tip)
    upstream.head("refs/heads/main")
    upstream.delete("refs/heads/master")
    plan = world.mirror()
    assert plan.default_branches == {("primary", "xen"): "main"}
    assert primary.refs() == {"refs/heads/main": tip, "refs/heads/master": tip}


def test_a_head_whose_branch_is_missing_is_noted(world):
    upstream = world.bare("upstream/xen", "master")
    primary = world.bare("primary/xen")
    upstream.commit("xen-412", "there is no master")
    plan = world.mirror()
    assert plan.default_branches == {}
    assert "HEAD of" in only(plan.notes).text
    assert primary.refs() == upstream.refs()


@pytest.mark.parametrize(("there", "new"), [("topic", "topic/one"), ("topic/one", "topic")])
def test_a_ref_that_would_be_a_folder_of_another_is_held(world, pair, there, new):
    upstream, primary = pair
    upstream.commit(there, "x")
    world.mirror()
    upstream.delete(f"refs/heads/{there}")
    upstream.commit(new, "y")
    upstream.commit("master", "goes on")
    plan = world.mirror()
    assert [a.after.ref for a in plan.actions] == ["refs/heads/master"]
    assert f"`refs/heads/{there}`" in only(plan.held).text
    assert f"refs/heads/{there}" in primary.refs()
    # the cache had the old name too, and must get over it once the target lets go of it
    primary.delete(f"refs/heads/{there}")
    world.mirror()
    assert primary.refs() == upstream.refs()


def test_names_that_differ_by_case_are_both_copied_and_noted(world, pair):
    upstream, primary = pair
    upstream.commit("Xen", "upper", onto="")
    upstream.commit("xen", "lower", onto="")
    plan = world.mirror()
    assert "`refs/heads/Xen`, `refs/heads/xen`" in only(plan.notes).text
    assert primary.refs() == upstream.refs()


def test_an_empty_source_never_touches_a_target_that_is_not(world, pair):
    upstream, primary = pair
    before = primary.refs()
    upstream.delete("refs/heads/master")
    plan = world.plan()
    assert plan.actions == ()
    assert "has no refs but the target has 1" in only(plan.held).text
    assert [s.status for s in plan.states] == ["held"]
    assert primary.refs() == before


def test_an_empty_source_and_an_empty_target_are_noted(world):
    world.bare("upstream/xen")
    world.bare("primary/xen")
    plan = world.plan()
    assert (plan.actions, plan.held, plan.set_aside) == ((), (), ())
    assert only(plan.notes).topic == "empty"


def test_a_shallow_source_is_refused(any_world):
    world = any_world
    upstream, primary = world.bare("upstream/whole"), world.bare("primary/xen")
    upstream.commit("master", "one", "two", "three")
    git(
        world.root,
        "clone",
        "--quiet",
        "--bare",
        "--depth=1",
        f"file://{upstream.path}",
        str(world.root / "srv/upstream/xen.git"),
    )
    plan = world.plan()
    outcomes = world.push(plan)
    assert primary.refs() == {}
    said = [s.reason for s in plan.set_aside] + [o.reason for o in outcomes]
    assert len(said) == 1
    assert "shallow clone" in said[0]


def test_a_partial_source_is_refused(world):
    upstream, primary = world.bare("upstream/whole"), world.bare("primary/xen")
    upstream.bulk("master", 30)
    git(upstream.path, "config", "uploadpack.allowfilter", "true")
    target = world.root / "srv/upstream/xen.git"
    git(
        world.root, "clone", "--quiet", "--bare", "--filter=blob:none", f"file://{upstream.path}", str(target)
    )
    git(target, "remote", "remove", "origin")
    (outcome,) = world.push(world.plan())
    assert outcome.status == "failed"
    assert primary.refs() == {}


def test_a_source_of_another_object_format_is_said_plainly(world):
    world.bare("primary/xen")
    path = world.root / "srv/upstream/xen.git"
    path.mkdir(parents=True)
    git(path, "init", "--bare", "--quiet", "--object-format=sha256")
    tree = git(path, "hash-object", "-t", "tree", "-w", "--stdin", text="")
    git(path, "update-ref", "refs/heads/master", git(path, "commit-tree", tree, "-m", "x"))
    plan = world.plan()
    assert "sha256" in plan.set_aside[0].reason


def test_broken_objects_are_refused_on_receipt(world):
    upstream, primary = world.bare("upstream/xen"), world.bare("primary/xen")
    bad = f"tree {EMPTY_TREE}\nauthor nobody\ncommitter nobody\n\nbad\n"
    sha = git(upstream.path, "hash-object", "-t", "commit", "-w", "--literally", "--stdin", text=bad)
    upstream.point("refs/heads/master", sha)
    (outcome,) = world.push(world.plan())
    assert outcome.status == "failed"
    assert "missingEmail" in outcome.reason
    assert primary.refs() == {}


@pytest.mark.parametrize("side", ["upstream", "primary"])
def test_a_repository_that_can_not_be_read_is_set_aside_and_the_others_go_on(world, side):
    for name in ("xen", "libvirt"):
        world.bare(f"upstream/{name}").commit("master", name)
        world.bare(f"primary/{name}")
    world.server.faults.append(Fault(f"{side}/xen", status=403))
    plan = world.mirror(world.hop(), world.hop("libvirt"))
    aside = only(plan.set_aside)
    assert (aside.subject, aside.forge, aside.sig) == ("primary:xen", "primary", "virt")
    assert "may not be read (403)" in aside.reason
    assert [a.after.repo for a in plan.actions] == ["libvirt"]


def test_what_hangs_on_a_repository_that_was_set_aside_is_set_aside_too(world):
    world.bare("replica/xen")
    missing = frozenset({("primary", "xen")})
    plan = world.plan(world.hop(), world.second(), missing=missing)
    assert [s.subject for s in plan.set_aside] == ["primary:xen", "replica:xen"]
    assert plan.actions == ()


def test_a_replica_is_filled_from_a_primary_whose_upstream_is_gone(world, pair):
    _, primary = pair
    replica = world.bare("replica/xen")
    world.server.faults.append(Fault("upstream/xen", status=404))
    plan = world.mirror(world.hop(), world.second())
    assert [s.subject for s in plan.set_aside] == ["primary:xen"]
    assert replica.refs() == primary.refs()


def test_an_address_that_nobody_knows_is_set_aside(world):
    world.bare("primary/xen")
    plan = world.plan(world.hop(source=End("nowhere", "x")))
    assert "no such forge" in only(plan.set_aside).reason


def test_an_archived_target_fails_and_the_others_arrive(world):
    for name in ("xen", "libvirt"):
        world.bare(f"upstream/{name}").commit("master", name)
    world.bare("primary/xen")
    other = world.bare("primary/libvirt")
    world.server.faults.append(Fault("primary/xen.git/info/refs?service=git-receive-pack", status=403))
    plan = world.plan(world.hop(), world.hop("libvirt"))
    told = []
    outcomes = world.push(plan, on_outcome=told.append)
    assert {o.action.after.repo: o.status for o in outcomes} == {"libvirt": "done", "xen": "failed"}
    assert "403" in next(o.reason for o in outcomes if o.status == "failed")
    assert sorted(told, key=str) == sorted(outcomes, key=str)
    assert set(other.refs()) == {"refs/heads/master"}


def test_a_target_that_refuses_only_the_push_itself_is_asked_once(world):
    upstream, primary = world.bare("upstream/xen"), world.bare("primary/xen")
    for branch in ("a", "b", "c", "d"):
        upstream.commit(branch, branch)
    world.server.faults.append(Fault("primary/xen.git/git-receive-pack", status=403))
    outcomes = world.push(world.plan())
    assert {o.status for o in outcomes} == {"failed"}
    assert all("403" in o.reason and "token" in o.hint for o in outcomes)
    assert len([s for s in world.server.seen if s.path.endswith("primary/xen.git/git-receive-pack")]) == 1
    assert primary.refs() == {}


def test_a_push_is_not_redirected(world):
    upstream, other = world.bare("upstream/xen"), world.bare("primary/other")
    world.bare("primary/xen")
    upstream.commit("master", "one")
    plan = world.plan()
    there = f"{world.url('primary/other')}/info/refs?service=git-receive-pack"
    world.server.faults.append(
        Fault("xen.git/info/refs?service=git-receive-pack", status=302, headers={"Location": there})
    )
    (outcome,) = world.push(plan)
    assert outcome.status == "failed"
    assert "new address" in outcome.hint
    assert other.refs() == {}


def test_nothing_that_a_commit_says_steers_a_terminal(world, pair):
    _, primary = pair
    primary.commit("master", "looks fine\x1b[2J\x1b]0;owned\x07")
    plan = world.plan()
    assert "looks fine" in only(plan.held).text
    assert only(plan.held).text.isprintable()


def test_one_protected_branch_does_not_stop_the_others(world):
    upstream, primary = world.bare("upstream/xen"), world.bare("primary/xen")
    for branch in ("a", "b", "c", "d", "e"):
        upstream.commit(branch, branch)
    # as GitLab does: one ref that may not be pushed refuses the whole push
    primary.hook(
        "pre-receive",
        "while read old new ref; do [ $ref = refs/heads/c ] && echo not yours >&2 && exit 1; done; exit 0",
    )
    outcomes = {o.action.after.ref[-1]: o for o in world.push(world.plan())}
    assert {name: o.status for name, o in outcomes.items()} == {
        "a": "done",
        "b": "done",
        "c": "failed",
        "d": "done",
        "e": "done",
    }
    assert outcomes["c"].reason == "the target refused it: pre-receive hook declined: not yours"
    assert set(primary.refs()) == {f"refs/heads/{name}" for name in "abde"}


def test_what_did_not_arrive_at_the_primary_is_not_sent_to_the_replica(world):
    upstream, primary, replica = (
        world.bare("upstream/xen"),
        world.bare("primary/xen"),
        world.bare("replica/xen"),
    )
    upstream.commit("a", "a")
    upstream.commit("b", "b")
    primary.hook("update", "[ $1 != refs/heads/b ]")
    outcomes = world.push(world.plan(world.hop(), world.second()))
    assert [(o.action.forge, o.action.after.ref[-1], o.status) for o in outcomes] == [
        ("primary", "a", "done"), ("primary", "b", "failed"), ("replica", "a", "done"), ("replica", "b", "skipped"),
    ]  # fmt: skip
    assert set(replica.refs()) == {"refs/heads/a"}


def test_a_push_by_somebody_else_since_the_plan_is_never_overwritten(world, pair):
    upstream, primary = pair
    upstream.commit("master", "fourth")
    upstream.commit("new", "x")
    plan = world.plan()
    theirs = primary.commit("master", "somebody was faster")
    other = primary.commit("new", "somebody made it too", onto="")
    outcomes = world.push(plan)
    assert [o.status for o in outcomes] == ["failed", "failed"]
    assert all("moved since the plan" in o.reason for o in outcomes)
    assert primary.refs()["refs/heads/master"] == theirs
    assert primary.refs()["refs/heads/new"] == other


def test_an_upstream_that_moves_between_reading_and_fetching_is_read_again(world, pair):
    upstream, primary = pair
    upstream.commit("master", "fourth")
    moved = Fault(
        "upstream/xen.git/git-upload-pack", before=lambda: upstream.commit("master", "fifth"), times=1
    )
    world.server.faults.append(moved)
    plan = world.mirror()
    assert [a.verb for a in plan.actions] == ["update"]
    assert primary.refs() == upstream.refs()


def test_an_upstream_branch_that_goes_between_reading_and_fetching_is_let_go(world, pair):
    upstream, primary = pair
    upstream.commit("gone", "x")
    world.mirror()
    before = primary.refs()
    upstream.commit("gone", "y")
    upstream.commit("master", "fourth")
    world.server.faults.append(
        Fault("upstream/xen.git/git-upload-pack", before=lambda: upstream.delete("refs/heads/gone"), times=1)
    )
    plan = world.mirror()
    assert [a.after.ref for a in plan.actions] == ["refs/heads/master"]
    assert primary.refs()["refs/heads/gone"] == before["refs/heads/gone"]


def test_an_upstream_that_was_rewritten_between_plan_and_push_fails_that_push(world):
    upstream, primary = world.bare("upstream/xen"), world.bare("primary/xen")
    upstream.commit("master", "one")
    plan = world.plan()
    upstream.commit("master", "other", onto="")
    git(upstream.path, "reflog", "expire", "--expire=now", "--all")
    (outcome,) = world.push(plan)
    assert outcome.status == "failed"
    assert "moved" in outcome.reason
    assert primary.refs() == {}


@pytest.mark.parametrize(
    ("where", "cut"),
    [("upstream/xen.git/info/refs", 40), ("upstream/xen.git/git-upload-pack", 0), ("upstream/xen.git/git-upload-pack", 5000),
     ("primary/xen.git/info/refs?service=git-receive-pack", 30), ("primary/xen.git/git-receive-pack", 0)],
)  # fmt: skip
def test_a_connection_cut_at_any_stage_leaves_nothing_half_done(world, where, cut):
    upstream, primary = world.bare("upstream/xen"), world.bare("primary/xen")
    upstream.bulk("master", 300)
    upstream.bulk("other", 30)
    world.server.faults.append(Fault(where, cut_after=cut, times=1))
    plan = world.plan()
    for outcome in world.push(plan):
        assert outcome.status in ("done", "failed")
    assert set(primary.refs().items()) <= set(upstream.refs().items())
    git(primary.path, "fsck", "--connectivity-only")
    world.server.faults.clear()
    world.push(world.plan())
    assert primary.refs() == upstream.refs()
    assert world.plan().actions == ()


def test_what_git_calls_pushed_is_believed_only_when_it_reads_back(world):
    upstream, primary = world.bare("upstream/xen"), world.bare("primary/xen")
    upstream.commit("master", "one")
    primary.hook("post-receive", "git update-ref -d refs/heads/master")
    (outcome,) = world.push(world.plan())
    assert outcome.status == "failed"
    assert "reads back as not there" in outcome.reason


def test_stopping_in_the_middle_skips_the_rest_and_the_next_run_finishes(world):
    names = ["xen", "libvirt", "qemu"]
    pairs = [(world.bare(f"upstream/{name}"), world.bare(f"primary/{name}")) for name in names]
    for upstream, _ in pairs:
        upstream.bulk("master", 50)
    hops = [world.hop(name) for name in names]
    plan = world.plan(*hops)
    stop = threading.Event()
    outcomes = world.push(plan, jobs=1, stop=stop, on_outcome=lambda _outcome: stop.set())
    assert sorted(o.status for o in outcomes) == ["done", "skipped", "skipped"]
    assert all("interrupted" in o.reason for o in outcomes if o.status == "skipped")
    world.mirror(*hops)
    assert all(upstream.refs() == primary.refs() for upstream, primary in pairs)


def test_stopping_while_planning_raises(world, pair):
    upstream, _ = pair
    upstream.commit("master", "fourth")
    stop = threading.Event()
    world.server.faults.append(Fault("git-upload-pack", before=stop.set))
    with pytest.raises(InterruptedRunError):
        world.plan(stop=stop)


def test_ctrl_c_in_the_callers_loop_stops_the_workers(world):
    world.bare("upstream/xen").commit("master", "one")
    world.bare("primary/xen")

    def interrupt(_step: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        world.plan(progress=interrupt)


def test_two_runs_at_once_do_no_harm(world, pair):
    upstream, primary = pair
    upstream.bulk("new", 200)
    upstream.commit("master", "fourth")
    plans = [world.plan(), world.plan()]
    results = [[], []]
    threads = [threading.Thread(target=lambda n=n: results[n].extend(world.push(plans[n]))) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert primary.refs() == upstream.refs()
    assert [len(result) for result in results] == [2, 2]
    assert all("done" in {one.status, other.status} for one, other in zip(*results, strict=True))
    assert world.plan().actions == ()


def test_a_cache_that_another_run_keeps_is_waited_for_with_a_bound(world, tmp_path):
    one, other = (cache.Cache(Git(), tmp_path / "cache", lock_seconds=0.3) for _ in range(2))
    with one.entry("xen.git"), pytest.raises(Exception, match="another run holds"), other.entry("xen.git"):
        raise AssertionError("both have it")


def test_objects_that_rot_in_the_cache_are_fetched_again(world, pair):
    upstream, primary = pair
    entry = next(world.cache.glob("*.git"))
    for file in [*entry.glob("objects/??/*"), *entry.glob("objects/pack/*")]:
        file.chmod(0o600)
        file.write_bytes(b"garbage")
    upstream.commit("master", "fourth")
    world.mirror()
    assert primary.refs() == upstream.refs()


@pytest.mark.parametrize("file", ["config", "packed-refs", "HEAD"])
def test_a_broken_cache_is_set_aside_and_made_anew(world, pair, file):
    upstream, primary = pair
    entry = next(world.cache.glob("*.git"))
    (entry / file).write_bytes(b"garbage [")
    upstream.commit("master", "fourth")
    world.mirror()
    assert primary.refs() == upstream.refs()
    assert len(list(world.cache.glob("*.broken-1"))) == 1


def test_a_target_that_is_no_repository_yet_is_set_aside_when_nobody_said_it_is_missing(world):
    world.bare("upstream/xen").commit("master", "one")
    assert "there is no such repository" in only(world.plan().set_aside).reason


def test_a_name_that_git_can_not_print_is_held(world):
    upstream, primary = world.bare("upstream/xen"), world.bare("primary/xen")
    tip = upstream.commit("master", "one")
    done = subprocess.run(
        [b"git", b"update-ref", b"refs/heads/caf\xe9", tip.encode()],
        cwd=upstream.path,
        env=CLEAN,
        check=False,
    )
    assert done.returncode == 0
    plan = world.mirror()
    assert "\\udce9" in only(plan.held).text
    assert set(primary.refs()) == {"refs/heads/master"}
