"""GraphQL: what it shows, what it hides, what it costs, and what only a paid edition knows."""

from __future__ import annotations

import pytest
from gitlab_bench import OUTSIDER, opened

RULES = """
query($p: ID!) { project(fullPath: $p) { branchRules { nodes { name branchProtection {
  allowForcePush pushAccessLevels { nodes { accessLevel } } mergeAccessLevels { nodes { accessLevel } } } } } } }
"""
BULK = """
query($p: ID!, $after: String, $n: Int) { queryComplexity { score limit } group(fullPath: $p) {
  projects(includeSubgroups: true, first: $n, after: $after) { pageInfo { hasNextPage endCursor } nodes {
    id fullPath name description visibility archived issuesEnabled wikiEnabled topics markedForDeletionOn
    repository { rootRef empty }
    projectMembers(relations: [DIRECT]) { nodes { expiresAt accessLevel { integerValue } user { id username state bot } } }
    branchRules { nodes { name branchProtection { allowForcePush pushAccessLevels { nodes { accessLevel } } } } }
  } } } }
"""


@pytest.fixture
def bench(tmp_path):
    with opened(tmp_path) as found:
        found.group("project")
        found.group("project/sig-virt")
        found.xen = found.project("project/sig-virt/xen", initialize_with_readme=True)["id"]
        found.settle()
        yield found


def test_branch_rules_are_null_without_the_right_to_read_them(bench):
    bench.member("project", bench.xen, "developer", 30)
    bench.member("project", bench.xen, "maintainer", 40)
    for who in ("developer", OUTSIDER):
        assert bench.query(RULES, by=who, p="project/sig-virt/xen")["data"]["project"] == {
            "branchRules": None
        }
    found = bench.query(RULES, by="maintainer", p="project/sig-virt/xen")["data"]["project"]["branchRules"][
        "nodes"
    ]
    levels = {"nodes": [{"accessLevel": 40}]}
    protection = {"allowForcePush": False, "pushAccessLevels": levels, "mergeAccessLevels": levels}
    assert found == [{"name": "main", "branchProtection": protection}]


def test_only_direct_members_are_shown_when_asked_so(bench):
    top = bench.ok("GET", "/groups/project")["id"]
    bench.member("group", top, "member1", 30)
    bench.member("project", bench.xen, "member2", 20)
    text = """query($r: [ProjectMemberRelation!]) { project(fullPath: "project/sig-virt/xen") {
      projectMembers(relations: $r) { nodes { __typename id accessLevel { integerValue stringValue } user { username } } } } }"""

    def shown(*relations):
        found = bench.query(text, r=list(relations))["data"]["project"]["projectMembers"]["nodes"]
        return {node["user"]["username"]: node["accessLevel"]["stringValue"] for node in found}

    assert shown("DIRECT") == {"member2": "REPORTER"}
    assert shown("DIRECT", "INHERITED") == {
        "member2": "REPORTER",
        "member1": "DEVELOPER",
        "sigctl-bot": "OWNER",
    }


