"""Where the history of the kernel goes in each layout, and when the layout changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from spec_world import grants, load, main, of_kind, resolved, virt

from sigctl.core.history import CARRY, LEAVE, MOVE, REPLICA, START, UPSTREAM, Hop
from sigctl.core.kinds import BranchRule, Repo

KERNEL = {
    "release_team": "core/release",
    "upstream": {"url": "https://example.org/kernel.git", "branches": ["c7"]},
    "sigs": {
        "virt": {
            "namespace": "c{release}-sig-virt",
            "branches": [
                {"name": "c7-sig-virt-xen", "from": "c7"},
                {"name": "c7-sig-virt-old", "lifecycle": "readonly"},
                {"name": "c7-sig-virt-dead", "lifecycle": "retired", "delete": True},
            ],
        }
    },
}
CORE = {"chairs": ["lead"], "teams": {"release": {"members": ["owner"]}}, "access": {"release": "maintain"}}
SHARED, OWN = "lab:project/sig-core/kernel", "lab:project/sig-virt/kernel"
SHARED_HUB, OWN_HUB = "hub:Org/sig-core-kernel", "hub:Org/sig-virt-kernel"
NAMES = {
    "refs/heads/c7-sig-virt", "refs/heads/c7-sig-virt-*", "refs/heads/c8s-sig-virt", "refs/heads/c8s-sig-virt-*",
}  # fmt: skip


def found(tmp_path: Path, **kernel: Any) -> Any:
    files = load(tmp_path, main(kernel={**KERNEL, **kernel}), virt=virt(repos={}), core=CORE)
    return resolved(files)


def hops(result: Any) -> dict[tuple[int, str, str], Hop]:
    return {(hop.stage, str(hop.source), str(hop.target)): hop for hop in result.hops}


def test_shared_has_one_kernel_with_the_declared_branches_of_all(tmp_path: Path) -> None:
    result = hops(found(tmp_path))
    upstream = "https://example.org/kernel.git"
    assert set(result) == {
        (UPSTREAM, upstream, SHARED),
        (START, SHARED, SHARED),
        (REPLICA, SHARED, SHARED_HUB),
        (LEAVE, SHARED_HUB, SHARED_HUB),
    }
    first = result[UPSTREAM, upstream, SHARED]
    assert first.still == ("refs/heads/c7-sig-virt-xen", "refs/heads/c7-sig-virt-old")
    assert first.closed == ("refs/heads/c7-sig-virt-dead",)
    starts = result[START, SHARED, SHARED].starts
    assert [(s.ref.rpartition("-")[2], s.start, s.lifecycle, s.delete) for s in starts] == [
        ("xen", "c7", "active", False),
        ("old", "", "readonly", False),
        ("dead", "", "retired", True),
    ]
    assert [s.lifecycle for s in result[LEAVE, SHARED_HUB, SHARED_HUB].starts] == ["retired"]


def test_per_sig_has_a_kernel_each_that_follow_the_same_upstream_and_share_nothing_else(
    tmp_path: Path,
) -> None:
    result = hops(found(tmp_path, layout="per-sig"))
    upstream = "https://example.org/kernel.git"
    assert {(UPSTREAM, upstream, SHARED), (UPSTREAM, upstream, OWN), (START, OWN, OWN)} <= set(result)
    assert (START, SHARED, SHARED) not in result
    assert not [key for key in result if key[0] in (MOVE, CARRY)]


def test_carried_brings_only_the_sigs_own_branches_into_the_shared_kernel(tmp_path: Path) -> None:
    result = found(tmp_path, layout="carried")
    carry = hops(result)[CARRY, OWN, SHARED]
    assert set(carry.include) == NAMES
    assert (carry.mode, carry.on_divergence, carry.delete_refs) == ("follow", (), ())
    assert {r.path for r in of_kind(result, "lab", Repo)} == {
        "project/sig-core/kernel",
        "project/sig-virt/kernel",
    }
    assert {r.path for r in of_kind(result, "hub", Repo)} == {"Org/sig-core-kernel"}
    given = {subject for (target, subject) in grants(result, "lab") if target == "project/sig-core/kernel"}
    assert not [subject for subject in given if "virt" in subject], "no SIG may push to the shared one"
    rules = {r.pattern for r in of_kind(result, "hub", BranchRule) if r.repo == "Org/sig-core-kernel"}
    assert "c7-sig-virt-*" not in rules
    assert "*" in rules


@pytest.mark.parametrize(
    ("before", "layout", "expected"),
    [
        (
            "shared",
            "per-sig",
            {(MOVE, SHARED, OWN), (LEAVE, OWN, SHARED), (LEAVE, OWN_HUB, SHARED_HUB)},
        ),
        ("per-sig", "shared", {(MOVE, OWN, SHARED)}),
        ("shared", "carried", {(MOVE, SHARED, OWN), (CARRY, OWN, SHARED)}),
        ("carried", "per-sig", {(LEAVE, OWN, SHARED), (LEAVE, OWN_HUB, SHARED_HUB)}),
    ],
)
def test_a_change_of_layout_takes_the_branches_of_sigs_along(
    tmp_path: Path, before: str, layout: str, expected: set[Any]
) -> None:
    result = hops(found(tmp_path, layout=layout, moved_from=before))
    moving = {key: hop for key, hop in result.items() if key[0] in (MOVE, CARRY) or hop.mode == "leave"}
    assert set(moving) == expected
    assert all(set(hop.include) == NAMES for hop in moving.values())


def test_a_retired_sig_carries_nothing(tmp_path: Path) -> None:
    files = load(
        tmp_path,
        main(kernel={**KERNEL, "layout": "carried"}),
        virt=virt(repos={}, status="retired"),
        core=CORE,
    )
    assert not [hop for hop in resolved(files).hops if hop.stage == CARRY]


def test_branches_that_have_moved_may_go_and_nobody_may_write_to_them(tmp_path: Path) -> None:
    result = found(tmp_path, layout="per-sig", moved_from="shared")
    rules = {r.pattern: r for r in of_kind(result, "hub", BranchRule) if r.repo == "Org/sig-core-kernel"}
    left = rules["c7-sig-virt-*"]
    assert (left.push, left.create, left.force, left.delete) == ((), (), False, True)
    assert rules["*"].delete is False
    settled = found(tmp_path, layout="per-sig")
    assert "c7-sig-virt-*" not in {
        r.pattern for r in of_kind(settled, "hub", BranchRule) if r.repo == "Org/sig-core-kernel"
    }


@pytest.mark.parametrize(
    ("layout", "repo"), [("shared", "Org/sig-core-kernel"), ("per-sig", "Org/sig-virt-kernel")]
)
def test_a_project_has_a_part_of_its_sigs_namespace_to_itself(tmp_path: Path, layout: str, repo: str) -> None:
    branches = [{"pattern": "c{release}-sig-virt-docker", "own": True, "push": ["docker"]}]
    sig = virt(repos={}, projects={"docker": {"teams": {"docker": {"members": ["member2"]}}}})
    sigs = {"virt": {"namespace": "c{release}-sig-virt", "branches": branches}}
    files = load(tmp_path, main(kernel={**KERNEL, "layout": layout, "sigs": sigs}), virt=sig, core=CORE)
    result = resolved(files)
    rules = {r.pattern: r.push for r in of_kind(result, "hub", BranchRule) if r.repo == repo}
    assert rules["c7-sig-virt-docker-*"] == ("team:Org/sig-virt-docker",)
    assert rules["c7-sig-virt-*"] == ("team:Org/sig-virt-core",)
    assert grants(result, "hub")[repo, "team:Org/sig-virt-docker"] == "write"
