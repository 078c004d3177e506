"""Processes that are really killed: what they leave, on the forge and on the machine, is finished by the next apply."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import estates
import pytest
from ground import ground

from sigctl.app.audit import lines

SIGCTL = Path(sys.executable).with_name("sigctl")
ROOT = Path(__file__).resolve().parents[2]
SOME = ((57, True), (120, False))
STEP = 28


def killed(folder, forge, boundary, *, before):
    """Kill an apply at a boundary, return what is wrong afterwards."""
    config = estates.write(folder / "config", "one")
    audit = folder / "audit.jsonl"
    with ground(folder, config, logins=estates.LOGINS, only=forge, watch=False) as here:
        count, process = 0, None

        def strike(side):
            nonlocal count
            if process is None:
                return
            if side == "before":
                count += 1
            if count == boundary and (side == "before") is before:
                os.kill(process.pid, signal.SIGKILL)

        here.before = lambda _: strike("before")
        here.after = lambda _: strike("after")
        arguments = ["apply", "--yes", "--no-mirror", "--config", str(config), "--audit", str(audit)]
        for value in here.overrides():
            arguments += ["--set", value]
        for name in here.forges:
            arguments += ["--forge", name]
        env = {
            "PATH": os.environ["PATH"],
            "XDG_STATE_HOME": str(folder / "state"),
            "PYTHONPATH": str(ROOT),
            **here.env,
        }
        process = subprocess.Popen(
            [SIGCTL, *arguments], env=env, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        ended = process.wait(120)
        here.before = here.after = None
        wrong = [] if ended in (-signal.SIGKILL, 0) else [f"ended with {ended}"]
        again = subprocess.run(
            [SIGCTL, *arguments], env=env, cwd=folder, capture_output=True, text=True, check=False
        )
        if again.returncode:
            wrong.append(again.stdout[-300:] + again.stderr[-300:])
        if here.plan().plan.actions:
            wrong.append("not as declared")
        wrong += [line.problem for line in lines(audit) if line.problem and not line.cut]
    return [
        f"{forge}, killed {'before' if before else 'after'} request {boundary}: {one}" for one in wrong
    ], ended


@pytest.mark.parametrize(("boundary", "before"), SOME)
def test_a_killed_apply_leaves_no_lock_and_a_readable_log_and_is_finished_by_the_next(
    tmp_path, boundary, before, tally
):
    wrong, ended = killed(tmp_path, "github", boundary, before=before)
    assert ended == -signal.SIGKILL
    tally("killed processes", 1, wrong)


@pytest.mark.safety
@pytest.mark.timeout(900)
@pytest.mark.parametrize("forge", ["github", "gitlab"])
@pytest.mark.parametrize("part", range(2))
def test_killed_applies_are_finished_by_the_next(tmp_path, forge, part, tally):
    wrong, boundary, ended = [], 3 + STEP // 2 * part, -signal.SIGKILL
    while ended == -signal.SIGKILL:
        found, ended = killed(tmp_path / str(boundary), forge, boundary, before=boundary // STEP % 2 == 0)
        wrong += found
        boundary += STEP
    tally("killed processes", (boundary - 3) // STEP, wrong)
