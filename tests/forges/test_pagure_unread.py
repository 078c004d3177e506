"""Reads about one Pagure project that fail for good: it alone is named, with what is unknown of it, and all else is as ever."""

from __future__ import annotations

import pytest
from pagure_wire import Says, error, forge, options, page, project, wire

from sigctl.core.kinds import BranchRule, Grant, Key
from sigctl.errors import DeniedError, UnreachableError
from sigctl.forges.base import Scope

PATHS = ("rpms/xen", "rpms/kernel")
XEN, KERNEL = (Key("repo", path) for path in PATHS)
SCOPE = Scope(orgs=frozenset({"rpms"}), teams=frozenset({"sig-virt"}), repos=frozenset(PATHS))
HELD = {"collaborator": ["sig-virt"]}
NOBODY = {"admin": [], "commit": [], "ticket": []}
LIMITED = Says(
    {
        "groups": {**NOBODY, "collaborators": [{"user": "sig-virt", "branches": "c7-*"}]},
        "users": {**NOBODY, "collaborators": []},
    }
)
READS = {"options": "repo", "git/branches": "repo", "contributors": "grant"}
WAYS = {
    "hidden": error("ENOPROJECT", "Project not found", 404),
    "denied": Says({"error": "no"}, 403),
    "broken": Says(status=500, body=""),
    "garbled": Says("<html>"),
    "no data": Says({}),
}


@pytest.fixture
def served():
    with wire() as found:
        found.on("GET", "/projects", page("projects", [project(path, groups=HELD) for path in PATHS]))
        found.on("GET", "/group/sig-virt", Says({"name": "sig-virt", "members": ["keeper", "alice"]}))
        for path in PATHS:
            found.on("GET", f"/{path}/options", options())
            found.on("GET", f"/{path}/git/branches", Says({"branches": [], "default": None}))
            found.on("GET", f"/{path}/contributors", LIMITED)
        yield found


def others(state):
    return {key: one for key, one in state.items() if XEN not in (key, one.inside)}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("place", READS)
def test_a_read_about_one_project_that_fails_leaves_all_else_as_it_is(served, place, way):
    whole = forge(served).observe(SCOPE)
    assert not whole.unread
    served.on("GET", f"/rpms/xen/{place}", WAYS[way])
    found = forge(served).observe(SCOPE)
    assert list(found.unread) == [XEN]
    assert found.unread[XEN].kinds == {READS[place]}
    assert others(found.state) == others(whole.state)


def test_a_right_on_branches_that_nobody_knows_is_none_of_ours(served):
    served.on("GET", "/rpms/xen/contributors", WAYS["broken"])
    state = forge(served).observe(SCOPE).state
    held = {
        one.target: one.level
        for one in state.values()
        if isinstance(one, Grant) and one.subject == "team:sig-virt"
    }
    assert held == {"rpms/xen": "native:collaborator", "rpms/kernel": "write"}


def test_a_project_that_can_not_be_looked_up_is_named_and_not_taken_for_gone(served):
    scope = Scope(orgs=frozenset(), repos=frozenset(PATHS), narrow=True)
    served.on("GET", "/rpms/xen", WAYS["broken"])
    served.on("GET", "/rpms/kernel", Says(project("rpms/kernel")))
    found = forge(served).observe(scope)
    assert list(found.unread) == [XEN]
    assert found.unread[XEN].teams
    assert XEN not in found.state
    assert KERNEL in found.state


def test_answers_on_who_may_push_that_can_not_be_had_are_not_counted(served):
    rules = tuple(BranchRule(path, "c7", push=("team:sig-virt",)) for path in PATHS)
    scope = Scope(orgs=SCOPE.orgs, teams=SCOPE.teams, repos=SCOPE.repos, rules=rules)
    served.on("GET", "/rpms/xen/hascommit", WAYS["broken"])
    served.on("GET", "/rpms/kernel/hascommit", Says({"hascommit": True}))
    found = forge(served, branch_rules="computed").observe(scope)
    assert list(found.unread) == [XEN]
    assert ["1 answers asked for, 1 are as declared" in note.text for note in found.notes] == [True]


@pytest.mark.parametrize(
    ("says", "kind"), [(error("EINVALIDTOK", "no", 401), DeniedError), (Says(cut=True), UnreachableError)]
)
def test_what_says_something_of_the_server_or_the_token_fails_the_whole_read(served, says, kind):
    served.on("GET", "/rpms/xen/options", says)
    with pytest.raises(kind):
        forge(served).observe(SCOPE)
