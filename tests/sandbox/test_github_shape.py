"""The traps of GitHub, each of them there in the sandbox."""

from __future__ import annotations

import pytest
import requests
from github_client import BOT, ORG, Client, github

from sigctl.sandbox.github import tokens

DAY = 86_400


@pytest.fixture
def hub(tmp_path):
    with github(tmp_path) as client:
        yield client


def role(hub: Client, repo: str, login: str) -> str:
    return hub.call(200, "GET", f"/repos/CentOS/{repo}/collaborators/{login}/permission")["role_name"]


def test_a_member_is_invited_first(hub):
    assert hub.call(200, "PUT", f"{ORG}/memberships/member", {"role": "admin"})["state"] == "pending"
    assert hub.call(204, "GET", f"{ORG}/members/{BOT}") is None
    hub.call(404, "GET", f"{ORG}/members/member")
    (waiting,) = hub.call(200, "GET", f"{ORG}/invitations")
    assert (waiting["login"], waiting["role"]) == ("member", "admin")
    hub.call(200, "PATCH", "/user/memberships/orgs/CentOS", {"state": "active"}, who="member")
    assert hub.call(200, "GET", f"{ORG}/memberships/member")["role"] == "admin"
    assert hub.call(200, "GET", f"{ORG}/invitations") == []


def test_an_org_invitation_expires_and_is_listed_as_failed(hub):
    hub.call(200, "PUT", f"{ORG}/memberships/member", {"role": "member"})
    hub.sandbox.clock.advance(7 * DAY - 60)
    assert len(hub.call(200, "GET", f"{ORG}/invitations")) == 1
    hub.sandbox.clock.advance(60)
    assert hub.call(200, "GET", f"{ORG}/invitations") == []
    (failed,) = hub.call(200, "GET", f"{ORG}/failed_invitations")
    assert failed["login"] == "member"
    assert failed["failed_at"]
    hub.call(404, "PATCH", "/user/memberships/orgs/CentOS", {"state": "active"}, who="member")


def test_a_repository_invitation_expires_and_stays_listed(hub):
    hub.repo("xen")
    hub.call(201, "PUT", "/repos/CentOS/xen/collaborators/outsider", {"permission": "push"})
    hub.sandbox.clock.advance(7 * DAY)
    (expired,) = hub.call(200, "GET", "/repos/CentOS/xen/invitations")
    assert expired["expired"] is True
    hub.call(404, "PATCH", f"/user/repository_invitations/{expired['id']}", who="outsider")
    renewed = hub.call(201, "PUT", "/repos/CentOS/xen/collaborators/outsider", {"permission": "pull"})
    assert renewed["id"] != expired["id"]
    assert [i["expired"] for i in hub.call(200, "GET", "/repos/CentOS/xen/invitations")] == [False]


def test_inviting_again_does_not_change_the_invitation(hub):
    hub.repo("xen")
    first = hub.call(201, "PUT", "/repos/CentOS/xen/collaborators/outsider", {"permission": "triage"})
    again = hub.call(201, "PUT", "/repos/CentOS/xen/collaborators/outsider", {"permission": "admin"})
    assert (again["id"], again["permissions"]) == (first["id"], "triage")
    hub.call(204, "DELETE", "/repos/CentOS/xen/collaborators/outsider")
    assert len(hub.call(200, "GET", "/repos/CentOS/xen/invitations")) == 1
    hub.call(200, "PATCH", f"/repos/CentOS/xen/invitations/{first['id']}", {"permissions": "maintain"})
    hub.call(204, "PATCH", f"/user/repository_invitations/{first['id']}", who="outsider")
    assert role(hub, "xen", "outsider") == "maintain"
    hub.call(204, "PUT", "/repos/CentOS/xen/collaborators/outsider", {"permission": "pull"})
    assert role(hub, "xen", "outsider") == "read"


def test_the_base_permission_reaches_every_member(hub):
    hub.join("member")
    hub.repo("xen", private=True)
    assert role(hub, "xen", "member") == "read"
    hub.call(200, "PATCH", ORG, {"default_repository_permission": "write"})
    assert role(hub, "xen", "member") == "write"
    hub.call(200, "PATCH", ORG, {"default_repository_permission": "none"})
    assert role(hub, "xen", "member") == "none"
    hub.call(404, "GET", "/repos/CentOS/xen", who="member")


