"""What becomes of GitLab's answers, and which of them are not whole."""

from __future__ import annotations

import pytest
from gitlab_wire import SERVER, Says, forge, wire

from sigctl.core.kinds import BranchRule, Grant, GroupRule, Key, Org, Repo, Team
from sigctl.core.state import Account
from sigctl.errors import DeniedError, PartialError, RefusedError
from sigctl.forges.base import Scope
from sigctl.forges.gitlab import names
from sigctl.forges.gitlab.readers.groups import Teams
from sigctl.forges.gitlab.readers.members import account_of, of_rows
from sigctl.forges.gitlab.readers.projects import repo_of
from sigctl.forges.gitlab.readers.server import capabilities
from sigctl.forges.gitlab.readers.shares import shares_of

LAST = {"hasNextPage": False, "endCursor": None}
OWNER = {"id": "gid://gitlab/User/1", "username": "owner", "state": "active", "bot": False}


def members(*levels: int) -> dict:
    nodes = [{"accessLevel": {"integerValue": level}, "expiresAt": None, "user": OWNER} for level in levels]
    return {"pageInfo": LAST, "nodes": nodes}


def group(number: int, path: str, **more) -> dict:
    known = {"id": f"gid://gitlab/Group/{number}", "fullPath": path, "name": path, "description": None}
    return {**known, "visibility": "public", "groupMembers": members(50), **more}


def project(number: int, path: str, **more) -> dict:
    known = {
        "id": number,
        "path_with_namespace": path,
        "description": None,
        "visibility": "public",
        "topics": [],
    }
    return {
        **known,
        "default_branch": None,
        "empty_repo": True,
        "archived": False,
        "shared_with_groups": [],
        **more,
    }


def below(*nodes: dict, page: dict = LAST, field: str = "projects") -> Says:
    return Says(body={"data": {"group": {field: {"pageInfo": page, "nodes": list(nodes)}}}})


def project_members(number: int, path: str, **more) -> dict:
    return {"id": f"gid://gitlab/Project/{number}", "fullPath": path, "projectMembers": members(), **more}


def project_rules(number: int, path: str, *rules: dict) -> dict:
    shown = {"pageInfo": LAST, "nodes": list(rules)}
    return {"id": f"gid://gitlab/Project/{number}", "fullPath": path, "branchRules": shown}


@pytest.fixture
def server():
    with wire() as served:
        served.on("QUERY", "sigctlServer", Says(body=SERVER))
        served.on("QUERY", "sigctlGroup", Says(body={"data": {"group": group(10, "top")}}))
        served.on("QUERY", "sigctlGroupsBelow", below(field="descendantGroups"))
        served.on("QUERY", "sigctlProjectMembersBelow", below(project_members(20, "top/repo")))
        served.on("QUERY", "sigctlRulesBelow", below(project_rules(20, "top/repo")))
        served.on("GET", "/projects/21/protected_branches", Says(body=[]))
        served.on("GET", "/user", Says(body={"id": 1, "username": "owner"}))
        served.on("GET", "/groups/top/projects", Says(body=[project(20, "top/repo")]))
        served.on("GET", "/groups/10/invitations", Says(body=[]))
        served.on("GET", "/groups/10", Says(body={"id": 10, "full_path": "top", "shared_with_groups": []}))
        yield served


def seen(server, **scope):
    return forge(server.url).observe(Scope(frozenset({"top"}), **scope))


OLD = Says(body={"errors": [{"message": "Field 'isGroupLevel' doesn't exist on type 'BranchProtection'"}]})
LINES = [{"id": 1, "access_level": 40}]


def protected(name, **more):
    lines = {"push_access_levels": LINES, "merge_access_levels": LINES}
    return {"id": 5, "name": name, **lines, "allow_force_push": False, **more}


def test_a_server_that_can_t_tell_rules_of_groups_apart_in_bulk_is_asked_for_each_project(server):
    data = {**SERVER["data"], "metadata": {"version": "16.0.0-ee", "enterprise": True}}
    server.on("QUERY", "sigctlServer", Says(body={"data": data}))
    server.on("GET", "/groups/top/protected_branches", Says(body=[protected("c7-*")]))
    server.on("QUERY", "sigctlRulesBelow", OLD)
    rows = [protected("c7-*", inherited=True), protected("main", inherited=False)]
    server.on("GET", "/projects/20/protected_branches", Says(body=rows))
    found = seen(server).state.values()
    assert [one.pattern for one in found if isinstance(one, BranchRule)] == ["main"]
    assert [one.pattern for one in found if isinstance(one, GroupRule)] == ["c7-*"]


