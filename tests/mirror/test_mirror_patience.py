"""Servers that fail in passing: tried again within the run, never twice what was done, and never without end."""

from __future__ import annotations

import threading

import pytest
from githttp import Fault, git

from sigctl.errors import GitError, InterruptedRunError, UnreachableError
from sigctl.mirror.patience import TRIES, Patience

FETCH, PUSH = "git-upload-pack", "git-receive-pack"


@pytest.fixture
def pair(world):
    upstream, primary = world.bare("upstream/xen"), world.bare("primary/xen")
    upstream.commit("master", "first", "second")
    return upstream, primary


def posts(world, where):
    return [seen for seen in world.server.seen if seen.method == "POST" and where in seen.path]


@pytest.mark.parametrize(
    ("where", "sent"), [(f"upstream/xen.git/{FETCH}", 4), (f"primary/xen.git/{PUSH}", 3)]
)
def test_a_server_that_fails_twice_is_asked_a_third_time_and_all_arrives(world, pair, where, sent):
    upstream, primary = pair
    plan = world.plan()
    world.server.faults.append(Fault(where, status=502, times=2))
    assert [o.status for o in world.push(plan)] == ["done"]
    assert primary.refs() == upstream.refs()
    assert len(posts(world, where)) == sent


def test_a_server_that_goes_on_failing_is_given_up_and_nothing_is_half_done(world, pair):
    _, primary = pair
    plan = world.plan()
    world.server.faults.append(Fault(f"primary/xen.git/{PUSH}", status=503))
    (outcome,) = world.push(plan)
    assert outcome.status == "failed"
    assert "503" in outcome.reason
    assert primary.refs() == {}
    assert len(posts(world, f"primary/xen.git/{PUSH}")) == TRIES
    world.server.faults.clear()
    world.mirror()


def test_a_push_whose_answer_was_lost_counts_as_done_and_is_not_sent_again(world, pair):
    upstream, primary = pair
    world.mirror()
    tip = upstream.commit("master", "third")
    plan = world.plan()
    world.server.seen.clear()
    arrived = Fault(
        f"primary/xen.git/{PUSH}", status=504, times=1, before=lambda: _copy(upstream, primary, tip)
    )
    world.server.faults.append(arrived)
    (outcome,) = world.push(plan)
    assert outcome.status == "done"
    assert primary.refs()["refs/heads/master"] == tip
    assert len(posts(world, f"primary/xen.git/{PUSH}")) == 1


def _copy(source, target, tip):
    """Stand in for a server that did the work and failed to say so."""
    git(target.path, "fetch", "-q", str(source.path), f"{tip}:refs/heads/master")


def test_what_somebody_pushed_between_two_tries_is_not_overwritten(world, pair):
    upstream, primary = pair
    world.mirror()
    upstream.commit("master", "third")
    plan = world.plan()
    theirs = []
    world.server.faults.append(
        Fault(
            f"primary/xen.git/{PUSH}",
            status=502,
            times=1,
            before=lambda: theirs.append(primary.commit("master", "other")),
        )
    )
    (outcome,) = world.push(plan)
    assert outcome.status == "failed"
    assert "moved since the plan" in outcome.reason
    assert primary.refs()["refs/heads/master"] == theirs[0]


@pytest.mark.parametrize("status", [401, 403, 404])
def test_an_answer_that_will_not_change_is_not_asked_for_again(world, pair, status):
    plan = world.plan()
    world.server.faults.append(Fault(f"primary/xen.git/{PUSH}", status=status))
    assert [o.status for o in world.push(plan)] == ["failed"]
    assert len(posts(world, f"primary/xen.git/{PUSH}")) == 1


def test_stop_ends_a_pause_and_other_errors_pass_through():
    stop = threading.Event()
    patience = Patience(stop)
    calls = []

    def fails(tries):
        calls.append(tries)
        stop.set()
        raise UnreachableError("away")

    with pytest.raises(InterruptedRunError):
        patience.run("here", fails)
    assert calls == [0]
    with pytest.raises(GitError, match="broken"):
        Patience(threading.Event()).run("here", _broken)


def _broken(_tries):
    raise GitError("broken")