def test_only_owners_are_told_the_settings_of_an_org(hub):
    hub.join("member")
    assert "default_repository_permission" in hub.call(200, "GET", ORG)
    assert "default_repository_permission" not in hub.call(200, "GET", ORG, who="member")
    assert "billing_email" not in hub.call(200, "GET", ORG, who="outsider")


def test_whoever_makes_a_team_leads_it_and_owners_read_back_as_maintainers(hub):
    hub.join("member")
    hub.join("second", role="admin")
    hub.call(201, "POST", f"{ORG}/teams", {"name": "mine", "privacy": "closed"}, who="member")
    assert hub.call(200, "GET", f"{ORG}/teams/mine/memberships/member")["role"] == "maintainer"
    assert (
        hub.call(200, "PUT", f"{ORG}/teams/mine/memberships/second", {"role": "member"})["role"]
        == "maintainer"
    )
    assert hub.call(200, "PUT", f"{ORG}/memberships/second", {"role": "member"})["role"] == "member"
    assert hub.call(200, "GET", f"{ORG}/teams/mine/memberships/second")["role"] == "member"


def test_a_stranger_added_to_a_team_is_invited_to_the_org_and_the_team(hub):
    hub.team("virt")
    put = hub.call(200, "PUT", f"{ORG}/teams/virt/memberships/outsider", {"role": "maintainer"})
    assert put["state"] == "pending"
    (invitation,) = hub.call(200, "GET", f"{ORG}/teams/virt/invitations")
    assert [t["slug"] for t in hub.call(200, "GET", f"{ORG}/invitations/{invitation['id']}/teams")] == [
        "virt"
    ]
    hub.call(200, "PATCH", "/user/memberships/orgs/CentOS", {"state": "active"}, who="outsider")
    assert hub.call(200, "GET", f"{ORG}/teams/virt/memberships/outsider") | {"url": ""} == {
        "url": "",
        "role": "maintainer",
        "state": "active",
    }


def test_slugs_are_made_of_names_and_follow_them(hub):
    made = hub.team("My TEam Näme")
    assert made["slug"] == "my-team-name"
    hub.call(422, "POST", f"{ORG}/teams", {"name": "my team name"})
    renamed = hub.call(200, "PATCH", f"{ORG}/teams/my-team-name", {"name": "Other"})
    assert (renamed["slug"], renamed["id"]) == ("other", made["id"])
    hub.call(404, "GET", f"{ORG}/teams/my-team-name")
    assert hub.call(200, "GET", made["url"].partition("/api/v3")[2])["slug"] == "other"


def test_a_child_inherits_and_dies_with_its_parent(hub):
    hub.join("member", "second")
    parent = hub.team("parent", "second")
    hub.team("child", "member", parent_team_id=parent["id"])
    hub.call(422, "PATCH", f"{ORG}/teams/child", {"privacy": "secret"})
    hub.call(422, "PATCH", f"{ORG}/teams/parent", {"parent_team_slug": "child"})
    hub.repo("xen", private=True)
    hub.call(200, "PATCH", ORG, {"default_repository_permission": "none"})
    hub.call(204, "PUT", f"{ORG}/teams/parent/repos/CentOS/xen", {"permission": "maintain"})
    assert role(hub, "xen", "member") == "maintain"
    assert [r["role_name"] for r in hub.call(200, "GET", f"{ORG}/teams/child/repos")] == ["maintain"]
    assert {u["login"] for u in hub.call(200, "GET", f"{ORG}/teams/parent/members")} >= {"member", "second"}
    hub.call(204, "DELETE", f"{ORG}/teams/parent")
    hub.call(404, "GET", f"{ORG}/teams/child")
    assert role(hub, "xen", "member") == "none"


def test_secret_teams_are_seen_by_their_members_and_owners(hub):
    hub.join("member", "second")
    hub.team("hidden", "member", privacy="secret")
    assert [t["slug"] for t in hub.call(200, "GET", f"{ORG}/teams", who="member")] == ["hidden"]
    assert hub.call(200, "GET", f"{ORG}/teams", who="second") == []
    hub.call(404, "GET", f"{ORG}/teams/hidden", who="second")


