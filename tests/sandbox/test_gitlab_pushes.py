"""Pushes are accepted or refused by level and rule, all refs or none."""

from __future__ import annotations

import pytest
from gitlab_bench import OUTSIDER, opened

PATH = "project/sig-virt/xen"
PROTECTED = "GitLab: You are not allowed to push code to protected branches on this project."


@pytest.fixture
def bench(tmp_path):
    with opened(tmp_path) as found:
        found.group("project")
        found.group("project/sig-virt")
        found.xen = found.project(PATH)["id"]
        for name, level in (("developer", 30), ("maintainer", 40), ("reporter", 20)):
            found.member("project", found.xen, name, level)
        yield found


@pytest.fixture
def filled(bench):
    """The project with a protected main, and a checkout of it."""
    bench.folder = bench.checkout()
    assert bench.push(bench.folder, PATH, "main", by="maintainer").returncode == 0
    bench.settle()
    return bench


def rules(bench):
    return bench.ok("GET", f"/projects/{bench.xen}/protected_branches")


def test_the_first_push_makes_the_default_branch_and_its_protection_comes_later(bench):
    folder = bench.checkout()
    assert bench.push(folder, PATH, "main:xen-412", by="maintainer").returncode == 0
    assert rules(bench) == []
    bench.settle()
    found = rules(bench)
    assert [rule["name"] for rule in found] == ["xen-412"]
    assert [entry["access_level"] for entry in found[0]["push_access_levels"]] == [40]
    assert [entry["access_level"] for entry in found[0]["merge_access_levels"]] == [40]
    assert found[0]["allow_force_push"] is False
    project = bench.ok("GET", f"/projects/{bench.xen}")
    assert (project["default_branch"], project["empty_repo"]) == ("xen-412", False)


def test_a_developer_can_not_start_a_project_unless_its_group_lets_him(bench):
    folder = bench.checkout()
    refused = bench.push(folder, PATH, "main", by="developer")
    assert "A default branch (e.g. main) does not yet exist" in refused.stderr
    group = bench.ok("GET", "/groups/project%2Fsig-virt")["id"]
    bench.ok("PUT", f"/groups/{group}", {"default_branch_protection": 4})
    assert bench.push(folder, PATH, "main", by="developer").returncode == 0


@pytest.mark.parametrize(
    ("who", "words"), [("reporter", "not allowed to push"), (OUTSIDER, "not allowed to push")]
)
def test_below_developer_nothing_is_pushed(filled, who, words):
    refused = filled.push(filled.folder, PATH, "main:topic", by=who)
    assert refused.returncode != 0
    assert words in refused.stderr


def test_developers_push_what_no_rule_covers_and_one_refused_ref_refuses_all(filled):
    filled.commit(filled.folder, "second")
    assert filled.push(filled.folder, PATH, "main:topic", by="developer").returncode == 0
    both = filled.push(filled.folder, PATH, "main", "main:other", by="developer")
    assert PROTECTED in both.stderr
    assert "refs/heads/other" not in filled.remote(PATH, by="developer").stdout
    assert filled.push(filled.folder, PATH, "main", by="maintainer").returncode == 0


def test_a_force_push_needs_a_rule_that_allows_it(filled):
    filled.commit(filled.folder, "second")
    assert filled.push(filled.folder, PATH, "main", by="maintainer").returncode == 0
    from gitlab_bench import git  # noqa: PLC0415  # only here

    git(filled.folder, "reset", "-q", "--hard", "HEAD~1")
    filled.commit(filled.folder, "another second")
    refused = filled.push(filled.folder, PATH, "+main", by="maintainer")
    assert "You are not allowed to force push code to a protected branch" in refused.stderr
    filled.ok("PATCH", f"/projects/{filled.xen}/protected_branches/main", {"allow_force_push": True})
    assert filled.push(filled.folder, PATH, "+main", by="maintainer").returncode == 0


def test_the_most_permissive_of_the_matching_rules_wins(filled):
    base = f"/projects/{filled.xen}/protected_branches"
    filled.ok("POST", base, {"name": "c7*", "push_access_level": 30})
    filled.ok("POST", base, {"name": "c7-sig-virt", "push_access_level": 0})
    filled.ok("POST", base, {"name": "c8*", "push_access_level": 0})
    assert filled.push(filled.folder, PATH, "main:c7-sig-virt", by="developer").returncode == 0
    refused = filled.push(filled.folder, PATH, "main:c8-sig-virt", by="maintainer")
    assert "GitLab: You can only create protected branches using the web interface and API." in refused.stderr


