"""Two applies on two machines, on the embedded forges: the second is refused, or takes the lock from one that is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "safety"))
import estates
from ground import ground

SIGCTL = Path(sys.executable).with_name("sigctl")
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def here(tmp_path):
    config = estates.write(tmp_path / "config", "one")
    with ground(tmp_path, config, logins=estates.LOGINS, only="gitlab", watch=False) as found:
        found.apply()
        policy = config.parent / "policy.yaml"
        with policy.open("a", encoding="utf-8") as file:
            file.write("lock: {repo: 'git.centos.org:project/sig-virt/leaving', minutes: 3}\n")
        virt = config.parent / "sigs.d" / "virt.yaml"
        virt.write_text(
            virt.read_text().replace("description: Xen\n", "description: Changed\n"), encoding="utf-8"
        )
        yield found


def sigctl(here, machine, *arguments):
    home = here.folder / machine
    home.mkdir(exist_ok=True)
    env = {"PATH": os.environ["PATH"], "XDG_STATE_HOME": str(home), "PYTHONPATH": str(ROOT), **here.env}
    more = [word for value in here.overrides() for word in ("--set", value)]
    if arguments[0] == "apply":
        more += ["--yes", "--no-mirror", "--forge", "git.centos.org"]
    command = [SIGCTL, *arguments, "--config", str(here.config), *more]
    return subprocess.Popen(
        command, env=env, cwd=home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


class Paused:
    """An apply that is stopped by a signal at its first change of a project, and goes on when told to."""

    def __init__(self, here):
        self.reached = threading.Event()
        here.before = self._pause
        self.process = sigctl(here, "one", "apply")
        assert self.reached.wait(100)

    def _pause(self, text):
        if " PUT /api/v4/projects/" in text and not self.reached.is_set():
            self.process.send_signal(signal.SIGSTOP)
            self.reached.set()


def test_of_two_applies_on_two_machines_one_goes_on(here):
    first = Paused(here).process
    second = sigctl(here, "two", "apply")
    said, _ = second.communicate(timeout=100)
    assert second.returncode == 1
    assert "another apply is running" in said
    first.send_signal(signal.SIGCONT)
    said, _ = first.communicate(timeout=100)
    assert first.returncode == 0, said
    third = sigctl(here, "two", "apply")
    said, _ = third.communicate(timeout=100)
    assert third.returncode == 0, said


def test_the_lock_of_a_killed_apply_can_be_broken(here):
    first = Paused(here).process
    os.kill(first.pid, signal.SIGKILL)
    first.communicate(timeout=100)
    refused = sigctl(here, "two", "apply")
    assert "another apply is running" in refused.communicate(timeout=100)[0]
    broken = sigctl(here, "two", "unlock", "--yes")
    assert "nobody holds it now" in broken.communicate(timeout=100)[0]
    again = sigctl(here, "two", "apply")
    said, _ = again.communicate(timeout=100)
    assert again.returncode == 0, said
