"""What the client makes of answers: counted, tried again where that is safe, never half."""

from __future__ import annotations

import threading

import pytest
from gitlab_wire import SERVER, Says, Wire, forge, wire

from sigctl.errors import (
    BudgetError,
    DeniedError,
    NotThereError,
    PartialError,
    RefusedError,
    UnreachableError,
)
from sigctl.forges.gitlab.client import Client
from sigctl.forges.gitlab.context import Context
from sigctl.forges.gitlab.graphql import GROUP_MEMBERS, PROJECTS_BELOW, Graph


@pytest.fixture
def server():
    with wire() as served:
        yield served


def client_of(server: Wire, sleeps: list[float] | None = None, **settings) -> Client:
    return forge(server.url, sleeps=sleeps, **settings)._context.client


def test_a_broken_read_is_tried_again_until_it_is_whole(server):
    server.on(
        "GET",
        "/x",
        Says(502),
        Says(body={"a": 1}, cut=True),
        Says(reset=True),
        Says(body='{"a":'),
        Says(body={"a": 2}),
    )
    client = client_of(server)
    assert client.get("/x") == {"a": 2}
    assert client.caller.reads == 5


def test_a_read_that_stays_broken_is_unreachable_and_not_empty(server):
    server.on("GET", "/x", Says(body="[1, 2", headers={"Content-Type": "application/json"}))
    with pytest.raises(UnreachableError, match="can't be read"):
        client_of(server).pages("/x")


@pytest.mark.parametrize("body", [None, {"message": "no list"}])
def test_a_page_that_is_no_list_is_not_taken_for_an_empty_one(server, body):
    server.on("GET", "/x", Says(body=body))
    with pytest.raises(UnreachableError):
        client_of(server).pages("/x")


def test_429_in_plain_text_is_waited_for_as_long_as_the_server_says(server):
    server.on("GET", "/x", Says(429, "Retry later\n", {"Retry-After": "17"}), Says(body={"a": 1}))
    sleeps: list[float] = []
    assert client_of(server, sleeps).get("/x") == {"a": 1}
    assert sleeps == [pytest.approx(17, abs=0.1)]


def test_429_on_a_write_is_repeated_since_nothing_happened(server):
    server.on("POST", "/x", Says(429, "Retry later\n", {"Retry-After": "1"}), Says(201, {"id": 1}))
    client = client_of(server)
    assert client.post("/x", {"a": 1}) == {"id": 1}
    assert client.caller.writes == 2


def test_a_lost_create_is_asked_for_before_it_is_sent_again(server):
    server.on("POST", "/x", Says(502), Says(201, {"id": 2}))
    server.on("GET", "/x/1", Says(body={"id": 1}))
    client = client_of(server)
    assert client.post("/x", {}, happened=lambda: client.peek("/x/1")) == {"id": 1}
    assert len(server.sent("POST")) == 1


def test_a_lost_create_that_did_not_happen_is_sent_again(server):
    server.on("POST", "/x", Says(502), Says(201, {"id": 2}))
    client = client_of(server)
    assert client.post("/x", {}, happened=lambda: client.peek("/x/1")) == {"id": 2}


def test_a_lost_write_that_nothing_tells_of_is_raised_and_not_repeated(server):
    server.on("POST", "/x", Says(502))
    with pytest.raises(UnreachableError):
        client_of(server).post("/x", {})
    assert len(server.sent("POST")) == 1


def test_what_is_not_there_was_deleted_already(server):
    server.on("DELETE", "/x", Says(502), Says(404, {"message": "404 Not Found"}))
    assert client_of(server).delete("/x") is False


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (401, {"message": "401 Unauthorized"}, DeniedError, "does not accept the token"),
        (403, {"message": "403 Forbidden"}, DeniedError, "403 Forbidden"),
        (403, {"error": "insufficient_scope", "scope": "api"}, DeniedError, "scope `api`"),
        (404, {"message": "404 Project Not Found"}, NotThereError, "Project Not Found"),
        (409, {"message": "Member already exists"}, RefusedError, "Member already exists"),
        (400, {"message": {"path": ["has already been taken"]}}, RefusedError, "path has already been taken"),
        (422, {"error": "name is missing, path is missing"}, RefusedError, "name is missing"),
        (
            400,
            {"message": {"base": ["not here"], "a": {"b": ["c", "d"]}}},
            RefusedError,
            "not here; a b c; a b d",
        ),
        (
            405,
            {"message": "Non GET methods are not allowed for moved projects"},
            RefusedError,
            "moved projects",
        ),
    ],
)
def test_a_refusal_is_told_in_words_and_not_repeated(server, status, body, error, words):
    server.on("PUT", "/x", Says(status, body))
    with pytest.raises(error) as caught:
        client_of(server).put("/x", {})
    assert words in str(caught.value)
    assert caught.value.status == status
    assert len(server.asked) == 1


