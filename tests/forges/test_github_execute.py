"""What the GitHub adapter writes: each change once, what is so already not at all, nothing beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest
from github_world import ME, ORG, World, world

from sigctl.core.kinds import Grant, Key, Membership, Org, Repo, Resource, Team, TeamMember
from sigctl.core.levels import LADDER
from sigctl.errors import DeniedError, NotThereError, RefusedError

XEN = f"{ORG}/xen"
VIRT = f"{ORG}/virt"
BASE = f"/repos/{XEN}"


@pytest.fixture
def w(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, orgs=(ORG, "CentOS-virt")) as one:
        yield one


def now(w: World, one: Resource) -> Resource | None:
    """Return what is at the key of the resource now."""
    scope = {"person_repos": [one.target]} if isinstance(one, Grant) else {}
    return w.observe(orgs=(ORG, "CentOS-virt"), **scope).state.get(one.key)


FULL = Repo(
    path=XEN,
    description="Xen packaging",
    visibility="private",
    archived=False,
    homepage="https://example.org",
    topics=("centos", "xen"),
    issues=False,
    wiki=False,
    merge_commit=True,
    squash_merge=False,
    rebase_merge=False,
    delete_branch_on_merge=True,
)


def test_a_repository_is_made_empty_and_closed_with_all_its_settings(w: World) -> None:
    w.create(FULL)
    assert now(w, FULL) == FULL


def test_making_a_repository_that_is_there_just_so_changes_nothing(w: World) -> None:
    w.create(FULL)
    start = len(w.log())
    w.create(FULL)
    assert now(w, FULL) == FULL
    assert w.sent(start)["repos/create-in-org"] == 1


def test_making_a_repository_that_is_there_otherwise_is_refused(w: World) -> None:
    w.repo("xen", visibility="public")
    with pytest.raises(RefusedError, match="name"):
        w.create(FULL)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("description", "other"),
        ("description", ""),
        ("homepage", ""),
        ("visibility", "public"),
        ("archived", True),
        ("topics", ()),
        ("topics", ("centos", "virt")),
        ("issues", True),
        ("wiki", True),
        ("squash_merge", True),
        ("rebase_merge", True),
        ("delete_branch_on_merge", False),
    ],
)
def test_every_setting_of_a_repository_changes_and_changes_back(w: World, field: str, value: object) -> None:
    w.create(FULL)
    changed = replace(FULL, **{field: value})
    start = len(w.log())
    w.do("update", FULL, changed)
    assert sum(w.sent(start).values()) == 1
    assert now(w, FULL) == changed
    if field != "archived":
        w.do("update", changed, FULL)
        assert now(w, FULL) == FULL


def test_a_repository_is_unarchived_before_anything_else_and_archived_after(w: World) -> None:
    w.create(FULL)
    archived = replace(FULL, archived=True, topics=("other",))
    w.do("update", FULL, archived)
    assert now(w, FULL) == archived
    opened = replace(FULL, archived=False)
    w.do("update", archived, replace(archived, archived=False))
    w.do("update", replace(archived, archived=False), opened)
    assert now(w, FULL) == opened


def test_only_what_changed_is_sent(w: World) -> None:
    w.create(FULL)
    w.api("PATCH", BASE, {"homepage": "https://changed.example.org"})
    w.do("update", FULL, replace(FULL, description="other"))
    assert w.api("GET", BASE)["homepage"] == "https://changed.example.org"


def test_the_default_branch_is_set_to_one_that_is_there_and_refused_to_be_another(w: World) -> None:
    w.repo("xen", auto_init=True)
    sha = w.api("GET", f"{BASE}/git/ref/heads/main")["object"]["sha"]
    w.api("POST", f"{BASE}/git/refs", {"ref": "refs/heads/xen-412", "sha": sha})
    seen = now(w, FULL)
    assert isinstance(seen, Repo)
    other = replace(seen, default_branch="xen-412")
    w.do("update", seen, other)
    assert now(w, FULL) == other
    with pytest.raises(RefusedError):
        w.do("update", other, replace(seen, default_branch="no-such-branch"))


def test_a_repository_is_renamed_with_all_that_hangs_on_it(w: World) -> None:
    w.create(replace(FULL, path=f"{ORG}/xen4"))
    w.team("virt")
    w.create(Grant("repo", f"{ORG}/xen4", f"team:{VIRT}", "write"))
    old = replace(FULL, path=f"{ORG}/xen4")
    w.do("move", old, FULL)
    assert now(w, old) is None
    assert now(w, FULL) == FULL
    assert now(w, Grant("repo", XEN, f"team:{VIRT}", "write")) == Grant("repo", XEN, f"team:{VIRT}", "write")
    w.do("move", old, FULL)  # it is so already
    assert now(w, FULL) == FULL


def test_a_repository_is_transferred_and_awaited(tmp_path: Path) -> None:
    with world(tmp_path, orgs=(ORG, "CentOS-virt"), knobs={"transfer_after": 4}) as w:
        w.create(FULL)
        new = replace(FULL, path="CentOS-virt/xen-packaging")
        w.do("move", FULL, new)
        assert now(w, new) == new
        assert now(w, FULL) is None
        w.do("move", FULL, new)  # it is so already
        assert now(w, new) == new


def test_a_transfer_that_does_not_end_is_reported(tmp_path: Path) -> None:
    with world(tmp_path, orgs=(ORG, "CentOS-virt"), knobs={"transfer_after": 400}) as w:
        w.create(FULL)
        with pytest.raises(RefusedError, match="has not arrived"):
            w.do("move", FULL, replace(FULL, path="CentOS-virt/xen"))


def test_a_rename_onto_a_name_that_is_taken_is_refused(w: World) -> None:
    w.repo("xen4")
    w.repo("xen")
    with pytest.raises(RefusedError):
        w.do("move", Repo(f"{ORG}/xen4"), Repo(XEN))


def test_a_write_to_a_name_that_was_given_up_is_refused_not_led_on(w: World) -> None:
    w.create(replace(FULL, path=f"{ORG}/xen4"))
    w.api("PATCH", f"/repos/{ORG}/xen4", {"name": "xen"})
    old = replace(FULL, path=f"{ORG}/xen4")
    with pytest.raises(RefusedError) as caught:
        w.do("update", old, replace(old, description="other"))
    assert "previously" in caught.value.hint
    with pytest.raises(RefusedError):
        w.do("delete", old, None)
    assert now(w, FULL) == FULL


def test_a_repository_is_deleted_and_stays_deleted(w: World) -> None:
    w.create(FULL)
    w.do("delete", FULL, None)
    assert now(w, FULL) is None
    w.do("delete", FULL, None)


def test_a_change_of_an_archived_repository_says_to_unarchive_it(w: World) -> None:
    w.repo("xen")
    w.api("PATCH", BASE, {"archived": True})
    with pytest.raises(RefusedError) as caught:
        w.create(Grant("repo", XEN, "person:member1", "write"))
    assert "unarchive" in caught.value.hint


TEAM = Team(VIRT, title="virt", description="Virt SIG", secret=False, parent="")


def test_a_team_is_made_without_its_maker_in_it(w: World) -> None:
    w.create(TEAM)
    assert now(w, TEAM) == TEAM
    assert w.seen(TeamMember) == []


def test_making_a_team_that_is_there_just_so_changes_nothing_and_otherwise_is_refused(w: World) -> None:
    w.create(TEAM)
    w.create(TEAM)
    assert now(w, TEAM) == TEAM
    with pytest.raises(RefusedError, match="exists, with other settings"):
        w.create(replace(TEAM, description="other"))


def test_a_secret_team_is_secret_from_the_start(w: World) -> None:
    w.create(replace(TEAM, secret=True))
    assert now(w, TEAM) == replace(TEAM, secret=True)


def test_a_team_keeps_a_title_that_spells_its_name_and_no_other(w: World) -> None:
    titled = replace(TEAM, title="Virt")
    w.create(titled)
    assert now(w, TEAM) == titled
    w.do("update", titled, TEAM)
    assert now(w, TEAM) == TEAM
    with pytest.raises(RefusedError, match="can't be titled"):
        w.do("update", TEAM, replace(TEAM, title="Virtualization"))
    with pytest.raises(RefusedError, match="can't be titled"):
        w.create(Team(f"{ORG}/xen", title="Hypervisor"))


def test_a_team_changes_its_description_its_privacy_and_its_parent(w: World) -> None:
    w.create(TEAM)
    w.create(Team(f"{ORG}/core", description=""))
    for before, after in [
        (TEAM, replace(TEAM, description="")),
        (replace(TEAM, description=""), replace(TEAM, description="", secret=True)),
        (replace(TEAM, description="", secret=True), replace(TEAM, parent=f"{ORG}/core")),
        (replace(TEAM, parent=f"{ORG}/core"), TEAM),
    ]:
        w.do("update", before, after)
        assert now(w, TEAM) == after


def test_a_team_is_made_below_another(w: World) -> None:
    w.create(Team(f"{ORG}/core"))
    child = replace(TEAM, parent=f"{ORG}/core")
    w.create(child)
    assert now(w, TEAM) == child
    with pytest.raises(NotThereError, match="nowhere"):
        w.create(Team(f"{ORG}/lost", parent=f"{ORG}/nowhere"))


def test_a_team_is_renamed_with_its_members_and_grants(w: World) -> None:
    w.join("member1")
    w.repo("xen")
    old = replace(TEAM, path=f"{ORG}/xen-people", title="xen-people")
    w.create(old)
    w.create(TeamMember(old.path, "member1", "member"))
    w.create(Grant("repo", XEN, f"team:{old.path}", "triage"))
    w.do("move", old, replace(old, path=VIRT))
    assert now(w, old) is None
    assert now(w, TEAM) == TEAM
    assert w.seen(TeamMember) == [TeamMember(VIRT, "member1", "member")]
    assert w.seen(Grant) == [Grant("repo", XEN, f"team:{VIRT}", "triage")]
    w.do("move", old, replace(old, path=VIRT))  # it is so already
    with pytest.raises(RefusedError, match="another org"):
        w.do("move", TEAM, replace(TEAM, path="CentOS-virt/virt"))


def test_a_team_is_not_deleted_while_others_are_below_it(w: World) -> None:
    child = Team(f"{ORG}/xen", parent=VIRT)
    w.create(TEAM)
    w.create(child)
    with pytest.raises(RefusedError, match="still has teams below it: xen"):
        w.do("delete", TEAM, None)
    w.do("delete", child, None)
    w.do("delete", TEAM, None)
    assert w.seen(Team) == []
    w.do("delete", TEAM, None)


def test_people_come_into_the_org_change_and_leave(w: World) -> None:
    invited = Membership(ORG, "member1", "member", "invited")
    w.create(replace(invited, state="active"))
    assert now(w, invited) == invited
    w.do("update", invited, replace(invited, role="owner"))
    assert now(w, invited) == replace(invited, role="owner")
    w.api("PATCH", f"/user/memberships/orgs/{ORG}", {"state": "active"}, as_="member1")
    owner = Membership(ORG, "member1", "owner")
    assert now(w, owner) == owner
    w.do("update", owner, replace(owner, role="member"))
    assert now(w, owner) == replace(owner, role="member")
    w.do("delete", owner, None)
    assert now(w, owner) is None
    w.do("delete", owner, None)


def test_an_invitation_to_the_org_is_withdrawn(w: World) -> None:
    invited = Membership(ORG, "member1", "member", "invited")
    w.create(invited)
    w.do("delete", invited, None)
    assert now(w, invited) is None


def test_people_come_into_a_team_change_and_leave(w: World) -> None:
    w.join("member1")
    w.create(TEAM)
    seat = TeamMember(VIRT, "member1", "member")
    w.create(seat)
    assert now(w, seat) == seat
    w.do("update", seat, replace(seat, role="lead"))
    assert now(w, seat) == replace(seat, role="lead")
    w.do("update", replace(seat, role="lead"), seat)
    w.do("delete", seat, None)
    assert now(w, seat) is None
    w.do("delete", seat, None)


def test_someone_from_outside_is_invited_into_the_team_and_taken_out_again(w: World) -> None:
    w.create(TEAM)
    seat = TeamMember(VIRT, "member1", "lead", "invited")
    w.create(replace(seat, state="active"))
    assert now(w, seat) == seat
    w.do("delete", seat, None)
    assert now(w, seat) is None


STEPS = list(permutations(LADDER, 2))


@pytest.mark.parametrize("who", [f"team:{VIRT}", "person:member1", "person:member2"])
def test_every_level_changes_to_every_other_and_back(w: World, who: str) -> None:
    w.join("member1")
    w.repo("xen")
    w.create(TEAM)
    grant = Grant("repo", XEN, who, "read")
    w.create(grant)
    for old, new in [("read", "read"), *STEPS]:
        seen = now(w, grant)
        assert isinstance(seen, Grant)
        w.do("update", replace(seen, level=old), replace(seen, level=new))
        changed = now(w, grant)
        assert isinstance(changed, Grant)
        assert (changed.level, changed.state) == (new, "invited" if who == "person:member2" else "active")
    w.do("delete", changed, None)
    assert now(w, grant) is None
    w.do("delete", changed, None)


def test_an_invitation_that_was_accepted_meanwhile_is_changed_as_a_right(w: World) -> None:
    w.repo("xen")
    invited = Grant("repo", XEN, "person:member1", "read", state="invited")
    w.create(invited)
    accept(w)
    w.do("update", invited, replace(invited, level="admin"))
    assert now(w, invited) == Grant("repo", XEN, "person:member1", "admin")
    w.do("delete", invited, None)
    assert now(w, invited) is None


def accept(w: World) -> None:
    (invitation,) = w.api("GET", "/user/repository_invitations", as_="member1")
    w.api("PATCH", f"/user/repository_invitations/{invitation['id']}", as_="member1")


def test_an_invitation_that_waited_with_another_level_gets_the_declared_one(w: World) -> None:
    w.repo("xen")
    w.api("PUT", f"{BASE}/collaborators/member1", {"permission": "admin"})
    grant = Grant("repo", XEN, "person:member1", "read")
    w.create(grant)
    assert now(w, grant) == replace(grant, state="invited")


def test_an_invitation_that_expired_is_made_anew(w: World) -> None:
    w.repo("xen")
    grant = Grant("repo", XEN, "person:member1", "read")
    w.create(grant)
    w.sandbox.clock.advance(8 * 24 * 3600)
    assert now(w, grant) is None
    w.create(grant)
    assert now(w, grant) == replace(grant, state="invited")


def test_the_settings_of_an_org_change(w: World) -> None:
    seen = now(w, Org(ORG))
    assert isinstance(seen, Org)
    closed = replace(seen, title="CentOS", base_level="none", members_create_repos=False)
    w.do("update", seen, closed)
    assert now(w, seen) == closed
    w.do("update", closed, replace(closed, base_level="write"))
    assert now(w, seen) == replace(closed, base_level="write")


def test_an_org_is_never_made_but_found(w: World) -> None:
    w.create(Org(ORG))
    with pytest.raises(RefusedError) as caught:
        w.create(Org("nowhere"))
    assert "by hand" in caught.value.hint
    with pytest.raises(RefusedError, match="two-factor"):
        w.do("update", Org(ORG, two_factor=False), Org(ORG, two_factor=True))
    with pytest.raises(RefusedError, match="delete can't be done"):
        w.do("delete", Org(ORG), None)


def test_doing_it_twice_leaves_what_doing_it_once_left(w: World) -> None:
    w.join("member1")
    w.repo("xen")
    things: list[Resource] = [
        TEAM,
        Membership(ORG, "member2", "member"),
        TeamMember(VIRT, "member1", "lead"),
        Grant("repo", XEN, f"team:{VIRT}", "maintain"),
        Grant("repo", XEN, "person:member1", "triage"),
        Grant("repo", XEN, "person:outsider", "read"),
    ]
    for one in things:
        w.create(one)
    once = w.observe(person_repos=[XEN]).state
    for one in things:
        w.create(one)
    assert w.observe(person_repos=[XEN]).state == once
    for one in reversed(things):
        w.do("delete", once[one.key], None)
    left = w.observe(person_repos=[XEN]).state
    for one in reversed(things):
        w.do("delete", once[one.key], None)
    assert w.observe(person_repos=[XEN]).state == left
    assert Key("repo", XEN) in left
    assert not {one.key for one in things} & set(left)


def test_what_was_just_made_may_take_a_moment_to_be_known(tmp_path: Path) -> None:
    with world(tmp_path, knobs={"not_yet": 3}) as w:
        w.create(FULL)
        w.create(TEAM)
        w.create(Grant("repo", XEN, f"team:{VIRT}", "write"))
        assert now_in(w, Grant("repo", XEN, f"team:{VIRT}", "write")) is not None


def now_in(w: World, one: Resource) -> Resource | None:
    return w.observe().state.get(one.key)


def test_a_token_that_may_not_write_is_denied(w: World) -> None:
    w.repo("xen")
    w.join("member1")
    w.forge = w.open(w.users[ME]["read_token"])
    with pytest.raises(DeniedError):
        w.create(TEAM)
    w.forge = w.open(w.users["member1"]["token"])
    with pytest.raises((DeniedError, NotThereError)):
        w.create(Grant("repo", XEN, "person:member1", "admin"))


def test_git_finds_a_repository_with_the_token_beside_the_url_not_in_it(w: World) -> None:
    remote = w.forge.remote(XEN)
    assert remote.url == f"{w.url}/{XEN}.git"
    assert remote.username == "x-access-token"
    assert remote.password is not None
    assert remote.password.get_secret_value() == w.users[ME]["token"]


def test_requests_are_counted(w: World) -> None:
    w.create(TEAM)
    reads, writes = w.forge.requests()
    assert (reads, writes) == (1, 2)
