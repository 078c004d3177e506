"""The config that comes with the project: CentOS as it is, and a model to copy from."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from sigctl.core.kinds import BranchRule, Grant, Key, Membership, Repo
from sigctl.forges import traits_of
from sigctl.spec import Config, Resolved, read, resolve
from sigctl.spec.edit import fmt

CONFIG = Path(__file__).parents[2] / "config"
TODAY = date(2026, 11, 22)
XEN = {"xen", "xen-2014", "t_xen", "xen-kernel", "xen-libvirt", "centos-release-xen", "xen-seabios"}


@pytest.fixture(scope="module")
def config() -> Config:
    return read(CONFIG, today=TODAY)


@pytest.fixture(scope="module")
def resolved(config: Config) -> Resolved:
    traits = {name: traits_of(forge.type) for name, forge in config.spec.forges.items()}
    return resolve(config, today=TODAY, traits=traits)


def test_nothing_is_wrong_with_it_not_even_a_little(config: Config) -> None:
    assert config.warnings == ()


def test_it_is_in_canonical_form() -> None:
    assert fmt(CONFIG, check=True) == []


def test_the_seven_xen4centos_repositories_are_on_both_forges_but_for_the_fork(resolved: Resolved) -> None:
    primary = {key.name for key in resolved.desired["git.centos.org"].state if key.kind == Repo.KIND}
    replica = {key.name for key in resolved.desired["github"].state if key.kind == Repo.KIND}
    assert {f"project/sig-virt/{name}" for name in XEN} <= primary
    assert {f"CentOS/sig-virt-{name}" for name in XEN - {"centos-release-xen"}} <= replica
    assert "CentOS/sig-virt-centos-release-xen" not in replica


def test_each_has_the_default_branch_that_it_really_has(resolved: Resolved) -> None:
    branches = {
        one.path.rpartition("/")[2]: one.default_branch
        for one in resolved.desired["git.centos.org"].state.values()
        if isinstance(one, Repo) and "sig-virt" in one.path
    }
    assert branches == {**dict.fromkeys(XEN, "master"), "xen": "xen-412", "xen-libvirt": "xen-46"}


def test_hidden_refs_are_left_behind_and_every_repository_has_its_history(resolved: Resolved) -> None:
    first = {hop.repo: hop for hop in resolved.hops if hop.stage == 0}
    assert set(first) == XEN | {"kernel"}
    assert all("refs/pull/*" in hop.exclude for hop in first.values() if "virt7" in hop.source.url)


def test_there_are_rights_of_a_sig_of_a_repository_and_of_a_person(resolved: Resolved) -> None:
    found = [one for one in resolved.desired["git.centos.org"].state.values() if isinstance(one, Grant)]
    assert {(one.on, one.subject_kind) for one in found} == {
        ("org", "team"),
        ("repo", "team"),
        ("repo", "person"),
    }
    person = next(one for one in found if one.subject_kind == "person")
    assert person.until
    assert person.until > TODAY.isoformat()


def test_nobody_else_may_write_to_the_kernel_where_only_trust_would_keep_them_off_its_branches(
    config: Config, resolved: Resolved
) -> None:
    for name, desired in resolved.desired.items():
        kernel = desired.state[
            Key("repo", {"github": "CentOS/sig-core-kernel"}.get(name, "project/sig-core/kernel"))
        ]
        assert isinstance(kernel, Repo)
        found = {
            one.subject
            for one in desired.state.values()
            if isinstance(one, Grant) and one.target == kernel.path
        }
        others = {subject for subject in found if "core" not in subject}
        rules = {
            one.pattern: one.push
            for one in desired.state.values()
            if isinstance(one, BranchRule) and one.repo == kernel.path
        }
        assert rules["*"] == ()
        assert {subject.rpartition("/")[2] for subject in rules["c7"] or ()} <= {
            "sig-core-release",
            "release",
        }
        assert not others or "branch_rule" in traits_of(config.spec.forges[name].type).kinds


def test_github_has_two_owners_whom_the_policy_knows(config: Config, resolved: Resolved) -> None:
    owners = {
        one.login
        for one in resolved.desired["github"].state.values()
        if isinstance(one, Membership) and one.role == "owner"
    }
    assert owners == {"kbsingh", "hughesjr"}
    assert resolved.policy.required_owners["github"] <= owners
    assert resolved.policy.minimum_owners == len(config.spec.forges["github"].orgs["CentOS"].owners or ())


def test_switching_a_layout_is_one_line_and_what_was_there_is_found(tmp_path: Path) -> None:
    for path in CONFIG.rglob("*.yaml"):
        target = tmp_path / path.relative_to(CONFIG)
        target.parent.mkdir(exist_ok=True)
        target.write_text(path.read_text("utf-8"))
    main = tmp_path / "sigs.yaml"
    new = 'repo: "CentOS-{sig}/{repo}"\n    moved_from: ["CentOS/sig-{sig}-{repo}"]'
    main.write_text(main.read_text().replace("repo: CentOS/sig-{sig}-{repo}", new))
    config = read(main, today=TODAY)
    traits = {name: traits_of(forge.type) for name, forge in config.spec.forges.items()}
    state = resolve(config, today=TODAY, traits=traits).desired["github"].state
    moved = {one.path: one.previously for one in state.values() if isinstance(one, Repo)}
    assert moved["CentOS-virt/xen"] == ("CentOS/sig-virt-xen",)
