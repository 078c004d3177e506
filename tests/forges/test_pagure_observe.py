"""The bulk read: everything in our words, whole, or an error; and where git goes."""

from __future__ import annotations

import pytest
from pagure_wire import TOKEN, Says, error, forge, options, page, project, wire

from sigctl.core.kinds import BranchRule, Grant, Key, Repo, TeamMember
from sigctl.core.state import COMPUTED_RULES
from sigctl.errors import DeniedError, PartialError, RefusedError, UnreachableError
from sigctl.forges.base import Scope

SCOPE = Scope(
    orgs=frozenset({"rpms", "sig-virt"}), teams=frozenset({"sig-virt"}), repos=frozenset({"rpms/xen"})
)


@pytest.fixture
def served():
    with wire() as found:
        found.on("GET", "/projects", page("projects", [project("rpms/xen")]))
        found.on("GET", "/rpms/xen/options", options())
        found.on("GET", "/rpms/xen/git/branches", Says({"branches": [], "default": None}))
        found.on("GET", "/group/sig-virt", Says({"name": "sig-virt", "members": ["keeper", "alice"]}))
        yield found


def grants(served, **access):
    served.on("GET", "/projects", page("projects", [project("rpms/xen", **access)]))
    seen = forge(served).observe(SCOPE)
    return {one.subject: (one.level, one.branches) for one in seen.state.values() if isinstance(one, Grant)}


def test_everything_is_told_in_our_words(served):
    seen = forge(served).observe(SCOPE)
    assert seen.me == "keeper"
    assert seen.state[Key("repo", "rpms/xen")] == Repo(
        "rpms/xen", description="d", archived=False, issues=True, default_branch=None, filled=False
    )
    assert Key("team", "sig-virt") in seen.state
    assert seen.state[Key("team_member", "sig-virt:alice")] == TeamMember("sig-virt", "alice")
    assert {key.name for key in seen.state if key.kind == "org"} == {"rpms"}, "a group's name is no namespace"
    assert seen.reads == 5
    assert {one.token for one in served.asked} == {f"token {TOKEN}"}


def test_levels_are_ours_and_unknown_words_survive(served):
    users = {"admin": ["a"], "commit": ["c"], "ticket": ["t"], "overlord": ["o"]}
    found = grants(served, users=users)
    assert found == {
        "person:keeper": ("admin", ()),
        "person:a": ("admin", ()),
        "person:c": ("write", ()),
        "person:t": ("triage", ()),
        "person:o": ("native:overlord", ()),
    }


def test_who_may_push_some_branches_may_write_these(served):
    rows = {"admin": [], "commit": [], "ticket": []}
    limited = [
        {"user": "sig-virt", "branches": "c7-sig-virt-*, c7-sig-virt,"},
        {"user": "void", "branches": None},
    ]
    served.on(
        "GET",
        "/rpms/xen/contributors",
        Says({"groups": {**rows, "collaborators": limited}, "users": {**rows, "collaborators": []}}),
    )
    found = grants(served, groups={"collaborator": ["sig-virt", "void"]})
    assert found["team:sig-virt"] == ("write", ("c7-sig-virt", "c7-sig-virt-*"))
    assert found["team:void"] == ("native:collaborator", ()), "without a pattern nobody can push anything"


@pytest.mark.parametrize(
    ("pulls", "only", "archived"),
    [(True, False, False), (False, True, True), (True, True, None), (False, False, None)],
)
def test_an_archive_is_shut_to_pushes_and_to_requests_and_half_of_it_is_neither(
    served, pulls, only, archived
):
    served.on("GET", "/rpms/xen/options", options(pull_requests=pulls, pull_request_access_only=only))
    assert forge(served).observe(SCOPE).state[Key("repo", "rpms/xen")].archived is archived


def test_pages_are_read_to_the_last(served):
    rows = [project(f"rpms/p{n}") for n in range(3)]
    served.on("GET", "/projects", page("projects", rows[:2], 3, 2), page("projects", rows[2:], 3, 2))
    seen = forge(served).observe(Scope(orgs=frozenset({"rpms"}), repos=frozenset({"rpms/none"})))
    assert sum(key.kind == "repo" for key in seen.state) == 3
    assert [one.query["page"] for one in served.sent("GET", "/projects")] == ["1", "2"]
    assert {one.query["per_page"] for one in served.sent("GET", "/projects")} == {"100"}


def test_a_list_that_moves_while_it_is_read_is_read_again(served):
    rows = [project("rpms/p1"), project("rpms/xen")]
    moved = [page("projects", rows[:1], 2, 2), page("projects", rows[:1], 2, 2)]
    served.on("GET", "/projects", *moved, page("projects", rows[:1], 2, 2), page("projects", rows[1:], 2, 2))
    assert Key("repo", "rpms/xen") in forge(served).observe(SCOPE).state


def test_a_list_that_never_adds_up_is_partial(served):
    served.on("GET", "/projects", page("projects", [project("rpms/xen")], total=7))
    with pytest.raises(PartialError, match="1 of 7"):
        forge(served).observe(SCOPE)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/projects", {}),
        ("/projects", []),
        ("/group/sig-virt", {"name": "sig-virt"}),
    ],
)
def test_an_answer_without_its_data_is_never_taken_for_absence(served, path, body):
    served.on("GET", path, Says(body))
    with pytest.raises(PartialError):
        forge(served).observe(SCOPE)


