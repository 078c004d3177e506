"""Rules on branches, and the kernel in both layouts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from spec_world import grants, load, main, of_kind, resolved, virt

from sigctl.core.kinds import BranchRule, Repo
from sigctl.forges import traits_of

KERNEL = {
    "release_team": "core/release",
    "upstream": {"url": "https://example.org/kernel.git", "branches": ["c7"]},
    "sigs": {
        "virt": {"namespace": "c{release}-sig-virt", "branches": [{"name": "c7-sig-virt-xen", "from": "c7"}]}
    },
}
CORE = {"chairs": ["lead"], "teams": {"release": {"members": ["owner"]}}, "access": {"release": "maintain"}}


def rules(result: Any, forge: str, repo: str) -> dict[str, BranchRule]:
    return {
        one.pattern: one
        for one in of_kind(result, forge, BranchRule)
        if one.repo == repo and one.on == "branch"
    }


def enforcing() -> dict[str, Any]:
    """Traits of forges that can hold everyone to their own branches."""
    out = {}
    for name, kind in (("lab", "gitlab"), ("hub", "github")):
        traits = traits_of(kind)
        out[name] = replace(traits, kinds=traits.kinds | {"branch_rule"})
    return out


def without(kind: str) -> dict[str, Any]:
    out = {}
    for name, type_ in (("lab", "gitlab"), ("hub", "github")):
        traits = traits_of(type_)
        out[name] = replace(traits, kinds=traits.kinds - {kind})
    return out


def test_an_own_namespace_is_the_exact_name_and_the_name_with_a_dash(tmp_path: Path) -> None:
    sig = virt(branches=[{"pattern": "c{release}-sig-{sig}", "own": True, "push": ["core"], "force": False}])
    found = rules(resolved(load(tmp_path, None, virt=sig)), "hub", "Org/sig-virt-xen")
    assert set(found) == {"c7-sig-virt", "c7-sig-virt-*", "c8s-sig-virt", "c8s-sig-virt-*"}
    assert {rule.push for rule in found.values()} == {("team:Org/sig-virt-core",)}
    assert {rule.create for rule in found.values()} == {("team:Org/sig-virt-core",)}


def test_of_patterns_that_mean_the_same_the_first_decides(tmp_path: Path) -> None:
    sig = virt(
        branches=[
            {"pattern": "c7**", "push": ["docs"]},
            {"pattern": "c7***", "push": []},
            {"pattern": "x/**/y", "push": []},
        ],
        repos={"xen": {"branches": [{"pattern": "c7*", "push": ["core"]}]}},
    )
    found = rules(resolved(load(tmp_path, None, virt=sig)), "hub", "Org/sig-virt-xen")
    assert {pattern: rule.push for pattern, rule in found.items()} == {
        "c7*": ("team:Org/sig-virt-core",),
        "x/**/y": (),
    }


def test_the_rule_nearest_to_the_repository_decides(tmp_path: Path) -> None:
    sig = virt(
        branches=[{"pattern": "main", "push": ["docs"]}],
        repos={"xen": {"branches": [{"pattern": "main", "push": ["core"]}]}, "tools": {}},
    )
    result = resolved(load(tmp_path, None, virt=sig))
    assert rules(result, "hub", "Org/sig-virt-xen")["main"].push == ("team:Org/sig-virt-core",)
    assert rules(result, "hub", "Org/sig-virt-tools")["main"].push == ("team:Org/sig-virt-docs",)


def test_nobody_is_not_the_same_as_not_cared_about(tmp_path: Path) -> None:
    sig = virt(branches=[{"pattern": "a", "push": []}, {"pattern": "b", "force": False}])
    found = rules(resolved(load(tmp_path, None, virt=sig)), "lab", "project/sig-virt/xen")
    assert (found["a"].push, found["b"].push) == ((), None)


def test_a_branch_that_is_read_only_or_retired_is_pushed_by_nobody(tmp_path: Path) -> None:
    branches = [
        {"name": "old", "lifecycle": "readonly", "push": ["core"]},
        {"name": "older", "lifecycle": "retired"},
        {"name": "new", "push": ["core"]},
    ]
    found = rules(resolved(load(tmp_path, None, virt=virt(branches=branches))), "hub", "Org/sig-virt-xen")
    assert (found["old"].push, found["old"].delete) == ((), False)
    assert (found["older"].push, found["older"].delete) == ((), None)
    assert found["new"].push == ("team:Org/sig-virt-core",)


def test_tags_have_rules_too(tmp_path: Path) -> None:
    result = resolved(load(tmp_path, None, virt=virt(tags=[{"pattern": "imports/*", "push": ["core"]}])))
    tags = [one for one in of_kind(result, "hub", BranchRule) if one.on == "tag"]
    assert {(one.repo, one.pattern) for one in tags} == {
        ("Org/sig-virt-xen", "imports/*"),
        ("Org/sig-virt-tools", "imports/*"),
    }


def test_the_shared_kernel_is_the_release_teams_but_for_each_sigs_namespace(tmp_path: Path) -> None:
    result = resolved(load(tmp_path, main(kernel=KERNEL), virt=virt(), core=CORE), enforcing())
    found = rules(result, "hub", "Org/sig-core-kernel")
    assert found["c7"].push == ("team:Org/sig-core-release",)
    assert found["*"].push == ()
    assert (
        found["c7-sig-virt"].push
        == found["c7-sig-virt-*"].push
        == found["c7-sig-virt-xen"].push
        == ("team:Org/sig-virt-core",)
    )
    assert not found["c7"].force
    assert grants(result, "hub")["Org/sig-core-kernel", "team:Org/sig-virt-core"] == "write"
    assert grants(result, "hub")["Org/sig-core-kernel", "team:Org/sig-core-release"] == "maintain"


def test_no_sig_may_write_to_it_where_the_forge_can_not_hold_it_to_its_branches(tmp_path: Path) -> None:
    result = resolved(load(tmp_path, main(kernel=KERNEL), virt=virt(), core=CORE), without("branch_rule"))
    for forge, path in (("lab", "project/sig-core/kernel"), ("hub", "Org/sig-core-kernel")):
        assert not [
            subject for target, subject in grants(result, forge) if target == path and "virt" in subject
        ]
        (note,) = (n for n in result.notes if n.topic == "unsupported" and n.forge == forge)
        assert note.subject == path
        assert "kernel.layout: carried" in note.text


def test_a_kernel_for_each_sig_is_another_layout_and_nothing_else(tmp_path: Path) -> None:
    result = resolved(
        load(tmp_path, main(kernel={**KERNEL, "layout": "per-sig"}), virt=virt(), core=CORE), enforcing()
    )
    kernels = {one.path for one in of_kind(result, "lab", Repo) if one.path.endswith("/kernel")}
    assert kernels == {"project/sig-core/kernel", "project/sig-virt/kernel"}
    sources = {str(hop.source) for hop in result.hops if hop.repo == "kernel" and hop.stage == 0}
    assert sources == {"https://example.org/kernel.git"}
    assert not [s for (target, s) in grants(result, "hub") if target == "Org/sig-core-kernel" and "virt" in s]
    found = rules(result, "hub", "Org/sig-virt-kernel")
    assert found["c7"].push == ()
    assert found["c7-sig-virt-*"].push == ("team:Org/sig-virt-core",)
    assert "*" not in found


def test_a_retired_sig_keeps_its_branches_and_may_not_push_them(tmp_path: Path) -> None:
    result = resolved(
        load(tmp_path, main(kernel=KERNEL), virt=virt(status="retired"), core=CORE), enforcing()
    )
    assert rules(result, "hub", "Org/sig-core-kernel")["c7-sig-virt-*"].push == ()
    assert ("Org/sig-core-kernel", "team:Org/sig-virt-core") not in grants(result, "hub")


def test_declared_branches_are_listed_with_what_they_start_from(tmp_path: Path) -> None:
    sig = virt(
        branches=[{"name": "c7-sig-virt-a", "from": "c7"}],
        repos={"xen": {"branches": [{"name": "old", "lifecycle": "retired"}]}},
    )
    result = resolved(load(tmp_path, main(kernel=KERNEL), virt=sig, core=CORE))
    assert [(b.sig, str(b.at), b.name, b.start, b.lifecycle) for b in result.branches] == [
        ("virt", "lab:project/sig-core/kernel", "c7-sig-virt-xen", "c7", "active"),
        ("virt", "lab:project/sig-virt/xen", "old", "", "retired"),
        ("virt", "lab:project/sig-virt/xen", "c7-sig-virt-a", "c7", "active"),
    ]