def test_and_where_nobody_lets_us_see_rules_of_groups_an_older_server_is_taken_to_have_none(server):
    data = {**SERVER["data"], "metadata": {"version": "15.0.0-ee", "enterprise": True}}
    server.on("QUERY", "sigctlServer", Says(body={"data": data}))
    server.on("GET", "/groups/top/protected_branches", Says(403, {"message": "403 Forbidden"}))
    server.on("QUERY", "sigctlRulesBelow", OLD, below(project_rules(20, "top/repo")))
    assert [one for one in seen(server).state.values() if isinstance(one, GroupRule)] == []
    first, second = server.sent("QUERY", "sigctlRulesBelow")
    assert ("isGroupLevel" in first.body["query"], "isGroupLevel" in second.body["query"]) == (True, False)


def test_a_small_tree_is_read_whole(server):
    observation = seen(server)
    assert set(observation.state.values()) == {
        Org("top", title="top", visibility="public"),
        Grant("org", "top", "person:owner", "admin", until=""),
        Repo(
            "top/repo",
            description="",
            visibility="public",
            archived=False,
            topics=(),
            issues=False,
            wiki=False,
        ),
    }
    assert observation.me == "owner"
    assert observation.accounts == {"owner": Account("owner", 1)}
    assert observation.capabilities == {"free"}
    assert observation.reads == len(server.asked) == 10


@pytest.mark.parametrize(
    "node",
    [
        group(10, "top", groupMembers=None),
        group(10, "top", visibility=None),
        group(10, "top", groupMembers={"pageInfo": None, "nodes": []}),
        group(10, "top", groupMembers={"pageInfo": LAST, "nodes": None}),
        group(10, "top", groupMembers={"pageInfo": LAST, "nodes": [None]}),
        group(
            10,
            "top",
            groupMembers={"pageInfo": LAST, "nodes": [{"accessLevel": {"integerValue": 50}, "user": None}]},
        ),
        group(10, "top", groupMembers={"pageInfo": LAST, "nodes": [{"accessLevel": None, "user": OWNER}]}),
    ],
)
def test_null_where_something_must_be_is_a_failed_read_and_never_nobody(server, node):
    server.on("QUERY", "sigctlGroup", Says(body={"data": {"group": node}}))
    with pytest.raises(PartialError):
        seen(server)


@pytest.mark.parametrize(
    "row",
    [
        project(20, "top/repo", shared_with_groups=None),
        project(20, "top/repo", archived=None),
        {"id": 20, "path_with_namespace": "top/repo"},
    ],
)
def test_a_project_shown_without_its_settings_is_a_failed_read(server, row):
    server.on("GET", "/groups/top/projects", Says(body=[row]))
    found = seen(server)
    assert found.unread[Key("repo", "top/repo")].teams
    assert not [one for one in found.state.values() if Key("repo", "top/repo") in (one.key, one.inside)]


def test_a_project_that_appears_while_the_lists_are_read_is_read_again(server):
    both = below(project_members(20, "top/repo"), project_members(21, "top/new"))
    server.on("QUERY", "sigctlProjectMembersBelow", both)
    rows = [project(20, "top/repo"), project(21, "top/new")]
    server.on("GET", "/groups/top/projects", Says(body=rows[:1]), Says(body=rows))
    assert Key("repo", "top/new") in seen(server).state


def test_lists_that_never_agree_are_a_failed_read(server):
    server.on("GET", "/groups/top/projects", Says(body=[]))
    with pytest.raises(PartialError, match="change faster"):
        seen(server)


def test_a_project_that_graphql_leaves_out_is_asked_for_by_itself(server):
    server.on("QUERY", "sigctlProjectMembersBelow", below())
    row = {"id": 5, "username": "member1", "state": "active", "access_level": 25, "expires_at": "2027-01-31"}
    server.on("GET", "/projects/20/members", Says(body=[row]))
    found = seen(server).state[Key("grant", "repo:top/repo:person:member1")]
    assert found == Grant("repo", "top/repo", "person:member1", "native:25", until="2027-01-31")