@pytest.mark.parametrize(
    ("path", "body"),
    [("/rpms/xen/options", {"settings": None}), ("/rpms/xen/git/branches", {"default": None})],
)
def test_a_project_of_which_the_data_lacks_is_set_aside_and_the_others_are_read(served, path, body):
    whole = forge(served).observe(SCOPE)
    served.on("GET", path, Says(body))
    found = forge(served).observe(SCOPE)
    xen = Key("repo", "rpms/xen")
    assert list(found.unread) == [xen]
    assert "the answer holds no" in found.unread[xen].reason
    assert {k: v for k, v in found.state.items() if k != xen} == {
        k: v for k, v in whole.state.items() if k != xen
    }


def test_options_that_may_not_be_read_are_an_error_that_says_what_the_token_lacks(served):
    text = "Invalid or expired token"
    served.on("GET", "/rpms/xen/options", error("EINVALIDTOK", text, 401, "Missing ACLs: modify_project"))
    with pytest.raises(DeniedError, match="Missing ACLs: modify_project") as caught:
        forge(served).observe(SCOPE)
    assert "these ACLs" in caught.value.hint


@pytest.mark.parametrize("says", [Says(status=502, body=""), Says(cut=True), Says("<html>no JSON</html>")])
def test_what_may_pass_is_tried_again_and_told_when_it_does_not(served, says):
    served.on("GET", "/projects", says, says, page("projects", [project("rpms/xen")]))
    assert Key("repo", "rpms/xen") in forge(served).observe(SCOPE).state
    served.on("GET", "/projects", says)
    with pytest.raises(UnreachableError):
        forge(served).observe(SCOPE)


def test_a_limit_is_waited_for(served):
    served.on(
        "GET", "/projects", Says({}, 429, {"Retry-After": "7"}), page("projects", [project("rpms/xen")])
    )
    assert Key("repo", "rpms/xen") in forge(served).observe(SCOPE).state


def test_a_redirect_leads_nowhere_and_says_so(served):
    served.on("GET", "/projects", Says("", 301, {"Location": "https://elsewhere.example/"}))
    with pytest.raises(RefusedError) as caught:
        forge(served).observe(SCOPE)
    assert "https://elsewhere.example/" in caught.value.hint


def test_a_project_that_answers_under_another_name_is_not_it(served):
    served.on("GET", "/rpms/Xen", Says(project("rpms/xen")))
    seen = forge(served).observe(Scope(orgs=frozenset({"rpms"}), repos=frozenset({"rpms/Xen"}), narrow=True))
    assert not any(key.kind == "repo" for key in seen.state)


def test_a_plus_in_a_name_is_quoted(served):
    served.on("GET", "/rpms/libsigc++20", Says(project("rpms/libsigc++20")))
    served.on("GET", "/rpms/libsigc++20/options", options())
    served.on("GET", "/rpms/libsigc++20/git/branches", Says({"branches": ["c7"], "default": "c7"}))
    seen = forge(served).observe(Scope(orgs=frozenset(), repos=frozenset({"rpms/libsigc++20"}), narrow=True))
    assert seen.state[Key("repo", "rpms/libsigc++20")].default_branch == "c7"


def test_a_server_that_computes_rules_is_asked_and_what_differs_is_told(served):
    rules = (
        BranchRule("rpms/xen", "c7-sig-virt-*", push=("team:sig-virt",)),
        BranchRule("rpms/xen", "c7", push=("person:release",)),
        BranchRule("rpms/xen", "c8", push=()),
    )
    served.on("GET", "/user/release", Says({"user": {"name": "release"}}))
    served.on("GET", "/rpms/xen/hascommit", Says({"hascommit": True}))
    scope = Scope(SCOPE.orgs, teams=SCOPE.teams, repos=SCOPE.repos, rules=rules)
    seen = forge(served, branch_rules="computed").observe(scope)
    asked = {(one.query["user"], one.query["branch"]) for one in served.sent("GET", "/hascommit")}
    everyone = ("alice", "release")
    assert asked == {(who, branch) for who in everyone for branch in ("c7-sig-virt-sigctl-probe", "c7", "c8")}
    assert COMPUTED_RULES in seen.capabilities
    assert [note.topic for note in seen.notes] == ["computed", "computed"]
    assert "6 answers asked for, 2 are as declared" in seen.notes[0].text
    assert "alice may push c7" in seen.notes[1].text
    assert served.sent("POST") == served.sent("POST", "/-/whoami"), "nothing is written"


def test_git_goes_over_http_as_the_account_or_over_ssh_with_its_key(served):
    remote = forge(served).remote("rpms/xen")
    assert (remote.url, remote.username) == (f"{served.url}/rpms/xen.git", "keeper")
    assert remote.password.get_secret_value() == TOKEN
    ssh = {"ssh_url": "ssh://git@git.example.org", "ssh_key": "/k", "ssh_known_hosts": "/h"}
    remote = forge(served, **ssh).remote("rpms/xen")
    assert (remote.url, remote.key_file, remote.known_hosts) == (
        "ssh://git@git.example.org/rpms/xen.git",
        "/k",
        "/h",
    )
    assert remote.password is None


def test_health_tells_who_we_are_and_what_is_wrong(served):
    served.on("GET", "/version", Says({"version": "0.31"}))
    found = forge(served).health()
    assert (found.reachable, found.me, found.version, found.problems) == (True, "keeper", "0.31", ())
    served.on("POST", "/-/whoami", error("EINVALIDTOK", "Invalid or expired token", 401, "Expired token"))
    found = forge(served).health()
    assert found.reachable
    assert "Expired token" in found.problems[0]
