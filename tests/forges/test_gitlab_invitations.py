"""Invitations by e-mail that wait on GitLab: a way in that no file gives, and whoever is declared is a member once he accepted."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from gitlab_wire import forge

from sigctl.core.access_routes import Roads
from sigctl.core.compare import compare
from sigctl.core.kinds import Grant, Org, Repo, Team, TeamMember
from sigctl.core.plan import Action
from sigctl.core.policy import Policy
from sigctl.core.state import Desired, state
from sigctl.executor import Executor
from sigctl.forges.base import Scope
from sigctl.forges.gitlab.readers.invitations import shown
from sigctl.report.words import describe
from sigctl.sandbox import control

GROUP, TEAM, REPO, OTHER = "top/sig", "top/sig/team", "top/sig/xen", "top/sig/other"
WANTED = (
    Org("top", visibility="public"),
    Org(GROUP, visibility="public"),
    Team(TEAM),
    Repo(REPO, visibility="public"),
    Repo(OTHER, visibility="public"),
    TeamMember(TEAM, "member1"),
    Grant("repo", REPO, "person:member2", "write", until=""),
)
MAIL = "new.packager@example.org"


class Served:
    def __init__(self, sandbox):
        self.document = sandbox.document()
        self.url = self.document["forges"]["gitlab"]["url"]
        self.forge = forge(self.url, self.document["forges"]["gitlab"]["token"])
        self.send = self.forge._context.client
        for one in WANTED:
            self.forge.execute(Action("gitlab", "create", None, one))

    def invite(self, place, email=MAIL, level=30):
        answer = self.send.post(f"{place}/invitations", {"email": email, "access_level": level})
        assert answer == {"status": "success"}

    def waiting(self, place):
        return [row["invite_email"] for row in self.send.get(f"{place}/invitations")]

    def plan(self, *more, server=None, **scoped):
        wanted = state([*WANTED, *more])
        managed = frozenset(key for key in wanted if key.kind in ("team", "repo") or key.name == GROUP)
        desired = Desired("gitlab", wanted, managed=managed, orgs=frozenset({"top"}))
        scope = Scope(
            frozenset({"top"}),
            groups=frozenset({"top", GROUP}),
            teams=frozenset({TEAM}),
            repos=frozenset({REPO, OTHER}),
            person_repos=frozenset({REPO}),
            logins=desired.logins(),
        )
        made = server or self.forge
        self.seen = made.observe(replace(scope, **scoped))
        return compare(desired, self.seen, made.traits, Policy(max_removals={})).plan

    def run(self, plan):
        done = Executor({"gitlab": self.forge.execute}, jobs={"gitlab": 2}).run(plan.actions)
        assert {outcome.status for outcome in done} <= {"done"}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    people = ("member1", "member2", "maintainer")
    with control.running(tmp_path_factory.mktemp("gitlab"), forges=("gitlab",), logins=people) as sandbox:
        yield Served(sandbox)


def path(kind, name):
    return f"/{kind}/{name.replace('/', '%2F')}"


PLACES = {"team": path("groups", TEAM), "group": path("groups", GROUP), "project": path("projects", REPO)}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_one_that_nobody_declared_is_withdrawn_like_a_member_and_its_address_is_in_no_plan(served, place):
    served.invite(place)
    plan = served.plan()
    assert [(a.verb, a.effect) for a in plan.actions] == [("delete", "narrows")]
    assert describe(plan.actions[0]).startswith(f"the invitation of {shown(MAIL)} to ")
    told = json.dumps(plan.as_json()) + "".join(map(str, served.seen.state))
    assert MAIL not in told
    assert "new.packager" not in told
    served.run(plan)
    assert served.waiting(place) == []
    served.run(plan)
    assert served.plan().actions == (), "once more does no harm"


def test_two_addresses_that_look_alike_are_told_apart(served):
    place = PLACES["team"]
    served.invite(place, "nadia@example.org")
    served.invite(place, "nils@example.org")
    plan = served.plan()
    (first, _) = sorted(plan.actions, key=lambda action: action.key)
    served.forge.execute(first)
    (left,) = served.waiting(place)
    assert shown(left) != first.subject.who()
    served.run(served.plan())
    assert shown(" Nadia@Example.org") == shown("nadia@example.org")


def test_on_projects_they_are_looked_for_where_persons_have_rights_and_everywhere_by_a_thorough_look(served):
    place = path("projects", OTHER)
    served.invite(place)
    assert served.plan().actions == ()
    plan = served.plan(thorough=True)
    assert [a.key.name for a in plan.actions] == [f"repo:{OTHER}:person:{shown(MAIL)}"]
    served.run(plan)
    assert served.waiting(place) == []


def test_one_to_a_group_that_the_files_do_not_decide_about_stays(served):
    place = path("groups", "top")
    served.invite(place)
    assert served.plan().actions == ()
    assert served.waiting(place) == [MAIL]
    served.send.delete(f"{place}/invitations/{MAIL}")


def test_whoever_waits_can_do_nothing_yet(served):
    served.invite(PLACES["team"])
    share = Grant("org", GROUP, f"team:{TEAM}", "write", until="")
    served.plan(share)
    roads = Roads(served.seen.state | {share.key: share}, served.forge.traits)
    routes = [route for (login, _), found in roads.routes.items() if login == shown(MAIL) for route in found]
    assert routes
    assert all(route.waiting for route in routes)
    served.run(served.plan())


@pytest.mark.parametrize("declared", [True, False])
def test_once_accepted_a_declared_person_is_there_and_another_one_goes_like_any_member(served, declared):
    login, mail = f"comer{declared}".lower(), f"comer{declared}@example.org".lower()
    served.invite(PLACES["team"], mail, 40)
    account = {
        "username": login,
        "name": login,
        "email": mail,
        "password": "s3cret-and-long",
        "skip_confirmation": True,
    }
    served.send.post("/users", account)
    assert served.waiting(PLACES["team"]) == []
    member = TeamMember(TEAM, login)
    plan = served.plan(member) if declared else served.plan()
    assert [(a.verb, a.key) for a in plan.actions] == ([] if declared else [("delete", member.key)])
    served.run(served.plan())


def test_a_token_that_may_not_see_them_leads_to_a_note_and_not_to_none(served):
    user = served.document["users"]["maintainer"]
    served.send.post(
        f"{PLACES['group']}/members",
        {"user_id": served.send.get("/users", username="maintainer")[0]["id"], "access_level": 40},
    )
    other = forge(served.url, user["token"])
    plan = served.plan(Grant("org", GROUP, "person:maintainer", "maintain", until=""), server=other)
    told = {note.subject for note in plan.notes if note.topic == "unknown" and "invitations" in note.text}
    assert told == {"top", GROUP, TEAM}
    served.send.delete(
        f"{PLACES['group']}/members/{served.send.get('/users', username='maintainer')[0]['id']}"
    )
