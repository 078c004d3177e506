"""Declared branches are made where they are missing and never moved; retired ones are kept as tags; branches that leave are elsewhere first."""

from __future__ import annotations

import dataclasses

import pytest
from githttp import Bare, Fault, git

from sigctl.core.history import CARRY, LEAVE, MOVE, START, End, Hop, Start
from sigctl.mirror import run

XEN = "refs/heads/c7-sig-virt-xen"
SPACE = ("refs/heads/c7-sig-virt", "refs/heads/c7-sig-virt-*")
TAG = "refs/tags/retired/c7-sig-virt-xen"


@pytest.fixture
def kernel(world):
    """An upstream with two branches, a tag and a first commit that only history leads to."""
    upstream = world.bare("upstream/kernel", "c7")
    upstream.commit("c7", "one", "two", "three")
    upstream.commit("c8s", "other")
    upstream.tag("v1", "c7~1")
    world.bare("primary/kernel", "c7")
    return upstream


def follow(world, **more):
    return world.hop("kernel", **more)


def starting(*starts, end=None, stage=START):
    end = end or End("primary", "kernel")
    return Hop("core", "kernel", end, end, "start", stage=stage, starts=tuple(starts))


def primary(world, name="primary/kernel"):
    """The repository that the fixture made."""
    found = Bare.__new__(Bare)
    found.path = world.root / "srv" / f"{name}.git"
    return found


def branch(bare, name, at):
    bare.point(f"refs/heads/{name}", git(bare.path, "rev-parse", at))


@pytest.mark.parametrize("origin", ["c7", "v1", "refs/tags/v1", "commit", "short"])
def test_a_declared_branch_is_made_from_a_branch_a_tag_or_a_commit_in_the_first_run(world, kernel, origin):
    first = git(kernel.path, "rev-parse", "c7~2")
    wanted = {"c7": "c7", "v1": "c7~1", "refs/tags/v1": "c7~1"}.get(origin, "c7~2")
    name = {"commit": first, "short": first[:9]}.get(origin, origin)
    hops = (follow(world), starting(Start(XEN, name)))
    world.mirror(*hops)
    assert primary(world).refs()[XEN] == git(kernel.path, "rev-parse", wanted)
    again = world.plan(*hops)
    assert (again.actions, again.held) == ((), ())


def test_a_declared_branch_is_never_moved_afterwards(world, kernel):
    hops = (follow(world, still=(XEN,)), starting(Start(XEN, "c7")))
    world.mirror(*hops)
    mine = primary(world).commit("c7-sig-virt-xen", "by the SIG")
    kernel.commit("c7", "four")
    branch(kernel, "c7-sig-virt-xen", "c8s")
    plan = world.mirror(*hops)
    assert [action.key.name for action in plan.actions] == ["kernel:refs/heads/c7"]
    assert plan.held == ()
    assert primary(world).refs()[XEN] == mine


def test_what_is_to_start_from_nothing_waits_and_says_so(world, kernel):
    kernel.commit("lonely", "x")
    unreachable = git(kernel.path, "rev-parse", "lonely")
    kernel.delete("refs/heads/lonely")
    starts = [Start(XEN, "c9"), Start("refs/heads/y", unreachable), Start("refs/heads/z", "deadbeef0")]
    plan = world.mirror(follow(world), starting(*starts))
    assert [note.text for note in plan.held] == [
        "is to start from `c9`, which kernel does not have",
        f"is to start from `{unreachable}`, which kernel does not have",
        "is to start from `deadbeef0`, which kernel does not have",
    ]
    assert XEN not in primary(world).refs()


def test_one_declared_branch_may_start_from_another_in_the_same_run(world, kernel):
    starts = [Start("refs/heads/c7-sig-virt-b", "c7-sig-virt-xen"), Start(XEN, "v1")]
    world.mirror(follow(world), starting(*starts))
    made = primary(world).refs()
    assert made["refs/heads/c7-sig-virt-b"] == made[XEN] == git(kernel.path, "rev-parse", "c7~1")


def test_a_start_that_can_not_be_beside_another_ref_is_held(world, kernel):
    plan = world.mirror(follow(world), starting(Start("refs/heads/c7/sig", "c8s")))
    (note,) = plan.held
    assert "can't be beside `refs/heads/c7`" in note.text


def test_a_quiet_run_with_declared_branches_asks_each_repository_once_and_runs_no_git(
    world, kernel, tmp_path
):
    hops = (follow(world), starting(Start(XEN, "c7"), Start("refs/heads/b", "v1")))
    world.mirror(*hops)
    plan = world.plan(*hops, git=str(tmp_path / "no-git"))
    assert plan.actions == ()
    assert plan.reads == 2
    assert plan.equal == 2


