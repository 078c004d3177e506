"""People who are not who they were, all at once on each forge, and owners who leave: the rest goes on, and the last way in stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from ground import Ground, ground

from sigctl.sandbox.seed import BOT

NAMES = {"github": "github", "gitlab": "git.centos.org"}
LOGINS = (*(f"member{n}" for n in range(1, 7)), "owner1", "owner2")
MAIN = """\
version: 1
include: [sigs.d/*.yaml]
policy: policy.yaml
forges:
  git.centos.org:
    type: gitlab
    url: https://git.centos.org
    token: env:SIGCTL_GIT_CENTOS_ORG_TOKEN
    repo: project/sig-{sig}/{repo}
    team: project/sig-{sig}/groups/{team}
    orgs: {project: {owners: [owner1, owner2]}}
  github:
    type: github
    url: https://github.com
    token: env:SIGCTL_GITHUB_TOKEN
    role: replica
    repo: CentOS/sig-{sig}-{repo}
    team: sig-{sig}-{team}
    orgs: {CentOS: {owners: [owner1, owner2]}}
people:
"""
POLICY = "version: 1\nguards: {max_removals: {default: 100%}}\n"
SIG = """\
sig: virt
title: Virtualization SIG
chairs: [owner1]
teams:
  contributors: {members: [member1, member2, member3, member4, member5, member6]}
access: {contributors: write}
repos:
  xen: {description: Xen, default_branch: main}
"""


@pytest.fixture(params=["github", "gitlab"])
def here(request, tmp_path: Path):
    config = tmp_path / "config"
    (config / "sigs.d").mkdir(parents=True)
    people = "".join(
        f"  {login}: {{logins: {{git.centos.org: {login}, github: {login}}}}}\n" for login in LOGINS
    )
    (config / "sigs.yaml").write_text(MAIN + people)
    (config / "policy.yaml").write_text(POLICY)
    (config / "sigs.d" / "virt.yaml").write_text(SIG)
    with ground(tmp_path, config / "sigs.yaml", logins=LOGINS, only=request.param, watch=False) as found:
        assert found.apply().exit_code == 0
        found.accept()
        assert found.plan().plan.actions == ()
        yield found


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


class People:
    """The accounts of whichever forge it is, as its own admin changes them."""

    def __init__(self, here: Ground) -> None:
        (self.kind,) = here.sandbox.forges
        self.name = NAMES[self.kind]
        self.forge = here.sandbox.forges[self.kind]
        self.world = self.forge.state if self.kind == "github" else self.forge.world

    def account(self, login):
        return self.world.account(login) if self.kind == "github" else self.world.users.one("username", login)

    def rename(self, login, new):
        if self.kind == "github":
            self.forge.rename_user(login, new)
        else:
            self._save(login, username=new)

    def block(self, login):
        if self.kind == "github":
            self.forge.suspend_user(login)
        else:
            self._save(login, state="blocked")

    def add(self, login):
        with self.world.store.transaction():
            return self.forge.add_user(login) if self.kind == "github" else self.world.add_user(login)

    def places(self, number):
        """Return how many groups, orgs, teams and repositories an account is in, or is invited to."""
        field = "user" if self.kind == "github" else "user_id"
        kept = ("members", "team_members", "collaborators", "invitations", "repo_invitations")
        held = [getattr(self.world, name, ()) for name in kept]
        return sum(one.get(field) == number for found in held for one in found)

    def owners(self):
        if self.kind == "github":
            org = self.world.account("CentOS")["id"]
            return {m["user"] for m in self.world.members if m["org"] == org and m["role"] == "admin"}
        top = self.world.group("project")
        level = {m["user_id"]: m["access_level"] for m in self.world.members if m["source_id"] == top["id"]}
        return {user for user, access in level.items() if access == 50}

    def _save(self, login, **fields):
        with self.world.store.transaction():
            self.world.users.save(self.account(login), **fields)


def pin(here, people, login, number):
    edit(here.config, f"{people.name}: {login}{'}' if people.kind == 'github' else ','}",
         f"{people.name}: {{login: {login}, id: {number}}}{'}' if people.kind == 'github' else ','}")  # fmt: skip


def taken(plan):
    return [(a.verb, str(a.key)) for a in plan.actions if a.verb == "delete" or a.effect == "narrows"]


def test_taken_over_renamed_blocked_and_vanished_people_are_set_aside_and_the_rest_goes_on(here):
    people = People(here)
    old = people.account("member3")["id"]
    pin(here, people, "member3", old)
    pin(here, people, "member4", 424242)
    people.rename("member3", "member3-new")
    people.rename("member6", "member6-gone")  # unpinned: nobody has the login any more
    stranger = people.add("member3")["id"]
    people.block("member5")
    edit(here.config.parent / "sigs.d" / "virt.yaml", "description: Xen", "description: Changed")
    report = here.apply()
    assert report.exit_code == 1
    aside = {one.subject: one.reason for one in report.plan.quarantined}
    assert "belongs to another account" in aside["member4"]
    assert "no such account" in aside["member6"]
    assert set(aside) - {"member5"} == {"member4", "member6"}
    assert (
        aside.get("member5", "blocked") == "the account is blocked on this forge" or people.kind == "github"
    )
    assert not [one for one in taken(report.plan) if "member6-gone" not in one[1]]
    assert report.counts()["failed"] == 0
    assert report.counts()["done"] >= 1, "the rest goes on"
    assert any(n.topic == "renamed" and "member3-new" in n.text for n in report.plan.notes)
    assert people.places(stranger) == 0, "a stranger gets nothing"
    assert people.places(old) > 0, "and whoever was renamed keeps all"


def test_an_owner_who_left_does_not_count_as_a_way_in(here):
    people = People(here)
    policy = here.config.parent / "policy.yaml"
    edit(policy, "guards: {", "guards: {minimum_owners: 3, ")
    edit(here.config, "[owner1, owner2]", "[owner1, owner2, member1]")
    here.apply()
    here.accept()
    assert here.plan().plan.refusals == ()
    pin(here, people, "owner1", 424242)  # the login is somebody else's by now
    edit(here.config, "[owner1, owner2, member1]", "[owner1, member1, member2]")
    plan = here.plan().plan
    assert [one.subject for one in plan.quarantined] == ["owner1"]
    assert "minimum_owners" in {one.guard for one in plan.refusals}


def test_whatever_the_files_say_the_account_that_can_undo_it_stays_owner(here):
    people = People(here)
    there = people.owners()
    edit(here.config, "owners: [owner1, owner2]", "owners: []")
    refused = [one for one in here.plan().plan.refusals if one.guard == "minimum_owners"]
    assert [one.number for one in refused] == [0]
    assert not any(one.passes(number) for one in refused for number in (0, 1, 10_000))
    here.apply()
    assert people.owners() == there, "nothing lets the last one of the files go"
    edit(here.config, "owners: []", "owners: [owner1]")
    here.apply()
    assert people.owners() == {people.account(login)["id"] for login in (BOT, "owner1")}
    assert here.plan().plan.actions == ()
