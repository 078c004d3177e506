"""People who are not who they were: set aside with the reason, the rest goes on, and nobody's last way in is taken."""

from __future__ import annotations

import estates
import pytest
from ground import ground

from sigctl.errors import ConfigError


@pytest.fixture
def here(tmp_path):
    config = estates.write(tmp_path / "config", "one")
    with ground(tmp_path, config, logins=estates.LOGINS, only="github", watch=False) as found:
        assert found.apply().exit_code == 0
        yield found


def pin(here, login, number):
    """Write an id into the files."""
    text = here.config.read_text(encoding="utf-8")
    old = f"github: {login}}}"
    assert old in text
    here.config.write_text(text.replace(old, f"github: {{login: {login}, id: {number}}}}}"), encoding="utf-8")


def taken(plan):
    return [(a.verb, str(a.key)) for a in plan.actions if a.verb == "delete" or a.effect == "narrows"]


def test_a_login_that_a_stranger_took_over_gets_nothing_and_the_rest_goes_on(here):
    forge = here.sandbox.forges["github"]
    pin(here, "member3", forge.state.account("member3")["id"])
    forge.rename_user("member3", "member3-new")
    with forge.store.transaction():
        forge.add_user("member3")
    plan = here.plan().plan
    assert any(note.topic == "renamed" and "member3-new" in note.text for note in plan.notes)
    assert taken(plan) == []
    stranger = forge.state.account("member3")["id"]
    here.apply()
    assert forge.state.members.find("user", stranger) == []
    assert forge.state.invitations.find("user", stranger) == []


def test_a_pinned_login_that_belongs_to_somebody_else_is_set_aside(here):
    pin(here, "member4", 424242)
    text = here.config.parent / "sigs.d" / "virt.yaml"
    text.write_text(text.read_text().replace("description: Xen", "description: Changed"), encoding="utf-8")
    report = here.apply()
    assert report.exit_code == 1
    assert [one.subject for one in report.plan.quarantined] == ["member4"]
    assert report.counts()["failed"] == 0
    assert report.counts()["done"] >= 1, "the rest goes on"
    assert taken(report.plan) == []


def test_a_vanished_and_a_blocked_person_end_nobody_elses_run(here):
    forge = here.sandbox.forges["github"]
    forge.suspend_user("member5")
    text = here.config.read_text(encoding="utf-8")
    here.config.write_text(text.replace("github: member6}", "github: nobody-of-this-name}"), encoding="utf-8")
    report = here.apply()
    assert report.exit_code == 1
    assert {"nobody-of-this-name"} <= {one.subject for one in report.plan.quarantined}
    assert report.counts()["failed"] == 0


def test_two_people_with_one_login_are_a_problem_of_the_files(here):
    text = here.config.read_text(encoding="utf-8")
    here.config.write_text(text.replace("github: member2}", "github: member1}"), encoding="utf-8")
    with pytest.raises(ConfigError, match="member1"):
        here.plan()


def test_the_last_owner_is_not_taken_whatever_the_files_say(here):
    text = here.config.read_text(encoding="utf-8")
    here.config.write_text(text.replace("owners: [owner1, owner2]", "owners: []"), encoding="utf-8")
    forge = here.sandbox.forges["github"]
    here.accept()
    policy = here.config.parent / "policy.yaml"
    guarded = policy.read_text(encoding="utf-8").replace("guards:\n", "guards:\n  minimum_owners: 2\n")
    policy.write_text(guarded, encoding="utf-8")
    with pytest.raises(ConfigError, match="at least 2"):
        here.plan()
    policy.write_text(
        policy.read_text(encoding="utf-8").replace("  minimum_owners: 2\n", ""), encoding="utf-8"
    )
    here.apply()
    owners = {m["user"] for m in forge.state.members if m["role"] == "admin"}
    stay = {forge.state.account(login)["id"] for login in ("sigctl-bot", "owner1", "owner2")}
    assert owners == stay, "nothing lets the last one go"