def test_nothing_starts_where_its_origin_did_not_arrive(world, kernel):
    plan = world.plan(follow(world), starting(Start(XEN, "c7")))
    world.server.faults = [Fault("primary/kernel.git/git-receive-pack", status=403)]
    outcomes = {o.action.key.name.partition(":")[2]: o for o in world.push(plan)}
    assert outcomes["refs/heads/c7"].status == "failed"
    assert outcomes[XEN].status == "skipped"
    assert "did not arrive" in outcomes[XEN].reason


def test_a_read_only_branch_comes_once_and_is_not_moved_by_its_upstream(world, kernel):
    hops = (follow(world, still=("refs/heads/c8s",)),)
    world.mirror(*hops)
    before = primary(world).refs()["refs/heads/c8s"]
    kernel.commit("c8s", "newer")
    kernel.commit("c7", "newer")
    plan = world.mirror(*hops)
    assert len(plan.actions) == 1
    assert primary(world).refs()["refs/heads/c8s"] == before


def test_a_retired_branch_is_kept_as_a_tag_and_goes_only_when_asked(world, kernel):
    world.mirror(follow(world), starting(Start(XEN, "c7")))
    tip = primary(world).commit("c7-sig-virt-xen", "last words")
    closed = follow(world, closed=(XEN,))
    world.mirror(closed, starting(Start(XEN, "", "retired")))
    assert primary(world).refs()[XEN] == primary(world).refs()[TAG] == tip

    asked = (closed, starting(Start(XEN, "", "retired", delete=True)))
    plan = world.mirror(*asked)
    assert [(a.verb, a.before.why) for a in plan.actions] == [("delete", "retired")]
    assert XEN not in primary(world).refs()
    assert primary(world).refs()[TAG] == tip
    again = world.plan(*asked)
    assert (again.actions, again.held) == ((), ())


def test_a_retired_branch_is_not_brought_again_by_its_upstream_and_its_tag_comes_to_the_replica(
    world, kernel
):
    branch(kernel, "c7-sig-virt-xen", "c8s")
    world.bare("replica/kernel", "c7")
    world.mirror(follow(world), world.second("kernel", stage=4))
    retired = Start(XEN, "", "retired", delete=True)
    hops = (
        follow(world, closed=(XEN,)),
        starting(retired),
        world.second("kernel", stage=4),
        starting(retired, end=End("replica", "kernel"), stage=LEAVE),
    )
    world.mirror(*hops)
    for name in ("primary/kernel", "replica/kernel"):
        assert XEN not in primary(world, name).refs()
        assert primary(world, name).refs()[TAG] == kernel.refs()["refs/heads/c8s"]
    again = world.plan(*hops)
    assert (again.actions, again.held, again.notes) == ((), (), ())


def test_a_branch_is_not_deleted_where_its_tag_is_refused(world, kernel):
    world.mirror(follow(world), starting(Start(XEN, "c7")))
    primary(world).hook(
        "pre-receive", "while read old new ref; do case $ref in refs/tags/*) echo no >&2; exit 1;; esac; done"
    )
    plan = world.plan(starting(Start(XEN, "", "retired", delete=True)))
    outcomes = {o.action.key.name.partition(":")[2]: o.status for o in world.push(plan)}
    assert outcomes == {TAG: "failed", XEN: "skipped"}
    assert XEN in primary(world).refs()


def test_commits_after_the_retirement_are_not_lost(world, kernel):
    world.mirror(follow(world), starting(Start(XEN, "c7")))
    world.mirror(starting(Start(XEN, "", "retired")))
    late = primary(world).commit("c7-sig-virt-xen", "too late")
    plan = world.mirror(starting(Start(XEN, "", "retired", delete=True)))
    (note,) = plan.held
    assert f"the tag `{TAG}` holds something else" in note.text
    assert primary(world).refs()[XEN] == late


def test_the_default_branch_is_kept_though_it_retires(world, kernel):
    plan = world.mirror(follow(world), starting(Start("refs/heads/c7", "", "retired", delete=True)))
    assert "it is the default branch" in plan.held[0].text
    assert "refs/heads/c7" in primary(world).refs()


@pytest.fixture
def shared(world, kernel):
    """A shared kernel with two branches of one SIG and one of another, on a primary and a replica."""
    world.bare("replica/kernel", "c7")
    world.mirror(follow(world))
    for name in ("c7-sig-virt-xen", "c7-sig-virt", "c7-sig-virtual-x"):
        branch(primary(world), name, "c7")
        primary(world).commit(name, f"work on {name}")
    world.mirror(follow(world), world.second("kernel", stage=4))
    world.bare("primary/virt/kernel", "c7")
    world.bare("replica/virt/kernel", "c7")
    return primary(world)


