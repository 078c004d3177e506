"""What GitHub's failures mean: one table by status and header, one for GraphQL's errors in a 200."""

from __future__ import annotations

import socket
from typing import Any

import pytest
import requests

from sigctl.errors import DeniedError, ForgeError, NotThereError, PartialError, RefusedError, UnreachableError
from sigctl.forges.github.client import Answer, GarbledError, StatusError
from sigctl.forges.github.failures import GraphQLError, NotYetError, message, of_status, reader, wait_of
from sigctl.forges.github.graphql import TooBigError, items, whole
from sigctl.forges.http import Failure, Nature


def failure_of(status: int, headers: dict[str, str] | None = None, said: str = "no") -> Failure:
    return of_status(Answer(status, headers or {}, {"message": said}), "PUT /thing")


STATUSES = [
    (301, {}, "", Nature.FINAL, RefusedError, "previously"),
    (307, {}, "", Nature.FINAL, RefusedError, "previously"),
    (400, {}, "bad", Nature.FINAL, RefusedError, ""),
    (401, {}, "Bad credentials", Nature.FINAL, DeniedError, "make a new one"),
    (403, {}, "Must have admin rights", Nature.FINAL, DeniedError, "admin:org"),
    (403, {"retry-after": "9"}, "anything", Nature.LIMITED, UnreachableError, ""),
    (403, {}, "You have exceeded a secondary rate limit", Nature.LIMITED, UnreachableError, ""),
    (403, {"x-github-sso": "required; url=https://x/sso"}, "", Nature.FINAL, DeniedError, "https://x/sso"),
    (403, {}, "Repository was archived so is read-only.", Nature.FINAL, RefusedError, "unarchive"),
    (403, {}, "Upgrade to GitHub Pro or make this public", Nature.FINAL, RefusedError, "make it public"),
    (403, {}, "not on the IP allow list", Nature.FINAL, DeniedError, "allow list"),
    (403, {}, "This installation has been suspended", Nature.FINAL, DeniedError, "unsuspend"),
    (404, {}, "Not Found", Nature.FINAL, NotThereError, "may not see"),
    (404, {}, "Branch not found", Nature.FINAL, NotThereError, "may not see"),
    (408, {}, "", Nature.TRANSIENT, UnreachableError, "later"),
    (409, {}, "conflict", Nature.FINAL, RefusedError, ""),
    (422, {}, "Validation Failed", Nature.FINAL, RefusedError, ""),
    (429, {}, "", Nature.LIMITED, UnreachableError, ""),
    (500, {}, "", Nature.TRANSIENT, UnreachableError, "later"),
    (502, {}, "", Nature.TRANSIENT, UnreachableError, "later"),
    (503, {"retry-after": "2"}, "", Nature.TRANSIENT, UnreachableError, "later"),
]


@pytest.mark.parametrize(("status", "headers", "said", "nature", "error", "hint"), STATUSES)
def test_the_status_says_what_a_failure_is(
    *, status: int, headers: dict[str, str], said: str, nature: Nature, error: type[ForgeError], hint: str
) -> None:
    failure = failure_of(status, headers, said)
    assert failure.nature is nature
    assert type(failure.error) is error
    assert hint in failure.error.hint
    assert failure.error.status == status
    assert failure.error.text.startswith("PUT /thing: ")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "17"}, 17.0),
        ({"retry-after": "soon"}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1030"}, 31.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "900"}, 1.0),
        ({"x-ratelimit-remaining": "5", "x-ratelimit-reset": "1030"}, None),
        ({"retry-after": "3", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1030"}, 3.0),
    ],
)
def test_the_wait_is_what_the_headers_ask_for(headers: dict[str, str], seconds: float | None) -> None:
    assert wait_of(Answer(403, headers, None), now=lambda: 1000.0) == seconds


def test_details_of_a_validation_are_told() -> None:
    data = {
        "message": "Validation Failed",
        "errors": [{"field": "name", "code": "missing"}, {"message": "too long"}, "odd"],
    }
    assert message(data) == "Validation Failed: name missing; too long; odd"
    assert message(["no object"]) == ""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (requests.exceptions.ReadTimeout(), "nothing came in time"),
        (
            requests.exceptions.ConnectionError(ConnectionRefusedError(111, "Connection refused")),
            "connection refused",
        ),
        (
            requests.exceptions.ConnectionError(ConnectionResetError(104, "Connection reset by peer")),
            "reset by peer",
        ),
        (
            requests.exceptions.ConnectionError(socket.gaierror(-2, "Name or service not known")),
            "name or service",
        ),
        (requests.exceptions.ChunkedEncodingError("IncompleteRead"), "cut short"),
        (GarbledError("12 characters that are no JSON"), "no JSON"),
    ],
)
def test_no_answer_is_transient_and_says_why(error: Exception, said: str) -> None:
    failure = reader("gh")(error)
    assert failure.nature is Nature.TRANSIENT
    assert said in failure.error.text
    assert failure.error.text.startswith("gh: ")