def test_the_older_permission_word_knows_fewer_roles(hub):
    hub.join("member")
    hub.repo("xen")
    for level, word, name in (
        ("maintain", "write", "maintain"),
        ("triage", "read", "triage"),
        ("admin", "admin", "admin"),
    ):
        hub.call(204, "PUT", "/repos/CentOS/xen/collaborators/member", {"permission": level})
        shown = hub.call(200, "GET", "/repos/CentOS/xen/collaborators/member/permission")
        assert (shown["permission"], shown["role_name"]) == (word, name)


def test_leaving_the_org_takes_everything_away(hub):
    hub.join("member")
    hub.team("virt", "member")
    hub.repo("xen", private=True)
    hub.call(204, "PUT", "/repos/CentOS/xen/collaborators/member", {"permission": "push"})
    hub.call(204, "DELETE", f"{ORG}/memberships/member")
    assert role(hub, "xen", "member") == "none"
    hub.call(404, "GET", f"{ORG}/teams/virt/memberships/member")
    hub.call(403, "DELETE", f"{ORG}/memberships/{BOT}")


def test_a_renamed_repository_redirects_until_the_name_is_used_again(hub):
    made = hub.repo("xen")
    hub.call(200, "PATCH", "/repos/CentOS/xen", {"name": "xen-new"})
    read = hub.send("GET", "/repos/CentOS/xen/branches?per_page=5")
    assert read.status_code == 301
    assert read.headers["Location"].endswith(f"/api/v3/repositories/{made['id']}/branches?per_page=5")
    write = hub.send("PATCH", "/repos/CentOS/xen", {"description": "through"})
    assert write.status_code == 307
    hub.call(200, "PATCH", write.headers["Location"].partition("/api/v3")[2], {"description": "through"})
    assert hub.call(200, "GET", "/repos/CentOS/xen-new")["description"] == "through"
    hub.repo("xen")
    assert hub.call(200, "GET", "/repos/CentOS/xen")["id"] != made["id"]


def test_a_redirect_is_not_shown_to_those_who_may_not_read(hub):
    hub.repo("xen", private=True)
    hub.call(200, "PATCH", "/repos/CentOS/xen", {"name": "xen-new"})
    hub.call(404, "GET", "/repos/CentOS/xen", who="outsider")


def test_a_transfer_takes_effect_later(tmp_path):
    with github(tmp_path, orgs=["CentOS", "CentOS-virt"]) as hub:
        made = hub.repo("xen")
        hub.team("virt")
        hub.call(204, "PUT", f"{ORG}/teams/virt/repos/CentOS/xen", {"permission": "push"})
        started = hub.call(
            202, "POST", "/repos/CentOS/xen/transfer", {"new_owner": "centos-VIRT", "new_name": "x"}
        )
        assert started["full_name"] == "CentOS/xen"
        assert hub.call(200, "GET", "/repos/CentOS/xen")["owner"]["login"] == "CentOS"
        moved = hub.call(200, "GET", f"/repositories/{made['id']}")
        assert (moved["full_name"], moved["id"]) == ("CentOS-virt/x", made["id"])
        assert hub.send("GET", "/repos/CentOS/xen").status_code == 301
        assert hub.call(200, "GET", "/repos/CentOS-virt/x/teams") == []


def test_parts_of_a_new_repository_are_not_there_at_once(tmp_path):
    with github(tmp_path, knobs={"not_yet": 2}) as hub:
        hub.team("virt")
        hub.repo("xen")
        put = ("PUT", f"{ORG}/teams/virt/repos/CentOS/xen", {"permission": "push"})
        assert [hub.send(*put).status_code for _ in range(3)] == [404, 404, 204]


def test_an_archived_repository_refuses_changes(hub):
    hub.join("member")
    hub.repo("xen")
    hub.call(200, "PATCH", "/repos/CentOS/xen", {"archived": True, "description": "last words"})
    hub.call(403, "PATCH", "/repos/CentOS/xen", {"description": "more"})
    hub.call(403, "PATCH", "/repos/CentOS/xen", {"archived": False, "description": "more"})
    hub.call(403, "PUT", "/repos/CentOS/xen/collaborators/member", {"permission": "push"})
    hub.call(403, "PUT", "/repos/CentOS/xen/topics", {"names": ["a"]})
    hub.call(200, "PATCH", "/repos/CentOS/xen", {"archived": False})
    hub.call(200, "PATCH", "/repos/CentOS/xen", {"description": "more"})


