"""The lock across machines: one holds it, who comes second is told by whom, what is left behind ends by itself or by hand."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from sigctl.app.locking import BRANCH, RemoteLock, held
from sigctl.errors import InterruptedRunError, SigctlError
from sigctl.forges.base import Remote
from sigctl.mirror.address import TRUSTING
from sigctl.mirror.git import Git

GIT = Git(protocols=TRUSTING)


@pytest.fixture
def remote(tmp_path):
    GIT.run(["init", "-q", "--bare", str(tmp_path / "lock.git")])
    return Remote(f"file://{tmp_path}/lock.git")


def lock(remote, owner, minutes=30):
    return RemoteLock(GIT, remote, minutes=minutes, owner=owner)


def tips(remote):
    return GIT.run(["ls-remote", remote.url], remote=remote).out.splitlines()


def test_who_comes_second_is_refused_and_told_who_is_first(remote):
    first, second = lock(remote, "one@here"), lock(remote, "two@there")
    first.take()
    with pytest.raises(SigctlError, match="one@here") as caught:
        second.take()
    assert "sigctl unlock" in caught.value.hint
    first.give_back()
    second.take()
    assert second.holder().owner == "two@there"


def test_of_many_at_once_one_gets_it(remote):
    def take(number):
        try:
            lock(remote, f"run{number}").take()
        except SigctlError:
            return 0
        return 1

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(8))) == 1


def test_what_a_dead_run_left_ends_by_itself(remote):
    lock(remote, "dead", minutes=-1).take()
    lock(remote, "next").take()
    assert lock(remote, "").holder().owner == "next"


def test_a_broken_lock_is_nobodys_and_the_run_that_had_it_can_not_renew(remote):
    run = lock(remote, "gone")
    run.take()
    assert lock(remote, "admin").break_().owner == "gone"
    assert lock(remote, "admin").break_() is None
    with pytest.raises(SigctlError, match="can't be written"):
        run.renew()
    lock(remote, "next").take()


def test_nothing_is_forced_and_nothing_deleted(remote, tmp_path):
    GIT.run(["config", "receive.denyNonFastForwards", "true"], at=tmp_path / "lock.git")
    GIT.run(["config", "receive.denyDeletes", "true"], at=tmp_path / "lock.git")
    run = lock(remote, "one")
    run.take()
    run.renew()
    run.give_back()
    assert [line.split("\t")[1] for line in tips(remote)] == [BRANCH]
    assert len(GIT.run(["log", "--format=%h", BRANCH], at=tmp_path / "lock.git").out.split()) == 3


def test_a_branch_with_something_else_is_left_alone(remote, tmp_path):
    at = tmp_path / "lock.git"
    tree = GIT.run(["mktree"], at=at).out.strip()
    me = {"user.name": "x", "user.email": "x@localhost"}
    made = GIT.run(["commit-tree", tree, "-m", "work"], at=at, settings=me).out.strip()
    GIT.run(["update-ref", BRANCH, made], at=at)
    with pytest.raises(SigctlError, match="something else"):
        lock(remote, "one").take()
    assert tips(remote) == [f"{made}\t{BRANCH}"]


@pytest.mark.parametrize("ends", ["well", "as it was asked to"])
def test_a_run_whose_lock_was_broken_is_stopped(remote, ends):
    stop = threading.Event()

    def run():
        with held(lock(remote, "slow"), stop, every=0.5):
            lock(remote, "admin").break_()
            assert stop.wait(60)
            if ends != "well":
                raise InterruptedRunError("interrupted while reading")

    with pytest.raises(InterruptedRunError, match="the lock was lost"):
        run()


def test_a_run_that_fails_gives_the_lock_back(remote):
    with pytest.raises(ZeroDivisionError), held(lock(remote, "one"), threading.Event(), every=60):
        raise ZeroDivisionError
    lock(remote, "two").take()
