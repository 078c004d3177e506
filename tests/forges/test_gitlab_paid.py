"""What paid tiers have beside rules by name: roles of the server's own making, service accounts, rules of whole groups."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from gitlab_wire import forge

from sigctl.core.access_rules import Judge
from sigctl.core.compare import compare
from sigctl.core.kinds import BranchRule, Grant, GroupRule, Org, Repo, Team, TeamMember
from sigctl.core.plan import Action
from sigctl.core.policy import Policy
from sigctl.core.state import Desired, state
from sigctl.executor import Executor
from sigctl.forges.base import Scope
from sigctl.sandbox import control

NEXT_YEAR = f"{datetime.now(UTC).year + 1}-01-01"
PEOPLE = ("owner", "member1", "member2", "member3", "stranger")
GROUP, TEAM, REPO = "top/sig", "top/sig/groups/team", "top/sig/xen"
WANTED = (
    Org("top", visibility="public"),
    Org(GROUP, visibility="public"),
    Team(TEAM),
    Repo(REPO, visibility="public"),
    TeamMember(TEAM, "member1"),
    Grant("org", GROUP, "person:member2", "write", until=""),
    Grant("repo", REPO, "person:member3", "write", until=""),
)


class Served:
    """A server of the highest tier with these things on it, and what plans of them come to."""

    def __init__(self, folder):
        self.running = control.running(
            folder, forges=("gitlab",), logins=PEOPLE, knobs={"gitlab_tier": 3}, observer=self.look
        )
        self.exchanges = []
        self.sandbox = self.running.__enter__()
        document = self.sandbox.document()["forges"]["gitlab"]
        self.forge = forge(document["url"], document["token"])
        self.send = self.forge._context.client
        for one in (*WANTED, Org("top/sig/groups")):
            if isinstance(one, Org):
                self.forge.execute(Action("gitlab", "create", None, one))
        for one in WANTED:
            if not isinstance(one, Org):
                self.forge.execute(Action("gitlab", "create", None, one))
        self.ids = {one["username"]: one["id"] for one in self.send.pages("/users")}

    def look(self, exchange):
        self.exchanges.append(exchange)

    def plan(self, *changed, server=None):
        wanted = {one.key: one for one in (*WANTED, Org("top/sig/groups"), *changed)}
        keys = [Org(GROUP).key, *(key for key in wanted if key.kind in ("team", "repo"))]
        desired = Desired("gitlab", wanted, managed=frozenset(keys), orgs=frozenset({"top"}))
        scope = Scope(
            frozenset({"top"}),
            groups=frozenset({"top", GROUP, "top/sig/groups"}),
            teams=frozenset({TEAM}),
            repos=frozenset({REPO}),
            logins=frozenset({"member1", "member2", "member3"}),
        )
        made = server or self.forge
        self.seen = made.observe(scope)
        return compare(desired, self.seen, made.traits, Policy(max_removals={})).plan

    def texts(self, plan):
        return "\n".join(note.text for note in plan.notes)

    def run(self, plan):
        done = Executor({"gitlab": self.forge.execute}, jobs={"gitlab": 2}).run(plan.actions)
        assert {outcome.status for outcome in done} <= {"done"}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    made = Served(tmp_path_factory.mktemp("ultimate"))
    yield made
    made.running.__exit__(None, None, None)


@pytest.fixture(scope="module")
def role(served):
    body = {"name": "builder", "base_access_level": 30, "admin_web_hook": True}
    return served.send.post("/member_roles", body)["id"]


def give(served, place, who, level, role):
    body = {"access_level": level, **({"member_role_id": role} if role else {})}
    served.send.put(f"{place}/members/{served.ids[who]}", body)


PROJECT, SIG = f"/projects/{REPO.replace('/', '%2F')}", f"/groups/{GROUP.replace('/', '%2F')}"


def test_without_such_roles_nothing_more_is_read(tmp_path):
    bare = Served(tmp_path)
    try:
        start = len(bare.exchanges)
        assert bare.plan().actions == ()
        asked = [one.path for one in bare.exchanges[start:]]
    finally:
        bare.running.__exit__(None, None, None)
    assert [path for path in asked if path.endswith("/members")] == []


def test_a_role_based_on_the_declared_level_is_told_of_and_stays(served, role):
    for place, who in ((SIG, "member2"), (PROJECT, "member3")):
        give(served, place, who, 30, role)
    plan = served.plan()
    assert plan.actions == ()
    for who, where in (("member2", GROUP), ("member3", REPO)):
        text = f"the role `builder` of {who} on {where}, which is based on `write`, is left as it is"
        assert text in served.texts(plan)


def test_another_end_keeps_the_role_and_another_level_takes_it_away_with_a_word(served, role):
    give(served, PROJECT, "member3", 30, role)
    longer = replace(WANTED[-1], until=NEXT_YEAR)
    served.run(served.plan(longer))
    assert served.plan(longer).actions == ()
    member = served.send.get(f"{PROJECT}/members/{served.ids['member3']}")
    assert (member["expires_at"], member["member_role"]["id"]) == (longer.until, role)
    lower = replace(WANTED[-1], level="read")
    plan = served.plan(lower)
    assert (
        "the role `builder` of member3 on top/sig/xen, which is based on `write`, is lost: the files give `read`"
        in (served.texts(plan))
    )
    served.run(plan)
    assert "member_role" not in served.send.get(f"{PROJECT}/members/{served.ids['member3']}")
    served.run(served.plan())


def test_a_role_of_somebody_whom_no_file_knows_is_told_of_and_goes_with_him(served, role):
    body = {"user_id": served.ids["stranger"], "access_level": 30, "member_role_id": role}
    served.send.post(f"{PROJECT}/members", body)
    plan = served.plan()
    assert [(a.verb, a.subject.subject) for a in plan.actions] == [("delete", "person:stranger")]
    assert "the role `builder` of stranger" in served.texts(plan)
    assert "goes: no file gives him anything there" in served.texts(plan)
    served.run(plan)


def test_service_accounts_and_bots_are_left_alone_and_told_of(served):
    made = served.send.post("/groups/top/service_accounts", {"username": "svc-builder"})
    served.send.post(f"{PROJECT}/members", {"user_id": made["id"], "access_level": 40})
    token = {"name": "deploy", "scopes": ["api"], "expires_at": NEXT_YEAR}
    served.send.post(f"{SIG}/access_tokens", {**token, "access_level": 40})
    plan = served.plan()
    assert plan.actions == ()
    told = [note.subject for note in plan.notes if note.topic == "bot"]
    assert "svc-builder" in told
    assert any(one.startswith("group_") for one in told)


@pytest.mark.parametrize(
    ("link", "body", "system"),
    [
        ("ldap_group_links", {"cn": "virt", "group_access": 30, "provider": "ldapmain"}, "LDAP"),
        ("saml_group_links", {"saml_group_name": "virt", "access_level": 30}, "SAML"),
    ],
)
def test_who_is_in_a_group_that_an_account_system_fills_is_left_alone_and_told_of(
    tmp_path, served, link, body, system
):
    filled = f"top/{system.lower()}"
    served.forge.execute(Action("gitlab", "create", None, Org(filled, visibility="public")))
    number = served.send.get(f"/groups/{filled.replace('/', '%2F')}")["id"]
    served.send.post(f"/groups/{number}/{link}", body)
    served.send.post(f"/groups/{number}/members", {"user_id": served.ids["stranger"], "access_level": 30})
    given = Grant("org", filled, "person:member1", "maintain", until="")
    wanted = state([*WANTED, Org("top/sig/groups"), Org(filled), given])
    managed = frozenset({Org(filled).key})
    desired = Desired("gitlab", wanted, managed=managed, orgs=frozenset({"top"}))
    scope = Scope(
        frozenset({"top"}), groups=frozenset({filled}), repos=frozenset({REPO}), logins=frozenset(PEOPLE)
    )
    plan = compare(desired, served.forge.observe(scope), served.forge.traits, Policy(max_removals={})).plan
    assert [a for a in plan.actions if filled in a.key.name] == []
    assert f"who is in {filled} is decided by {system}: the files change nothing there" in served.texts(plan)
    assert f"the files give member1 `maintain` on {filled}, which only {system} can" in served.texts(plan)


def test_a_rule_of_a_whole_group_is_no_rule_of_its_projects_and_is_told_of_and_counts_for_who_may(served):
    base = "/groups/top/protected_branches"
    for name, level in (("c7-*", 30), ("main", 40)):
        served.send.post(base, {"name": name, "push_access_level": level})
    plan = served.plan()
    try:
        assert plan.actions == (), "no rule of the projects is to go"
        assert (
            "top has a rule for `c7-*` in all its repositories, beside those of the files: push by all with write"
            in (served.texts(plan))
        )
        assert [one.pattern for one in served.seen.state.values() if isinstance(one, GroupRule)] == [
            "c7-*",
            "main",
        ]
        judge = Judge(served.seen.state, served.forge.traits)
        assert {rule.pattern for rule in judge.rules[REPO]} >= {"c7-*", "main"}
        assert judge.may("push", "member3", REPO, "c7-virt").may is True
        assert judge.may("push", "member3", REPO, "main").may is False
        own = BranchRule(
            REPO,
            "main",
            push=("level:write",),
            merge=("level:write",),
            create=("level:write",),
            force=False,
            delete=False,
        )
        served.run(served.plan(own))
        assert served.plan(own).actions == ()
        assert judge.may("push", "member3", REPO, "main").may is False, "as it was before"
        assert Judge(served.seen.state, served.forge.traits).may("push", "member3", REPO, "main").may is True
    finally:
        for name in ("c7-*", "main"):
            served.send.delete(f"{base}/{name}")


def test_rules_of_groups_that_the_token_may_not_see_are_told_apart_all_the_same(served):
    served.send.post("/groups/top/protected_branches", {"name": "hid-*"})
    served.send.post(f"{SIG}/members", {"user_id": served.ids["owner"], "access_level": 50})
    document = served.sandbox.document()
    other = forge(document["forges"]["gitlab"]["url"], document["users"]["owner"]["token"])
    try:
        scope = Scope(frozenset({"top"}), repos=frozenset({REPO}))
        found = other.observe(scope).state.values()
        assert [one for one in found if isinstance(one, BranchRule) and one.pattern == "hid-*"] == []
    finally:
        served.send.delete("/groups/top/protected_branches/hid-*")
        served.send.delete(f"{SIG}/members/{served.ids['owner']}")
