"""What someone has is the highest of direct, inherited and shared; a share gives at most what both sides allow."""

from __future__ import annotations

import pytest
from gitlab_bench import OUTSIDER, opened


@pytest.fixture
def bench(tmp_path):
    with opened(tmp_path) as found:
        found.group("project", visibility="private")
        found.group("project/sig-virt", visibility="private")
        found.group("project/sig-virt/people", visibility="private")
        found.xen = found.project("project/sig-virt/xen", visibility="private")["id"]
        yield found


def level(bench, who, path="project/sig-virt/xen"):
    data = bench.query(
        "query($p: ID!) { project(fullPath: $p) { maxAccessLevel { integerValue } } }", by=who, p=path
    )
    found = data["data"]["project"]
    return found and found["maxAccessLevel"]["integerValue"]


def id_of(bench, path):
    return bench.ok("GET", "/groups/" + path.replace("/", "%2F"))["id"]


def test_a_private_project_does_not_exist_for_an_outsider(bench):
    assert bench.send("GET", f"/projects/{bench.xen}", by=OUTSIDER).json() == {
        "message": "404 Project Not Found"
    }
    assert bench.send("GET", "/groups/project", by=OUTSIDER).json() == {"message": "404 Group Not Found"}
    assert level(bench, OUTSIDER) is None
    answer = bench.send("GET", f"/projects/{bench.xen}", by="")
    assert (answer.status_code, answer.json()) == (401, {"message": "401 Unauthorized"})


def test_the_highest_of_direct_and_inherited_counts(bench):
    bench.member("group", id_of(bench, "project"), "member1", 20)
    assert level(bench, "member1") == 20
    bench.member("project", bench.xen, "member1", 40)
    assert level(bench, "member1") == 40


@pytest.mark.parametrize(("held", "shared", "expected"), [(40, 30, 30), (20, 40, 20), (50, 50, 50)])
def test_a_project_share_gives_the_lower_of_share_and_membership(bench, held, shared, expected):
    team = bench.group("team", visibility="private")["id"]
    bench.member("group", team, "member1", held)
    bench.ok("POST", f"/projects/{bench.xen}/share", {"group_id": team, "group_access": shared})
    assert level(bench, "member1") == expected


def test_a_project_share_reaches_inherited_members_and_a_group_share_only_direct_ones(bench):
    above = bench.group("teams")["id"]
    team = bench.group("teams/xen")["id"]
    bench.member("group", above, "member1", 40)
    bench.member("group", team, "member2", 40)
    virt = id_of(bench, "project/sig-virt")
    bench.ok("POST", f"/groups/{virt}/share", {"group_id": team, "group_access": 30})
    assert (level(bench, "member1"), level(bench, "member2")) == (None, 30)
    bench.ok("POST", f"/projects/{bench.xen}/share", {"group_id": team, "group_access": 20})
    assert (level(bench, "member1"), level(bench, "member2")) == (20, 30)


def test_a_share_of_a_group_above_reaches_the_project(bench):
    team = bench.group("team")["id"]
    bench.member("group", team, "member1", 50)
    bench.ok("POST", f"/groups/{id_of(bench, 'project')}/share", {"group_id": team, "group_access": 40})
    assert level(bench, "member1") == 40


def test_a_share_that_exists_is_a_conflict_and_goes_by_delete(bench):
    team = bench.group("team")["id"]
    data = {"group_id": team, "group_access": 30}
    bench.ok("POST", f"/projects/{bench.xen}/share", data)
    assert bench.send("POST", f"/projects/{bench.xen}/share", {**data, "group_access": 40}).status_code == 409
    assert bench.send("DELETE", f"/projects/{bench.xen}/share/{team}").status_code == 204
    assert bench.send("DELETE", f"/projects/{bench.xen}/share/{team}").status_code == 404
    group = bench.ok("POST", f"/groups/{id_of(bench, 'project')}/share", {**data, "expires_at": "2099-01-01"})
    shown = {
        "group_name": "team",
        "group_full_path": "team",
        "group_access_level": 30,
        "expires_at": "2099-01-01",
    }
    assert group["shared_with_groups"] == [{"group_id": team, **shown}]


