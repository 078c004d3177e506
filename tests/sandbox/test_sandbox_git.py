"""git's own protocol, with access enforced: who may read, who may push, and what nobody may."""

from __future__ import annotations

import secrets

import pytest
import requests
from github_client import Client, Clone, github


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    with github(tmp_path_factory.mktemp("git")) as client:
        client.join("member")
        client.team("pushers", "member")
        client.call(
            204, "DELETE", "/orgs/CentOS/teams/pushers/memberships/sigctl-bot"
        )  # whoever makes a team is in it
        yield client


@pytest.fixture
def clone(tmp_path):
    return Clone(tmp_path / "work")


def given(hub: Client, name: str, level: str = "push", **fields) -> str:
    hub.repo(name, **fields)
    hub.call(204, "PUT", f"/orgs/CentOS/teams/pushers/repos/CentOS/{name}", {"permission": level})
    return f"CentOS/{name}"


def test_a_member_of_a_team_pushes_and_an_outsider_does_not(hub, clone):
    path = given(hub, "open")
    assert clone.pushes(hub.remote(path, "member"), "HEAD:refs/heads/main")
    refused = clone.push(hub.remote(path, "outsider"), "HEAD:refs/heads/other")
    assert refused.returncode
    assert "Permission to CentOS/open.git denied to outsider" in refused.stderr
    assert clone.git("ls-remote", f"{hub.url}/{path}").stdout.count("refs/heads/") == 1


@pytest.mark.parametrize(
    ("level", "works"), [("pull", False), ("triage", False), ("push", True), ("admin", True)]
)
def test_the_level_decides(hub, clone, level, works):
    path = given(hub, f"level-{level}", level)
    assert clone.pushes(hub.remote(path, "member"), "HEAD:refs/heads/main") is works


def test_a_private_repository_is_hidden(hub, clone):
    path = given(hub, "secret", private=True)
    assert (
        "Authentication failed"
        in clone.git("ls-remote", f"{hub.url.replace('//', '//x:wrong@')}/{path}").stderr
    )
    assert "could not read Username" in clone.git("ls-remote", f"{hub.url}/{path}").stderr
    assert "not found" in clone.git("ls-remote", hub.remote(path, "outsider")).stderr
    assert clone.git("ls-remote", hub.remote(path, "member")).returncode == 0


def test_an_archived_repository_takes_no_push(hub, clone):
    path = given(hub, "old")
    hub.call(200, "PATCH", f"/repos/{path}", {"archived": True})
    refused = clone.push(hub.remote(path), "HEAD:refs/heads/main")
    assert refused.returncode
    assert "archived so it is read-only" in refused.stderr


def test_a_token_that_reads_does_not_push(hub, clone):
    path = given(hub, "readable")
    assert clone.git("ls-remote", hub.remote(path, "read")).returncode == 0
    assert not clone.pushes(hub.remote(path, "read"), "HEAD:refs/heads/main")


def test_hidden_refs_are_shown_and_not_taken(hub, clone):
    path = given(hub, "pulls")
    assert clone.pushes(hub.remote(path), "HEAD:refs/heads/main")
    refused = clone.push(hub.remote(path), "HEAD:refs/pull/1/head", "HEAD:refs/heads/fine")
    assert "deny updating a hidden ref" in refused.stdout
    state = hub.sandbox.forges["github"].state
    bare = state.bare(state.find_repo("CentOS", "pulls"))
    bare.git("update-ref", "refs/pull/7/head", bare.ref("refs/heads/fine"))
    shown = clone.git("ls-remote", hub.remote(path)).stdout
    assert "refs/pull/7/head" in shown
    assert "refs/pull/1/head" not in shown
    assert "refs/heads/fine" in shown


