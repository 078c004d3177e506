"""What comes into a team by other ways than the files: shares of its group, and account systems that fill it."""

from __future__ import annotations

import pytest
from gitlab_wire import forge

from sigctl.core.compare import compare
from sigctl.core.kinds import Grant, Key, Org, Repo, Team, TeamMember
from sigctl.core.plan import Action
from sigctl.core.policy import Policy
from sigctl.core.state import Desired, state
from sigctl.executor import Executor
from sigctl.forges.base import Scope
from sigctl.sandbox import control

TEAM, OTHER, REPO = "top/team", "elsewhere", "top/xen"
WANTED = (
    Org("top", visibility="public"),
    Team(TEAM),
    Repo(REPO, visibility="public"),
    TeamMember(TEAM, "member1"),
    Grant("repo", REPO, f"team:{TEAM}", "write", until=""),
)


@pytest.fixture
def server(tmp_path):
    people = ("member1", "member2", "stranger")
    with control.running(tmp_path, forges=("gitlab",), logins=people, knobs={"gitlab_tier": 2}) as sandbox:
        document = sandbox.document()["forges"]["gitlab"]
        made = forge(document["url"], document["token"])
        for one in (*WANTED, Org(OTHER), Grant("org", OTHER, "person:stranger", "maintain")):
            made.execute(Action("gitlab", "create", None, one))
        yield made


def planned(server, *more):
    wanted = state([*WANTED, *more])
    managed = frozenset(key for key in wanted if key.kind in ("team", "repo"))
    desired = Desired("gitlab", wanted, managed=managed, orgs=frozenset({"top"}))
    scope = Scope(
        frozenset({"top"}),
        groups=frozenset({"top"}),
        teams=frozenset({TEAM}),
        repos=frozenset({REPO}),
        logins=frozenset({"member1", "member2"}),
    )
    return compare(desired, server.observe(scope), server.traits, Policy(max_removals={})).plan


def test_a_group_that_somebody_let_into_a_team_goes_out_again(server):
    assert planned(server).actions == ()
    share = Grant("org", TEAM, f"team:{OTHER}", "maintain", until="")
    server.execute(Action("gitlab", "create", None, share))
    plan = planned(server)
    assert [(a.verb, a.key) for a in plan.actions] == [("delete", share.key)]
    assert {o.status for o in Executor({"gitlab": server.execute}, jobs={"gitlab": 2}).run(plan.actions)} == {
        "done"
    }
    assert planned(server).actions == ()


@pytest.mark.parametrize(
    ("link", "body", "system"),
    [
        ("ldap_group_links", {"cn": "sig-virt", "group_access": 30, "provider": "ldapmain"}, "LDAP"),
        ("saml_group_links", {"saml_group_name": "sig-virt", "access_level": 30}, "SAML"),
    ],
)
def test_a_team_that_an_account_system_fills_is_left_alone_and_told_of(server, link, body, system):
    server._context.client.post("/groups/top%2Fteam/" + link, body)
    server.execute(Action("gitlab", "create", None, TeamMember(TEAM, "stranger")))
    plan = planned(server, TeamMember(TEAM, "member2"))
    assert plan.actions == ()
    assert f"who is in {TEAM} is decided by {system}" in " ".join(note.text for note in plan.notes)


def test_the_rights_of_such_a_team_are_still_the_files(server):
    server._context.client.post(
        "/groups/top%2Fteam/saml_group_links", {"saml_group_name": "x", "access_level": 30}
    )
    server.execute(Action("gitlab", "delete", Grant("repo", REPO, f"team:{TEAM}", "write"), None))
    assert [a.key for a in planned(server).actions] == [Key("grant", f"repo:{REPO}:team:{TEAM}")]