def test_every_page_of_members_and_of_groups_is_read(server):
    more = {"hasNextPage": True, "endCursor": "c"}
    first = group(10, "top", groupMembers={**members(30), "pageInfo": more})
    other = {**OWNER, "id": "gid://gitlab/User/2", "username": "member1"}
    second = {
        "pageInfo": LAST,
        "nodes": [{"accessLevel": {"integerValue": 30}, "expiresAt": None, "user": other}],
    }
    server.on("QUERY", "sigctlGroup", Says(body={"data": {"group": first}}))
    server.on("QUERY", "sigctlGroupMembers", Says(body={"data": {"group": {"groupMembers": second}}}))
    server.on(
        "QUERY",
        "sigctlGroupsBelow",
        below(group(11, "top/a"), page=more, field="descendantGroups"),
        below(group(12, "top/b"), field="descendantGroups"),
    )
    for number in (11, 12):
        server.on("GET", f"/groups/{number}/invitations", Says(body=[]))
        server.on("GET", f"/groups/{number}", Says(body={"id": number, "shared_with_groups": []}))
    state = seen(server).state
    assert {key.name for key in state if key.kind == "org"} == {"top", "top/a", "top/b"}
    assert Key("grant", "org:top:person:member1") in state


def test_a_top_group_that_does_not_exist_is_absent_and_no_error(server):
    server.on("QUERY", "sigctlGroup", Says(body={"data": {"group": None}}))
    server.on("QUERY", "sigctlProjectMembersBelow", Says(body={"data": {"group": None}}))
    server.on("GET", "/groups/top/projects", Says(404, {"message": "404 Group Not Found"}))
    assert seen(server, groups=frozenset({"top"})).state == {}


def test_a_token_that_is_nobodys_is_told(server):
    server.on("QUERY", "sigctlServer", Says(body={"data": {**SERVER["data"], "currentUser": None}}))
    with pytest.raises(DeniedError, match="does not say whose the token is"):
        seen(server)


def test_what_waits_to_be_deleted_is_noted_and_not_there_and_restored_when_made_again(server):
    path = "top/repo-deletion_scheduled-20"
    server.on(
        "QUERY", "sigctlProjectMembersBelow", below(project_members(20, path), project_members(21, "top/old"))
    )
    rows = [
        project(20, path, marked_for_deletion_on="2026-11-01"),
        project(21, "top/old", marked_for_deletion_on="2026-11-02"),
    ]
    server.on("GET", "/groups/top/projects", Says(body=rows))
    gitlab = forge(server.url)
    observation = gitlab.observe(Scope(frozenset({"top"})))
    assert not [key for key in observation.state if key.kind == "repo"]
    assert [(note.topic, note.subject) for note in observation.notes] == [
        ("pending", "top/old"),
        ("pending", "top/repo"),
    ]
    server.on("GET", "/user", Says(body={"id": 1}))
    server.on("GET", "/projects/20/members", Says(body=[]))
    server.on("GET", "/projects/20", Says(body={"shared_with_groups": []}))
    server.on("POST", "/projects/20/restore", Says(201, {}))
    server.on("PUT", "/projects/20", Says(200, {}))
    gitlab.execute(_create(Repo("top/repo", visibility="public")))
    assert [one.path for one in server.asked[-2:]] == ["/api/v4/projects/20/restore", "/api/v4/projects/20"]


def test_all_in_a_group_that_waits_to_be_deleted_is_not_there(server):
    doomed = "top/sub-deletion_scheduled-11"
    server.on("QUERY", "sigctlGroupsBelow", below(group(11, doomed), field="descendantGroups"))
    server.on("GET", "/groups/11/invitations", Says(body=[]))
    server.on("GET", "/groups/11", Says(body={"id": 11, "shared_with_groups": []}))
    server.on("GET", "/groups/top/projects", Says(body=[project(20, f"{doomed}/repo")]))
    observation = seen(server)
    assert {key.name for key in observation.state if key.kind in ("org", "repo")} == {"top"}
    assert [note.subject for note in observation.notes] == ["top/sub"]


def test_a_token_about_to_end_is_noted(server):
    server.on(
        "GET", "/personal_access_tokens/self", Says(body={"scopes": ["api"], "expires_at": "2001-01-01"})
    )
    assert [note.topic for note in seen(server).notes] == ["expires"]


def _create(resource):
    from sigctl.core.plan import Action  # noqa: PLC0415  # one test needs it

    return Action("gitlab", "create", None, resource)


def test_teams_are_declared_ones_and_childless_ones_beside_them():
    scope = Scope(
        orgs=frozenset({"p"}),
        groups=frozenset({"p", "p/sig", "p/sig/groups", "p/sig/groups/place"}),
        teams=frozenset({"p/sig/groups/A"}),
    )
    everything = [
        "p",
        "p/sig",
        "p/sig/groups",
        "p/sig/groups/a",
        "p/sig/groups/b",
        "p/sig/groups/c",
        "p/sig/groups/c/d",
    ]
    teams = Teams.of(scope, everything)
    assert [path for path in everything if teams.has(path)] == ["p/sig/groups/a", "p/sig/groups/b"]
    assert not teams.has("p/sig/groups/place")


