"""The background process: started once, found again, ended, and its state outlives it."""

from __future__ import annotations

import json
import os
import signal
import stat
import time
from pathlib import Path

import pytest
import requests
from github_client import Client, github

from sigctl.errors import SigctlError, UsageError
from sigctl.sandbox import control
from sigctl.sandbox.clock import Clock


@pytest.fixture
def up(tmp_path):
    def start(**options):
        return control.up(tmp_path, forges=["github"], **options)

    yield start
    control.down(tmp_path)


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            return True
        time.sleep(0.01)
    return False


def test_up_twice_is_one_server(up, tmp_path):
    first = up(logins=["member"])
    pid = control.status(tmp_path)["pid"]
    assert up() == first
    assert control.status(tmp_path)["pid"] == pid
    assert set(first["users"]) == {"sigctl-bot", "outsider", "member"}
    assert requests.get(f"{first['forges']['github']['url']}/api/v3/users/member", timeout=60).ok


def test_state_ports_and_tokens_outlive_a_kill(up, tmp_path):
    first = up()
    Client(first).repo("kept")
    pid = control.status(tmp_path)["pid"]
    os.kill(pid, signal.SIGKILL)
    assert gone(pid)
    assert not control.status(tmp_path)["running"]
    assert up() == first
    assert Client(first).call(200, "GET", "/repos/CentOS/kept")["name"] == "kept"


def test_other_options_come_with_a_new_start(up, tmp_path):
    first = up()
    pid = control.status(tmp_path)["pid"]
    assert up(latency_ms=30) == first
    assert control.status(tmp_path)["pid"] != pid
    begun = time.monotonic()
    Client(first).call(200, "GET", "/user")
    assert time.monotonic() - begun >= 0.03


def test_the_server_is_not_told_the_secrets_of_its_caller(up, tmp_path, monkeypatch):
    monkeypatch.setenv("SIGCTL_GITHUB_TOKEN", "not for the sandbox")
    up()
    assert b"not for the sandbox" not in Path(f"/proc/{control.status(tmp_path)['pid']}/environ").read_bytes()


def test_new_accounts_come_with_a_new_start(up):
    first = Client(up())
    first.repo("kept")
    second = up(logins=["newcomer"], orgs=["CentOS", "Other"])
    assert second["forges"] == {"github": {**second["forges"]["github"], "url": first.url}}
    client = Client(second)
    assert client.call(200, "GET", "/user", who="newcomer")["login"] == "newcomer"
    assert client.call(200, "GET", "/orgs/Other")["login"] == "Other"
    client.call(200, "GET", "/repos/CentOS/kept")


def test_down_ends_it_and_says_whether_it_ran(up, tmp_path):
    url = up()["forges"]["github"]["url"]
    assert control.down(tmp_path)
    assert not control.down(tmp_path)
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=60)
    assert control.status(tmp_path)["forges"] == {}


def test_reset_empties_the_state_and_keeps_the_address(up, tmp_path):
    first = up(logins=["member"])
    client = Client(first)
    before = client.call(200, "GET", "/users/member")["id"]
    client.repo("gone", auto_init=True)
    control.advance(tmp_path, 3600)
    assert control.reset(tmp_path) == first
    client = Client(first)
    client.call(404, "GET", "/repos/CentOS/gone")
    assert client.call(200, "GET", "/users/member")["id"] == before
    assert not list((tmp_path / "repos" / "github").iterdir())
    assert Clock(tmp_path / "clock").offset() == 0


def test_tokens_are_readable_by_the_owner_only(up, tmp_path):
    token = up()["forges"]["github"]["token"]
    holders = [file for file in tmp_path.rglob("*") if file.is_file() and token.encode() in file.read_bytes()]
    assert tmp_path / "seed.json" in holders
    for file in holders:
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file


def test_a_taken_port_is_said(up, tmp_path):
    taken = int(up()["forges"]["github"]["url"].rpartition(":")[2])
    with pytest.raises(SigctlError, match=f"port {taken} of 127.0.0.1 is in use"):
        control.up(tmp_path / "other", forges=["github"], ports={"github": taken})


def test_a_crash_after_a_write_keeps_the_write(up, tmp_path):
    faults = tmp_path / "faults.json"
    document = up(faults=faults)
    client = Client(document)
    pid = control.status(tmp_path)["pid"]
    faults.write_text(
        json.dumps([{"when": {"operation": "repos/create-in-org"}, "what": {"crash": "after"}}])
    )
    with pytest.raises(requests.ConnectionError):
        client.send("POST", "/orgs/CentOS/repos", {"name": "made"})
    assert gone(pid)
    faults.write_text("[]")
    assert Client(up(faults=faults)).call(200, "GET", "/repos/CentOS/made")


def test_an_idle_server_ends_by_itself(up, tmp_path):
    up(idle_seconds=1)
    assert gone(control.status(tmp_path)["pid"])


def test_latency_is_added_to_api_requests(tmp_path):
    with github(tmp_path, latency_ms=80) as hub:
        begun = time.monotonic()
        hub.call(200, "GET", "/user")
        assert time.monotonic() - begun >= 0.08


def test_two_servers_do_not_share_a_directory(tmp_path):
    with (
        github(tmp_path),
        pytest.raises(UsageError, match="another sandbox uses this directory"),
        github(tmp_path),
    ):
        raise AssertionError


def test_a_pid_that_is_someone_elses_is_not_taken_for_the_server(tmp_path):
    (tmp_path / "server.json").write_text(json.dumps({"pid": os.getpid(), "ports": {"github": 1}}))
    assert not control.status(tmp_path)["running"]
    assert not control.down(tmp_path)


def test_status_of_nothing_makes_nothing(tmp_path):
    assert control.status(tmp_path / "none")["running"] is False
    assert not control.down(tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_without_the_extra_the_hint_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(UsageError) as caught:
        control.up(Path(tmp_path))
    assert caught.value.hint == "pip install 'sigctl[sandbox]'"


def test_the_observer_is_told_what_went_over_the_wire(tmp_path):
    seen = []
    with github(tmp_path, observer=seen.append) as hub:
        hub.call(200, "PATCH", "/orgs/CentOS", {"name": "CentOS"})
    (told,) = seen
    assert (told.method, told.path, told.status, told.faulty) == ("PATCH", "/api/v3/orgs/CentOS", 200, False)
    assert json.loads(told.body) == {"name": "CentOS"}
    assert json.loads(told.response_body)["name"] == "CentOS"