def test_pages_are_of_a_hundred_at_most_and_cursors_lead_through(bench):
    for number in range(4):
        bench.project(f"project/sig-virt/p{number}")
    found, after = [], None
    while True:
        page = bench.query(BULK, p="project", n=2, after=after)["data"]["group"]["projects"]
        found += [node["fullPath"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert found == [f"project/sig-virt/{name}" for name in ("p3", "p2", "p1", "p0", "xen")]


def test_a_bulk_read_fits_and_a_page_costs_by_its_size(bench):
    small = bench.query(BULK, p="project", n=10)["data"]["queryComplexity"]
    whole = bench.query(BULK, p="project", n=100)["data"]["queryComplexity"]
    assert small["limit"] == whole["limit"] == 250
    assert 130 < whole["score"] < 200
    assert small["score"] < whole["score"]


def test_a_query_that_costs_too_much_is_refused(bench):
    twice = "query($p: ID!) { a: group(fullPath: $p) { ...f } b: group(fullPath: $p) { ...f } } fragment f on Group { %s }"
    inner = " ".join(
        f"p{n}: projects(first: 100) {{ nodes {{ id fullPath name visibility }} }}" for n in range(5)
    )
    answer = bench.query(twice % inner, p="project")
    assert "data" not in answer
    assert "exceeds max complexity of 250" in answer["errors"][0]["message"]


def test_a_field_of_the_paid_edition_fails_validation_on_the_free_one(bench):
    text = "query($p: ID!) { project(fullPath: $p) { branchRules { nodes { branchProtection { codeOwnerApprovalRequired } } } } }"
    answer = bench.query(text, p="project/sig-virt/xen")
    assert (
        answer["errors"][0]["message"]
        == "Field 'codeOwnerApprovalRequired' doesn't exist on type 'BranchProtection'"
    )
    assert "data" not in answer


def test_a_paid_edition_names_people_and_groups_in_rules(tmp_path):
    with opened(tmp_path, gitlab_premium=1) as bench:
        bench.group("project")
        xen = bench.project("project/xen")["id"]
        bench.member("project", xen, "developer", 30)
        rule = {
            "name": "c7*",
            "allowed_to_push": [{"user_id": bench.ids["developer"]}],
            "unprotect_access_level": 40,
        }
        bench.ok("POST", f"/projects/{xen}/protected_branches", rule)
        text = """{ project(fullPath: "project/xen") { branchRules { nodes { branchProtection {
          pushAccessLevels { nodes { accessLevel user { id username } group { id } } }
          unprotectAccessLevels { nodes { accessLevel } } } } } } metadata { enterprise version } }"""
        data = bench.query(text)["data"]
        found = data["project"]["branchRules"]["nodes"][0]["branchProtection"]
        person = {"id": f"gid://gitlab/User/{bench.ids['developer']}", "username": "developer"}
        assert found["pushAccessLevels"]["nodes"] == [{"accessLevel": 40, "user": person, "group": None}]
        assert found["unprotectAccessLevels"]["nodes"] == [{"accessLevel": 40}]
        assert data["metadata"]["enterprise"] is True


def test_people_are_found_by_name_and_by_id(bench):
    text = "query($n: [String!]) { users(usernames: $n) { nodes { id username state bot } } currentUser { username } }"
    data = bench.query(text, n=["Member1", "nobody"])["data"]
    id_ = f"gid://gitlab/User/{bench.ids['member1']}"
    assert data["users"]["nodes"] == [{"id": id_, "username": "member1", "state": "active", "bot": False}]
    assert data["currentUser"] == {"username": "sigctl-bot"}
    byid = bench.query("query($i: [ID!]) { users(ids: $i) { nodes { username } } }", i=[id_])["data"]
    assert byid["users"]["nodes"] == [{"username": "member1"}]
    bench.ok("POST", f"/users/{bench.ids['member1']}/block")
    assert bench.query(text, n=["member1"])["data"]["users"]["nodes"][0]["state"] == "blocked"


def test_what_is_hidden_is_null_and_a_bad_token_is_401(bench):
    bench.group("closed", visibility="private")
    text = '{ group(fullPath: "closed") { id } project(fullPath: "no/such") { id } currentUser { username } }'
    assert bench.query(text, by="")["data"] == {"group": None, "project": None, "currentUser": None}
    bench.tokens["wrong"] = "glpat-wrong"
    assert bench.query(text, by="wrong") == {"errors": [{"message": "Invalid token"}]}


def test_groups_are_listed_with_their_direct_members_and_rights(bench):
    text = """{ group(fullPath: "project") { id maxAccessLevel { integerValue } projectCreationLevel
      descendantGroups { nodes { fullPath visibility groupMembers(relations: [DIRECT]) { nodes { user { username } } } } } } }"""
    data = bench.query(text)["data"]["group"]
    assert data["maxAccessLevel"] == {"integerValue": 50}
    assert data["projectCreationLevel"] == "developer"
    members = {"nodes": [{"user": {"username": "sigctl-bot"}}]}
    expected = {"fullPath": "project/sig-virt", "visibility": "public", "groupMembers": members}
    assert data["descendantGroups"]["nodes"] == [expected]


def test_a_query_that_is_too_long_or_broken_is_refused(bench):
    assert bench.query("{ " + "currentUser { id } " * 1000 + "}")["errors"] == [
        {"message": "Query too large"}
    ]
    assert "errors" in bench.query("{ nothing }")
    assert "errors" in bench.query("{ currentUser {")