def test_a_group_that_locks_sharing_takes_away_what_project_shares_gave(bench):
    team = bench.group("team")["id"]
    bench.member("group", team, "member1", 30)
    bench.ok("POST", f"/projects/{bench.xen}/share", {"group_id": team, "group_access": 30})
    bench.ok("PUT", f"/groups/{id_of(bench, 'project/sig-virt')}", {"share_with_group_lock": True})
    assert level(bench, "member1") is None
    other = bench.group("other")["id"]
    answer = bench.send("POST", f"/projects/{bench.xen}/share", {"group_id": other, "group_access": 30})
    assert (answer.status_code, answer.json()["message"]) == (
        400,
        "The project sharing with group is disabled",
    )


@pytest.mark.parametrize(
    ("who", "level_held", "method", "path", "data", "status"),
    [
        ("guest", 10, "GET", "/projects/{id}/repository/branches", None, 403),
        ("reporter", 20, "GET", "/projects/{id}/repository/branches", None, 200),
        ("reporter", 20, "POST", "/projects/{id}/repository/branches", {"branch": "b", "ref": "main"}, 403),
        ("developer", 30, "GET", "/projects/{id}/protected_branches", None, 403),
        ("developer", 30, "PUT", "/projects/{id}", {"description": "x"}, 403),
        ("maintainer", 40, "PUT", "/projects/{id}", {"description": "x"}, 200),
        ("maintainer", 40, "PUT", "/projects/{id}", {"visibility": "public"}, 403),
        ("maintainer", 40, "POST", "/projects/{id}/archive", None, 403),
        ("maintainer", 40, "DELETE", "/projects/{id}", None, 403),
        ("owner", 50, "POST", "/projects/{id}/archive", None, 201),
        ("owner", 50, "DELETE", "/projects/{id}", None, 202),
    ],
)
def test_each_level_may_do_what_it_may_and_no_more(  # noqa: PLR0917  # a row of the table above
    bench, who, level_held, method, path, data, status
):
    bench.member("project", bench.xen, who, level_held)
    assert bench.send(method, path.format(id=bench.xen), data, by=who).status_code == status


def test_a_read_token_reads_and_changes_nothing(bench):
    bench.tokens["reader"] = bench.read_tokens["sigctl-bot"]
    assert bench.send("GET", "/groups/project", by="reader").status_code == 200
    answer = bench.send("POST", "/groups", {"name": "x", "path": "x"}, by="reader")
    assert (answer.status_code, answer.json()["error"]) == (403, "insufficient_scope")
    assert bench.ok("GET", "/personal_access_tokens/self", by="reader")["scopes"] == [
        "read_api",
        "read_repository",
        "read_user",
    ]


def test_a_token_ends(bench):
    bench.sandbox.clock.advance(366 * 86400)
    answer = bench.send("GET", "/user")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")


def test_a_member_of_a_project_sees_the_private_groups_above(bench):
    bench.member("project", bench.xen, "member1", 10)
    assert bench.send("GET", "/groups/project%2Fsig-virt", by="member1").status_code == 200
    assert bench.send("GET", "/groups/project%2Fsig-virt%2Fpeople", by="member1").status_code == 404


def test_who_may_create_in_a_group_follows_its_settings(bench):
    group = id_of(bench, "project")
    bench.member("group", group, "developer", 30)
    data = {"name": "fresh", "namespace_id": group}
    assert bench.send("POST", "/projects", data, by="developer").status_code == 201
    bench.ok("PUT", f"/groups/{group}", {"project_creation_level": "maintainer"})
    assert bench.send("POST", "/projects", {**data, "name": "fresher"}, by="developer").status_code == 403
    below = {"name": "sub", "path": "sub", "parent_id": group}
    assert bench.send("POST", "/groups", below, by="developer").status_code == 403