def between(source, target, mode, stage, forge="primary", **more):
    return Hop(
        "virt", "kernel", End(forge, source), End(forge, target), mode, include=SPACE, stage=stage, **more
    )


def test_a_layout_per_sig_moves_the_branches_with_their_history_in_one_plan(world, kernel, shared):
    before = shared.refs()
    own = Hop("virt", "kernel", follow(world).source, End("primary", "virt/kernel"))
    copy = Hop("virt", "kernel", End("primary", "virt/kernel"), End("replica", "virt/kernel"), stage=4)
    hops = (
        follow(world),
        own,
        between("kernel", "virt/kernel", "seed", MOVE),
        world.second("kernel", stage=4),
        copy,
        between("virt/kernel", "kernel", "leave", LEAVE),
        between("virt/kernel", "kernel", "leave", LEAVE, forge="replica"),
    )
    plan = world.mirror(*hops)
    assert {a.before.why for a in plan.actions if a.verb == "delete"} == {"moved"}
    mine = {XEN, "refs/heads/c7-sig-virt"}
    for forge in ("primary", "replica"):
        there = primary(world, f"{forge}/virt/kernel").refs()
        left = primary(world, f"{forge}/kernel").refs()
        assert {ref: there[ref] for ref in mine} == {ref: before[ref] for ref in mine}
        assert "refs/heads/c7" in there
        assert not mine & set(left)
        assert left["refs/heads/c7-sig-virtual-x"] == before["refs/heads/c7-sig-virtual-x"]
    again = world.plan(*hops)
    assert (again.actions, again.held) == ((), ())
    assert len(list(world.cache.glob("*.git"))) == 1, "kernels share their objects in the cache"


def test_nothing_leaves_before_it_has_arrived_nor_with_commits_that_did_not(world, kernel, shared):
    seed, leave = (
        between("kernel", "virt/kernel", "seed", MOVE),
        between("virt/kernel", "kernel", "leave", LEAVE),
    )
    plan = world.plan(seed, leave)
    world.server.faults = [Fault("primary/virt/kernel.git/git-receive-pack", status=403)]
    assert {o.status for o in world.push(plan) if o.action.verb == "delete"} == {"skipped"}
    assert XEN in shared.refs()
    world.server.faults = []
    world.mirror(seed)
    late = shared.commit("c7-sig-virt-xen", "somebody was late")
    plan = world.mirror(seed, leave)
    (note,) = plan.held
    assert "commits were added here since" in note.text
    assert shared.refs()[XEN] == late
    assert "refs/heads/c7-sig-virt" not in shared.refs()
    rescued = run.kept([seed, leave], world.remote_of, **world.options({}))
    assert rescued[-1].ref == "refs/heads/c7-sig-virt"


def test_nothing_leaves_when_the_part_of_the_plan_that_brings_it_is_left_out(world, kernel, shared):
    seed, leave = (
        between("kernel", "virt/kernel", "seed", MOVE),
        between("virt/kernel", "kernel", "leave", LEAVE),
    )
    plan = world.plan(seed, leave)
    going = [action for action in plan.actions if action.verb == "delete"]
    assert len(going) == 2
    outcomes = world.push(plan, actions=going)
    assert {o.status for o in outcomes} == {"skipped"}
    assert {XEN, "refs/heads/c7-sig-virt"} <= set(shared.refs())


def test_moving_from_a_kernel_that_is_not_there_is_nothing_to_do(world, kernel):
    hop = dataclasses.replace(between("gone/kernel", "kernel", "seed", MOVE), optional=True)
    plan = world.plan(follow(world), hop)
    assert plan.set_aside == ()
    assert len(plan.states) == 2


def test_a_sig_s_branches_are_carried_into_the_shared_kernel_and_nothing_else_is(world, kernel):
    own = world.bare("primary/virt/kernel", "c7")
    carry = between("virt/kernel", "kernel", "follow", CARRY, optional=True)
    first = Hop("virt", "kernel", follow(world).source, End("primary", "virt/kernel"))
    hops = (follow(world), first, carry)
    quiet = world.mirror(*hops)
    assert (quiet.held, quiet.notes) == ((), ())
    branch(own, "c7-sig-virt-xen", "c7")
    mine = own.commit("c7-sig-virt-xen", "work")
    own.commit("c7", "not theirs to move")
    branch(own, "c7-sig-virtual-x", "c8s")
    plan = world.mirror(follow(world), carry)
    assert [a.key.name for a in plan.actions] == [f"kernel:{XEN}"]
    assert primary(world).refs()[XEN] == mine
    branch(own, "c7-sig-virt-xen", "c8s")
    held = world.mirror(follow(world), carry).held
    assert "both sides moved" in held[0].text
    assert primary(world).refs()[XEN] == mine
