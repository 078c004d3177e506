"""On a real terminal: colours, a question that can be answered, progress that leaves nothing behind."""

from __future__ import annotations

import os
import pty
import re
import select
import sys
import time
from pathlib import Path

import pytest

from sigctl.sandbox import control

ROOT = Path(__file__).resolve().parents[2]
SIGCTL = Path(sys.executable).with_name("sigctl")


def on_terminal(arguments, env, answer=None, asked=b"[y/N]"):
    """Run sigctl on a pseudo-terminal, answer its question, and return (exit code, what the screen got)."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.execve(SIGCTL, ["sigctl", *arguments], env)  # the command under test
    seen = b""
    deadline = time.monotonic() + 60
    told = float("inf")
    while time.monotonic() < deadline:
        if answer == b"\x03" and time.monotonic() - told > 5:  # it came just before the process waited for it
            told = time.monotonic()
            os.write(terminal, answer)
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                seen += os.read(terminal, 65536)
            except OSError:  # the other end is closed: the process ended
                break
        if answer is not None and asked in seen and told == float("inf"):
            told = time.monotonic()
            os.write(terminal, answer)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), seen.decode()


@pytest.fixture
def setting(tmp_path):
    with control.running(tmp_path / "forges", logins=("jonludlam", "kbsingh", "hughesjr")) as sandbox:
        document = sandbox.document()["forges"]
        env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "XDG_STATE_HOME": str(tmp_path)}
        env.pop("NO_COLOR", None)
        env |= {"SIGCTL_GITHUB_TOKEN": document["github"]["token"]}
        env |= {"SIGCTL_GIT_CENTOS_ORG_TOKEN": document["gitlab"]["token"]}
        shared = ["--set", f"forges.github.url={document['github']['url']}", "--no-mirror", "--sig", "cloud"]
        yield [*shared, "--set", f"forges.git.centos.org.url={document['gitlab']['url']}"], env


def test_apply_asks_and_yes_goes_on(setting):
    arguments, env = setting
    code, screen = on_terminal(["apply", *arguments], env, b"y\n")
    assert code == 0
    assert "Make these" in screen
    assert "read back: everything is as declared" in screen
    assert "\x1b[" in screen


@pytest.mark.parametrize("answer", [b"n\n", b"\n", b"\x04"])
def test_any_other_answer_changes_nothing(setting, answer):
    arguments, env = setting
    code, screen = on_terminal(["apply", *arguments], env, answer)
    assert code in (1, 130)
    assert "applied" not in screen


def test_ctrl_c_at_the_question_ends_the_run_at_once(setting):
    arguments, env = setting
    code, screen = on_terminal(["apply", *arguments], env, b"\x03")
    assert code == 130, screen
    assert screen.rstrip().endswith("interrupted")
    assert "stopping after what runs now" not in screen, "nothing runs"
    code, screen = on_terminal(["plan", "--detailed-exitcode", *arguments], env)
    assert code == 2, screen


def test_no_color_means_no_colour(setting):
    arguments, env = setting
    _, screen = on_terminal(["plan", "--no-color", *arguments], env)
    assert re.search(r"\x1b\[[0-9;]*3[0-7]m", screen.partition("changes")[2]) is None
    _, screen = on_terminal(["plan", *arguments], {**env, "NO_COLOR": "1"})
    assert re.search(r"\x1b\[[0-9;]*3[0-7]m", screen.partition("changes")[2]) is None
