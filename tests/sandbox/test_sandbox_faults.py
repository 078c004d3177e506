"""Faults are data: what the file says goes wrong, and nothing else."""

from __future__ import annotations

import json

import pytest
import requests
from github_client import BOT, Client, github

from sigctl.errors import UsageError
from sigctl.sandbox.faults import NOTHING, Faults


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    with github(tmp_path_factory.mktemp("faults")) as client:
        yield client


@pytest.fixture(autouse=True)
def none_left(hub):
    yield
    hub.sandbox.faults.replace([])


def fail(hub: Client, what: dict, **when) -> None:
    hub.sandbox.faults.replace([{"when": when, "what": what}])


def test_a_status_with_headers_replaces_the_answer(hub):
    fail(
        hub,
        {"status": 429, "headers": {"Retry-After": "7"}, "body": {"message": "slow down"}},
        operation="users/get-authenticated",
    )
    answer = hub.send("GET", "/user")
    assert (answer.status_code, answer.headers["Retry-After"], answer.json()) == (
        429,
        "7",
        {"message": "slow down"},
    )
    assert hub.send("GET", "/orgs/CentOS").status_code == 200


def test_only_the_nth_request_fails(hub):
    fail(hub, {"status": 502}, path="/user$", nth=[2, 4])
    assert [hub.send("GET", "/user").status_code for _ in range(5)] == [200, 502, 200, 502, 200]


def test_every_so_many_th_request_fails(hub):
    fail(hub, {"status": 500}, every=3)
    assert [hub.send("GET", "/user").status_code for _ in range(6)] == [200, 200, 500, 200, 200, 500]


def test_a_request_that_fails_before_has_no_effect(hub):
    fail(hub, {"status": 502}, method="POST")
    assert hub.send("POST", "/orgs/CentOS/repos", {"name": "never"}).status_code == 502
    assert hub.send("GET", "/repos/CentOS/never").status_code == 404


def test_a_request_that_fails_after_has_taken_effect(hub):
    fail(hub, {"status": 502, "after": True}, method="POST")
    assert hub.send("POST", "/orgs/CentOS/repos", {"name": "made"}).status_code == 502
    assert hub.send("GET", "/repos/CentOS/made").status_code == 200


def test_a_connection_can_be_reset(hub):
    fail(hub, {"reset": True}, path="/user$")
    with pytest.raises(requests.ConnectionError):
        hub.send("GET", "/user")


def test_an_answer_can_be_cut_short(hub):
    fail(hub, {"cut": 20}, path="/user$")
    with pytest.raises(requests.RequestException):
        hub.send("GET", "/user")
    assert hub.send("GET", "/orgs/CentOS").status_code == 200


def test_graphql_fails_with_partial_data(hub):
    errors = [{"type": "RESOURCE_LIMITS_EXCEEDED", "message": "too much"}]
    fail(hub, {"graphql_errors": errors}, operation="Me")
    assert hub.query("query Me { viewer { login } }") == {
        "data": {"viewer": {"login": "sigctl-bot"}},
        "errors": errors,
    }
    fail(hub, {"graphql_errors": errors, "body": None}, operation="Me")
    assert hub.query("query Me { viewer { login } }") == {"data": None, "errors": errors}
    assert "errors" not in hub.query("query Other { viewer { login } }")


def test_the_file_is_read_again_when_it_changes(tmp_path):
    file = tmp_path / "faults.yaml"
    faults = Faults(file)
    assert faults.pick("github", "GET", "/x", "") is NOTHING
    file.write_text("- when: {nth: 2}\n  what: {status: 503}\n")
    assert [faults.pick("github", "GET", "/x", "").status for _ in range(3)] == [None, 503, None]
    file.write_text("- when: {forge: gitlab}\n  what: {status: 418}\n")
    assert faults.pick("github", "GET", "/x", "") is NOTHING
    assert faults.pick("gitlab", "GET", "/x", "").status == 418


@pytest.mark.parametrize(
    "text", ["{}", '[{"when": {}}]', '[{"what": {"status": 500, "colour": "red"}}]', "[1]"]
)
def test_a_file_of_another_form_is_refused(tmp_path, text):
    file = tmp_path / "faults.json"
    file.write_text(text)
    with pytest.raises(UsageError):
        Faults(file).pick("github", "GET", "/x", "")


def test_every_request_is_one_line_of_the_log(hub):
    fail(hub, {"status": 502}, path="/user$")
    hub.send("GET", "/user")
    hub.query("query Logged { viewer { login } }")
    entries = [json.loads(line) for line in hub.sandbox.layout.requests.read_text().splitlines()]
    assert set(entries[-1]) == {"forge", "method", "path", "operation", "status", "ms"}
    assert [(e["operation"], e["status"]) for e in entries[-2:]] == [
        ("users/get-authenticated", 502),
        ("Logged", 200),
    ]


@pytest.mark.parametrize("done", [True, False])
def test_an_answer_that_nobody_waits_for_comes_before_or_after_its_effect(hub, done):
    name = f"late-{'done' if done else 'undone'}"
    what = {"delay_ms": 4_000, "after": True} if done else {"delay_ms": 4_000}
    fail(hub, what, method="POST")
    headers = {"Authorization": f"Bearer {hub.tokens[BOT]}"}
    with pytest.raises(requests.ReadTimeout):
        requests.post(
            f"{hub.url}/api/v3/orgs/CentOS/repos", json={"name": name}, headers=headers, timeout=(60, 1)
        )
    assert hub.send("GET", f"/repos/CentOS/{name}").status_code == (200 if done else 404)