def test_a_write_does_not_follow_a_redirect(server):
    server.on("PUT", "/x", Says(301, "", {"Location": f"{server.url}/api/v4/y"}))
    server.on("PUT", "/y", Says(body={"wrong": True}))
    server.on("GET", "/y", Says(body={"wrong": True}))
    with pytest.raises(RefusedError, match="redirects to"):
        client_of(server).put("/x", {})
    assert len(server.asked) == 1


def test_a_read_follows_a_redirect_to_the_same_server_only(server):
    server.on("GET", "/x", Says(301, "", {"Location": f"{server.url}/api/v4/y"}))
    server.on("GET", "/y", Says(body={"a": 1}))
    assert client_of(server).get("/x") == {"a": 1}
    with wire() as other:  # without the token only what is public could be seen there
        server.on("GET", "/x", Says(301, "", {"Location": f"{other.url}/api/v4/y"}))
        other.on("GET", "/y", Says(body={"a": 1}))
        with pytest.raises(RefusedError, match="leads to another place"):
            client_of(server).get("/x")
        assert other.asked == []


def test_an_older_path_leads_to_no_other_thing(server):
    server.on("GET", "/projects/a%2Fold", Says(301, "", {"Location": f"{server.url}/api/v4/projects/7"}))
    server.on("GET", "/projects/7", Says(body={"id": 7, "path_with_namespace": "a/new"}))
    context = Context(client_of(server))
    assert context.project("a/old") is None
    with pytest.raises(NotThereError, match="a/old"):
        context.project_id("a/old")


def test_every_page_is_read_by_its_header_or_by_its_link(server):
    server.on(
        "GET", "/x", Says(body=[1], headers={"X-Next-Page": "2"}), Says(body=[2], headers={"X-Next-Page": ""})
    )
    assert client_of(server).pages("/x") == [1, 2]
    link = f'<{server.url}/api/v4/y?page=2&per_page=100>; rel="next"'
    server.on("GET", "/y", Says(body=[1], headers={"Link": link}), Says(body=[2]))
    assert client_of(server).pages("/y") == [1, 2]
    assert [asked.query for asked in server.sent("GET", "/y")] == [
        "per_page=100&page=1",
        "per_page=100&page=2",
    ]


def test_a_list_that_goes_in_a_circle_is_not_whole(server):
    server.on("GET", "/x", Says(body=[1], headers={"X-Next-Page": "1"}))
    with pytest.raises(PartialError):
        client_of(server).pages("/x")


def test_the_budget_of_requests_is_kept(server):
    server.on("GET", "/x", Says(body={}))
    client = client_of(server, max_requests=3)
    for _ in range(3):
        client.get("/x")
    with pytest.raises(BudgetError):
        client.get("/x")
    assert len(server.asked) == 3


def test_nobody_listening_is_told_in_one_line():
    with wire() as gone:
        url = gone.url
    health = forge(url).health()
    assert not health.reachable
    assert "connection refused" in health.problems[0]
    assert "\n" not in health.problems[0]


def test_a_server_that_is_no_gitlab_is_told_with_what_to_check(server):
    health = forge(server.url).health()
    assert not health.reachable
    assert f"no gitlab answers at {server.url}: check `url`" in health.problems[0]


def test_a_page_of_html_where_data_should_be_is_no_answer(server):
    server.on("QUERY", "sigctlServer", Says(body="<html>log in</html>"))
    with pytest.raises(UnreachableError, match="can't be read") as caught:
        Graph(client_of(server)).ask("query sigctlServer { x }")
    assert "check `url`" in caught.value.hint


