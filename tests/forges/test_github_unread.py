"""Reads about one GitHub repository that fail for good: it alone is named, with what is unknown of it, and all else is as ever."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from github_world import ORG, World, world

from sigctl.core.kinds import BranchRule, Grant, Key, Label, Repo
from sigctl.errors import DeniedError, PartialError, UnreachableError
from sigctl.forges.github import documents

XEN, KERNEL = f"{ORG}/xen", f"{ORG}/kernel"
DENIED = {"status": 403, "body": {"message": "403 Forbidden"}}
BROKEN = {"status": 500, "body": "oops"}
PARTS = frozenset(
    Key(kind, path) for kind in ("webhook", "label", "actions", "security") for path in (XEN, KERNEL)
)
WAYS = {
    "denied": DENIED,
    "hidden": {"status": 404, "body": {"message": "Not Found"}},
    "broken": BROKEN,
    "cut": {"cut": 1},
    "garbled": {"status": 200, "body": "<html>"},
}
READS = {
    "/invitations": "grant",
    "/hooks": "webhook",
    "/actions/permissions/workflow": "actions",
    "": "security",
    r"/rulesets/\d+": "branch_rule",
}
"""What follows the path of the repository -> what is unknown where it fails."""


@pytest.fixture
def w(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as found:
        found.join("member1")
        for name in ("xen", "kernel"):
            found.repo(name)
            found.create(Grant("repo", f"{ORG}/{name}", "person:member1", "write"))
            found.create(Label(f"{ORG}/{name}", "ours", "ff0000"))
            found.create(
                BranchRule(f"{ORG}/{name}", "c7", push=("person:member1",), create=("person:member1",))
            )
        yield found


def inside(state: Any, path: str) -> dict[Key, Any]:
    return {key: one for key, one in state.items() if Key("repo", path) in (one.key, one.inside)}


def outside(state: Any, path: str) -> dict[Key, Any]:
    return {key: one for key, one in state.items() if key not in inside(state, path)}


def read(w: World, **scope: Any) -> Any:
    return w.observe(person_repos=[XEN, KERNEL], parts=PARTS, **scope)


@pytest.mark.parametrize(
    ("place", "way"),
    [*(("/hooks", way) for way in WAYS), *((place, "broken") for place in READS if place != "/hooks")],
)
def test_a_read_about_one_repository_that_fails_leaves_all_else_as_it_is(
    w: World, place: str, way: str
) -> None:
    whole = read(w)
    w.sandbox.faults.replace(
        [{"when": {"method": "GET", "path": f"/repos/{XEN}{place}$"}, "what": WAYS[way]}]
    )
    found = read(w)
    if way == "hidden" and not found.unread:
        assert place in ("", "/hooks", "/actions/permissions/workflow"), "gone since the list was read"
        return
    assert list(found.unread) == [Key("repo", XEN)]
    unread = found.unread[Key("repo", XEN)]
    assert READS[place] in unread.kinds
    assert unread.reason.startswith("github: ")
    assert not unread.teams
    assert outside(found.state, XEN) == outside(whole.state, XEN)
    assert inside(found.state, XEN).items() <= inside(whole.state, XEN).items()


def test_rules_of_which_one_part_could_not_be_read_are_not_told_at_all(w: World) -> None:
    w.sandbox.faults.replace(
        [{"when": {"method": "GET", "path": rf"/repos/{XEN}/rulesets/\d+$"}, "what": DENIED}]
    )
    assert [one.repo for one in read(w).state.values() if isinstance(one, BranchRule)] == [KERNEL]


@pytest.mark.parametrize(
    "what", [{"status": 401, "body": {"message": "Bad credentials"}}, {"reset": True}, {"status": 429}]
)
def test_what_says_something_of_the_server_or_the_token_fails_the_whole_read(w: World, what: Any) -> None:
    w.sandbox.faults.replace([{"when": {"method": "GET", "path": f"/repos/{XEN}/hooks$"}, "what": what}])
    with pytest.raises(DeniedError if what.get("status") == 401 else UnreachableError):
        read(w)


def test_where_more_than_a_few_repositories_fail_the_whole_read_does(w: World) -> None:
    paths = [f"{ORG}/more{n}" for n in range(6)]
    for path in paths:
        w.repo(path.partition("/")[2])
    parts = frozenset(Key("webhook", path) for path in paths)
    w.sandbox.faults.replace(
        [{"when": {"method": "GET", "path": f"/repos/{ORG}/more[0-4]/hooks$"}, "what": DENIED}]
    )
    assert len(w.observe(parts=parts).unread) == 5
    w.sandbox.faults.replace(
        [{"when": {"method": "GET", "path": f"/repos/{ORG}/more[0-5]/hooks$"}, "what": DENIED}]
    )
    with pytest.raises(DeniedError):
        w.observe(parts=parts)


def test_further_pages_that_fail_together_are_asked_for_apart_and_the_one_that_fails_alone_is_named(
    tmp_path: Path,
) -> None:
    with world(tmp_path) as w:
        for name in ("xen", "kernel", "qemu"):
            w.repo(name)
            for number in range(documents.INNER_PAGE + 1):
                w.create(Label(f"{ORG}/{name}", f"l{number}", "ff0000"))
        wanted = frozenset(Key("label", f"{ORG}/{name}") for name in ("xen", "kernel", "qemu"))
        name = documents.follow(documents.INNER_LABELS, 1).split("(")[0].split()[-1]
        partial = {"graphql_errors": [{"type": "SOMETHING", "message": "half of it is missing"}]}
        whole = w.observe(parts=wanted)
        before = w.sent()[name]
        assert before == 1
        # all three together, and then the half that is one alone; the other half of two goes well
        w.sandbox.faults.replace([{"when": {"operation": name, "nth": [*range(1, 13)]}, "what": partial}])
        found = w.observe(parts=wanted)
        assert len(found.unread) == 1
        (lost,) = found.unread
        assert found.unread[lost].kinds == {"label"}
        assert outside(found.state, lost.name) == outside(whole.state, lost.name)


@pytest.mark.parametrize("operation", ["NamedRepositories", "NamedRules"])
def test_a_repository_that_can_not_be_looked_up_by_name_is_named_and_not_taken_for_gone(
    w: World, operation: str
) -> None:
    partial = {"graphql_errors": [{"type": "SOMETHING", "message": "half of it is missing"}]}
    whole = w.observe(narrow=True, repos=[XEN, KERNEL])
    # both together six times, then the first one alone six times
    w.sandbox.faults.replace([{"when": {"operation": operation, "nth": [*range(1, 13)]}, "what": partial}])
    found = w.observe(narrow=True, repos=[XEN, KERNEL])
    assert list(found.unread) == [Key("repo", KERNEL)]
    assert outside(found.state, KERNEL) == outside(whole.state, KERNEL)


@pytest.mark.parametrize(
    ("operation", "unknown"),
    [
        ("Repositories", {"repo"}),
        ("Collaborators", {"grant", "deploy_key"}),
        ("Rules", {"branch_rule", "classic_rule"}),
    ],
)
def test_errors_inside_of_one_repository_in_a_page_of_many_are_its_own(
    w: World, operation: str, unknown: set[str]
) -> None:
    whole = w.observe()
    names = [one.path for one in whole.state.values() if isinstance(one, Repo)]
    within = {
        "type": "SOMETHING",
        "message": "not now",
        "path": ["organization", "repositories", "nodes", 1, "x"],
    }
    w.sandbox.faults.replace([{"when": {"operation": operation}, "what": {"graphql_errors": [within]}}])
    found = w.observe()
    (lost,) = found.unread
    assert lost.name in names
    assert found.unread[lost].kinds == unknown
    assert "not now" in found.unread[lost].reason
    assert outside(found.state, lost.name) == outside(whole.state, lost.name)
    assert (lost in found.state) == (operation != "Repositories")
    above = {**within, "path": ["organization", "repositories"]}
    w.sandbox.faults.replace(
        [{"when": {"operation": operation}, "what": {"graphql_errors": [within, above]}}]
    )
    with pytest.raises(PartialError):
        w.observe()


def test_teams_that_can_not_be_read_still_fail_the_whole_read(w: World) -> None:
    partial = {"graphql_errors": [{"type": "SOMETHING", "message": "half of it is missing"}]}
    w.sandbox.faults.replace([{"when": {"operation": "Teams"}, "what": partial}])
    with pytest.raises(PartialError):
        read(w)
