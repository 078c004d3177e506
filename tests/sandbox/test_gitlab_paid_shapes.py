"""What only paid tiers have: roles of the server's own making, service accounts, rules of whole groups, filled groups."""

from __future__ import annotations

import pytest
from gitlab_bench import opened, quoted

DEVELOPER, MAINTAINER = 30, 40


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("ultimate"), gitlab_tier=3) as found:
        yield found


@pytest.fixture(scope="module")
def role(bench):
    body = {"name": "builder", "base_access_level": DEVELOPER, "admin_web_hook": True}
    return bench.ok("POST", "/member_roles", body)


def test_a_role_stands_behind_a_level_and_a_change_that_does_not_name_it_takes_it_away(bench, role):
    group = bench.group("roles")
    member = f"/groups/{group['id']}/members/{bench.ids['member1']}"
    bench.member("group", group["id"], "member1", DEVELOPER, member_role_id=role["id"])
    assert bench.ok("GET", member)["member_role"]["name"] == "builder"
    kept = {"access_level": DEVELOPER, "member_role_id": role["id"], "expires_at": "2099-01-01"}
    assert bench.ok("PUT", member, kept)["member_role"]["id"] == role["id"]
    wrong = bench.send("PUT", member, {"access_level": MAINTAINER, "member_role_id": role["id"]})
    assert wrong.status_code == 400
    assert "does not match" in str(wrong.json())
    assert "member_role" not in bench.ok("PUT", member, {"access_level": DEVELOPER})


def test_a_role_in_use_stays_and_only_administrators_see_those_of_the_instance(bench, role):
    group = bench.group("in-use")
    bench.member("group", group["id"], "member2", DEVELOPER, member_role_id=role["id"])
    assert bench.send("DELETE", f"/member_roles/{role['id']}").status_code == 400
    assert bench.send("GET", "/member_roles", by="owner").status_code == 403
    assert bench.send("GET", f"/groups/{group['id']}/member_roles").status_code == 400


def test_a_service_account_is_a_bot_among_the_members_and_can_be_removed(bench):
    group = bench.group("served")
    base = f"/groups/{group['id']}/service_accounts"
    made = bench.ok("POST", base, {"name": "builder", "username": "svc-builder"})
    assert [one["username"] for one in bench.ok("GET", base)] == ["svc-builder"]
    bench.ids["svc-builder"] = made["id"]
    bench.member("group", group["id"], "svc-builder", DEVELOPER)
    found = bench.query(
        "query($p: ID!) { group(fullPath: $p) { groupMembers(relations: [DIRECT]) { nodes { user { username bot } } } } }",
        p="served",
    )
    nodes = found["data"]["group"]["groupMembers"]["nodes"]
    assert {"user": {"username": "svc-builder", "bot": True}} in nodes
    assert bench.send("POST", f"/groups/{bench.group('served/x')['id']}/service_accounts").status_code == 400
    assert bench.send("DELETE", f"/groups/{group['id']}/members/{made['id']}").status_code == 204


def test_a_rule_of_a_top_group_holds_in_its_projects_and_shows_there_as_inherited(bench):
    group = bench.group("ruled")
    project = bench.project("ruled/one")
    base = f"/groups/{group['id']}/protected_branches"
    bench.member("group", group["id"], "developer", DEVELOPER)
    folder = bench.checkout("ruled")
    assert bench.push(folder, "ruled/one", "HEAD:refs/heads/main", by="sigctl-bot").returncode == 0
    assert bench.push(folder, "ruled/one", "HEAD:refs/heads/keep-1", by="developer").returncode == 0
    bench.ok("POST", base, {"name": "keep-*", "push_access_level": MAINTAINER})
    assert bench.push(folder, "ruled/one", "HEAD:refs/heads/keep-2", by="developer").returncode != 0
    rows = bench.ok("GET", f"/projects/{project['id']}/protected_branches")
    assert {row["name"]: row["inherited"] for row in rows}["keep-*"] is True
    found = bench.query(
        "query($p: ID!) { project(fullPath: $p) { branchRules { nodes { name branchProtection { isGroupLevel } } } } }",
        p="ruled/one",
    )
    nodes = found["data"]["project"]["branchRules"]["nodes"]
    assert {"name": "keep-*", "branchProtection": {"isGroupLevel": True}} in nodes
    inner = bench.group("ruled/inner")
    refused = bench.send("POST", f"/groups/{inner['id']}/protected_branches", {"name": "x"})
    assert refused.status_code == 422
    assert bench.send("DELETE", f"{base}/{quoted('keep-*')}").status_code == 204
    assert bench.push(folder, "ruled/one", "HEAD:refs/heads/keep-2", by="developer").returncode == 0
