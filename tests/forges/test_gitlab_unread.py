"""Reads about one GitLab project that fail for good: it alone is named, with what is unknown of it, and all else is as ever."""

from __future__ import annotations

import pytest
from gitlab_wire import SERVER, Says, forge, wire
from test_gitlab_readers import below, group, members, project, project_members, project_rules

from sigctl.core.kinds import Key
from sigctl.errors import DeniedError, PartialError, UnreachableError
from sigctl.forges.base import Scope

PATHS = ("top/xen", "top/kernel")
XEN, KERNEL = (Key("repo", path) for path in PATHS)
SCOPE = Scope(
    frozenset({"top"}),
    repos=frozenset(PATHS),
    person_repos=frozenset(PATHS),
    tagged=frozenset(PATHS),
    parts=frozenset(Key(kind, path) for kind in ("label", "deploy_key", "webhook") for path in PATHS),
)
READS = {
    "labels": "label",
    "deploy_keys": "deploy_key",
    "hooks": "webhook",
    "invitations": "grant",
    "protected_tags": "branch_rule",
}
WAYS = {
    "denied": Says(403, {"message": "403 Forbidden"}),
    "hidden": Says(404, {"message": "404 Not Found"}),
    "broken": Says(500, "oops"),
    "cut": Says(body=[], cut=True),
    "garbled": Says(body="<html>"),
    "no list": Says(body={}),
}
TOLERATED = {("invitations", "denied"), ("invitations", "hidden")}
"""Then plans say that invitations can't be seen."""


@pytest.fixture
def server():
    with wire() as served:
        served.on("QUERY", "sigctlServer", Says(body=SERVER))
        served.on("QUERY", "sigctlGroup", Says(body={"data": {"group": group(10, "top")}}))
        served.on("QUERY", "sigctlGroupsBelow", below(field="descendantGroups"))
        served.on("GET", "/user", Says(body={"id": 1, "username": "owner"}))
        served.on("GET", "/groups/10/invitations", Says(body=[]))
        served.on("GET", "/groups/10", Says(body={"id": 10, "full_path": "top", "shared_with_groups": []}))
        numbered = list(enumerate(PATHS, start=20))
        listed = [project_members(number, path) for number, path in numbered]
        served.on("QUERY", "sigctlProjectMembersBelow", below(*listed))
        rules = [project_rules(number, path) for number, path in numbered]
        served.on("QUERY", "sigctlRulesBelow", below(*rules))
        served.on("GET", "/groups/top/projects", Says(body=[project(*one) for one in numbered]))
        for number, _ in numbered:
            for place in READS:
                served.on("GET", f"/projects/{number}/{place}", Says(body=[]))
            label = {"name": "bug", "color": "#ff0000", "description": None, "is_project_label": True}
            served.on("GET", f"/projects/{number}/labels", Says(body=[label]))
        yield served


def seen(server, scope=SCOPE):
    return forge(server.url).observe(scope)


def others(state):
    return {key: one for key, one in state.items() if XEN not in (key, one.inside)}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("place", READS)
def test_a_read_about_one_project_that_fails_leaves_all_else_as_it_is(server, place, way):
    whole = seen(server)
    assert not whole.unread
    assert {XEN, KERNEL} <= whole.state.keys()
    server.on("GET", f"/projects/20/{place}", WAYS[way])
    found = seen(server)
    assert others(found.state) == others(whole.state)
    if (place, way) in TOLERATED:
        assert not found.unread
        assert any("can't be seen" in note.text for note in found.notes)
        return
    assert list(found.unread) == [XEN]
    assert found.unread[XEN].kinds == {READS[place]}


@pytest.mark.parametrize(
    ("says", "error"), [(Says(401, {"message": "401"}), DeniedError), (Says(reset=True), UnreachableError)]
)
def test_what_says_something_of_the_server_or_the_token_fails_the_whole_read(server, says, error):
    server.on("GET", "/projects/20/labels", says)
    with pytest.raises(error):
        seen(server)


def test_members_of_which_a_further_page_can_not_be_had_are_unknown_of_that_project_alone(server):
    whole = seen(server)
    more = {**members(30), "pageInfo": {"hasNextPage": True, "endCursor": "x"}}
    first = project_members(20, PATHS[0], projectMembers=more)
    server.on("QUERY", "sigctlProjectMembersBelow", below(first, project_members(21, PATHS[1])))
    server.on("QUERY", "sigctlProjectMembers", Says(body={"errors": [{"message": "not now"}]}))
    found = seen(server)
    assert list(found.unread) == [XEN]
    assert found.unread[XEN].kinds == {"grant"}
    assert "not now" in found.unread[XEN].reason
    assert others(found.state) == others(whole.state)


def test_a_project_that_can_not_be_looked_up_is_named_and_its_group_taken_for_no_team(server):
    scope = Scope(frozenset({"top"}), teams=frozenset({"top/groups/a"}), repos=frozenset(PATHS), narrow=True)
    server.on("GET", "/projects/top%2Fxen", Says(500, "oops"))
    server.on("GET", "/projects/top%2Fkernel", Says(body=project(21, PATHS[1])))
    shown = {"data": {"project": project_members(21, PATHS[1])}}
    server.on("QUERY", "sigctlProjectMembers", Says(body=shown))
    server.on("GET", "/projects/21/protected_branches", Says(body=[]))
    server.on("QUERY", "sigctlGroup", Says(body={"data": {"group": None}}))
    found = seen(server, scope)
    assert list(found.unread) == [XEN]
    assert found.unread[XEN].teams
    assert KERNEL in found.state
    assert XEN not in found.state


def test_lists_of_many_projects_still_fail_the_whole_read(server):
    server.on("QUERY", "sigctlProjectMembersBelow", Says(body={"errors": [{"message": "not now"}]}))
    with pytest.raises(PartialError):
        seen(server)
    server.on("GET", "/groups/top/projects", Says(500, "oops"))
    with pytest.raises((UnreachableError, PartialError)):
        seen(server)
