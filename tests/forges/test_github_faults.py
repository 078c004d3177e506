"""Bad days: what the GitHub adapter makes of broken, late, partial and lost answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from github_world import ME, ORG, World, world

from sigctl.core.kinds import Grant, Key, Membership, Repo, Team
from sigctl.core.plan import Action
from sigctl.errors import (
    BrokenAnswerError,
    BudgetError,
    DeniedError,
    ForgeError,
    PartialError,
    RefusedError,
    UnreachableError,
)
from sigctl.forges.base import Limits
from sigctl.sandbox.github.tokens import add as add_token

XEN = f"{ORG}/xen"
VIRT = f"{ORG}/virt"


@pytest.fixture
def w(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as one:
        yield one


def fault(w: World, when: dict[str, Any], what: dict[str, Any]) -> None:
    w.sandbox.faults.replace([{"when": when, "what": what}])


RETRIED = [
    {"status": 502, "body": "<html>bad gateway</html>"},
    {"status": 503, "headers": {"Retry-After": "2"}},
    {"status": 500, "body": {"message": "Server Error"}},
    {"status": 429, "headers": {"Retry-After": "7"}},
    {"status": 429},
    {"status": 403, "headers": {"Retry-After": "9"}, "body": {"message": "secondary"}},
    {
        "status": 403,
        "body": {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."},
    },
    {"reset": True},
    {"cut": 40},
    {"graphql_errors": [{"message": "Something went wrong while executing your query."}]},
    {"graphql_errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]},
    {"graphql_errors": [{"message": "Something went wrong."}], "body": None},
]


@pytest.mark.parametrize("operation", ["Repositories", "Teams", "Collaborators", "Members"])
@pytest.mark.parametrize("what", RETRIED, ids=str)
def test_a_read_that_fails_once_is_read_again_and_nothing_is_lost(
    w: World, operation: str, what: dict[str, Any]
) -> None:
    w.repo("xen")
    w.team("virt")
    w.join("member1")
    whole = w.observe().state
    fault(w, {"operation": operation, "nth": 1}, what)
    assert w.observe().state == whole
    assert w.time.slept


@pytest.mark.parametrize(
    ("operation", "what"),
    [
        ("orgs/get", {"status": 502}),
        ("orgs/get", {"cut": 60}),
        ("orgs/list-pending-invitations", {"reset": True}),
        ("orgs/list-pending-invitations", {"status": 200, "body": '[{"login": "mem'}),
    ],
)
def test_a_rest_read_that_fails_once_is_read_again(w: World, operation: str, what: dict[str, Any]) -> None:
    w.api("PUT", f"/orgs/{ORG}/memberships/member1", {"role": "member"})
    whole = w.observe().state
    fault(w, {"operation": operation, "nth": 1}, what)
    assert w.observe().state == whole


ALWAYS = [
    ({"status": 502}, UnreachableError),
    ({"reset": True}, UnreachableError),
    ({"cut": 30}, BrokenAnswerError),
    ({"status": 429, "headers": {"Retry-After": "3600"}}, UnreachableError),
    ({"graphql_errors": [{"message": "Something went wrong."}]}, PartialError),
    ({"graphql_errors": [{"type": "FORBIDDEN", "message": "Resource not accessible"}]}, DeniedError),
    ({"graphql_errors": [{"type": "RESOURCE_LIMITS_EXCEEDED", "message": "too much"}]}, PartialError),
    ({"status": 200, "body": {"data": None}}, PartialError),
    ({"status": 200, "body": {"data": {"organization": {"repositories": None}}}}, DeniedError),
]


@pytest.mark.parametrize(("what", "error"), ALWAYS, ids=str)
def test_a_read_that_goes_on_failing_raises_and_is_never_taken_for_an_empty_one(
    w: World, what: dict[str, Any], error: type[ForgeError]
) -> None:
    w.repo("xen")
    fault(w, {"operation": "Repositories"}, what)
    with pytest.raises(error) as caught:
        w.observe()
    assert type(caught.value) is error or error is PartialError
    assert caught.value.text.startswith("github: ")


ELSEWHERE = [
    {"status": 301, "headers": {"Location": "https://elsewhere.example.org/api/v3/orgs/CentOS"}},
    {"status": 301, "headers": {"Location": "http://elsewhere.example.org/api/v3/orgs/CentOS"}},
    {"status": 307, "headers": {"Location": "http://elsewhere.example.org/api/v3/orgs/CentOS"}},
    {"headers": {"Link": '<http://elsewhere.example.org/next>; rel="next"'}},
]


@pytest.mark.parametrize("what", ELSEWHERE, ids=str)
@pytest.mark.parametrize("operation", ["orgs/get", "orgs/list-pending-invitations", "Repositories"])
def test_a_token_is_never_taken_to_another_server(w: World, operation: str, what: dict[str, Any]) -> None:
    if "status" not in what and operation != "orgs/list-pending-invitations":
        operation = "orgs/list-failed-invitations"
    fault(w, {"operation": operation}, what)
    with pytest.raises(
        RefusedError if "status" in what else ForgeError
    ) as caught:  # a link keeps its path, not its host
        w.observe(logins=["member1"])
    assert caught.value.hint
    assert w.time.slept == [], "nobody waited for an answer from there"


def test_collaborators_that_are_hidden_are_not_taken_for_none(w: World) -> None:
    w.repo("xen")
    nothing = {"pageInfo": {"hasNextPage": False, "endCursor": None}, "nodes": []}
    node = {"id": "R_1", "nameWithOwner": XEN, "collaborators": None, "deployKeys": nothing}
    page = {"pageInfo": {"hasNextPage": False, "endCursor": None}, "nodes": [node]}
    fault(
        w,
        {"operation": "Collaborators"},
        {"status": 200, "body": {"data": {"organization": {"repositories": page}}}},
    )
    unread = w.observe().unread[Key("repo", XEN)]
    assert f"collaborators of {XEN} can't be read" in unread.reason
    assert unread.kinds == {"grant"}


def test_retry_after_is_waited_to_the_second(w: World) -> None:
    fault(w, {"operation": "orgs/get", "nth": 1}, {"status": 429, "headers": {"Retry-After": "17"}})
    w.observe()
    assert sum(w.time.slept) == 17.0


def test_a_limit_that_is_used_up_is_reported_with_its_time(tmp_path: Path) -> None:
    with world(tmp_path, knobs={"rate_limit": 3}) as w:
        with pytest.raises(UnreachableError) as caught:
            w.observe()
        assert "come back in" in caught.value.hint or "try again" in caught.value.hint


def test_an_unreachable_server_is_reported_within_seconds(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        pass
    w.forge = w.open("token")
    with pytest.raises(UnreachableError) as caught:
        w.observe()
    assert "connection refused" in caught.value.text
    assert sum(w.time.slept) < 10
    health = w.forge.health()
    assert not health.reachable
    assert "connection refused" in health.problems[0]
    w.forge.close()


LOST = [{"status": 502, "after": True}, {"reset": True, "after": True}, {"cut": 10, "after": True}]


@pytest.mark.parametrize("what", LOST, ids=str)
def test_a_repository_whose_making_was_lost_is_made_once(w: World, what: dict[str, Any]) -> None:
    repo = Repo(XEN, description="Xen", visibility="private", topics=("xen",))
    fault(w, {"operation": "repos/create-in-org", "nth": 1}, what)
    w.create(repo)
    assert w.sent()["repos/create-in-org"] == 1
    (seen,) = w.seen(Repo)
    assert (seen.description, seen.visibility, seen.topics) == ("Xen", "private", ("xen",))


@pytest.mark.parametrize("what", LOST, ids=str)
def test_a_team_whose_making_was_lost_is_made_once_and_without_its_maker(
    w: World, what: dict[str, Any]
) -> None:
    fault(w, {"operation": "teams/create", "nth": 1}, what)
    w.create(Team(VIRT, description="Virt"))
    assert w.sent()["teams/create"] == 1
    assert w.seen(Team) == [Team(VIRT, "virt", "Virt", secret=False, parent="")]
    assert not [one for one in w.observe().state if one.kind == "team_member"]


def test_a_making_that_did_not_happen_is_sent_again(w: World) -> None:
    fault(w, {"operation": "repos/create-in-org", "nth": 1}, {"status": 502})
    w.create(Repo(XEN, visibility="private"))
    assert w.sent()["repos/create-in-org"] == 2
    assert len(w.seen(Repo)) == 1


@pytest.mark.parametrize("what", LOST, ids=str)
def test_a_rename_and_a_transfer_whose_answer_was_lost_happen_once(
    tmp_path: Path, what: dict[str, Any]
) -> None:
    with world(tmp_path, orgs=(ORG, "CentOS-virt")) as w:
        w.repo("xen4")
        fault(w, {"operation": "repos/update", "nth": 1}, what)
        w.do("move", Repo(f"{ORG}/xen4"), Repo(XEN))
        assert w.sent()["repos/update"] == 1
        fault(w, {"operation": "repos/transfer", "nth": 1}, what)
        w.do("move", Repo(XEN), Repo("CentOS-virt/xen"))
        assert w.sent()["repos/transfer"] == 1
        assert [repo.path for repo in w.seen(Repo, orgs=(ORG, "CentOS-virt"))] == ["CentOS-virt/xen"]


@pytest.mark.parametrize("what", LOST, ids=str)
def test_an_invitation_whose_answer_was_lost_is_one_invitation_and_counts_once(
    w: World, what: dict[str, Any]
) -> None:
    w.repo("xen")
    forge = w.open(w.users[ME]["token"], limits=Limits(invitations_a_day=5), wall=w.sandbox.clock.time)
    for operation, one in (
        ("orgs/set-membership-for-user", Membership(ORG, "member1")),
        ("repos/add-collaborator", Grant("repo", XEN, "person:member2", "write")),
    ):
        fault(w, {"operation": operation, "nth": 1}, what)
        forge.execute(Action("github", "create", None, one))
    assert len(w.api("GET", f"/orgs/{ORG}/invitations")) == 1
    assert len(w.api("GET", f"/repos/{XEN}/invitations")) == 1
    assert [forge._session.invitations.left(place) for place in (ORG, XEN)] == [4, 4]


@pytest.mark.parametrize("what", LOST, ids=str)
def test_an_archive_whose_answer_was_lost_is_no_failure(w: World, what: dict[str, Any]) -> None:
    repo = Repo(XEN, description="Xen", visibility="private", archived=False)
    w.create(repo)
    fault(w, {"operation": "repos/update", "nth": 1}, what)
    w.do("update", repo, replace(repo, archived=True))
    assert [one.archived for one in w.seen(Repo)] == [True]


def test_a_change_that_an_archive_refuses_is_still_a_refusal(w: World) -> None:
    repo = Repo(XEN, description="Xen", visibility="private", archived=False)
    w.create(repo)
    w.api("PATCH", f"/repos/{XEN}", {"archived": True})
    with pytest.raises(RefusedError, match="archived"):
        w.do("update", repo, replace(repo, archived=True, description="other"))


@pytest.mark.parametrize("what", [*LOST, {"status": 429, "headers": {"Retry-After": "3"}}], ids=str)
def test_what_can_be_sent_twice_is_sent_again(w: World, what: dict[str, Any]) -> None:
    w.join("member1")
    w.repo("xen")
    grant = Grant("repo", XEN, "person:member1", "triage")
    fault(w, {"operation": "repos/add-collaborator", "nth": 1}, what)
    w.create(grant)
    assert w.seen(Grant) == [grant]
    fault(w, {"operation": "repos/remove-collaborator", "nth": 1}, what)
    w.do("delete", grant, None)
    assert w.seen(Grant) == []


def test_a_limit_on_making_things_is_waited_out(w: World) -> None:
    fault(
        w,
        {"method": "POST", "nth": 1},
        {"status": 403, "headers": {"Retry-After": "60"}, "body": {"message": "slow down"}},
    )
    w.create(Team(VIRT))
    assert w.time.slept == [60.0]
    assert len(w.seen(Team)) == 1


def test_the_budget_of_a_run_ends_it(w: World) -> None:
    with pytest.raises(BudgetError):
        w.observe(forge=w.open(w.users[ME]["token"], max_requests=3))


def test_health_tells_login_scopes_and_what_is_missing(w: World) -> None:
    health = w.forge.health()
    assert (health.reachable, health.me, health.problems) == (True, ME, ())
    assert "admin:org" in health.scopes
    forge = w.sandbox.forges["github"]
    with forge.store.transaction():
        account = forge.state.account(ME)["id"]
        add_token(forge.state, account, "narrow", scopes=("repo",), expires_at="2999-01-01T00:00:00Z")
    health = w.open("narrow").health()
    assert [problem.partition(": ")[0] for problem in health.problems] == [
        "the token lacks the scope admin:org",
        "the token lacks the scope delete_repo",
    ]
    assert health.expires == "2999-01-01"
    wrong = w.open("wrong").health()
    assert wrong.reachable
    assert "make a new one" in wrong.problems[0]


def test_a_token_that_ends_in_the_middle_is_denied_and_says_so(w: World) -> None:
    fault(w, {"operation": "Teams"}, {"status": 401, "body": {"message": "Bad credentials"}})
    with pytest.raises(DeniedError) as caught:
        w.observe()
    assert "expired" in caught.value.hint


def test_the_last_owner_and_the_seat_limit_are_refused_with_the_forge_s_reason(w: World) -> None:
    with pytest.raises(ForgeError, match="last owner"):
        w.do("update", Membership(ORG, ME, "owner"), Membership(ORG, ME, "member"))


def test_no_message_holds_the_token(w: World) -> None:
    token = w.users[ME]["token"]
    for what in (*RETRIED, {"status": 401}, {"status": 422, "body": {"message": "no"}}):
        fault(w, {"operation": "Repositories"}, what)
        with pytest.raises(ForgeError) as caught:
            w.observe()
        assert token not in f"{caught.value}{caught.value.__cause__!r}"
