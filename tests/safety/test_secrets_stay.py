"""Canary tokens: after every command, at its most talkative, they are nowhere but in the requests themselves."""

from __future__ import annotations

import base64
import shutil
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

import pytest
from crashes import DEMO, ROOT
from ground import NAMES, TOKENS, ground

sys.path.insert(0, str(ROOT / "tests" / "scenarios"))
import upstreams

SIGCTL = Path(sys.executable).with_name("sigctl")
COMMANDS = (
    ("validate",), ("plan", "--out", "plan.json"), ("plan", "--format", "json"), ("plan", "--format", "html"),
    ("plan", "--format", "markdown"), ("doctor",), ("doctor", "--format", "json"), ("drift",), ("snapshot", "--out", "seen.json"),
    ("apply", "--yes", "--audit", "audit.jsonl"), ("apply", "--yes", "--format", "json"), ("mirror",), ("mirror", "--check"),
    ("audit", "show", "--file", "audit.jsonl"), ("people", "pin"),
)  # fmt: skip


def forms(tokens):
    """Return the tokens, and what they look like where somebody is asked for a name and a password."""
    names = ("oauth2", "x-access-token", "git", "token")
    basic = [base64.b64encode(f"{name}:{token}".encode()) for name in names for token in tokens]
    return [*(token.encode() for token in tokens), *basic]


class Onlookers:
    """Reads, all the time, what everybody on the machine could read of our processes: arguments, and environments of children."""

    def __init__(self, canaries):
        self.found = []
        self._canaries = canaries
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self):
        while not self._stop.wait(0.005):
            for folder in Path("/proc").iterdir():
                if folder.name.isdecimal():
                    self._look(folder)

    def _look(self, process):
        try:
            before = (process / "cmdline").read_bytes()
            environment = (process / "environ").read_bytes()
            after = (process / "cmdline").read_bytes()
        except OSError:
            return
        self._judge(process / "cmdline", after)
        # sigctl itself is given its tokens in the environment; on its way to be another program, a process has a bit of both
        if before == after and str(SIGCTL).encode() not in after.split(b"\0")[:2]:
            self._judge(process / "environ", environment)

    def _judge(self, file, data):
        if any(canary in data for canary in self._canaries):
            self.found.append(f"{file}: {data[:80]!r}")

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()


@pytest.mark.parametrize("where", ["cmdline", "environ"])
def test_onlookers_see_what_a_child_is_given(where):
    canary = f"canary-{uuid.uuid4()}"
    given = [canary] if where == "cmdline" else []
    env = {"TOKEN": canary} if where == "environ" else {}
    with Onlookers({canary.encode()}) as onlookers:
        child = subprocess.Popen([sys.executable, "-c", "input()", *given], env=env, stdin=subprocess.PIPE)
        deadline = time.monotonic() + 60
        while not onlookers.found and time.monotonic() < deadline:
            time.sleep(0.005)  # waiting for a condition, with a bound
        child.communicate(b"\n")
    assert {one.partition(":")[0] for one in onlookers.found} == {f"/proc/{child.pid}/{where}"}


@pytest.mark.timeout(900)
def test_tokens_are_in_no_output_file_argument_or_environment(tmp_path, tally):
    upstreams.make(tmp_path / "upstream")
    shutil.copytree(ROOT / "config", tmp_path / "config")
    work = tmp_path / "work"
    work.mkdir()
    with ground(tmp_path, tmp_path / "config" / "sigs.yaml", logins=DEMO, watch=False) as here:
        forges = here.sandbox.document()["forges"]
        canaries, env = forms([forge["token"] for forge in forges.values()]), _env(tmp_path, forges)
        wrong = []
        with Onlookers(set(canaries)) as onlookers:
            for command in COMMANDS:
                done = _run(command, here, tmp_path, work, env)
                if any(canary.decode() in done.stdout + done.stderr for canary in canaries):
                    wrong.append(f"printed by {' '.join(command)}")
                if "Traceback" in done.stderr:
                    wrong.append(f"a traceback from {' '.join(command)}: {done.stderr[-300:]}")
        wrong += onlookers.found
        for file in tmp_path.rglob("*"):
            inside = file.is_file() and (tmp_path / "forges") not in file.parents
            if inside and any(canary in file.read_bytes() for canary in canaries):
                wrong.append(f"written to {file.relative_to(tmp_path)}")
        assert here.watched.requests
        wrong += [
            text for text in here.watched.requests if any(canary.decode() in text for canary in canaries)
        ]
    tally("secrets stay, commands", len(COMMANDS), wrong)