def test_no_cookie_is_kept(server):
    server.on("GET", "/x", Says(body={}, headers={"Set-Cookie": "session=1; Path=/"}))
    client = client_of(server)
    client.get("/x")
    assert not client._session.cookies


def test_graphql_errors_beside_data_are_a_failed_read(server):
    server.on(
        "QUERY", "sigctlServer", Says(body={**SERVER, "errors": [{"message": "Internal server error"}]})
    )
    client = client_of(server)
    with pytest.raises(PartialError, match="Internal server error"):
        Graph(client).ask("query sigctlServer { x }")
    assert client.caller.reads > 1


def test_graphql_errors_that_pass_are_waited_for(server):
    server.on(
        "QUERY",
        "sigctlServer",
        Says(body={"data": None, "errors": [{"message": "later"}]}),
        Says(body=SERVER),
    )
    assert Graph(client_of(server)).ask("query sigctlServer { x }") == SERVER["data"]


@pytest.mark.parametrize("body", [{"data": None}, {}, {"data": []}])
def test_a_graphql_answer_without_data_is_a_failed_read(server, body):
    server.on("QUERY", "sigctlServer", Says(body=body))
    with pytest.raises(PartialError):
        Graph(client_of(server)).ask("query sigctlServer { x }")


def test_a_field_that_the_server_does_not_know_is_asked_for_once(server):
    body = {"errors": [{"message": "Field 'x' doesn't exist on type 'Query'"}]}
    server.on("QUERY", "sigctlServer", Says(body=body))
    with pytest.raises(PartialError, match="doesn't exist"):
        Graph(client_of(server)).ask("query sigctlServer { x }")
    assert len(server.asked) == 1


def test_less_is_asked_for_at_once_where_the_server_finds_it_too_much(server):
    too_much = {"errors": [{"message": "Query has complexity of 312, which exceeds max complexity of 250"}]}
    whole = {"data": {"group": {"projects": {"pageInfo": {"hasNextPage": False}, "nodes": []}}}}
    server.on(
        "QUERY", "sigctlProjectMembersBelow", Says(body=too_much), Says(body=too_much), Says(body=whole)
    )
    graph = Graph(client_of(server))
    list(graph.walk(PROJECTS_BELOW, "a", "projects", deep=True))
    sizes = [(one.body["variables"]["first"], one.body["variables"]["members"]) for one in server.asked]
    assert sizes == [(100, 100), (100, 50), (50, 50)]
    list(graph.walk(PROJECTS_BELOW, "a", "projects", deep=True))
    assert server.asked[-1].body["variables"]["first"] == 50


def test_too_much_even_for_one_is_an_error(server):
    too_much = {"errors": [{"message": "Query has complexity of 312, which exceeds max complexity of 250"}]}
    server.on("QUERY", "sigctlProjectMembersBelow", Says(body=too_much))
    with pytest.raises(PartialError, match="complexity"):
        list(Graph(client_of(server)).walk(PROJECTS_BELOW, "a", "projects", deep=True))


def test_a_group_that_goes_between_two_pages_is_a_failed_read(server):
    first = {
        "data": {
            "group": {"groupMembers": {"pageInfo": {"hasNextPage": True, "endCursor": "c"}, "nodes": []}}
        }
    }
    server.on("QUERY", "sigctlGroupMembers", Says(body=first), Says(body={"data": {"group": None}}))
    with pytest.raises(PartialError):
        list(Graph(client_of(server)).walk(GROUP_MEMBERS, "a", "groupMembers"))


def test_side_by_side_means_no_more_at_once_than_allowed(server):
    client = client_of(server, jobs=3)
    here, most, lock, go = 0, 0, threading.Lock(), threading.Event()

    def call() -> None:
        nonlocal here, most
        with lock:
            here, most = here + 1, max(most, here + 1)
            if here == 3:
                go.set()
        go.wait(60)
        with lock:
            here -= 1

    client.together([call] * 9)
    assert most == 3


def test_the_first_failure_ends_what_has_not_begun(server):
    client, begun = client_of(server, jobs=1), []

    def fail() -> None:
        raise PartialError("no")

    with pytest.raises(PartialError):
        client.together([lambda: begun.append(1), fail, lambda: begun.append(2), lambda: begun.append(3)])
    assert begun == [1]
