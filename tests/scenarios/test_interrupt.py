"""Ctrl-C ends between two actions; the same command goes on where the run ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

SIGCTL = Path(sys.executable).with_name("sigctl")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_apply_says_so_and_the_next_one_finishes(world, number):
    command = [SIGCTL, "apply", "--yes", "--no-mirror", "--format", "json", "--config", str(world.config)]
    document = world.sandbox.document()["forges"]
    command += ["--set", f"forges.github.url={document['github']['url']}"]
    command += ["--set", f"forges.git.centos.org.url={document['gitlab']['url']}"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    )
    deadline = time.monotonic() + 60
    while len(world.writes()) < 5:
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)  # waiting for a condition, with a bound
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, out + err
    assert "Traceback" not in err
    report = json.loads(out)
    assert report["interrupted"] is True
    assert report["counts"]["done"] > 0
    assert report["counts"]["stopped"] > 0
    assert report["counts"]["failed"] == 0
    rest = world.ok("plan", "--format", "json").json
    left = len(rest["actions"])
    assert left == report["counts"]["stopped"]  # nothing is half done, and nothing done is said to be left
    world.ok("apply", "--yes")
    world.ok("plan", "--detailed-exitcode")


@contextmanager
def started(world, *arguments):
    """Start a command whose first Ctrl-C is still to come; afterwards it has ended, whatever became of it."""
    code = "import sys; from sigctl import cli; cli.main(sys.argv[1:])"
    command = [sys.executable, "-c", code, *world.whole(arguments, mirror=False)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=dict(os.environ), stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def until(condition, process):
    """Wait for something that a command shall bring about."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)  # waiting for a condition, with a bound


def test_what_only_reads_ends_before_its_next_requests(world, settled):
    world.ok("plan")
    whole = len(world.exchanges)
    world.sandbox.faults.replace([{"when": {}, "what": {"delay_ms": 500}}])
    with started(world, "apply", "--yes") as process:
        until(lambda: len(world.exchanges) > whole, process)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.splitlines()[-1] == "error: interrupted while reading; nothing was changed"
    assert len(world.exchanges) - whole < whole / 2, "most was not asked for"
    assert world.writes() == []


@pytest.mark.parametrize("presses", ["two", "again and again"])
def test_more_than_once_waits_for_no_slow_answer(world, presses):
    slow = {"method": "POST", "path": "/orgs/[^/]+/teams"}
    world.sandbox.faults.replace([{"when": slow, "what": {"delay_ms": 30000}}])
    asked = world.sandbox.faults
    with started(world, "apply", "--yes", "--forge", "github") as process:
        until(lambda: any(fault.count for fault in asked._faults), process)
        process.send_signal(signal.SIGINT)
        assert process.stderr.readline() == "stopping after what runs now; once more to stop at once\n"
        process.send_signal(signal.SIGINT)
        while presses != "two" and process.poll() is None:
            process.send_signal(signal.SIGINT)
            time.sleep(0.05)  # as fast as somebody may press; the process ends, or the test's own time does
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    ends = "interrupted at once: what was under way may have happened, the next run finds out"
    assert err.splitlines() == [ends]
    assert not [one for one in world.requests(method="POST") if one.path.endswith("/teams")]
    asked.replace([])
    world.ok("apply", "--yes")
    world.ok("plan", "--detailed-exitcode")