def test_a_certificate_that_is_not_trusted_is_not_tried_again() -> None:
    assert reader("gh")(requests.exceptions.SSLError("bad")).nature is Nature.FINAL


def test_not_yet_there_keeps_the_error_it_may_come_to() -> None:
    failure = reader("gh")(NotYetError(NotThereError("thing", status=404)))
    assert failure.nature is Nature.NOT_YET
    assert isinstance(failure.error, NotThereError)


def test_a_status_is_named_with_the_forge() -> None:
    failure = reader("gh")(StatusError(Answer(422, {}, {"message": "no"}), "POST /x"))
    assert failure.error.text == "gh: POST /x: no (422)"
    assert failure.error.forge == "gh"


def test_an_unknown_exception_is_a_bug_and_is_raised_again() -> None:
    with pytest.raises(ZeroDivisionError):
        reader("gh")(ZeroDivisionError())


def graphql(body: Any, headers: dict[str, str] | None = None) -> Answer:
    return Answer(200, headers or {}, body)


GRAPHQL = [
    ("RATE_LIMITED", Nature.LIMITED, UnreachableError),
    ("FORBIDDEN", Nature.FINAL, DeniedError),
    ("INSUFFICIENT_SCOPES", Nature.FINAL, DeniedError),
    ("RESOURCE_LIMITS_EXCEEDED", Nature.FINAL, TooBigError),
    ("NOT_FOUND", Nature.FINAL, NotThereError),
    ("SOMETHING_NEW", Nature.TRANSIENT, PartialError),
    (None, Nature.TRANSIENT, PartialError),
]


@pytest.mark.parametrize(("type_", "nature", "error"), GRAPHQL)
def test_errors_in_a_200_make_the_whole_read_fail(
    type_: str | None, nature: Nature, error: type[ForgeError]
) -> None:
    body = {
        "data": {"organization": {"teams": []}},
        "errors": [{"type": type_, "path": ["n0"], "message": "m"}],
    }
    with pytest.raises(GraphQLError) as caught:
        whole(graphql(body), "gh", may_miss=False)
    assert caught.value.failure.nature is nature
    assert isinstance(caught.value.failure.error, error)


def test_a_limit_in_a_200_takes_its_time_from_the_headers() -> None:
    body = {"errors": [{"type": "RATE_LIMITED", "message": "m"}]}
    with pytest.raises(GraphQLError) as caught:
        whole(graphql(body, {"retry-after": "5"}), "gh", may_miss=False)
    assert caught.value.failure.retry_after == 5.0


@pytest.mark.parametrize("body", [None, [], {}, {"data": None}])
def test_an_answer_without_data_is_partial(body: Any) -> None:
    with pytest.raises(GraphQLError) as caught:
        whole(graphql(body), "gh", may_miss=True)
    assert isinstance(caught.value.failure.error, PartialError)


def test_a_thing_asked_for_by_name_may_be_missing_but_not_a_part_of_one() -> None:
    miss = {"type": "NOT_FOUND", "path": ["n0"], "message": "m"}
    body = {"data": {"n0": None}, "errors": [miss]}
    assert whole(graphql(body), "gh", may_miss=True) == {"n0": None}
    deeper = {"data": {"n0": {"teams": None}}, "errors": [{**miss, "path": ["n0", "teams"]}]}
    with pytest.raises(GraphQLError):
        whole(graphql(deeper), "gh", may_miss=True)


def test_what_is_null_was_not_read() -> None:
    with pytest.raises(DeniedError, match="collaborators of CentOS/xen can't be read"):
        items(None, "collaborators of CentOS/xen", "gh")
    with pytest.raises(PartialError, match="hidden"):
        items({"nodes": [None]}, "teams", "gh")
    with pytest.raises(PartialError, match="hidden"):
        items({"edges": [{"node": None}]}, "members", "gh")
    assert items({"nodes": []}, "teams", "gh") == []
