"""Members: inheritance, the answers that surprise, and what a removal takes along."""

from __future__ import annotations

import pytest
from gitlab_bench import opened, quoted


@pytest.fixture
def bench(tmp_path):
    with opened(tmp_path) as found:
        found.group("project")
        found.group("project/sig-virt")
        yield found


def members(bench, path, *, every=False, by="sigctl-bot"):
    found = bench.ok("GET", f"/{path}/members{'/all' if every else ''}", by=by)
    return {member["username"]: member["access_level"] for member in found}


def test_the_creator_of_a_group_is_its_owner(bench):
    assert members(bench, "groups/project") == {"sigctl-bot": 50}


def test_a_member_who_is_there_already_is_a_conflict(bench):
    group = bench.ok("GET", "/groups/project")["id"]
    bench.member("group", group, "member1", 30)
    answer = bench.send(
        "POST", f"/groups/{group}/members", {"user_id": bench.ids["member1"], "access_level": 40}
    )
    assert (answer.status_code, answer.json()) == (409, {"message": "Member already exists"})


def test_a_level_below_the_inherited_one_is_refused_in_gitlabs_words(bench):
    top = bench.ok("GET", "/groups/project")["id"]
    bench.member("group", top, "member1", 40)
    data = {"user_id": bench.ids["member1"], "access_level": 30}
    answer = bench.send("POST", f"/groups/{quoted('project/sig-virt')}/members", data)
    words = "should be greater than or equal to Maintainer inherited membership from group project"
    assert (answer.status_code, answer.json()) == (400, {"message": {"access_level": [words]}})
    bench.ok("POST", f"/groups/{quoted('project/sig-virt')}/members", {**data, "access_level": 50})


def test_members_all_shows_the_highest_level_and_hides_what_is_direct(bench):
    top = bench.ok("GET", "/groups/project")["id"]
    project = bench.project("project/sig-virt/xen")["id"]
    bench.member("group", top, "member1", 20)
    bench.member("project", project, "member1", 30)
    assert members(bench, f"projects/{project}") == {"member1": 30}
    assert members(bench, f"projects/{project}", every=True)["member1"] == 30
    assert members(bench, f"groups/{quoted('project/sig-virt')}") == {"sigctl-bot": 50}


@pytest.mark.parametrize(("more", "left"), [("", False), ("?skip_subresources=true", True)])
def test_removing_a_member_of_a_group_takes_the_memberships_below_unless_told_not_to(bench, more, left):
    top = bench.ok("GET", "/groups/project")["id"]
    below = bench.ok("GET", f"/groups/{quoted('project/sig-virt')}")["id"]
    project = bench.project("project/sig-virt/xen")["id"]
    for kind, id_ in (("group", top), ("group", below), ("project", project)):
        bench.member(kind, id_, "member1", 30)
    bench.ok("DELETE", f"/groups/{top}/members/{bench.ids['member1']}{more}")
    assert "member1" not in members(bench, f"groups/{top}")
    assert ("member1" in members(bench, f"groups/{below}")) == left
    assert ("member1" in members(bench, f"projects/{project}")) == left


def test_the_last_owner_stays(bench):
    group = bench.ok("GET", "/groups/project")["id"]
    me = bench.ids["sigctl-bot"]
    assert bench.send("DELETE", f"/groups/{group}/members/{me}").status_code == 403
    assert bench.send("PUT", f"/groups/{group}/members/{me}", {"access_level": 40}).status_code == 403
    bench.member("group", group, "owner", 50)
    assert bench.send("DELETE", f"/groups/{group}/members/{me}").status_code == 204


def test_a_change_without_a_level_is_refused(bench):
    group = bench.ok("GET", "/groups/project")["id"]
    bench.member("group", group, "member1", 30)
    answer = bench.send(
        "PUT", f"/groups/{group}/members/{bench.ids['member1']}", {"expires_at": "2099-01-01"}
    )
    assert (answer.status_code, answer.json()) == (400, {"error": "access_level is missing"})


def test_an_end_in_the_past_is_refused_and_one_to_come_takes_the_right_away(bench):
    group = bench.ok("GET", "/groups/project")["id"]
    data = {"user_id": bench.ids["member1"], "access_level": 30}
    answer = bench.send("POST", f"/groups/{group}/members", {**data, "expires_at": "2020-01-01"})
    assert answer.json() == {"message": {"expires_at": ["cannot be a date in the past"]}}
    bench.ok("POST", f"/groups/{group}/members", {**data, "expires_at": "2098-01-01"})
    assert "member1" in members(bench, "groups/project")
    bench.ok("PUT", "/users/" + str(bench.ids["member1"]), {"name": "someone"})
    for token in bench.sandbox.forges["gitlab"].store.collection("tokens"):
        token["expires_at"] = None  # the clock moves past the end of every token
    bench.sandbox.clock.advance(80 * 365 * 86400)
    assert "member1" not in members(bench, "groups/project")


def test_several_people_at_once_answer_201_with_the_error_inside(bench):
    group = bench.ok("GET", "/groups/project")["id"]
    bench.member("group", group, "member1", 30)
    both = f"{bench.ids['member1']},{bench.ids['member2']}"
    answer = bench.send("POST", f"/groups/{group}/members", {"user_id": both, "access_level": 30})
    assert answer.status_code == 201
    assert answer.json() == {"status": "error", "message": {"member1": "Already a member"}}
    assert members(bench, "groups/project")["member2"] == 30


def test_an_invitation_answers_201_whatever_happens(bench):
    group = bench.ok("GET", "/groups/project")["id"]
    path, data = f"/groups/{group}/invitations", {"email": "new@example.org", "access_level": 30}
    assert bench.send("POST", path, data).json() == {"status": "success"}
    again = bench.send("POST", path, data)
    assert (again.status_code, again.json()["status"]) == (201, "error")
    assert [found["invite_email"] for found in bench.ok("GET", path)] == ["new@example.org"]
    bench.ok("DELETE", f"{path}/new@example.org")
    assert bench.ok("GET", path) == []


def test_a_maintainer_of_a_project_can_neither_make_nor_remove_owners(bench):
    project = bench.project("project/sig-virt/xen")["id"]
    bench.member("project", project, "maintainer", 40)
    bench.member("project", project, "owner", 50)
    path = f"/projects/{project}/members"
    data = {"user_id": bench.ids["member1"], "access_level": 50}
    assert bench.send("POST", path, data, by="maintainer").status_code == 403
    assert bench.send("DELETE", f"{path}/{bench.ids['owner']}", by="maintainer").status_code == 403
    assert bench.send("POST", path, {**data, "access_level": 40}, by="maintainer").status_code == 201


@pytest.mark.parametrize(("who", "status"), [("owner", 201), ("maintainer", 403), ("outsider", 403)])
def test_only_owners_add_members_to_a_group(bench, who, status):
    group = bench.ok("GET", "/groups/project")["id"]
    for name, level in (("owner", 50), ("maintainer", 40)):
        bench.member("group", group, name, level)
    data = {"user_id": bench.ids["member1"], "access_level": 20}
    assert bench.send("POST", f"/groups/{group}/members", data, by=who).status_code == status


def test_nobody_and_the_blocked_are_not_members_to_be(bench):
    group = bench.ok("GET", "/groups/project")["id"]
    answer = bench.send("POST", f"/groups/{group}/members", {"user_id": 99999, "access_level": 30})
    assert (answer.status_code, answer.json()) == (404, {"message": "404 User Not Found"})
    bench.ok("POST", f"/users/{bench.ids['member1']}/block", {})
    assert bench.send("GET", "/user", by="member1").status_code == 403
