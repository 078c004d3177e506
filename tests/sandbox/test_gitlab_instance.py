"""Accounts, tokens of projects, keys, mirrors; what survives a restart; how long lists and faults behave."""

from __future__ import annotations

import json

import pytest
from gitlab_bench import Bench, opened

from sigctl.sandbox import control

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBk8SbGpeM2TCnMR7TFZ4nYiSpCcrS+f0fQIh+zPnTDo test"


@pytest.fixture
def bench(tmp_path):
    with opened(tmp_path) as found:
        found.group("project")
        found.xen = found.project("project/xen", initialize_with_readme=True)["id"]
        yield found


def test_state_survives_a_restart(tmp_path):
    with opened(tmp_path) as bench:
        bench.group("project")
        xen = bench.project("project/xen", initialize_with_readme=True)["id"]
        bench.member("project", xen, "member1", 30)
    with control.running(tmp_path / "sandbox", forges=("gitlab",)) as sandbox:
        again = Bench(sandbox, tmp_path / "git")
        found = again.ok("GET", "/projects/project%2Fxen")
        assert (found["id"], found["default_branch"]) == (xen, "main")
        members = again.ok("GET", f"/projects/{xen}/members")
        assert [(m["username"], m["access_level"]) for m in members] == [("member1", 30)]
        again.settle()
        assert [rule["name"] for rule in again.ok("GET", f"/projects/{xen}/protected_branches")] == ["main"]
        again.work.mkdir()
        assert "refs/heads/main" in again.remote("project/xen", by="member1").stdout


def test_a_refused_request_changes_nothing(bench):
    before = bench.ok("GET", "/projects?order_by=id")
    taken = {
        "name": "xen",
        "namespace_id": bench.ok("GET", "/groups/project")["id"],
        "initialize_with_readme": True,
    }
    assert bench.send("POST", "/projects", taken).status_code == 400
    assert bench.ok("GET", "/projects?order_by=id") == before


def test_what_was_due_happens_even_when_the_request_that_finds_it_is_refused(bench):
    bench.ok("DELETE", f"/projects/{bench.xen}")
    bench.sandbox.clock.advance(40 * 86400)
    assert bench.send("GET", "/groups/missing").status_code == 404
    assert bench.send("GET", f"/projects/{bench.xen}").status_code == 404


def test_accounts_are_found_by_name_whatever_the_case(bench):
    found = bench.ok("GET", "/users?username=MEMBER1", by="outsider")
    assert [user["username"] for user in found] == ["member1"]
    assert "email" not in found[0]
    assert "email" in bench.ok("GET", "/users?username=member1")[0]
    assert bench.ok("GET", "/users?username=nobody") == []
    assert bench.send("GET", "/users", by="").status_code == 403


def test_paging_accounts_by_key(bench):
    seen, path = [], "/users?pagination=keyset&order_by=id&sort=asc&per_page=3"
    while path:
        answer = bench.send("GET", path)
        seen += [user["id"] for user in answer.json()]
        path = answer.headers.get("link", "").partition("/api/v4")[2].partition(">")[0]
    assert seen == sorted(bench.ids.values())


def test_only_administrators_make_and_block_accounts(bench):
    data = {"username": "fresh", "name": "fresh", "email": "fresh@example.org", "password": "long enough 12"}
    assert bench.send("POST", "/users", data, by="owner").status_code == 403
    made = bench.ok("POST", "/users", data)
    assert bench.send("POST", "/users", data).status_code == 409
    assert bench.ok("POST", f"/users/{made['id']}/block", {}) is True
    assert bench.ok("GET", f"/users/{made['id']}")["state"] == "blocked"
    assert bench.ok("POST", f"/users/{made['id']}/unblock", {}) is True


