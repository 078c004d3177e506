"""Groups and projects: names, visibility, deletion that waits, moves that leave a trace."""

from __future__ import annotations

import pytest
from gitlab_bench import OUTSIDER, opened


@pytest.fixture
def bench(tmp_path):
    with opened(tmp_path) as found:
        yield found


def test_a_group_is_found_by_id_and_by_encoded_path(bench):
    bench.group("project")
    made = bench.group("project/sig-virt")
    assert made["full_path"] == "project/sig-virt"
    for name in (made["id"], "project%2Fsig-virt", "Project%2FSIG-virt"):
        assert bench.ok("GET", f"/groups/{name}")["id"] == made["id"]


@pytest.mark.parametrize("path", ["api", "help", "-x", "a.git", "a.atom", "a b", "a+b"])
def test_names_that_a_group_can_not_have(bench, path):
    answer = bench.send("POST", "/groups", {"name": "x", "path": path})
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("Failed to save group {:path=>[")


@pytest.mark.parametrize("path", ["raw", "blob", "wikis", "libsigc++20", "a.git", "-a"])
def test_names_that_a_project_can_not_have(bench, path):
    bench.group("project")
    group = bench.ok("GET", "/groups/project")["id"]
    answer = bench.send("POST", "/projects", {"name": "x", "path": path, "namespace_id": group})
    assert answer.status_code == 400
    assert "path" in answer.json()["message"]


def test_a_path_is_taken_whatever_the_case(bench):
    bench.group("project")
    bench.project("project/xen")
    again = bench.send("POST", "/groups", {"name": "other", "path": "PROJECT"})
    assert (again.status_code, "has already been taken" in again.text) == (400, True)
    group = bench.ok("GET", "/groups/project")["id"]
    answer = bench.send("POST", "/projects", {"name": "Xen", "path": "XEN", "namespace_id": group})
    assert (answer.status_code, answer.json()["message"]["path"]) == (400, ["has already been taken"])
    below = bench.send("POST", "/groups", {"name": "xen", "path": "xen", "parent_id": group})
    assert below.status_code == 400


def test_nothing_is_more_open_than_what_it_is_in(bench):
    closed = bench.group("closed", visibility="private")["id"]
    data = {"name": "open", "path": "open", "parent_id": closed, "visibility": "public"}
    answer = bench.send("POST", "/groups", data)
    assert (
        "public is not allowed since the parent group has a private visibility." in answer.json()["message"]
    )
    project = {"name": "open", "namespace_id": closed, "visibility": "public"}
    answer = bench.send("POST", "/projects", project)
    assert answer.json() == {"message": {"visibility_level": ["public is not allowed in a private group."]}}


def test_a_group_can_not_close_over_open_things(bench):
    group = bench.group("project")["id"]
    bench.project("project/xen")
    answer = bench.send("PUT", f"/groups/{group}", {"visibility": "private"})
    words = "private is not allowed since this group contains projects with higher visibility."
    assert answer.json() == {"message": {"visibility_level": [words]}}


def test_a_deleted_group_waits_under_another_name_and_can_come_back(bench):
    group = bench.group("project")["id"]
    bench.project("project/xen")
    answer = bench.send("DELETE", "/groups/project")
    assert (answer.status_code, answer.json()) == (202, {"message": "202 Accepted"})
    waiting = bench.ok("GET", f"/groups/{group}")
    assert waiting["path"] == f"project-deletion_scheduled-{group}"
    assert waiting["marked_for_deletion_on"]
    assert bench.send("GET", "/groups/project").status_code == 404
    assert bench.send("DELETE", f"/groups/{group}").status_code == 400
    assert bench.ok("POST", f"/groups/{group}/restore")["full_path"] == "project"
    assert bench.ok("GET", "/projects/project%2Fxen")["marked_for_deletion_on"] is None


def test_a_deleted_project_is_gone_after_thirty_days(bench):
    bench.group("project")
    project = bench.project("project/xen", initialize_with_readme=True)["id"]
    folder = bench.sandbox.forges["gitlab"].bare(project).path
    bench.ok("DELETE", f"/projects/{project}")
    assert bench.ok("GET", f"/projects/{project}")["path"] == f"xen-deletion_scheduled-{project}"
    bench.project("project/xen")
    assert bench.send("POST", f"/projects/{project}/restore").status_code == 400
    bench.sandbox.clock.advance(31 * 86400)
    assert bench.send("GET", f"/projects/{project}").status_code == 404
    assert not folder.exists()


