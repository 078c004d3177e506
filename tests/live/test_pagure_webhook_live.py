"""A real Pagure's own webhook reaches `sigctl webhook`, is taken as proved, and leads to a look at the project that it is about."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
import requests
from pydantic import SecretStr

from sigctl.core.kinds import Repo
from sigctl.core.plan import Action
from sigctl.forges.base import Settings
from sigctl.forges.pagure.forge import Pagure

pytestmark = pytest.mark.live
REPO = "centos/hooked"
FILES = """
version: 1
forges:
  git.centos.org: {type: pagure, url: "@url@", token: env:SIGCTL_TOKEN, repo: "centos/{repo}", team: "sig-{team}", role: primary, branch_rules: manual}
defaults: {repo: {issues: false, archived: false}}
sigs: {watch: {repos: {hooked: {description: hooked}}}}
"""


@pytest.fixture
def listening(
    pagure: Any, token: str, tmp_path: Path
) -> Iterator[tuple[Any, str, str, Queue[str], Queue[str]]]:
    """The command running, and a project that tells it what happens: (process, its address, its key, out, err)."""
    server, reached = pagure
    forge = Pagure(Settings("pagure", "pagure", reached.url, SecretStr(token)))
    forge.execute(
        Action("pagure", "create", None, Repo(REPO, description="hooked", issues=False, archived=False))
    )
    (tmp_path / "sigs.yaml").write_text(FILES.replace("@url@", reached.url))
    key = server.ctl(f"webhook {REPO} http://127.0.0.1:9/none")[0].split()[2]
    secret = tmp_path / "hook"
    secret.touch(mode=0o600)
    secret.write_text(f"{'0' * 40}\n{key}\n")
    command = [
        sys.executable, "-c", "from sigctl.cli import main; main()", "webhook", "--config", str(tmp_path / "sigs.yaml"),
        "--secret", f"git.centos.org=file:{secret}", "--listen", "127.0.0.1:0", "--quiet-seconds", "0.3", "--no-mirror",
        "--history", str(tmp_path / "history"),
    ]  # fmt: skip
    env = {
        **os.environ,
        "SIGCTL_TOKEN": token,
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "PYTHONUNBUFFERED": "1",
    }
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    out: Queue[str] = Queue()
    err: Queue[str] = Queue()
    for stream, queue in ((process.stdout, out), (process.stderr, err)):
        threading.Thread(target=lambda s=stream, q=queue: [q.put(line) for line in s], daemon=True).start()
    try:
        line = err.get(timeout=60)
        assert line.startswith("listening on http://127.0.0.1:"), line
        url = f"{line.split()[-1]}/git.centos.org"
        server.ctl(f"webhook {REPO} {url}")
        yield process, url, key, out, err
    finally:
        process.kill()
        process.wait(60)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
        forge.execute(Action("pagure", "delete", Repo(REPO), None))
        forge.close()


@pytest.mark.timeout(400)
def test_a_webhook_that_pagure_signs_is_taken_and_looked_into(listening: Any, pagure: Any) -> None:
    process, url, key, out, err = listening
    changed = requests.post(
        f"{pagure[1].url}/api/0/{REPO}/options/update",
        headers={"Authorization": f"token {pagure[1].token}"},
        data={"issue_tracker": "true"},
        timeout=60,
    )
    assert changed.ok, changed.text
    line = out.get(timeout=120)
    assert "1 differences, 1 new" in line, line
    assert REPO in line
    assert "issues: true -> false" in line, line

    body = json.dumps(
        {"msg": {"project_fullname": REPO}, "topic": "project.edit", "timestamp": int(time.time())}
    ).encode()
    forged = {"X-Pagure-Signature-256": hmac.new(b"x" * 40, body, hashlib.sha256).hexdigest()}
    assert requests.post(url, data=body, headers=forged, timeout=60).status_code == 401
    right = hmac.new(key.encode(), body, hashlib.sha1).hexdigest()
    assert (
        requests.post(url, data=body, headers={"X-Pagure-Signature": right}, timeout=60).status_code == 401
    ), "the older signature alone, of SHA-1, proves nothing"
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    said = "".join(list(err.queue))
    assert said.count("a delivery was refused") == 2
    assert key not in said
    assert "Traceback" not in said