def test_the_first_push_settles_the_default_branch(hub, clone):
    path = given(hub, "named")
    assert clone.pushes(hub.remote(path), "HEAD:refs/heads/xen-412", "HEAD:refs/heads/zzz")
    assert hub.call(200, "GET", f"/repos/{path}")["default_branch"] == "xen-412"
    assert clone.git("ls-remote", "--symref", hub.remote(path), "HEAD").stdout.startswith(
        "ref: refs/heads/xen-412"
    )
    assert clone.pushes(hub.remote(path), "HEAD:refs/heads/main")
    assert hub.call(200, "GET", f"/repos/{path}")["default_branch"] == "xen-412"


def test_a_former_name_still_leads_to_the_repository(hub, clone):
    path = given(hub, "before")
    assert clone.pushes(hub.remote(path), "HEAD:refs/heads/main")
    hub.call(200, "PATCH", f"/repos/{path}", {"name": "after"})
    assert "refs/heads/main" in clone.git("ls-remote", hub.remote(path)).stdout
    hub.repo("before")
    assert clone.git("ls-remote", hub.remote(path)).stdout == ""


def test_force_and_deletion_pass_where_no_rule_forbids_them(hub, clone):
    path = given(hub, "free")
    assert clone.pushes(hub.remote(path), "HEAD:refs/heads/main", "HEAD:refs/heads/side")
    clone.git("commit", "-q", "--amend", "--allow-empty", "-m", "other")
    assert not clone.pushes(hub.remote(path), "HEAD:refs/heads/side")
    assert clone.pushes(hub.remote(path), "+HEAD:refs/heads/side")
    assert clone.pushes(hub.remote(path), ":refs/heads/side")


def test_megabytes_stream_both_ways(hub, clone, tmp_path):
    path = given(hub, "large")
    (clone.path / "noise").write_bytes(secrets.token_bytes(8_000_000))
    clone.git("add", "noise")
    clone.commit("noise")
    assert clone.pushes(hub.remote(path), "HEAD:refs/heads/main")
    assert clone.git("clone", "-q", hub.remote(path), str(tmp_path / "again")).returncode == 0
    assert (tmp_path / "again" / "noise").read_bytes() == (clone.path / "noise").read_bytes()


def test_many_wants_come_compressed(hub, clone, tmp_path):
    """git compresses a negotiation of more than 1 KB."""
    path = given(hub, "many")
    for number in range(60):
        clone.commit(str(number))
        clone.git("branch", f"b{number}")
    assert clone.pushes(hub.remote(path), "refs/heads/*:refs/heads/*")
    done = clone.git("clone", "-q", "--mirror", hub.remote(path), str(tmp_path / "mirror"))
    assert done.returncode == 0, done.stderr


def test_requests_of_git_are_in_the_log(hub, clone):
    path = given(hub, "logged")
    clone.pushes(hub.remote(path), "HEAD:refs/heads/main")
    log = hub.sandbox.layout.requests.read_text()
    assert '"operation": "info/refs:git-receive-pack"' in log
    assert f'"path": "/{path}.git/git-receive-pack"' in log


def test_the_dumb_protocol_is_not_served(hub):
    given(hub, "dumb")
    assert requests.get(f"{hub.url}/CentOS/dumb.git/info/refs", timeout=60).status_code == 403


RULE = {
    "name": "r",
    "enforcement": "active",
    "conditions": {"ref_name": {"include": ["refs/heads/c7"], "exclude": []}},
}


def test_a_ruleset_refuses_its_ref_and_no_other(hub, clone):
    path = given(hub, "ruled")
    assert clone.pushes(hub.remote(path), "HEAD:refs/heads/main", "HEAD:refs/heads/c7")
    rules = [{"type": "update"}, {"type": "deletion"}]
    made = hub.call(201, "POST", f"/repos/{path}/rulesets", RULE | {"rules": rules})
    clone.commit("more")
    pushed = clone.push(hub.remote(path, "member"), "HEAD:refs/heads/c7", "HEAD:refs/heads/c8")
    assert "GH013" in pushed.stderr
    assert "[remote rejected]" in pushed.stdout
    assert "refs/heads/c8\t[new" in pushed.stdout
    assert not clone.pushes(hub.remote(path, "member"), ":refs/heads/c7")
    team = hub.call(200, "GET", "/orgs/CentOS/teams/pushers")["id"]
    actors = [{"actor_type": "Team", "actor_id": team, "bypass_mode": "always"}]
    hub.call(200, "PUT", f"/repos/{path}/rulesets/{made['id']}", {"bypass_actors": actors})
    assert clone.pushes(hub.remote(path, "member"), "HEAD:refs/heads/c7")
    assert not clone.pushes(hub.remote(path), ":refs/heads/c7")  # an owner is no exception unless named
    hub.call(200, "PUT", f"/repos/{path}/rulesets/{made['id']}", {"enforcement": "disabled"})
    assert clone.pushes(hub.remote(path), ":refs/heads/c7")


