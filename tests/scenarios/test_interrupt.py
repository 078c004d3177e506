"""Ctrl-C ends between two actions; the same command goes on where the run ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
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