def test_hidden_is_404_and_not_allowed_is_403(hub):
    hub.repo("secret", private=True)
    hub.repo("open")
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"description": "x"}),
        ("PUT", "/topics", {"names": []}),
        ("PUT", "/collaborators/third", {"permission": "pull"}),
    ):
        hub.call(404, method, f"/repos/CentOS/secret{path}", body, who="outsider")
        hub.call(200 if method == "GET" else 403, method, f"/repos/CentOS/open{path}", body, who="outsider")


def test_lists_come_in_pages_of_a_hundred_at_most(hub):
    for number in range(103):
        hub.repo(f"r{number}")
    first = hub.send("GET", f"{ORG}/repos?per_page=500&type=all")
    assert len(first.json()) == 100
    assert set(first.links) == {"next", "last"}
    second = hub.session.get(
        first.links["next"]["url"], headers={"Authorization": f"Bearer {hub.tokens[BOT]}"}, timeout=20
    )
    assert len(second.json()) == 3
    assert set(second.links) == {"prev", "first"}
    assert len(hub.send("GET", f"{ORG}/repos").json()) == 30


def test_a_token_without_the_scope_is_refused_and_told_its_scopes(hub):
    forge = hub.sandbox.forges["github"]
    bot = forge.state.account(BOT)["id"]
    tokens.add(forge.state, bot, "few", scopes=("public_repo", "read:org"))
    hub.repo("secret", private=True)
    refused = hub.send("PUT", f"{ORG}/memberships/member", {"role": "member"}, who="few")
    assert refused.status_code == 404
    assert refused.headers["X-OAuth-Scopes"] == "public_repo, read:org"
    assert "admin:org" in refused.headers["X-Accepted-OAuth-Scopes"]
    hub.call(404, "GET", "/repos/CentOS/secret", who="few")
    hub.call(403, "DELETE", "/repos/CentOS/secret", who="few")
    tokens.add(forge.state, bot, "fewer", scopes=("repo",))
    errors = hub.query('{ organization(login: "CentOS") { teams(first: 1) { totalCount } } }', who="fewer")[
        "errors"
    ]
    assert errors[0]["type"] == "INSUFFICIENT_SCOPES"


def test_a_fine_grained_token_that_reads_writes_nothing(hub):
    answer = hub.send("PATCH", ORG, {"name": "x"}, who="read")
    assert (answer.status_code, answer.json()["message"]) == (
        403,
        "Resource not accessible by personal access token",
    )
    assert "X-OAuth-Scopes" not in hub.send("GET", ORG, who="read").headers
    assert hub.query("{ viewer { login } }", who="read")["data"]["viewer"]["login"] == BOT


def test_a_token_ends(hub):
    forge = hub.sandbox.forges["github"]
    token = forge.state.tokens.one("value", hub.tokens["member"])
    forge.state.tokens.save(token, expires_at=forge.clock.stamp())
    hub.sandbox.clock.advance(1)
    answer = hub.send("GET", "/user", who="member")
    assert (answer.status_code, answer.json()["message"]) == (401, "Bad credentials")


def test_an_unchanged_answer_is_304(hub):
    tag = hub.send("GET", ORG).headers["ETag"]
    assert hub.send("GET", ORG, **{"If-None-Match": tag}).status_code == 304
    hub.call(200, "PATCH", ORG, {"name": "other"})
    assert hub.send("GET", ORG, **{"If-None-Match": tag}).status_code == 200


def test_the_hourly_limit_is_kept_when_asked_for(tmp_path):
    with github(tmp_path, knobs={"rate_limit": 2}) as hub:
        statuses = [hub.send("GET", "/user").status_code for _ in range(3)]
        assert statuses == [200, 200, 403]
        limited = hub.send("GET", "/user")
        assert limited.headers["X-RateLimit-Remaining"] == "0"
        assert hub.call(200, "GET", "/rate_limit")["rate"]["remaining"] == 0
        hub.query("{ viewer { login } }")
        hub.query("{ viewer { login } }")
        assert hub.query("{ viewer { login } }")["errors"][0]["type"] == "RATE_LIMITED"
        hub.sandbox.clock.advance(3600)
        assert hub.send("GET", "/user").status_code == 200


