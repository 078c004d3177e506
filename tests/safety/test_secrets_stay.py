"""Canary tokens: after every command, at its most talkative, they are nowhere but in the requests themselves."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
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
                    self._read(folder / "cmdline", children=False)
                    self._read(folder / "environ", children=True)

    def _read(self, file, *, children):
        try:
            data = file.read_bytes()
            if (
                children
                and b"sigctl"
                in (file.parent / "cmdline").read_bytes().replace(b"\0", b" ").split(b" git ")[0]
            ):
                return  # sigctl itself is given its tokens in the environment
        except OSError:
            return
        if any(canary in data for canary in self._canaries):
            self.found.append(f"{file}: {data[:80]!r}")

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()


@pytest.mark.timeout(300)
def test_tokens_are_in_no_output_file_argument_or_environment(tmp_path, tally):
    upstreams.make(tmp_path / "upstream")
    shutil.copytree(ROOT / "config", tmp_path / "config")
    work = tmp_path / "work"
    work.mkdir()
    with ground(tmp_path, tmp_path / "config" / "sigs.yaml", logins=DEMO, watch=False) as here:
        forges = here.sandbox.document()["forges"]
        canaries = [forge["token"].encode() for forge in forges.values()]
        env = {
            "PATH": "/usr/bin:/bin", "HOME": str(tmp_path / "home"), "XDG_STATE_HOME": str(tmp_path / "state"), "PYTHONPATH": str(ROOT),
            **{TOKENS[name]: forge["token"] for name, forge in forges.items()},
        }  # fmt: skip
        (tmp_path / "home").mkdir()
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
