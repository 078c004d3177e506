"""What one repository may cost at most, and what is told while it is moved."""

from __future__ import annotations

import threading

from githttp import Fault


def test_more_refs_than_one_repository_may_have_are_not_brought(world):
    upstream, primary = world.bare("upstream/xen"), world.bare("primary/xen")
    for number in range(4):
        upstream.commit(f"b{number}", "x")
    plan = world.plan(max_refs=3)
    (aside,) = plan.set_aside
    assert "has 4 refs to bring, at most 3 may be" in aside.reason
    assert "mirror.limits.refs" in aside.hint
    assert primary.refs() == {}
    assert len(world.plan(max_refs=4).actions) == 4


def test_a_source_that_sends_without_end_is_left_after_its_time(world):
    upstream = world.bare("upstream/xen")
    world.bare("primary/xen")
    upstream.commit("master", "x")
    plan = world.plan()
    stalled = threading.Event()
    world.server.faults.append(Fault("upstream/xen.git/git-upload-pack", cut_after=10, stall=stalled))
    try:
        (outcome,) = world.push(plan, seconds=1.0)
    finally:
        stalled.set()
    assert outcome.status == "failed"
    assert "took longer than 1 seconds" in outcome.reason
    assert "mirror.limits.minutes" in outcome.hint


def test_every_repository_and_the_whole_run_tell_how_far_they_are(world):
    for name in ("xen", "libvirt"):
        world.bare(f"upstream/{name}").bulk("master", 30)
        world.bare(f"primary/{name}")
    steps = []
    hops = (world.hop("xen"), world.hop("libvirt"))
    world.push(world.plan(*hops, progress=steps.append), progress=steps.append)
    for phase, total in (("read", 4), ("compared", 2), ("brought", 2)):
        assert sorted((s.done, s.total) for s in steps if s.phase == phase) == [
            (number, total) for number in range(1, total + 1)
        ]
    for name in ("primary:xen", "primary:libvirt"):
        phases = [step.phase for step in steps if step.repo == name]
        assert "push" in phases
        assert phases[-1] == "done"