def test_the_secondary_limit_is_kept_when_asked_for(tmp_path):
    with github(tmp_path, knobs={"creations_a_minute": 2}) as hub:
        hub.repo("a")
        hub.repo("b")
        limited = hub.send("POST", f"{ORG}/repos", {"name": "c"})
        assert limited.status_code == 403
        assert "secondary rate limit" in limited.json()["message"]
        hub.call(200, "GET", "/user")
        hub.sandbox.clock.advance(int(limited.headers["Retry-After"]))
        hub.repo("c")


def test_a_login_can_pass_to_a_stranger_and_the_number_can_not(hub):
    forge = hub.sandbox.forges["github"]
    hub.join("member")
    before = hub.call(200, "GET", "/users/member")["id"]
    forge.rename_user("member", "renamed")
    hub.call(404, "GET", "/users/member")
    assert hub.call(200, "GET", f"/user/{before}")["login"] == "renamed"
    with forge.store.transaction():
        assert forge.add_user("member")["id"] != before
    hub.call(404, "GET", f"{ORG}/members/member")
    hub.call(204, "GET", f"{ORG}/members/renamed")


def test_a_suspended_user_can_neither_act_nor_be_invited(hub):
    hub.sandbox.forges["github"].suspend_user("member")
    assert hub.send("GET", "/user", who="member").status_code == 401
    hub.call(422, "PUT", f"{ORG}/memberships/member", {"role": "member"})


def test_the_seats_of_an_org_can_be_used_up(hub):
    accounts = hub.sandbox.forges["github"].state.accounts
    accounts.save(accounts.one("login", "centos"), seats=2)
    hub.call(200, "PUT", f"{ORG}/memberships/member", {"role": "member"})
    hub.call(422, "PUT", f"{ORG}/memberships/second", {"role": "member"})
    hub.call(200, "PUT", f"{ORG}/memberships/member", {"role": "admin"})


def test_a_part_of_the_body_that_is_of_another_type_is_422(hub):
    hub.repo("xen", auto_init=True)
    for body in ({"description": 1}, {"has_wiki": "yes"}, {"visibility": "secret"}, {"default_branch": None}):
        hub.call(422, "PATCH", "/repos/CentOS/xen", body)
    hub.call(
        422, "POST", "/repos/CentOS/xen/rulesets", {"name": "r", "enforcement": "active", "rules": ["x"]}
    )
    wrong = {name: [] for name in ("required_status_checks", "required_pull_request_reviews", "restrictions")}
    hub.call(422, "PUT", "/repos/CentOS/xen/branches/main/protection", wrong | {"enforce_admins": True})
    assert hub.send("POST", f"{ORG}/repos", "text").status_code == 400


def test_logins_are_compared_whatever_their_case(hub):
    assert hub.call(200, "GET", "/users/MEMBER")["login"] == "member"
    assert hub.call(200, "GET", "/orgs/centos")["login"] == "CentOS"
    hub.repo("Xen")
    assert hub.call(200, "GET", "/repos/centos/xEN")["full_name"] == "CentOS/Xen"


COLLABORATORS = """query Q { repository(owner: "CentOS", name: "xen") { collaborators(first: 100, affiliation: DIRECT) { edges {
  permission node { login }
  permissionSources { permission roleName source { __typename ... on Team { slug } } }
} } } }"""


def test_graphql_tells_where_a_permission_comes_from(hub):
    hub.join("member", "second")
    hub.team("virt", "member", "second")
    hub.repo("xen")
    hub.call(204, "PUT", f"{ORG}/teams/virt/repos/CentOS/xen", {"permission": "triage"})
    hub.call(204, "PUT", "/repos/CentOS/xen/collaborators/member", {"permission": "maintain"})
    (edge,) = hub.query(COLLABORATORS)["data"]["repository"]["collaborators"]["edges"]
    assert (edge["node"]["login"], edge["permission"]) == ("member", "MAINTAIN")
    found = {(s["source"]["__typename"], s["permission"], s["roleName"]) for s in edge["permissionSources"]}
    assert found == {
        ("Organization", "READ", "read"),
        ("Team", "READ", "triage"),
        ("Repository", "WRITE", "maintain"),
    }


def test_graphql_answers_what_it_can_and_errors_beside_it(hub):
    body = hub.query('{ a: user(login: "member") { login } b: user(login: "nobody") { login } }')
    assert body["data"] == {"a": {"login": "member"}, "b": None}
    assert [(e["type"], e["path"]) for e in body["errors"]] == [("NOT_FOUND", ["b"])]