def test_forbidden_force_lets_a_fast_forward_pass(hub, clone):
    path = given(hub, "forward")
    assert clone.pushes(hub.remote(path), "HEAD:refs/heads/main", "HEAD:refs/heads/c7")
    hub.call(201, "POST", f"/repos/{path}/rulesets", RULE | {"rules": [{"type": "non_fast_forward"}]})
    clone.commit("more")
    assert clone.pushes(hub.remote(path, "member"), "HEAD:refs/heads/c7")
    clone.git("commit", "-q", "--amend", "--allow-empty", "-m", "other")
    refused = clone.push(hub.remote(path, "member"), "+HEAD:refs/heads/c7")
    assert "Cannot force-push" in refused.stderr


def test_creation_can_be_forbidden(hub, clone):
    path = given(hub, "uncreated")
    hub.call(201, "POST", f"/repos/{path}/rulesets", RULE | {"rules": [{"type": "creation"}]})
    assert not clone.pushes(hub.remote(path, "member"), "HEAD:refs/heads/c7")
    assert clone.pushes(hub.remote(path, "member"), "HEAD:refs/heads/c7-x")


def test_branch_protection_keeps_others_out(hub, clone):
    path = given(hub, "protected")
    assert clone.pushes(hub.remote(path), "HEAD:refs/heads/main")
    body = dict.fromkeys(("required_status_checks", "required_pull_request_reviews")) | {
        "enforce_admins": True,
        "restrictions": {"users": [], "teams": ["pushers"]},
    }
    hub.call(200, "PUT", f"/repos/{path}/branches/main/protection", body)
    clone.commit("more")
    refused = clone.push(hub.remote(path), "HEAD:refs/heads/main")
    assert "GH006" in refused.stderr
    assert clone.pushes(hub.remote(path, "member"), "HEAD:refs/heads/main")
    assert not clone.pushes(hub.remote(path, "member"), "+HEAD~1:refs/heads/main")


def test_a_pattern_is_protected_by_graphql(hub, clone):
    path = given(hub, "pattern")
    assert clone.pushes(hub.remote(path), "HEAD:refs/heads/main", "HEAD:refs/heads/c7-x")
    repo = hub.call(200, "GET", f"/repos/{path}")["node_id"]
    text = """mutation Make($repo: ID!) {
      createBranchProtectionRule(input: {repositoryId: $repo, pattern: "c7-*", restrictsPushes: true, isAdminEnforced: true}) {
        branchProtectionRule { id pattern restrictsPushes allowsForcePushes }
      }
    }"""
    made = hub.query(text, repo=repo)["data"]["createBranchProtectionRule"]["branchProtectionRule"]
    assert (made["pattern"], made["restrictsPushes"], made["allowsForcePushes"]) == ("c7-*", True, False)
    clone.commit("more")
    assert not clone.pushes(hub.remote(path), "HEAD:refs/heads/c7-x")
    assert clone.pushes(hub.remote(path), "HEAD:refs/heads/main")
    hub.query(
        "mutation($id: ID!) { deleteBranchProtectionRule(input: {branchProtectionRuleId: $id}) { clientMutationId } }",
        id=made["id"],
    )
    assert clone.pushes(hub.remote(path), "HEAD:refs/heads/c7-x")