def test_protected_branches_and_the_default_one_are_not_deleted_by_a_push(filled):
    filled.ok("POST", f"/projects/{filled.xen}/protected_branches", {"name": "keep"})
    assert filled.push(filled.folder, PATH, "main:keep", "main:drop", by="maintainer").returncode == 0
    assert filled.push(filled.folder, PATH, ":drop", by="developer").returncode == 0
    assert (
        "only delete protected branches using the web"
        in filled.push(filled.folder, PATH, ":keep", by="maintainer").stderr
    )
    assert (
        "default branch of a project cannot be deleted"
        in filled.push(filled.folder, PATH, ":main", by="maintainer").stderr
    )
    assert filled.send("DELETE", f"/projects/{filled.xen}/repository/branches/keep").status_code == 204


def test_protected_tags_are_made_by_those_who_may_and_never_moved(filled):
    filled.ok("POST", f"/projects/{filled.xen}/protected_tags", {"name": "v*", "create_access_level": 40})
    assert (
        "not allowed to create this tag"
        in filled.push(filled.folder, PATH, "main:refs/tags/v1", by="developer").stderr
    )
    assert filled.push(filled.folder, PATH, "main:refs/tags/v1", by="maintainer").returncode == 0
    filled.commit(filled.folder, "second")
    assert (
        "Protected tags cannot be updated"
        in filled.push(filled.folder, PATH, "+main:refs/tags/v1", by="maintainer").stderr
    )
    assert filled.push(filled.folder, PATH, "main:refs/tags/build-1", by="developer").returncode == 0


def test_archived_refuses_all_and_still_lets_read(filled):
    filled.ok("POST", f"/projects/{filled.xen}/archive")
    assert filled.push(filled.folder, PATH, "main:topic", by="maintainer").returncode != 0
    assert "refs/heads/main" in filled.remote(PATH, by="").stdout


def test_hidden_refs_can_not_be_pushed(filled):
    refused = filled.push(filled.folder, PATH, "main:refs/merge-requests/1/head", by="maintainer")
    assert refused.returncode != 0


def test_a_project_that_is_hidden_or_moved(filled):
    filled.ok("PUT", f"/projects/{filled.xen}", {"visibility": "private"})
    assert filled.remote(PATH, by="").returncode != 0
    assert "could not be found" in filled.remote(PATH, by=OUTSIDER).stderr
    filled.ok("PUT", f"/projects/{filled.xen}", {"path": "xen4", "name": "xen4"})
    assert "refs/heads/main" in filled.remote(PATH, by="developer").stdout


def test_a_rule_with_people_or_groups_needs_a_paid_tier(filled):
    data = {"name": "c7*", "allowed_to_push": [{"user_id": filled.ids["developer"]}]}
    answer = filled.send("POST", f"/projects/{filled.xen}/protected_branches", data)
    assert (answer.status_code, "not available" in answer.text) == (422, True)
    again = {"name": "main"}
    assert filled.send("POST", f"/projects/{filled.xen}/protected_branches", again).status_code == 409
    bad = {"name": "x", "push_access_level": 20}
    assert filled.send("POST", f"/projects/{filled.xen}/protected_branches", bad).status_code == 400


def test_on_the_community_edition_a_patch_of_levels_is_ignored_in_silence(filled):
    path = f"/projects/{filled.xen}/protected_branches/main"
    before = filled.ok("GET", path)
    id_ = before["push_access_levels"][0]["id"]
    after = filled.ok("PATCH", path, {"allowed_to_push": [{"id": id_, "access_level": 0}]})
    assert after == before


def test_on_a_paid_tier_a_person_a_group_and_a_patch_by_id_work(tmp_path):
    with opened(tmp_path, gitlab_premium=1) as bench:
        bench.group("project")
        xen = bench.project("project/xen", initialize_with_readme=True)["id"]
        team = bench.group("team")["id"]
        bench.member("group", team, "member1", 30)
        bench.member("project", xen, "developer", 30)
        bench.member("project", xen, "member2", 30)
        base = f"/projects/{xen}/protected_branches"
        rule = {"name": "c7*", "allowed_to_push": [{"group_id": team}, {"user_id": bench.ids["developer"]}]}
        assert bench.send("POST", base, rule).status_code == 422
        bench.ok("POST", f"/projects/{xen}/share", {"group_id": team, "group_access": 30})
        made = bench.ok("POST", base, rule)
        folder = bench.checkout()
        for who, accepted in (("member1", True), ("developer", True), ("member2", False)):
            pushed = bench.push(folder, "project/xen", f"main:c7-{who}", by=who)
            assert (pushed.returncode == 0) == accepted, pushed.stderr
        gone = [{"id": entry["id"], "_destroy": True} for entry in made["push_access_levels"]]
        changed = bench.ok("PATCH", f"{base}/c7*", {"allowed_to_push": [*gone, {"access_level": 40}]})
        assert [entry["access_level"] for entry in changed["push_access_levels"]] == [40]
        assert bench.push(folder, "project/xen", "main:c7-late", by="member1").returncode != 0