def test_graphql_hides_what_rest_hides(hub):
    made = hub.repo("secret", private=True)
    text = 'query Q($id: ID!) { repository(owner: "CentOS", name: "secret") { id } node(id: $id) { id } }'
    body = hub.query(text, who="outsider", id=made["node_id"])
    assert body["data"] == {"repository": None, "node": None}
    assert hub.query(text, id=made["node_id"])["data"]["node"] == {"id": made["node_id"]}
    team = hub.team("virt")
    assert hub.query(text, who="outsider", id=team["node_id"])["data"]["node"] is None
    named = '{ organization(login: "CentOS") { repositories(first: 9) { nodes { name } } teams(first: 9) { totalCount } } }'
    assert hub.query(named, who="outsider")["data"]["organization"] == {
        "repositories": {"nodes": []},
        "teams": {"totalCount": 0},
    }


@pytest.mark.parametrize(
    ("fields", "type_"),
    [
        ("repositories { totalCount }", "MISSING_PAGINATION_BOUNDARIES"),
        ("repositories(first: 101) { totalCount }", "EXCESSIVE_PAGINATION"),
        (
            "teams(first: 100) { nodes { repositories(first: 100) { nodes { collaborators(first: 100) { totalCount } } } } }",
            "MAX_NODE_LIMIT_EXCEEDED",
        ),
    ],
)
def test_graphql_refuses_too_much(hub, fields, type_):
    body = hub.query(f'{{ organization(login: "CentOS") {{ {fields} }} }}')
    assert [error["type"] for error in body["errors"]] == [type_]


@pytest.mark.parametrize(
    ("fields", "cost"),
    [
        (
            "repositories(first: 100) { nodes { name repositoryTopics(first: 20) { nodes { topic { name } } } } }",
            1,
        ),
        (
            """repositories(first: 50) { nodes { branchProtectionRules(first: 20) { nodes {
            pushAllowances(first: 10) { totalCount } bypassForcePushAllowances(first: 10) { totalCount } } } } }""",
            21,
        ),
    ],
)
def test_graphql_costs_what_was_measured(hub, fields, cost):
    body = hub.query(f'query Q {{ rateLimit {{ cost used }} organization(login: "CentOS") {{ {fields} }} }}')
    assert body["data"]["rateLimit"] == {"cost": cost, "used": cost}


def test_graphql_pages_follow_each_other(hub):
    for number in range(7):
        hub.repo(f"r{number}")
    text = """query Q($after: String) { organization(login: "CentOS") { repositories(first: 3, after: $after) {
      nodes { name } pageInfo { hasNextPage endCursor } totalCount } } }"""
    found, after = [], None
    while True:
        page = hub.query(text, after=after)["data"]["organization"]["repositories"]
        found += [node["name"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert found == [f"r{number}" for number in range(7)]


def test_graphql_needs_a_good_token(hub):
    for headers in ({}, {"Authorization": "bearer wrong"}):
        answer = requests.post(
            f"{hub.url}/api/graphql", json={"query": "{ viewer { login } }"}, headers=headers, timeout=20
        )
        assert answer.status_code == 401


def test_bypass_actors_are_kept_from_readers(hub):
    hub.repo("xen")
    actors = [{"actor_type": "OrganizationAdmin", "actor_id": 1, "bypass_mode": "always"}]
    made = hub.call(
        201,
        "POST",
        "/repos/CentOS/xen/rulesets",
        {"name": "r", "enforcement": "active", "bypass_actors": actors},
    )
    assert made["bypass_actors"] == [
        {"actor_type": "OrganizationAdmin", "actor_id": None, "bypass_mode": "always"}
    ]
    assert "bypass_actors" not in hub.call(
        200, "GET", f"/repos/CentOS/xen/rulesets/{made['id']}", who="outsider"
    )
    (listed,) = hub.call(200, "GET", "/repos/CentOS/xen/rulesets")
    assert not {"rules", "conditions", "bypass_actors"} & set(listed)
    text = '{ repository(owner: "CentOS", name: "xen") { rulesets(first: 9) { nodes { bypassActors(first: 9) { totalCount } } } } }'
    assert hub.query(text, who="outsider")["data"]["repository"]["rulesets"]["nodes"] == [
        {"bypassActors": None}
    ]
