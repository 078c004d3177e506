"""`sigctl webhook`: a signed event leads to a look at the repository that it is about; anything else to nothing."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
import requests

SECRET = "0123456789abcdef0123456789abcdef"
REPO = "CentOS/sig-virt-xen-seabios"


class Listening:
    """The command, running, with its lines as they come."""

    def __init__(self, world: Any, *more: str) -> None:
        document = world.sandbox.document()["forges"]
        self.process = subprocess.Popen(
            [
                sys.executable, "-c", "from sigctl.cli import main; main()", "webhook",
                "--config", str(world.config),
                "--set", f"forges.github.url={document['github']['url']}",
                "--set", f"forges.git.centos.org.url={document['gitlab']['url']}",
                "--rewrite", f"https://=file://{world.folder}/upstream/",
                "--cache", str(world.folder / "cache"),
                "--secret", "github=env:HOOK", "--secret", "git.centos.org=env:HOOK",
                "--listen", "127.0.0.1:0", "--quiet-seconds", "0.3", "--no-mirror", *more,
            ],
            env={**os.environ, "HOOK": SECRET, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.out: Queue[str] = Queue()
        self.err: Queue[str] = Queue()
        for stream, queue in ((self.process.stdout, self.out), (self.process.stderr, self.err)):
            threading.Thread(
                target=lambda s=stream, q=queue: [q.put(line) for line in s], daemon=True
            ).start()
        line = self.err.get(timeout=60)
        assert line.startswith("listening on http://127.0.0.1:"), line
        self.url = line.split()[-1]

    def post(self, forge: str, body: bytes, **headers: str) -> int:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.post(f"{self.url}/{forge}", data=body, headers=names, timeout=60).status_code

    def too_long(self) -> int:
        """Announce more than is read, and send nothing of it."""
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=60)
        connection.putrequest("POST", "/github")
        connection.putheader("Content-Length", str(5 << 20))
        connection.endheaders()
        status = connection.getresponse().status
        connection.close()
        return status

    def github(self, data: Any, event: str = "repository", secret: str = SECRET) -> int:
        body = json.dumps(data).encode()
        told = f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"
        return self.post("github", body, X_Hub_Signature_256=told, X_GitHub_Event=event)


@pytest.fixture
def listening(settled: Path, world: Any) -> Iterator[Listening]:
    found = Listening(world)
    yield found
    found.process.kill()
    found.process.wait(60)
    for stream in (found.process.stdout, found.process.stderr):
        stream.close()


def tamper(world: Any) -> None:
    forge = world.sandbox.document()["forges"]["github"]
    answer = requests.put(
        f"{forge['url']}/api/v3/orgs/CentOS/teams/sig-virt-contributors/repos/{REPO}",
        json={"permission": "admin"},
        headers={"Authorization": f"Bearer {forge['token']}"},
        timeout=30,
    )
    assert answer.status_code == 204


def test_a_signed_event_is_looked_into_and_a_forged_or_repeated_one_does_nothing(
    world: Any, listening: Listening
) -> None:
    tamper(world)
    before = len(world.exchanges)
    event = {"action": "edited", "repository": {"full_name": REPO}, "number": 1}
    assert listening.github(event, secret="x" * 32) == 401
    assert listening.post("github", json.dumps(event).encode(), X_GitHub_Event="repository") == 401
    assert listening.post("git.centos.org", b"{}", X_Gitlab_Token="x" * 32) == 401
    assert listening.post("pagure", b"{}") == 404
    assert listening.too_long() == 413
    assert requests.get(f"{listening.url}/healthz", timeout=60).text == "listening\n"
    assert len(world.exchanges) == before, "nothing was asked of a forge"

    assert listening.github(event) == 202
    line = listening.out.get(timeout=60)
    assert "1 differences, 1 new" in line
    assert REPO in line
    asked = len(world.exchanges)
    assert 0 < asked - before < 30
    assert not [e for e in world.exchanges[before:] if e.method not in ("GET", "HEAD", "POST")], (
        "it only reads"
    )

    assert listening.github(event) == 200, "known"
    assert listening.github({**event, "number": 2}) == 202
    assert "0 new" in listening.out.get(timeout=60)
    said = "".join(list(listening.err.queue))
    assert said.count("a delivery was refused") == 3
    assert "a delivery came a second time" in said
    assert SECRET not in said

    listening.process.send_signal(signal.SIGINT)
    assert listening.process.wait(60) == 0
    assert "Traceback" not in "".join(list(listening.err.queue))


def test_many_events_are_one_look_and_an_event_of_the_org_looks_at_all_of_it(
    world: Any, listening: Listening
) -> None:
    for number in range(20):
        assert listening.github({"repository": {"full_name": REPO}, "number": number}) == 202
    first = listening.out.get(timeout=60)
    assert REPO in first.partition("Z ")[2]
    tamper(world)
    assert listening.github({"action": "member_added"}, event="organization") == 202
    lines = [listening.out.get(timeout=60)]
    while "github:" not in lines[-1]:
        lines.append(listening.out.get(timeout=60))
    assert "1 new" in lines[-1]
    assert len(lines) < 5, "twenty events are a few looks at most"


def test_without_what_serves_it_and_without_a_good_secret_it_says_so(
    world: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("HOOK", "short")
    assert "shorter than 16" in world.ok("webhook", "--secret", "github=env:HOOK", code=1).err
    assert "no forge may knock" in world.ok("webhook", code=1).err
    assert "--secret takes" in world.ok("webhook", "--secret", "nowhere=env:HOOK", code=1).err
    monkeypatch.setenv("HOOK", SECRET)
    assert "--listen takes" in world.ok("webhook", "--secret", "github=env:HOOK", "--listen", "x", code=1).err
    empty = subprocess.run(
        [sys.executable, "-c", "import sys; sys.modules['uvicorn'] = None\nfrom sigctl.app.listening import check_installed; check_installed()"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "pip install 'sigctl[webhook]'" in empty.stderr
