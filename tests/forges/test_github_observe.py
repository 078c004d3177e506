"""What the GitHub adapter reads: all of it, as GitHub means it, in few requests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from github_world import LOGINS, ME, ORG, World, world

from sigctl.core.kinds import Grant, Membership, Org, Repo, Team, TeamMember
from sigctl.core.levels import LADDER
from sigctl.errors import DeniedError, NotThereError
from sigctl.forges.base import Scope
from sigctl.forges.github.names import permission_of

BASE = f"/repos/{ORG}/xen"


@pytest.fixture
def w(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as one:
        yield one


def test_an_empty_org_holds_itself_and_its_owner(w: World) -> None:
    state = w.observe().state
    assert list(state.values()) == [
        Membership(ORG, ME, "owner"),
        Org(
            ORG,
            title="",
            base_level="read",
            members_create_repos=True,
            two_factor=False,
            members_create=("private", "public"),
            fork_private=False,
            deploy_keys=False,
        ),
    ]


def test_an_org_is_found_whatever_its_case_and_reported_as_it_spells_itself(w: World) -> None:
    w.repo("xen")
    w.team("virt")
    state = w.observe(orgs=("centos",)).state
    assert {one.key.name for one in state.values() if one.KIND in ("org", "team", "repo")} == {
        ORG,
        f"{ORG}/virt",
        f"{ORG}/xen",
    }


def test_an_org_that_is_not_there_is_an_error_that_says_what_to_do(w: World) -> None:
    with pytest.raises(NotThereError) as caught:
        w.observe(orgs=(ORG, "nowhere"))
    assert "org `nowhere` is not there" in caught.value.text
    assert "by hand" in caught.value.hint


def test_every_setting_of_a_repository_is_read(w: World) -> None:
    settings = {
        "description": "Xen packaging",
        "homepage": "https://example.org",
        "visibility": "private",
        "has_issues": False,
        "has_wiki": False,
        "allow_merge_commit": True,
        "allow_squash_merge": False,
        "allow_rebase_merge": False,
        "delete_branch_on_merge": True,
    }
    w.repo("xen", **settings)
    w.api("PUT", f"{BASE}/topics", {"names": ["xen", "centos"]})
    assert w.seen(Repo) == [
        Repo(
            path=f"{ORG}/xen",
            description="Xen packaging",
            visibility="private",
            default_branch=None,
            archived=False,
            homepage="https://example.org",
            topics=("centos", "xen"),
            issues=False,
            wiki=False,
            merge_commit=True,
            squash_merge=False,
            rebase_merge=False,
            delete_branch_on_merge=True,
            filled=False,
        )
    ]


def test_a_repository_with_a_branch_is_filled_and_has_a_default_branch(w: World) -> None:
    w.repo("xen", auto_init=True)
    (repo,) = w.seen(Repo)
    assert (repo.filled, repo.default_branch) == (True, "main")


def test_an_archived_repository_is_read_like_any_other(w: World) -> None:
    w.repo("xen")
    w.api("PATCH", BASE, {"archived": True})
    assert w.seen(Repo)[0].archived is True


def test_members_and_invitations_are_memberships_with_their_roles(w: World) -> None:
    w.join("member1")
    w.join("owner", role="admin")
    w.api("PUT", f"/orgs/{ORG}/memberships/member2", {"role": "admin"})
    w.api("PUT", f"/orgs/{ORG}/memberships/member3", {"role": "member"})
    assert {(m.login, m.role, m.state) for m in w.seen(Membership)} == {
        (ME, "owner", "active"),
        ("owner", "owner", "active"),
        ("member1", "member", "active"),
        ("member2", "owner", "invited"),
        ("member3", "member", "invited"),
    }


def test_an_invitation_that_expired_is_gone(w: World) -> None:
    w.api("PUT", f"/orgs/{ORG}/memberships/member2", {"role": "member"})
    w.sandbox.clock.advance(8 * 24 * 3600)
    assert [m.login for m in w.seen(Membership)] == [ME]


def test_an_invitation_by_email_is_noted(w: World) -> None:
    w.api("POST", f"/orgs/{ORG}/invitations", {"email": "someone@example.org"})
    notes = w.observe().notes
    assert [(note.topic, note.subject) for note in notes] == [("pending", ORG)]
    assert "example.org" not in notes[0].text


def test_teams_have_their_names_their_parents_and_who_is_in_them_directly(w: World) -> None:
    w.join("member1", "member2")
    w.team("Virt People", description="all of them")
    parent = w.api("GET", f"/orgs/{ORG}/teams/virt-people")["id"]
    w.team("xen", parent_team_id=parent)
    w.team("quiet", privacy="secret")
    w.api("PUT", f"/orgs/{ORG}/teams/xen/memberships/member1", {"role": "maintainer"})
    w.api("PUT", f"/orgs/{ORG}/teams/virt-people/memberships/member2", {"role": "member"})
    assert w.seen(Team) == [
        Team(f"{ORG}/quiet", "quiet", "", secret=True, parent=""),
        Team(f"{ORG}/virt-people", "Virt People", "all of them", secret=False, parent=""),
        Team(f"{ORG}/xen", "xen", "", secret=False, parent=f"{ORG}/virt-people"),
    ]
    assert w.seen(TeamMember) == [
        TeamMember(f"{ORG}/virt-people", "member2", "member"),
        TeamMember(f"{ORG}/xen", "member1", "lead"),
    ]


def test_someone_who_is_invited_to_a_team_is_in_it_with_the_role_he_will_have(w: World) -> None:
    w.team("virt")
    w.api("PUT", f"/orgs/{ORG}/teams/virt/memberships/member1", {"role": "maintainer"})
    assert w.seen(TeamMember) == [TeamMember(f"{ORG}/virt", "member1", "lead", "invited")]


@pytest.mark.parametrize("level", LADDER)
def test_every_level_of_a_team_and_of_a_person_is_read_exactly(w: World, level: str) -> None:
    w.join("member1")
    w.repo("xen")
    w.team("virt")
    word = {"permission": permission_of(level)}
    w.api("PUT", f"/orgs/{ORG}/teams/virt/repos/{ORG}/xen", word)
    w.api("PUT", f"{BASE}/collaborators/member1", word)
    w.api("PUT", f"{BASE}/collaborators/member2", word)
    assert w.seen(Grant) == [
        Grant("repo", f"{ORG}/xen", "person:member1", level),
        Grant("repo", f"{ORG}/xen", "person:member2", level, state="invited"),
        Grant("repo", f"{ORG}/xen", f"team:{ORG}/virt", level),
    ]


def test_what_owners_and_members_have_from_the_org_or_a_team_is_no_grant(w: World) -> None:
    w.join("owner", role="admin")
    w.join("member1")
    w.repo("xen", visibility="private")
    w.team("virt")
    w.api("PUT", f"/orgs/{ORG}/teams/virt/memberships/member1", {"role": "member"})
    w.api("PUT", f"/orgs/{ORG}/teams/virt/repos/{ORG}/xen", {"permission": "maintain"})
    assert [grant.subject for grant in w.seen(Grant)] == [f"team:{ORG}/virt"]


def test_a_direct_grant_is_told_apart_from_what_a_team_gives_the_same_person(w: World) -> None:
    w.join("member1")
    w.repo("xen")
    w.team("virt")
    w.api("PUT", f"/orgs/{ORG}/teams/virt/memberships/member1", {"role": "member"})
    w.api("PUT", f"/orgs/{ORG}/teams/virt/repos/{ORG}/xen", {"permission": "admin"})
    w.api("PUT", f"{BASE}/collaborators/member1", {"permission": "triage"})
    assert Grant("repo", f"{ORG}/xen", "person:member1", "triage") in w.seen(Grant)


def test_what_a_team_inherits_is_marked_and_what_it_has_beyond_that_is_its_own(w: World) -> None:
    w.repo("xen")
    w.repo("kernel")
    w.team("virt")
    parent = w.api("GET", f"/orgs/{ORG}/teams/virt")["id"]
    w.team("chairs", parent_team_id=parent)
    for repo in ("xen", "kernel"):
        w.api("PUT", f"/orgs/{ORG}/teams/virt/repos/{ORG}/{repo}", {"permission": "push"})
    w.api("PUT", f"/orgs/{ORG}/teams/chairs/repos/{ORG}/kernel", {"permission": "admin"})
    found = {(g.target, g.subject): (g.level, g.state) for g in w.seen(Grant)}
    assert found == {
        (f"{ORG}/xen", f"team:{ORG}/virt"): ("write", "active"),
        (f"{ORG}/xen", f"team:{ORG}/chairs"): ("write", "inherited"),
        (f"{ORG}/kernel", f"team:{ORG}/virt"): ("write", "active"),
        (f"{ORG}/kernel", f"team:{ORG}/chairs"): ("admin", "active"),
    }
    assert found == {
        (g.target, g.subject): (g.level, g.state)
        for g in w.seen(
            Grant, narrow=True, repos=[f"{ORG}/xen", f"{ORG}/kernel"], teams=[f"{ORG}/virt", f"{ORG}/chairs"]
        )
    }


def test_a_repository_invitation_is_found_where_a_person_s_grant_is_declared(w: World) -> None:
    w.repo("xen")
    w.api("PUT", f"{BASE}/collaborators/member1", {"permission": "maintain"})
    assert w.seen(Grant) == []
    grant = Grant("repo", f"{ORG}/xen", "person:member1", "maintain", state="invited")
    assert w.seen(Grant, person_repos=[f"{ORG}/xen"]) == [grant]
    assert w.seen(Grant, person_repos=["centos/XEN"]) == [grant]


def test_a_repository_invitation_that_expired_is_absent_with_a_note(w: World) -> None:
    w.repo("xen")
    w.api("PUT", f"{BASE}/collaborators/member1", {"permission": "push"})
    w.sandbox.clock.advance(8 * 24 * 3600)
    observed = w.observe(person_repos=[f"{ORG}/xen"])
    assert not [one for one in observed.state.values() if isinstance(one, Grant)]
    assert [(note.topic, note.text) for note in observed.notes] == [
        ("pending", "the invitation of member1 has expired")
    ]


def test_every_login_asked_for_gets_an_account(w: World) -> None:
    accounts = w.observe(logins=["Member1", "nobody-here"]).accounts
    assert accounts["member1"].id is not None
    assert accounts["member1"].status == "active"
    assert accounts["nobody-here"].status == "missing"
    assert accounts[ME].status == "active"


def test_a_pinned_id_finds_the_account_under_its_login_of_now(w: World) -> None:
    number = w.api("GET", "/users/member1")["id"]
    start = len(w.log())
    accounts = w.observe(ids=[number, 999_999_999]).accounts
    assert accounts["member1"].id == number
    assert accounts["#999999999"].status == "missing"
    assert w.sent(start)["users/get-by-id"] == 2
    start = len(w.log())
    w.observe(ids=[number], logins=["member1"])
    assert w.sent(start)["users/get-by-id"] == 0


def test_the_login_behind_the_token_is_told(w: World) -> None:
    assert w.observe().me == ME


def test_a_token_that_may_not_read_the_org_s_settings_is_refused(w: World) -> None:
    w.join("member1")
    with pytest.raises(DeniedError, match="can't be read"):
        w.observe(forge=w.open(w.users["member1"]["token"]))


def test_a_wrong_token_is_refused(w: World) -> None:
    with pytest.raises(DeniedError) as caught:
        w.observe(forge=w.open("wrong"))
    assert caught.value.status == 401


def test_a_read_only_token_reads_everything(w: World) -> None:
    w.join("member1")
    w.repo("xen")
    w.team("virt")
    w.api("PUT", f"{BASE}/collaborators/member2", {"permission": "push"})
    scope: dict[str, Any] = {"person_repos": [f"{ORG}/xen"], "logins": ["member1"]}
    assert w.observe(forge=w.open(w.users[ME]["read_token"]), **scope).state == w.observe(**scope).state


def test_a_narrow_read_holds_the_named_things_and_what_is_inside_them(w: World) -> None:
    w.join("member1")
    for name in ("xen", "kernel"):
        w.repo(name)
        w.api("PUT", f"/repos/{ORG}/{name}/collaborators/member1", {"permission": "push"})
        w.api("PUT", f"/repos/{ORG}/{name}/collaborators/member2", {"permission": "push"})
    for name in ("virt", "other"):
        w.team(name)
        w.api("PUT", f"/orgs/{ORG}/teams/{name}/memberships/member1", {"role": "member"})
        w.api("PUT", f"/orgs/{ORG}/teams/{name}/repos/{ORG}/xen", {"permission": "push"})
    narrow = w.observe(narrow=True, repos=[f"{ORG}/xen", f"{ORG}/gone"], teams=[f"{ORG}/virt", f"{ORG}/gone"])
    wide = w.observe(person_repos=[f"{ORG}/xen"])
    left_out = {f"{ORG}/kernel", f"{ORG}/other"}
    expected = {
        key: one
        for key, one in wide.state.items()
        if not left_out & {getattr(one, name, "") for name in ("path", "target", "team")}
    }
    assert narrow.state == expected
    assert Grant("repo", f"{ORG}/xen", f"team:{ORG}/other", "write") in narrow.state.values()


def test_many_named_repositories_are_read_with_their_teams_as_few_are(w: World) -> None:
    names = [f"repo{n}" for n in range(8)]
    for name in names:
        w.repo(name)
    w.repo("other")
    for name in ("virt", "core"):
        w.team(name)
        for repo in (*names, "other"):
            w.api("PUT", f"/orgs/{ORG}/teams/{name}/repos/{ORG}/{repo}", {"permission": "maintain"})
    start = len(w.log())
    many = w.seen(Grant, narrow=True, repos=[f"{ORG}/{name}" for name in names])
    assert w.sent(start)["repos/list-teams"] == 0
    few = [one for name in names for one in w.seen(Grant, narrow=True, repos=[f"{ORG}/{name}"])]
    assert w.sent(start)["repos/list-teams"] == 8
    assert sorted(map(str, many)) == sorted(map(str, few))
    assert len(many) == 16


def test_a_name_that_was_given_up_does_not_lead_a_narrow_read_to_the_new_one(w: World) -> None:
    w.repo("xen4")
    w.api("PATCH", f"/repos/{ORG}/xen4", {"name": "xen"})
    found = w.seen(Repo, narrow=True, repos=[f"{ORG}/xen4", f"{ORG}/xen"])
    assert [repo.path for repo in found] == [f"{ORG}/xen"]


def test_progress_is_told(w: World) -> None:
    told: list[str] = []
    w.forge.observe(Scope(orgs=frozenset({ORG})), told.append)
    assert told == ["orgs", "repositories, teams and people", "invitations"]


def test_requests_grow_with_pages_not_with_repositories(tmp_path: Path) -> None:
    counts = {}
    for size in (10, 200):
        with world(tmp_path / str(size)) as w:
            w.join("member1")
            w.team("virt")
            for n in range(size):
                w.repo(f"repo{n}")
                w.api("PUT", f"/orgs/{ORG}/teams/virt/repos/{ORG}/repo{n}", {"permission": "push"})
            observed = w.observe(logins=LOGINS)
            assert sum(isinstance(one, Repo) for one in observed.state.values()) == size
            assert sum(isinstance(one, Grant) for one in observed.state.values()) == size
            counts[size] = observed.reads
    assert counts[10] <= 10
    assert (
        counts[200] <= counts[10] + 6
    )  # two pages of repositories and their people, four of rules, a team's second page


def test_inner_pages_are_followed_to_the_end(tmp_path: Path) -> None:
    people = [f"person{n}" for n in range(104)]
    with world(tmp_path, logins=people) as w:
        w.join(*people[:102])
        w.repo("xen")
        w.team("virt")
        for login in people[:102]:
            w.api("PUT", f"/orgs/{ORG}/teams/virt/memberships/{login}", {"role": "member"})
            w.api("PUT", f"{BASE}/collaborators/{login}", {"permission": "triage"})
        observed = list(w.observe().state.values())
        assert sum(isinstance(one, TeamMember) for one in observed) == 102
        assert sum(isinstance(one, Grant) for one in observed) == 102
        assert sum(isinstance(one, Membership) for one in observed) == 103


def test_a_server_that_wants_smaller_pages_gets_them(w: World) -> None:
    for n in range(30):
        w.repo(f"repo{n}")
    too_much = {"type": "RESOURCE_LIMITS_EXCEEDED", "message": "too much"}
    w.sandbox.faults.replace(
        [{"when": {"operation": "Repositories", "nth": [1, 2, 3]}, "what": {"graphql_errors": [too_much]}}]
    )
    assert len(w.seen(Repo)) == 30
    assert w.sent()["Repositories"] == 3 + 3


def test_documents_are_sent_under_their_own_names(w: World) -> None:
    w.observe(logins=["member1"])
    names = {"Viewer", "Repositories", "Collaborators", "Teams", "Members", "Accounts"}
    assert names <= set(w.sent())
