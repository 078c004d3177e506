"""Which failures are about one repository alone, and how many of these are too many."""

from __future__ import annotations

import pytest

from sigctl.core.kinds import Key
from sigctl.errors import (
    BrokenAnswerError,
    BudgetError,
    DeniedError,
    InterruptedRunError,
    LaterError,
    NotThereError,
    PartialError,
    RefusedError,
    UnreachableError,
)
from sigctl.forges.apart import FEW, Apart

ALONE = (
    DeniedError("no", status=403),
    DeniedError("an entry is null"),
    NotThereError("gone", status=404),
    RefusedError("blocked", status=451),
    PartialError("half of it"),
    BrokenAnswerError("cut off"),
    UnreachableError("oops", status=500),
    UnreachableError("oops", status=503),
)
ALL_OF_IT = (
    DeniedError("who are you", status=401),
    RefusedError("it leads elsewhere"),
    UnreachableError("connection refused"),
    UnreachableError("a limit", status=403),
    UnreachableError("a limit", status=429),
    UnreachableError("a limit in GraphQL", status=200),
    BudgetError("enough"),
    LaterError("not today"),
)


def said(error):
    return f"{type(error).__name__} {error.status}"


def fail(apart, repo, error, *kinds, teams=False):
    with apart.about(repo, *kinds, teams=teams):
        raise error


@pytest.mark.parametrize("error", ALONE, ids=said)
def test_an_answer_about_one_path_sets_that_repository_apart(error):
    apart = Apart()
    fail(apart, "O/r", error, "webhook")
    assert [(key, one.reason) for key, one in apart.found().items()] == [(Key("repo", "O/r"), error.text)]


@pytest.mark.parametrize("error", ALL_OF_IT, ids=said)
def test_what_says_something_of_the_server_or_the_token_goes_on(error):
    apart = Apart()
    with pytest.raises(type(error)):
        fail(apart, "O/r", error, "webhook")
    assert not apart.found()


def test_an_interruption_and_a_fault_of_ours_go_on():
    for error in (InterruptedRunError("stop"), KeyError("x"), KeyboardInterrupt()):
        with pytest.raises(type(error)):
            fail(Apart(), "O/r", error)


def test_what_is_unknown_adds_up_and_the_first_reason_is_told():
    apart = Apart()
    fail(apart, "O/r", PartialError("first"), "webhook")
    fail(apart, "O/r", PartialError("second"), "grant", teams=True)
    found = apart.found()[Key("repo", "O/r")]
    assert (found.reason, found.kinds, found.teams) == ("first", {"webhook", "grant"}, True)
    assert apart.has("O/r", "grant")
    assert not apart.has("O/r", "label")


@pytest.mark.parametrize(("repos", "most"), [(0, FEW), (8, FEW), (50, FEW), (60, 6), (1000, 100)])
def test_where_more_than_a_few_and_a_tenth_fail_it_is_the_forge(repos, most):
    apart = Apart()
    apart.among(repos)
    for number in range(most):
        fail(apart, f"O/r{number}", PartialError(f"no {number}"), "webhook")
    fail(apart, "O/r0", PartialError("once more"), "label")
    with pytest.raises(PartialError, match="no 0"):
        fail(apart, "O/one-more", PartialError("no more"), "webhook")
