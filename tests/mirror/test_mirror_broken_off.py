"""Runs that are killed, disks that are full, two runs at once: the next run goes on, and nothing is in its way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest
from githttp import Fault

from sigctl.errors import GitError
from sigctl.mirror import cache
from sigctl.mirror.git import Git
from sigctl.mirror.lock import Lock

RUN = """
import sys
from pathlib import Path
from sigctl.core.history import End, Hop
from sigctl.forges.base import Remote
from sigctl.mirror import address, run

url, folder = sys.argv[1:]
options = {"cache": Path(folder), "protocols": address.TRUSTING}
remote_of = lambda end: Remote(end.url or f"{url}/{end.forge}/{end.path}.git")
hop = Hop("virt", "xen", End(url=f"{url}/upstream/xen.git"), End("primary", "xen"))
plan = run.plan([hop], remote_of, **options)
for outcome in run.push(plan, remote_of, **options):
    print(outcome.status, outcome.reason)
"""
HOLD = """
import subprocess, sys, threading, time
from pathlib import Path
from sigctl.mirror.lock import Lock
lock = Lock(Path(sys.argv[1]))
lock.acquire(threading.Event(), 60)
child = subprocess.Popen(["sleep", "600"], pass_fds=[lock.descriptor], stdout=subprocess.DEVNULL)
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def pair(world):
    upstream, primary = world.bare("upstream/xen"), world.bare("primary/xen")
    upstream.bulk("master", 300)
    upstream.bulk("other", 30)
    return upstream, primary


def start(world):
    return subprocess.Popen(
        [sys.executable, "-c", RUN, world.server.url, str(world.cache)], stdout=subprocess.PIPE, text=True
    )


def rubbish(world):
    entry = next(world.cache.glob("*.git"))
    return [one for name in ("tmp_*", "*.lock", "*.keep", ".tmp-*") for one in entry.rglob(name)]


@pytest.mark.parametrize(
    ("where", "cut"), [("upstream/xen.git/git-upload-pack", 20_000), ("primary/xen.git/git-receive-pack", 20)]
)
def test_the_run_after_one_that_was_killed_in_the_middle_finishes(world, pair, where, cut):
    upstream, primary = pair
    met, go_on = threading.Event(), threading.Event()
    world.server.faults.append(Fault(where, cut_after=cut, stall=go_on, before=met.set, times=1))
    process = start(world)
    try:
        while not met.wait(0.2):
            assert process.poll() is None
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        go_on.set()  # its git sees the end only now, and holds the lock until then
    world.mirror()
    assert primary.refs() == upstream.refs()
    assert rubbish(world) == []


def test_what_a_killed_run_left_is_in_nobodys_way(world, pair):
    upstream, primary = pair
    world.mirror()
    entry = next(world.cache.glob("*.git"))
    left = [
        entry / name
        for name in (
            "packed-refs.lock", "config.lock", "refs/sigctl/at/x.lock", "objects/pack/tmp_pack_x", "objects/pack/pack-1.keep",
            "objects/tmp_objdir-incoming-x/file",
        )
    ]  # fmt: skip
    for file in left:
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text("fetch-pack 1 on host")
    entry.with_name(f"{entry.name}.lock").write_text("held")
    upstream.commit("master", "goes on")
    upstream.delete("refs/heads/other")
    world.mirror()
    assert primary.refs()["refs/heads/master"] == upstream.refs()["refs/heads/master"]
    assert [file for file in left if file.exists()] == []


def test_the_git_of_a_killed_run_holds_the_lock_until_it_has_ended(tmp_path):
    file = tmp_path / "xen.git.lock"
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(file)], stdout=subprocess.PIPE, text=True)
    child = int(process.stdout.readline())
    process.kill()
    process.communicate(timeout=60)
    lock = Lock(file)
    with pytest.raises(GitError, match=r"another run holds the cache of `xen\.git`"):
        lock.acquire(threading.Event(), 0.3)
    os.kill(child, signal.SIGKILL)
    lock.acquire(threading.Event(), 60)
    assert lock.unclean
    lock.release()
    lock.acquire(threading.Event(), 60)
    assert not lock.unclean
    lock.release()


def test_a_lock_is_no_longer_held_once_a_run_is_done(tmp_path):
    one = cache.Cache(Git(), tmp_path)
    with one.entry("xen.git") as entry:
        assert entry.git.held
    with one.entry("xen.git"):
        pass


def test_a_full_disk_is_a_failure_that_says_so_and_not_a_loss(world, pair):
    upstream, primary = pair
    program = world.root / "git"
    program.write_text(
        '#!/bin/sh\ntrap "" XFSZ\nulimit -f 8\nexec git "$@"\n'
    )  # no file may grow beyond 4 kB
    program.chmod(0o755)
    plan = world.plan()
    world.server.seen.clear()
    outcomes = world.push(plan, git=str(program))
    assert {outcome.status for outcome in outcomes} == {"failed"}
    assert "file too large" in outcomes[0].reason.lower()
    assert "make room" in outcomes[0].hint
    fetches = [seen for seen in world.server.seen if seen.path.endswith("upstream/xen.git/git-upload-pack")]
    assert len(fetches) <= 2, "names and a pack: trying again would not help"
    assert rubbish(world) == []
    assert primary.refs() == {}
    world.mirror()
    assert primary.refs() == upstream.refs()


def test_a_full_disk_at_the_target_is_told_once_for_all_refs(world, pair):
    upstream, primary = pair
    for number in range(20):
        upstream.commit(f"topic-{number}", "x", onto=upstream.refs()["refs/heads/other"])
    plan = world.plan()
    world.server.room = 4096
    outcomes = world.push(plan)
    assert {outcome.status for outcome in outcomes} == {"failed"}
    assert "unpacker error" in outcomes[0].reason
    pushes = [seen for seen in world.server.seen if seen.path.endswith("primary/xen.git/git-receive-pack")]
    assert len(pushes) <= 3, "halves of a push that has no room have none either"
    assert primary.refs() == {}
    world.server.room = None
    world.mirror()
    assert primary.refs() == upstream.refs()


def test_two_processes_at_once_do_no_harm(world, pair):
    upstream, primary = pair
    both = [start(world) for _ in range(2)]
    said = [process.communicate(timeout=100)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert primary.refs() == upstream.refs()
    assert any("done" in words for words in said)
    assert rubbish(world) == []
    assert world.plan().actions == ()