def test_a_project_goes_at_once_only_when_marked_and_named(bench):
    bench.group("project")
    project = bench.project("project/xen")["id"]
    path = f"/projects/{project}?permanently_remove=true"
    assert bench.send("DELETE", f"{path}&full_path=project/xen").status_code == 400
    bench.ok("DELETE", f"/projects/{project}")
    assert bench.send("DELETE", f"{path}&full_path=project/xen").status_code == 400
    right = f"project/xen-deletion_scheduled-{project}"
    assert bench.send("DELETE", f"{path}&full_path={right}").status_code == 202
    assert bench.send("GET", f"/projects/{project}").status_code == 404


def test_a_moved_project_redirects_reads_and_refuses_writes_by_the_old_path(bench):
    bench.group("project")
    bench.group("other")
    project = bench.project("project/xen")["id"]
    moved = bench.ok("PUT", f"/projects/{project}/transfer", {"namespace": "other"})
    assert moved["path_with_namespace"] == "other/xen"
    answer = bench.send("GET", "/projects/project%2Fxen")
    assert (answer.status_code, answer.headers["location"]) == (301, f"{bench.url}/api/v4/projects/{project}")
    assert bench.send("PUT", "/projects/project%2Fxen", {"description": "x"}).status_code == 405
    bench.project("project/xen")
    assert bench.ok("GET", "/projects/project%2Fxen")["id"] != project


def test_renaming_a_group_moves_what_is_in_it(bench):
    group = bench.group("project")["id"]
    project = bench.project("project/xen")["id"]
    bench.ok("PUT", f"/groups/{group}", {"path": "projects-of-sigs"})
    assert bench.ok("GET", "/projects/projects-of-sigs%2Fxen")["id"] == project
    assert bench.send("GET", "/projects/project%2Fxen").status_code == 301
    assert bench.send("GET", "/groups/project").status_code == 404


def test_a_transfer_into_the_same_place_or_onto_a_name_is_refused(bench):
    bench.group("project")
    bench.group("other")
    project = bench.project("project/xen")["id"]
    bench.project("other/xen")
    path = f"/projects/{project}/transfer"
    assert bench.send("PUT", path, {"namespace": "project"}).status_code == 400
    assert bench.send("PUT", path, {"namespace": "other"}).status_code == 400
    assert bench.send("PUT", path, {"namespace": "nowhere"}).json() == {"message": "404 Namespace Not Found"}


def test_settings_go_by_either_name_and_unknown_words_are_refused(bench):
    bench.group("project")
    project = bench.project("project/xen", wiki_enabled=False)["id"]
    shown = bench.ok("GET", f"/projects/{project}")
    assert (shown["wiki_enabled"], shown["wiki_access_level"]) == (False, "disabled")
    shown = bench.ok(
        "PUT", f"/projects/{project}", {"wiki_access_level": "private", "topics": ["xen", "virt"]}
    )
    assert (shown["wiki_enabled"], shown["topics"]) == (True, ["virt", "xen"])
    answer = bench.send("PUT", f"/projects/{project}", {"visibility": "secret", "merge_method": "none"})
    words = "visibility does not have a valid value, merge_method does not have a valid value"
    assert (answer.status_code, answer.json()) == (400, {"error": words})
    assert bench.send("PUT", f"/projects/{project}", {"nothing": 1}).status_code == 400


def test_merge_requests_and_pipelines_are_no_more_open_than_the_repository(bench):
    bench.group("project")
    one, folder = bench.project("project/one"), bench.checkout()
    words = ["cannot have higher visibility level than repository access level"]
    answer = bench.send("PUT", f"/projects/{one['id']}", {"repository_access_level": "private"})
    assert answer.status_code == 400
    assert answer.json()["message"] == {
        f"project_feature.{name}_access_level": words for name in ("merge_requests", "builds")
    }
    less = dict.fromkeys(("repository", "merge_requests", "builds"), "private")
    body = {f"{name}_access_level": word for name, word in less.items()}
    assert bench.ok("PUT", f"/projects/{one['id']}", body)["builds_access_level"] == "private"
    assert bench.remote("project/one", by="").returncode != 0, "who is no member can't fetch any more"
    off = {f"{name}_access_level": "disabled" for name in less}
    bench.ok("PUT", f"/projects/{one['id']}", off)
    pushed = bench.push(folder, "project/one", "HEAD:refs/heads/main", by="owner")
    assert pushed.returncode != 0, "nor can anybody push to what is switched off"
    assert bench.send("PUT", f"/projects/{one['id']}", {"wiki_access_level": "public"}).status_code == 400
    assert bench.ok("PUT", f"/projects/{one['id']}", {"package_registry_access_level": "public"})[
        "packages_enabled"
    ]