def test_a_token_of_a_project_is_a_bot_among_its_members_that_nobody_removes(bench):
    path = f"/projects/{bench.xen}/access_tokens"
    data = {
        "name": "mirror",
        "scopes": ["api", "write_repository"],
        "access_level": 40,
        "expires_at": "2026-12-31",
    }
    data["expires_at"] = (bench.sandbox.clock.now().date().replace(month=12, day=31)).isoformat()
    made = bench.ok("POST", path, data)
    bots = [m for m in bench.ok("GET", f"/projects/{bench.xen}/members") if "_bot_" in m["username"]]
    assert [bot["access_level"] for bot in bots] == [40]
    assert bench.send("DELETE", f"/projects/{bench.xen}/members/{bots[0]['id']}").status_code == 403
    shown = bench.query(
        '{ project(fullPath: "project/xen") { projectMembers(relations: [DIRECT]) { nodes { user { bot } } } } }'
    )
    assert shown["data"]["project"]["projectMembers"]["nodes"] == [{"user": {"bot": True}}]
    bench.tokens["bot"] = made["token"]
    folder = bench.checkout()
    assert bench.push(folder, "project/xen", "main:carried", by="bot").returncode == 0
    bench.ok("DELETE", f"{path}/{made['id']}")
    assert bench.send("GET", "/user", by="bot").status_code == 401


def test_a_deploy_key_is_one_key_in_several_projects(bench):
    other = bench.project("project/other")["id"]
    data = {"title": "mirror", "key": KEY, "can_push": True}
    key = bench.ok("POST", f"/projects/{bench.xen}/deploy_keys", data)
    assert bench.send("POST", f"/projects/{bench.xen}/deploy_keys", data).status_code == 400
    same = bench.ok("POST", f"/projects/{other}/deploy_keys", {"title": "again", "key": KEY})
    assert (same["id"], same["can_push"]) == (key["id"], False)
    assert (
        bench.send("POST", f"/projects/{other}/deploy_keys", {"title": "x", "key": "nonsense"}).status_code
        == 400
    )
    rule = {"name": "c7*", "push_access_level": 0, "allowed_to_push": [{"deploy_key_id": key["id"]}]}
    made = bench.ok("POST", f"/projects/{bench.xen}/protected_branches", rule)
    assert [entry["deploy_key_id"] for entry in made["push_access_levels"]] == [None, key["id"]]


def test_a_mirror_is_off_unless_asked_and_never_shows_its_password(bench):
    path = f"/projects/{bench.xen}/remote_mirrors"
    made = bench.ok("POST", path, {"url": "https://user:secret@example.org/xen.git"})
    assert (made["enabled"], made["url"]) == (False, "https://*****:*****@example.org/xen.git")
    changed = bench.ok(
        "PUT", f"{path}/{made['id']}", {"enabled": True, "url": "https://example.org/other.git"}
    )
    assert (changed["enabled"], changed["url"]) == (True, made["url"])
    assert bench.send("POST", path, {"url": "/tmp/xen.git"}).status_code == 400


def test_too_many_requests_are_plain_text(bench):
    what = {"status": 429, "headers": {"Retry-After": "7"}, "body": "Retry later\n"}
    bench.sandbox.faults.replace([{"when": {"operation": "GET /groups/:id", "nth": 1}, "what": what}])
    answer = bench.send("GET", "/groups/project")
    assert (answer.status_code, answer.text, answer.headers["retry-after"]) == (429, "Retry later\n", "7")
    assert answer.headers["content-type"].startswith("text/plain")
    assert bench.send("GET", "/groups/project").status_code == 200


def test_every_request_is_logged_with_its_operation(bench, tmp_path):
    bench.ok("GET", "/groups/project")
    bench.query("query Bulk { currentUser { id } }")
    lines = [json.loads(line) for line in (tmp_path / "sandbox" / "requests.jsonl").read_text().splitlines()]
    assert [line["operation"] for line in lines[-2:]] == ["GET /groups/:id", "Bulk"]


def test_new_default_branches_follow_the_groups_own_rule(bench):
    group = bench.ok("GET", "/groups/project")["id"]
    rule = {
        "allowed_to_push": [{"access_level": 30}],
        "allowed_to_merge": [{"access_level": 40}],
        "allow_force_push": False,
    }
    bench.ok("PUT", f"/groups/{group}", {"default_branch_protection_defaults": rule})
    made = bench.project("project/fresh", initialize_with_readme=True)["id"]
    bench.settle()
    found = bench.ok("GET", f"/projects/{made}/protected_branches")[0]
    assert [entry["access_level"] for entry in found["push_access_levels"]] == [30]
    bad = {"default_branch_protection_defaults": {"allowed_to_push": [{"access_level": 7}]}}
    assert bench.send("PUT", f"/groups/{group}", bad).status_code == 400
