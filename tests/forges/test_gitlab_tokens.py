"""Tokens of a person, a group and a project, and those that can't do it: what each may, and what is said of it."""

from __future__ import annotations

import pytest
from gitlab_wire import Says, forge, wire

from sigctl.core.kinds import BranchRule, Grant, Org, Repo, Team, TeamMember
from sigctl.core.plan import Action
from sigctl.errors import DeniedError, ForgeError
from sigctl.forges.base import Scope
from sigctl.sandbox import control


@pytest.fixture
def place(tmp_path):
    with control.running(
        tmp_path, forges=("gitlab",), logins=("member1",), knobs={"gitlab_tier": 2}
    ) as sandbox:
        document = sandbox.document()["forges"]["gitlab"]
        admin = forge(document["url"], document["token"])
        for one in (Org("top", visibility="public"), Repo("top/xen", visibility="public")):
            admin.execute(Action("gitlab", "create", None, one))

        def made(path, level):
            body = {"name": "sigctl", "scopes": ["api"], "access_level": level, "expires_at": "2027-01-01"}
            token = admin._context.client.post(f"{path}/access_tokens", body)["token"]
            return forge(document["url"], token)

        yield made


SCOPE = Scope(frozenset({"top"}), groups=frozenset({"top"}), repos=frozenset({"top/xen"}))


def test_a_group_s_token_reads_and_changes_all_in_its_group(place):
    bot = place("/groups/top", 50)
    for one in (
        Team("top/team"),
        TeamMember("top/team", "member1"),
        Grant("repo", "top/xen", "team:top/team", "write"),
        BranchRule("top/xen", "c7", push=("team:top/team",), create=("team:top/team",)),
    ):
        bot.execute(Action("gitlab", "create", None, one))
    seen = bot.observe(SCOPE)
    assert {"grant repo:top/xen:team:top/team", "branch_rule top/xen:branch:c7"} <= {
        str(key) for key in seen.state
    }
    assert seen.own_way == f"person:{seen.me}", "by name, since it is no administrator"
    assert seen.accounts[seen.me].kind == "bot"
    assert bot.health().expires == "2027-01-01"


def test_a_project_s_token_is_told_what_it_lacks(place):
    bot = place("/projects/top%2Fxen", 40)
    with pytest.raises(ForgeError) as caught:
        bot.execute(Action("gitlab", "create", None, Team("top/team")))
    assert "owner of the group" in caught.value.hint


def test_a_job_s_token_is_refused_with_the_tokens_that_can_do_it():
    with wire() as server:
        anonymous = {"data": {"metadata": {"version": "18.11.2", "enterprise": True}, "currentUser": None}}
        server.on("QUERY", "sigctlServer", Says(body=anonymous))
        lab = forge(server.url)
        with pytest.raises(DeniedError) as caught:
            lab.observe(Scope(frozenset({"top"})))
        for words in ("personal, group or project access token", "job and deploy tokens can't"):
            assert words in caught.value.hint
        assert any("job and deploy tokens can't" in problem for problem in lab.health().problems)
