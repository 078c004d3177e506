"""First copies that go straight from source to target: as safe as a fetch and a push, whatever breaks."""

from __future__ import annotations

import threading

import pytest
from githttp import EMPTY_TREE, Bare, Fault, Server, git

from sigctl.errors import GitError, PartialError
from sigctl.forges.base import Remote
from sigctl.mirror import address, pkt
from sigctl.mirror.advertise import Reader
from sigctl.mirror.cache import Cache
from sigctl.mirror.git import Git
from sigctl.mirror.streaming import Copy, stream

PACK, RECEIVE = "git-upload-pack", "git-receive-pack"


@pytest.fixture
def pair(world):
    world.stream = True
    upstream, primary = world.bare("upstream/xen"), world.bare("primary/xen")
    upstream.bulk("master", 300)
    upstream.bulk("other", 30)
    upstream.tag("v1", "other")
    return upstream, primary


def posts(world, where):
    return [seen for seen in world.server.seen if seen.method == "POST" and where in seen.path]


def objects(bare):
    """Return how many objects a repository has, whether a ref names them or not."""
    counts = dict(line.split(": ") for line in git(bare.path, "count-objects", "-v").splitlines())
    return int(counts["count"]) + int(counts["in-pack"])


def test_a_first_copy_takes_one_request_a_side_and_fills_the_cache(world, pair):
    upstream, primary = pair
    world.mirror()
    assert primary.refs() == upstream.refs()
    assert (len(posts(world, f"upstream/xen.git/{PACK}")), len(posts(world, RECEIVE))) == (1, 1)
    git(primary.path, "fsck", "--full")
    (entry,) = world.cache.glob("*.git")
    git(entry, "fsck", "--full")
    upstream.commit("master", "goes on")
    world.server.sent.clear()
    world.mirror()
    assert primary.refs() == upstream.refs()
    assert world.server.sent[f"/upstream/xen.git/{PACK}"] < 2000, "only what is new"


def test_replicas_and_declared_copies_get_theirs_from_the_cache(world, pair):
    upstream, primary = pair
    replica = world.bare("replica/xen")
    world.mirror(world.hop(), world.second())
    assert upstream.refs() == primary.refs() == replica.refs()
    assert [len(posts(world, f"{side}/xen.git/{PACK}")) for side in ("upstream", "primary")] == [1, 0]


def test_renamed_and_excluded_refs_go_under_their_names_there(world, pair):
    upstream, primary = pair
    hop = world.hop(rename=(("refs/heads/*", "refs/heads/c7-sig-virt-*"),), exclude=("refs/tags/*",))
    world.mirror(hop)
    tips = upstream.refs()
    assert primary.refs() == {
        "refs/heads/c7-sig-virt-master": tips["refs/heads/master"],
        "refs/heads/c7-sig-virt-other": tips["refs/heads/other"],
    }
    assert len(posts(world, f"upstream/xen.git/{PACK}")) == 1
    assert world.plan(hop).actions == ()


def test_what_is_not_right_never_reaches_the_target(world, pair):
    upstream, primary = pair
    bad = f"tree {EMPTY_TREE}\nauthor nobody\ncommitter nobody\n\nbad\n"
    sha = git(upstream.path, "hash-object", "-t", "commit", "-w", "--literally", "--stdin", text=bad)
    upstream.point("refs/heads/bad", sha)
    outcomes = world.push(world.plan())
    assert {outcome.status for outcome in outcomes} == {"failed"}
    assert "missingEmail" in outcomes[0].reason
    # the test's server takes a request that was broken off for a whole one, and still git has nothing it can keep
    assert len(posts(world, f"primary/xen.git/{RECEIVE}")) == 1
    assert (primary.refs(), objects(primary)) == ({}, 0)


def test_a_pack_that_lacks_an_object_never_reaches_the_target(world, pair):
    upstream, primary = pair
    git(upstream.path, "repack", "-adq")
    git(upstream.path, "config", "uploadpack.allowfilter", "true")
    partial = world.root / "srv/upstream/partial.git"
    git(world.root, "clone", "-q", "--bare", "--filter=blob:none", f"file://{upstream.path}", str(partial))
    git(partial, "remote", "remove", "origin")
    world.bare("primary/partial")
    outcomes = world.push(world.plan(world.hop("partial")))
    assert {outcome.status for outcome in outcomes} == {"failed"}
    assert git(world.root / "srv/primary/partial.git", "for-each-ref") == ""
    assert primary.refs() == {}


def test_old_faults_that_forges_take_are_taken(world, pair):
    upstream, primary = pair
    old = (
        f"tree {EMPTY_TREE}\nauthor x <x@example.org> 1 +051800\ncommitter x <x@example.org> 1 +0000\n\nold\n"
    )
    sha = git(upstream.path, "hash-object", "-t", "commit", "-w", "--literally", "--stdin", text=old)
    upstream.point("refs/heads/old", sha)
    world.mirror()
    assert primary.refs() == upstream.refs()
    assert len(posts(world, f"upstream/xen.git/{PACK}")) == 1