@pytest.mark.parametrize(
    ("more", "repo"),
    [
        ({"empty_repo": True, "default_branch": "main"}, {"default_branch": None, "filled": False}),
        ({"empty_repo": False, "default_branch": "c7"}, {"default_branch": "c7", "filled": True}),
        ({"issues_access_level": "private", "issues_enabled": False}, {"issues": True}),
        ({"issues_access_level": "disabled", "issues_enabled": True}, {"issues": False}),
        ({"wiki_enabled": True}, {"wiki": True}),
        ({"squash_option": "never"}, {"squash_merge": False}),
        ({"squash_option": "always"}, {"squash_merge": True}),
        ({"remove_source_branch_after_merge": False}, {"delete_branch_on_merge": False}),
        ({}, {"squash_merge": None, "delete_branch_on_merge": None}),
        ({"topics": ["b", "a"]}, {"topics": ("a", "b")}),
        ({"forked_from_project": {"path_with_namespace": "x/y"}}, {"fork_of": "x/y"}),
        ({"visibility": "unheard-of"}, {"visibility": "unheard-of"}),
    ],
)
def test_a_projects_settings_in_our_words(more, repo):
    found = repo_of(project(1, "top/repo", **more))
    assert {name: getattr(found, name) for name in repo} == repo


def test_levels_that_we_have_no_word_for_survive_both_ways():
    for number in range(100):
        assert names.from_level(names.to_level(number)) == number
        assert names.from_role(names.to_role(number)) == number
    for level in ("triage", "none", "native:x", "native:", ""):
        with pytest.raises(RefusedError):
            names.from_level(level)


def test_a_custom_role_behind_a_share_is_not_taken_for_its_base():
    row = {
        "group_id": 1,
        "group_full_path": "a",
        "group_access_level": 30,
        "expires_at": None,
        "member_role_id": 7,
    }
    assert shares_of({"shared_with_groups": [row]}, "x")[0].level == "native:role-7"


@pytest.mark.parametrize(
    ("user", "account"),
    [
        ({"id": 3, "username": "a", "state": "active"}, Account("a", 3)),
        (
            {"id": "gid://gitlab/User/3", "username": "a", "state": "active", "bot": True},
            Account("a", 3, "bot"),
        ),
        ({"id": 3, "username": "a", "state": "blocked"}, Account("a", 3, status="blocked")),
        ({"id": 3, "username": "a", "state": "ldap_blocked"}, Account("a", 3, status="blocked")),
        ({"id": 3, "username": "a", "state": "banned"}, Account("a", 3, status="blocked")),
        ({"id": 3, "username": "a", "state": "deactivated"}, Account("a", 3)),
    ],
)
def test_accounts_in_our_words(user, account):
    assert account_of(user) == account


def test_an_invitation_in_a_list_of_members_is_no_member():
    assert of_rows([{"access_level": 30, "invite_email": "x", "expires_at": None}]) == []


@pytest.mark.parametrize(
    ("path", "before"),
    [
        ("top/a-deletion_scheduled-7", "top/a"),
        ("top/a-deletion_scheduled-7/b", "top/a/b"),
        ("top/a-deletion_scheduled-x", "top/a-deletion_scheduled-x"),
        ("top/deletion_scheduled-7", "top/deletion_scheduled-7"),
    ],
)
def test_the_path_before_a_deletion_was_scheduled(path, before):
    assert names.unscheduled(path) == before


def test_the_tier_brings_what_the_lower_ones_have():
    assert capabilities("ultimate", enterprise=True) == {"enterprise", "free", "premium", "ultimate"}
    assert capabilities("free", enterprise=False) == {"free"}


@pytest.mark.parametrize(("visibility", "secret"), [("public", False), ("internal", True), ("private", True)])
def test_a_team_has_no_grants_of_its_own_and_its_people_are_members(server, visibility, secret):
    server.on(
        "QUERY",
        "sigctlGroupsBelow",
        below(
            group(11, "top/team", visibility=visibility, groupMembers=members(40)),
            field="descendantGroups",
        ),
    )
    shown = {"id": 11, "full_path": "top/team", "shared_with_groups": []}
    server.on("GET", "/groups/11", Says(body=shown))
    state = seen(server, teams=frozenset({"top/team"})).state
    assert state[Key("team", "top/team")] == Team("top/team", title="top/team", description="", secret=secret)
    assert state[Key("team_member", "top/team:owner")].role == "member"
    assert Key("grant", "org:top/team:person:owner") not in state
