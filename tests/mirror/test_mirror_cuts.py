"""Connections that break at every stage of a fetch and a push: mended within the run, and nothing half done in between."""

from __future__ import annotations

import pytest
from githttp import Fault, git

from sigctl.mirror.patience import TRIES

SOURCE = "upstream/xen.git"
TARGET = "primary/xen.git"
LIST, PACK = "info/refs?service=git-upload-pack", "git-upload-pack"
OFFER, RECEIVE = "info/refs?service=git-receive-pack", "git-receive-pack"
STAGES = {
    "before the source's list": (f"{SOURCE}/{LIST}", {"cut_after": 0}),
    "in the source's list": (f"{SOURCE}/{LIST}", {"cut_after": 60}),
    "before the pack": (f"{SOURCE}/{PACK}", {"cut_after": 0}),
    "in the head of the pack": (f"{SOURCE}/{PACK}", {"cut_after": 300}),
    "half way through the pack": (f"{SOURCE}/{PACK}", {"cut_after": 20_000}),
    "in the target's list": (f"{TARGET}/{LIST}", {"cut_after": 60}),
    "in the target's offer": (f"{TARGET}/{OFFER}", {"cut_after": 60}),
    "before the commands": (f"{TARGET}/{RECEIVE}", {"take": 0}),
    "in the commands": (f"{TARGET}/{RECEIVE}", {"take": 60}),
    "half way through the sent pack": (f"{TARGET}/{RECEIVE}", {"take": 20_000}),
    "in the report": (f"{TARGET}/{RECEIVE}", {"cut_after": 20}),
    "before the report": (f"{TARGET}/{RECEIVE}", {"cut_after": 0}),
}


@pytest.fixture
def pair(world):
    upstream, primary = world.bare("upstream/xen"), world.bare("primary/xen")
    upstream.bulk("master", 300)
    upstream.bulk("other", 30)
    return upstream, primary


def left_behind(world):
    """What transfers leave when they are broken off."""
    names = ("tmp_*", "*.keep", "*.lock", ".tmp-*", "incoming-*")
    places = [entry for entry in world.cache.glob("*.git") if entry.is_dir()]
    return [found for place in places for name in names for found in place.rglob(name)]


RESET = ("half way through the pack", "half way through the sent pack", "in the report")


@pytest.mark.parametrize(
    ("stage", "reset", "stream"),
    [
        *((stage, False, False) for stage in STAGES),
        *((stage, False, True) for stage in STAGES if "list" not in stage),
        *((stage, True, stream) for stage in RESET for stream in (False, True)),
    ],
)
def test_a_connection_that_breaks_once_is_mended_within_the_run(world, pair, stage, reset, stream):
    upstream, primary = pair
    world.stream = stream
    where, how = STAGES[stage]
    fault = Fault(where, **how, reset=reset, times=1)
    world.server.faults.append(fault)
    world.mirror()
    assert fault.times == 0, "nobody met it"
    assert primary.refs() == upstream.refs()
    assert left_behind(world) == []
    assert world.plan(git="there-is-no-such-program").actions == ()


@pytest.mark.parametrize(
    "stage",
    [
        "half way through the pack",
        "in the target's offer",
        "half way through the sent pack",
        "before the report",
    ],
)
@pytest.mark.parametrize("stream", [False, True], ids=["fetched", "streamed"])
def test_one_that_goes_on_breaking_is_given_up_and_leaves_all_or_nothing(world, pair, stage, stream):
    upstream, primary = pair
    world.stream = stream
    plan = world.plan()
    where, how = STAGES[stage]
    world.server.faults.append(Fault(where, **how))
    statuses = {outcome.status for outcome in world.push(plan)}
    arrived = primary.refs()
    assert (statuses, arrived) in (({"failed"}, {}), ({"done"}, upstream.refs()))
    assert statuses == ({"done"} if "report" in stage else {"failed"}), "a lost report is not a lost push"
    tries = [seen for seen in world.server.seen if f"{seen.path}?{seen.query}".rstrip("?").endswith(where)]
    assert 1 <= len(tries) <= 2 * TRIES + stream, "two requests a fetch: names, then the pack"
    git(primary.path, "fsck", "--connectivity-only")
    assert left_behind(world) == []
    world.server.faults.clear()
    world.mirror()
    assert primary.refs() == upstream.refs()


def test_a_report_that_is_lost_is_read_back_and_only_what_is_missing_is_sent_again(world, pair):
    upstream, primary = pair
    world.server.faults.append(Fault(f"{TARGET}/{RECEIVE}", cut_after=0, times=1))
    world.mirror()
    pushes = [s for s in world.server.seen if s.method == "POST" and s.path.endswith(f"{TARGET}/{RECEIVE}")]
    assert len(pushes) == 1, "all had arrived"
    assert primary.refs() == upstream.refs()


@pytest.mark.parametrize("repo", [SOURCE, TARGET])
def test_a_server_that_asks_to_wait_is_given_the_time_it_names(world, pair, repo):
    upstream, primary = pair
    plan = world.plan()
    # the first is git's own request, the second asks for how long
    world.server.faults.append(Fault(repo, status=429, headers={"Retry-After": "0"}, times=2))
    assert {outcome.status for outcome in world.push(plan)} == {"done"}
    assert primary.refs() == upstream.refs()


def test_a_server_that_wants_to_be_left_alone_for_long_is_reported_with_the_time(world, pair):
    _, primary = pair
    plan = world.plan()
    busy = {"status": 429, "headers": {"Retry-After": "3600"}}
    world.server.faults += [Fault(f"{TARGET}/{RECEIVE}", **busy), Fault(f"{TARGET}/{LIST}", **busy)]
    outcomes = world.push(plan)
    assert {outcome.status for outcome in outcomes} == {"failed"}
    assert "3600 seconds" in outcomes[0].hint
    assert primary.refs() == {}
    posts = [
        seen
        for seen in world.server.seen
        if seen.method == "POST" and seen.path.endswith(f"{TARGET}/{RECEIVE}")
    ]
    assert len(posts) == 1


def test_a_list_that_ends_early_without_a_broken_connection_is_asked_for_again(world, pair):
    kind = "application/x-git-upload-pack-advertisement"
    body = b"001e# service=git-upload-pack\n0000003f"
    world.server.faults.append(Fault(f"{SOURCE}/{LIST}", status=200, kind=kind, body=body, times=2))
    assert len(world.plan().actions) == 2


def test_the_list_of_refs_is_asked_for_again_when_a_server_says_when(world, pair):
    world.server.faults.append(Fault(f"{SOURCE}/{LIST}", status=503, headers={"Retry-After": "0"}, times=3))
    assert len(world.plan().actions) == 2