FAULTS = {
    "refused": {"status": 401, "body": {"message": "Bad credentials"}},
    "broken": {"status": 500, "body": "oops"},
    "no JSON": {"status": 200, "body": "<html>"},
    "led away": {"status": 302, "body": "", "headers": {"location": "http://localhost:9/api"}},
    "reset": {"reset": True},
}


@pytest.mark.safety
@pytest.mark.timeout(600)
def test_tokens_are_in_no_message_of_a_run_that_fails(tmp_path, tally):
    upstreams.make(tmp_path / "upstream")
    shutil.copytree(ROOT / "config", tmp_path / "config")
    work = tmp_path / "work"
    work.mkdir()
    wrong, tried = [], 0
    with ground(tmp_path, tmp_path / "config" / "sigs.yaml", logins=DEMO, watch=False) as here:
        forges = here.sandbox.document()["forges"]
        canaries, env = forms([forge["token"] for forge in forges.values()]), _env(tmp_path, forges)
        hurry = tuple(f"--set=forges.{name}.patience=0" for name in NAMES.values())
        assert _run(("apply", "--yes"), here, tmp_path, work, env).returncode == 0
        for name, what in FAULTS.items():
            for command in (
                ("plan",),
                ("apply", "--yes"),
                ("mirror",),
                ("doctor",),
                ("snapshot", "--out", "s.json"),
            ):
                here.sandbox.faults.replace([{"when": {}, "what": what}])
                done = _run((*command, *hurry), here, tmp_path, work, env)
                tried += 1
                if done.returncode == 0 or "Traceback" in done.stderr:
                    wrong.append(f"{name}: {' '.join(command)}: {done.returncode} {done.stderr[-300:]}")
                if any(canary.decode() in done.stdout + done.stderr for canary in canaries):
                    wrong.append(f"{name}: printed by {' '.join(command)}")
        for file in tmp_path.rglob("*"):
            inside = file.is_file() and (tmp_path / "forges") not in file.parents
            if inside and any(canary in file.read_bytes() for canary in canaries):
                wrong.append(f"written to {file.relative_to(tmp_path)}")
    tally("secrets stay, failures", tried, wrong)


def _env(folder, forges):
    (folder / "home").mkdir()
    return {
        "PATH": "/usr/bin:/bin", "HOME": str(folder / "home"), "XDG_STATE_HOME": str(folder / "state"), "PYTHONPATH": str(ROOT),
        **{TOKENS[name]: forge["token"] for name, forge in forges.items()},
    }  # fmt: skip


def _run(command, here, folder, work, env):
    arguments = list(command)
    if command[0] != "audit":
        arguments += ["--config", str(folder / "config" / "sigs.yaml"), "-vv"]
    if command[0] not in ("audit", "validate"):
        for value in here.overrides():
            arguments += ["--set", value]
    if command[0] in ("plan", "apply", "mirror", "drift"):
        arguments += ["--cache", str(folder / "cache"), "--rewrite", f"https://=file://{folder}/upstream/"]
    return subprocess.run(
        [SIGCTL, *arguments], env=env, cwd=work, capture_output=True, text=True, check=False
    )


def test_the_names_of_the_forges_are_those_of_the_config():
    text = (ROOT / "config" / "sigs.yaml").read_text(encoding="utf-8")
    assert all(f"  {name}:" in text for name in NAMES.values())