def test_a_default_branch_must_exist(bench):
    bench.group("project")
    project = bench.project("project/xen", initialize_with_readme=True, default_branch="xen-412")
    assert (project["default_branch"], project["empty_repo"]) == ("xen-412", False)
    answer = bench.send("PUT", f"/projects/{project['id']}", {"default_branch": "no"})
    words = "Could not change HEAD: branch 'no' does not exist"
    assert (answer.status_code, answer.json()) == (400, {"message": {"base": [words]}})
    bench.ok("POST", f"/projects/{project['id']}/repository/branches", {"branch": "fedora", "ref": "xen-412"})
    assert (
        bench.ok("PUT", f"/projects/{project['id']}", {"default_branch": "fedora"})["default_branch"]
        == "fedora"
    )


def test_lists_show_what_the_caller_sees_in_pages(bench):
    bench.group("project", visibility="private")
    for number in range(5):
        bench.project(f"project/p{number}", visibility="private")
    bench.group("open")
    bench.project("open/seen")
    answer = bench.send("GET", "/projects?per_page=2&page=2&order_by=id&sort=asc")
    assert [answer.headers[f"x-{name}"] for name in ("total", "total-pages", "next-page", "prev-page")] == [
        "6",
        "3",
        "3",
        "1",
    ]
    assert [found["path"] for found in answer.json()] == ["p2", "p3"]
    assert 'rel="next"' in answer.headers["link"]
    assert 'rel="last"' in answer.headers["link"]
    assert [found["path"] for found in bench.ok("GET", "/projects", by=OUTSIDER)] == ["seen"]
    assert [found["path"] for found in bench.ok("GET", "/groups", by="")] == ["open"]
    assert bench.ok("GET", "/groups?all_available=false", by=OUTSIDER) == []
    inside = bench.ok("GET", "/groups/project/projects?per_page=500&simple=true")
    assert len(inside) == 5
    assert "visibility" not in inside[0]


def test_paging_by_key_follows_links_to_the_end(bench):
    bench.group("project")
    made = [bench.project(f"project/p{number}")["id"] for number in range(5)]
    path, found = "/projects?pagination=keyset&order_by=id&sort=asc&per_page=2", []
    while path:
        answer = bench.send("GET", path)
        assert "x-total" not in answer.headers
        found += [project["id"] for project in answer.json()]
        link = answer.headers.get("link", "")
        path = link.partition("/api/v4")[2].partition(">")[0]
    assert found == made
    assert bench.send("GET", "/groups/project/members?pagination=keyset").status_code == 405


def test_totals_vanish_for_long_lists(bench, monkeypatch):
    monkeypatch.setattr("sigctl.sandbox.gitlab.paging.COUNTED", 3)
    answer = bench.send("GET", "/users?per_page=2")
    assert "x-total" not in answer.headers
    assert 'rel="last"' not in answer.headers["link"]
    assert answer.headers["x-next-page"] == "2"


def test_archived_is_read_only_for_content(bench):
    bench.group("project")
    project = bench.project("project/t_xen", initialize_with_readme=True)["id"]
    assert bench.ok("POST", f"/projects/{project}/archive")["archived"] is True
    data = {"branch": "b", "ref": "main"}
    assert bench.send("POST", f"/projects/{project}/repository/branches", data).status_code == 403
    assert (
        bench.send("POST", f"/projects/{project}/labels", {"name": "x", "color": "#fff"}).status_code == 403
    )
    assert [p["id"] for p in bench.ok("GET", "/groups/project/projects?archived=true")] == [project]
    assert bench.ok("GET", "/groups/project/projects?archived=false") == []
    assert bench.ok("POST", f"/projects/{project}/unarchive")["archived"] is False
    assert bench.send("POST", f"/projects/{project}/repository/branches", data).status_code == 201


def test_unknown_paths_and_methods_answer_as_the_framework_does(bench):
    assert (bench.send("GET", "/nothing").status_code, bench.send("GET", "/nothing").json()) == (
        404,
        {"error": "404 Not Found"},
    )
    assert bench.send("PATCH", "/groups", {}).status_code == 405
    assert bench.send("GET", "/user", by="").json() == {"message": "401 Unauthorized"}
