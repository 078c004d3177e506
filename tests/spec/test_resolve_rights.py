"""Who may do what: teams, levels, dates, people without a login, owners, retired SIGs."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from spec_world import grants, load, main, of_kind, resolved, virt

from sigctl.core.kinds import Grant, Key, Membership, Repo, TeamMember

CORE_LAB, CORE_HUB = "team:project/sig-virt/groups/core", "team:Org/sig-virt-core"
XEN_LAB, XEN_HUB = "project/sig-virt/xen", "Org/sig-virt-xen"


def teams(result: Any, forge: str) -> dict[str, dict[str, str]]:
    out: dict[str, dict[str, str]] = {}
    for one in of_kind(result, forge, TeamMember):
        out.setdefault(one.team, {})[one.login] = one.role
    return out


def test_a_right_of_the_sig_is_given_once_on_its_group_where_the_forge_can(tmp_path: Path) -> None:
    result = resolved(load(tmp_path))
    assert grants(result, "lab") == {
        ("project/sig-virt", CORE_LAB): "maintain",
        ("project/sig-virt", "team:project/sig-virt/groups/docs"): "read",
    }


def test_and_on_each_repository_where_it_can_not(tmp_path: Path) -> None:
    result = resolved(load(tmp_path))
    assert {target for target, subject in grants(result, "hub") if subject == CORE_HUB} == {
        XEN_HUB,
        "Org/sig-virt-tools",
    }


def test_a_right_on_a_repository_adds_and_the_stronger_wins(tmp_path: Path) -> None:
    sig = virt(repos={"xen": {"access": {"core": "read", "docs": "write", "person:owner": "triage"}}})
    result = resolved(load(tmp_path, None, virt=sig))
    assert grants(result, "hub") == {
        (XEN_HUB, CORE_HUB): "maintain",
        (XEN_HUB, "team:Org/sig-virt-docs"): "write",
        (XEN_HUB, "person:owner-hub"): "triage",
    }
    on_repo = {
        subject: level for (target, subject), level in grants(result, "lab").items() if target == XEN_LAB
    }
    assert on_repo == {"team:project/sig-virt/groups/docs": "write", "person:owner-lab": "triage"}
    assert ("inherited", XEN_LAB) in {(note.topic, note.subject) for note in result.notes}


def test_none_on_a_repository_takes_the_right_of_the_sig_away(tmp_path: Path) -> None:
    data = main()
    del data["forges"]["lab"]
    data["forges"]["hub"]["role"] = "primary"
    data["people"] = {name: {"logins": {"hub": name}} for name in data["people"]}
    sig = virt(repos={"xen": {"access": {"core": "none"}}, "tools": {}})
    found = grants(resolved(load(tmp_path, data, virt=sig)), "hub")
    assert (XEN_HUB, CORE_HUB) not in found
    assert found["Org/sig-virt-tools", CORE_HUB] == "maintain"


def test_a_right_of_a_project_is_for_its_repositories_only(tmp_path: Path) -> None:
    project = {
        "teams": {"docker": {"members": ["member2"]}},
        "access": {"docker": "write"},
        "repos": {"docker": {}},
    }
    found = grants(resolved(load(tmp_path, None, virt=virt(projects={"docker": project}))), "hub")
    assert {target for target, subject in found if subject == "team:Org/sig-virt-docker"} == {
        "Org/sig-virt-docker"
    }


def test_people_of_teams_within_a_team_are_plain_members_of_it(tmp_path: Path) -> None:
    data = {
        "core": {"leads": ["lead"], "teams": ["docs"]},
        "docs": {"members": ["member2"], "leads": ["owner"]},
    }
    found = teams(resolved(load(tmp_path, None, virt=virt(teams=data))), "hub")
    assert found["Org/sig-virt-core"] == {"lead-hub": "lead", "member2-hub": "member", "owner-hub": "member"}


def test_a_team_of_another_sig_is_there_wherever_it_has_rights(tmp_path: Path) -> None:
    data = main()
    data["forges"]["hub"]["repo"] = "Org-{sig}/{repo}"
    cloud = {"chairs": ["lead"], "repos": {"docs": {"access": {"virt/core": "write"}}}}
    lends = virt(teams={"core": {"members": ["member1"], "usable_by": ["cloud"]}}, access={})
    result = resolved(load(tmp_path, data, virt=lends, cloud=cloud))
    assert grants(result, "hub") == {("Org-cloud/docs", "team:Org-cloud/sig-virt-core"): "write"}
    assert teams(result, "hub")["Org-cloud/sig-virt-core"] == {"member1-hub": "member"}
    assert {one.org for one in of_kind(result, "hub", Membership) if one.login == "member1-hub"} == {
        "Org-virt",
        "Org-cloud",
    }


def test_who_has_no_login_is_left_out_and_named(tmp_path: Path) -> None:
    data = main()
    data["people"]["member1"]["logins"] = {"lab": "member1-lab"}
    result = resolved(load(tmp_path, data))
    assert teams(result, "hub")["Org/sig-virt-core"] == {"lead-hub": "lead"}
    assert {(n.forge, n.subject) for n in result.notes if n.topic == "unlinked"} == {("hub", "member1")}


def test_what_is_over_is_absent_and_what_soon_is_gets_a_note(tmp_path: Path) -> None:
    members = [{"person": "member1", "until": "2026-12-22"}, {"person": "member2", "until": "2026-11-21"}]
    sig = virt(
        teams={"core": {"members": members}}, access={"core": {"level": "write", "until": "2027-06-30"}}
    )
    result = resolved(load(tmp_path, None, virt=sig))
    assert teams(result, "lab")["project/sig-virt/groups/core"] == {"member1-lab": "member"}
    notes = {(n.subject, n.text) for n in result.notes if n.topic == "expires"}
    assert notes == {
        ("member1", "membership of virt/core ends on 2026-12-22"),
        ("member2", "membership of virt/core ended on 2026-11-21"),
    }
    (grant,) = of_kind(result, "lab", Grant)
    assert grant.until == "2027-06-30"
    assert all(one.until is None for one in of_kind(result, "hub", Grant))
    later = resolved(load(tmp_path, None, virt=sig), today=date(2027, 7, 1))
    assert not list(of_kind(later, "lab", Grant))
    assert not list(of_kind(later, "lab", TeamMember))


def test_the_last_day_is_still_a_day(tmp_path: Path) -> None:
    sig = virt(teams={"core": {"members": [{"person": "member1", "until": "2026-11-22"}]}}, access={})
    assert teams(resolved(load(tmp_path, None, virt=sig)), "hub") == {
        "Org/sig-virt-core": {"member1-hub": "member"}
    }


def test_owners_are_owners_and_everyone_else_in_a_team_is_a_member(tmp_path: Path) -> None:
    data = main()
    data["forges"]["hub"]["orgs"] = {"Org": {"owners": ["owner", "member1"], "base_level": "none"}}
    result = resolved(load(tmp_path, data))
    roles = {one.login: one.role for one in of_kind(result, "hub", Membership)}
    assert roles == {
        "owner-hub": "owner",
        "member1-hub": "owner",
        "lead-hub": "member",
        "member2-hub": "member",
    }
    assert Key("org", "Org") in result.desired["hub"].managed


def test_where_no_owners_are_declared_nobody_cares_who_is_one(tmp_path: Path) -> None:
    result = resolved(load(tmp_path))
    assert {one.role for one in of_kind(result, "hub", Membership)} == {None}
    assert Key("org", "Org") not in result.desired["hub"].managed


def test_owners_of_a_group_are_grants_where_there_are_no_memberships(tmp_path: Path) -> None:
    data = main()
    data["forges"]["lab"]["orgs"] = {"project": {"owners": ["owner"]}}
    found = grants(resolved(load(tmp_path, data)), "lab")
    assert found["project", "person:owner-lab"] == "admin"


def test_pinned_ids_come_along_with_the_logins(tmp_path: Path) -> None:
    data = main()
    data["people"]["lead"]["logins"]["hub"] = {"login": "lead-hub", "id": 17}
    assert resolved(load(tmp_path, data)).desired["hub"].pins == {"lead-hub": 17}


def test_a_retired_sig_is_readable_archived_and_not_mirrored(tmp_path: Path) -> None:
    result = resolved(load(tmp_path, None, virt=virt(status="retired")))
    assert set(grants(result, "lab").values()) == {"read"}
    assert all(one.archived for one in of_kind(result, "lab", Repo))
    assert not result.hops
    assert teams(result, "lab")


def test_its_teams_are_emptied_only_when_asked(tmp_path: Path) -> None:
    result = resolved(load(tmp_path, None, virt=virt(status="retired", empty_teams=True)))
    assert not teams(result, "lab")


def test_a_scope_of_one_sig_holds_what_that_needs_and_says_nothing_of_the_rest(tmp_path: Path) -> None:
    cloud = {
        "chairs": ["lead"],
        "teams": {"core": {"members": ["member2"]}},
        "repos": {"docs": {"access": {"core": "write"}}},
    }
    result = resolved(load(tmp_path, None, virt=virt(), cloud=cloud), sigs=["cloud"])
    desired = result.desired["lab"]
    assert {key.name for key in desired.managed} == {
        "project/sig-cloud",
        "project/sig-cloud/docs",
        "project/sig-cloud/groups/core",
    }
    assert Key("org", "project") in desired.state
    assert not [key for key in desired.state if "virt" in key.name]
    assert {desired.undeclared[what] for what in ("repos", "teams", "members")} == {"ignore"}
    assert {hop.sig for hop in result.hops} == {"cloud"}


def test_the_policy_reaches_the_guards_with_logins(tmp_path: Path) -> None:
    guards = {
        "max_removals": {"default": "20%", "repos": 0, "teams": {"percent": 5, "of_at_least": 40}},
        "required_owners": ["owner"],
        "per_sig": {"members": 2},
    }
    config_path = tmp_path / "policy.yaml"
    config_path.write_text(json.dumps({"guards": guards, "approval": {"admins": ["owner"]}}))
    policy = resolved(load(tmp_path)).policy
    assert policy.max_removals["default"].percent == 20
    assert policy.max_removals["repos"].number == 0
    assert (policy.max_removals["teams"].percent, policy.max_removals["teams"].of_at_least) == (5, 40)
    assert policy.per_sig["members"].number == 2
    assert policy.required_owners == {"lab": {"owner-lab"}, "hub": {"owner-hub"}}


def test_without_a_policy_the_guards_still_hold(tmp_path: Path) -> None:
    policy = resolved(load(tmp_path)).policy
    assert policy.max_removals["default"].percent == 10
    assert policy.keep_self