@pytest.mark.parametrize("mode", ["follow", "import"])
def test_one_protected_branch_does_not_stop_the_others_but_an_import_stays_open(world, pair, mode):
    upstream, primary = pair
    primary.hook("update", "[ $1 != refs/heads/other ]")
    outcomes = {o.action.after.ref: o.status for o in world.push(world.plan(world.hop(mode=mode)))}
    assert outcomes["refs/heads/other"] == "failed"
    assert outcomes["refs/tags/v1"] == "done"
    assert outcomes["refs/heads/master"] == ("done" if mode == "follow" else "skipped")
    assert set(primary.refs()) == {ref for ref, status in outcomes.items() if status == "done"}
    (primary.path / "hooks/update").unlink()
    world.mirror(world.hop(mode=mode))
    assert primary.refs() == upstream.refs()


def test_what_somebody_pushed_since_the_plan_is_not_touched(world, pair):
    _, primary = pair
    plan = world.plan()
    theirs = primary.commit("master", "somebody was faster", onto="")
    outcomes = {o.action.after.ref: o for o in world.push(plan)}
    assert "moved since the plan" in outcomes["refs/heads/master"].reason
    assert primary.refs()["refs/heads/master"] == theirs
    assert outcomes["refs/heads/other"].status == "done"


def test_a_target_that_says_done_is_believed_only_when_it_reads_back(world, pair):
    _, primary = pair
    primary.hook("post-receive", "git update-ref -d refs/heads/other")
    outcomes = {o.action.after.ref: o for o in world.push(world.plan())}
    assert "reads back as not there" in outcomes["refs/heads/other"].reason
    assert outcomes["refs/heads/master"].status == "done"


def test_stopping_in_the_middle_leaves_the_target_empty_and_nothing_behind(world, pair):
    upstream, primary = pair
    plan = world.plan()
    stop = threading.Event()
    world.server.faults.append(Fault(f"upstream/xen.git/{PACK}", before=stop.set, times=1))
    assert {outcome.status for outcome in world.push(plan, stop=stop)} == {"skipped"}
    assert (primary.refs(), objects(primary)) == ({}, 0)
    (entry,) = world.cache.glob("*.git")
    assert list(entry.rglob("tmp_*")) == []
    world.server.faults.clear()
    world.mirror()
    assert primary.refs() == upstream.refs()


def test_a_source_that_sends_more_than_is_allowed_is_stopped_before_the_end(world, pair):
    upstream, primary = pair
    small = Git(protocols=address.TRUSTING, max_bytes=2000)
    remotes = Remote(world.url("upstream/xen")), Remote(world.url("primary/xen"))
    reader = Reader(small)
    with (
        Cache(small, world.cache).entry("xen.git") as entry,
        pytest.raises(GitError, match="more than is allowed"),
    ):
        stream(Copy(*remotes, upstream.refs(), entry), reader, lambda _moved: None)
    reader.close()
    assert (primary.refs(), objects(primary)) == ({}, 0)


@pytest.mark.parametrize("stream_", [False, True], ids=["fetched", "streamed"])
def test_a_source_that_moved_to_another_server_gets_no_secret_there(world, pair, tmp_path, stream_):
    _, primary = pair
    world.stream = stream_
    world.password = "s3cret"
    with Server(tmp_path / "elsewhere") as other:
        there = Bare(tmp_path / "elsewhere" / "moved.git")
        there.commit("master", "one")
        ask = "info/refs?service=git-upload-pack"
        moved = {"Location": f"{other.url}/moved.git/{ask}"}
        world.server.faults.append(Fault(f"upstream/xen.git/{ask}", status=301, headers=moved))
        world.mirror()
        assert primary.refs() == there.refs()
        assert {seen.path for seen in other.seen} >= {"/moved.git/git-upload-pack"}
        assert {seen.authorization for seen in other.seen} == {""}
        assert any(seen.authorization for seen in world.server.seen)


def test_packets_are_read_as_they_come_and_an_end_inside_one_is_an_error():
    whole = pkt.line(b"one") + b"0000" + pkt.line(b"two")
    for size in (1, 2, 5, 100):
        rest = bytearray(whole)

        def read(wanted, rest=rest, size=size):
            taken = bytes(rest[: min(size, wanted)])
            del rest[: len(taken)]
            return taken

        assert list(pkt.from_stream(read)) == [b"one", None, b"two"]
    for cut in range(1, len(whole)):
        rest = bytearray(whole[:cut])

        def rest_of(wanted, rest=rest):
            taken = bytes(rest[:wanted])
            del rest[: len(taken)]
            return taken

        if cut in (7, 11):
            assert next(pkt.from_stream(rest_of)) == b"one"
        else:
            with pytest.raises(PartialError):
                list(pkt.from_stream(rest_of))


def test_capabilities_are_read_with_refs_and_without():
    assert pkt.capabilities(b"0000" + b"0" * 40 + b" capabilities^{}\0report-status atomic\n0000") == {
        "report-status",
        "atomic",
    }
    assert pkt.capabilities(b"") == frozenset()
