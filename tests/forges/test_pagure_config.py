"""What the config of today's git.centos.org comes to, offline: the whole way from the files to a plan."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from sigctl.core.compare import compare
from sigctl.core.kinds import Grant, Key, Org, Repo, Team, TeamMember
from sigctl.core.state import COMPUTED_RULES, Account, Observation, state
from sigctl.forges import TYPES, traits_of
from sigctl.spec import read, resolve

CONFIG = Path(__file__).parents[2] / "config/pagure/sigs.yaml"
FORGE = "git.centos.org"


@pytest.fixture(scope="module")
def resolved():
    today = date(2026, 11, 22)
    config = read(CONFIG, (), today=today)
    traits = {name: traits_of(forge.type) for name, forge in config.spec.forges.items()}
    return resolve(config, today=today, traits=traits)


def planned(resolved, *there, capabilities=frozenset()):
    desired = resolved.desired[FORGE]
    accounts = {login: Account(login) for login in desired.logins()}
    seen = Observation(FORGE, state([Org("rpms"), *there]), accounts, "keeper", capabilities)
    return compare(desired, seen, traits_of("pagure"), resolved.policy)


def test_pagure_is_a_type():
    assert "pagure" in TYPES


def test_groups_are_the_servers_and_repositories_in_rpms(resolved):
    wanted = resolved.desired[FORGE].state
    assert {key.name for key in wanted if key.kind == "team"} == {
        "sig-virt",
        "sig-cloud",
        "sig-cloudinstance",
        "sig-release",
    }
    assert {"rpms/xen", "rpms/kernel"} <= {key.name for key in wanted if key.kind == "repo"}
    assert {key.name for key in wanted if key.kind == "org"} == {"rpms"}


def test_the_plan_says_what_the_servers_admin_does(resolved):
    plan = planned(resolved).plan
    told = [note.text for note in plan.notes if note.topic == "by hand"]
    line = "`pagure-admin new-group sig-virt keeper --display sig-virt --description sig-virt`"
    assert sum(line in text for text in told) == 1
    virt = [text for text in told if "rpms/xen: team:sig-virt" in text]
    assert len(virt) == 1
    assert "c7-sig-virt,c7-sig-virt-*" in virt[0]
    assert "c7-sig-virt*" not in virt[0], "c7-sig-virtual-x is another SIG's"
    assert any("team:sig-release as collaborator, branches `c10s,c7,c8s,c9s`" in text for text in told)


def test_what_everybody_has_or_is_always_so_makes_no_noise(resolved):
    notes = planned(resolved).plan.notes
    assert not any("visibility" in note.subject or "role" in note.subject for note in notes)


def test_a_server_that_computes_rights_on_branches_is_left_to_it(resolved):
    plan = planned(resolved, capabilities=frozenset({COMPUTED_RULES})).plan
    assert not [a for a in plan.actions if a.kind == "grant"]
    stray = [
        Repo("rpms/xen", description="Xen hypervisor packaging"),
        Grant("repo", "rpms/xen", "person:outsider", "write", branches=()),
    ]
    plan = planned(resolved, *stray, capabilities=frozenset({COMPUTED_RULES})).plan
    assert ("delete", "repo:rpms/xen:person:outsider") in {(a.verb, a.key.name) for a in plan.actions}


def test_a_repository_is_made_with_its_default_branch_which_can_be_given_only_then(resolved):
    made = [a for a in planned(resolved).plan.actions if a.key == Key("repo", "rpms/xen")]
    assert [(a.verb, a.after.default_branch) for a in made] == [("create", "c7")]


def test_once_all_is_there_nothing_is_left_to_do(resolved):
    there = [
        one for one in planned(resolved).wanted.values() if isinstance(one, Repo | Team | TeamMember | Grant)
    ]
    assert planned(resolved, *there).plan.actions == ()
