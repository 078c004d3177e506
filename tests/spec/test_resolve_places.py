"""Where things are: layouts, groups, names, moves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from spec_world import load, main, of_kind, resolved, virt

from sigctl.core.history import REPLICA
from sigctl.core.kinds import Key, Org, Repo, Team


def paths(result: Any, forge: str, kind: Any) -> set[str]:
    return {one.path for one in of_kind(result, forge, kind)}


def with_forge(name: str, **changes: Any) -> dict[str, Any]:
    data = main()
    data["forges"][name].update(changes)
    return data


def test_a_group_for_each_sig_comes_with_every_group_above_and_the_one_of_its_teams(tmp_path: Path) -> None:
    result = resolved(load(tmp_path))
    assert paths(result, "lab", Org) == {"project", "project/sig-virt", "project/sig-virt/groups"}
    assert paths(result, "lab", Team) == {"project/sig-virt/groups/core", "project/sig-virt/groups/docs"}
    group = result.desired["lab"].state[Key("org", "project/sig-virt")]
    assert (group.title, group.visibility) == ("Virt", "public")
    assert result.desired["lab"].orgs == {"project"}


def test_one_org_for_all_has_names_that_say_the_sig(tmp_path: Path) -> None:
    result = resolved(load(tmp_path))
    assert paths(result, "hub", Repo) == {"Org/sig-virt-xen", "Org/sig-virt-tools"}
    assert paths(result, "hub", Team) == {"Org/sig-virt-core", "Org/sig-virt-docs"}


def test_an_org_for_each_sig_is_another_template_and_nothing_else(tmp_path: Path) -> None:
    data = with_forge("hub", repo="Org-{sig}/{repo}", moved_from=["Org/sig-{sig}-{repo}"])
    result = resolved(load(tmp_path, data))
    repos = {one.path: one.previously for one in of_kind(result, "hub", Repo)}
    assert repos["Org-virt/xen"] == ("Org/sig-virt-xen",)
    assert paths(result, "hub", Team) == {"Org-virt/sig-virt-core", "Org-virt/sig-virt-docs"}


def test_a_single_sig_can_have_a_layout_of_its_own_and_is_found_at_the_common_one(tmp_path: Path) -> None:
    data = with_forge("hub", layouts={"virt": "CentOS-virt/{repo}"})
    result = resolved(load(tmp_path, data, virt=virt(), cloud={"chairs": ["lead"], "repos": {"docs": {}}}))
    repos = {one.path: one.previously for one in of_kind(result, "hub", Repo)}
    assert repos["CentOS-virt/xen"] == ("Org/sig-virt-xen",)
    assert "Org/sig-cloud-docs" in repos


def test_older_names_and_older_layouts_are_all_looked_at(tmp_path: Path) -> None:
    data = with_forge("hub", moved_from=["Old/{repo}"])
    result = resolved(load(tmp_path, data, virt=virt(repos={"xen": {"previously": ["xen4"]}})))
    (repo,) = of_kind(result, "hub", Repo)
    assert repo.previously == ("Org/sig-virt-xen4", "Old/xen", "Old/xen4")


def test_a_plus_is_written_out_where_it_can_not_stand(tmp_path: Path) -> None:
    result = resolved(load(tmp_path, None, virt=virt(repos={"libsigc++20": {}})))
    assert paths(result, "lab", Repo) == {"project/sig-virt/libsigcplusplus20"}


def test_a_project_has_its_own_place_where_the_template_says_so(tmp_path: Path) -> None:
    data = with_forge("lab", repo="project/sig-{sig}/{project}/{repo}")
    sig = virt(
        repos={},
        projects={"docker": {"repos": {"docker": {}}, "teams": {"docker": {"members": ["member1"]}}}},
    )
    result = resolved(load(tmp_path, data, virt=sig))
    assert paths(result, "lab", Repo) == {"project/sig-virt/docker/docker"}


def test_what_is_left_alone_is_neither_made_nor_mirrored_and_the_reader_is_told(tmp_path: Path) -> None:
    sig = virt(repos={"xen": {"left_alone": ["hub"], "upstream": "https://example.org/xen.git"}})
    result = resolved(load(tmp_path, None, virt=sig))
    assert not paths(result, "hub", Repo)
    assert [str(hop.target) for hop in result.hops] == ["lab:project/sig-virt/xen"]
    assert [(note.topic, note.subject, note.forge) for note in result.notes] == [("left_alone", "xen", "hub")]


def test_settings_come_from_the_nearest_who_gives_them(tmp_path: Path) -> None:
    data = main(
        defaults={
            "repo": {"visibility": "public", "issues": True, "merge": {"squash": False, "rebase": True}}
        }
    )
    sig = virt(
        defaults={"issues": False},
        repos={"xen": {}},
        projects={
            "docker": {
                "defaults": {"wiki": True, "merge": {"squash": True}},
                "repos": {"docker": {"wiki": False}},
            }
        },
    )
    repos = {one.path: one for one in of_kind(resolved(load(tmp_path, data, virt=sig)), "hub", Repo)}
    xen, docker = repos["Org/sig-virt-xen"], repos["Org/sig-virt-docker"]
    assert (xen.visibility, xen.issues, xen.wiki, xen.squash_merge, xen.rebase_merge) == (
        "public",
        False,
        None,
        False,
        True,
    )
    assert (docker.issues, docker.wiki, docker.squash_merge, docker.rebase_merge) == (
        False,
        False,
        True,
        True,
    )


def test_history_goes_from_upstream_to_primary_to_replica(tmp_path: Path) -> None:
    upstream = {
        "url": "https://example.org/xen.git",
        "branches": ["xen-*"],
        "exclude": ["refs/pull/*"],
        "rename": {"xen-*": "c7-xen-*", "xen-44": "c6-xen-44"},
    }
    result = resolved(load(tmp_path, None, virt=virt(repos={"xen": {"upstream": upstream}, "tools": {}})))
    hops = [(hop.repo, hop.stage, str(hop.source), str(hop.target)) for hop in result.hops]
    assert hops == [
        ("tools", REPLICA, "lab:project/sig-virt/tools", "hub:Org/sig-virt-tools"),
        ("xen", 0, "https://example.org/xen.git", "lab:project/sig-virt/xen"),
        ("xen", REPLICA, "lab:project/sig-virt/xen", "hub:Org/sig-virt-xen"),
    ]
    first = result.hops[1]
    assert first.include == ("refs/heads/xen-*", "refs/tags/*")
    assert first.exclude == ("refs/pull/*",)
    assert first.rename == (
        ("refs/heads/xen-44", "refs/heads/c6-xen-44"),
        ("refs/heads/xen-*", "refs/heads/c7-xen-*"),
    )
    filled = {one.path: one.filled for one in of_kind(result, "hub", Repo)}
    assert filled == {"Org/sig-virt-xen": True, "Org/sig-virt-tools": False}


def test_what_is_declared_is_managed(tmp_path: Path) -> None:
    desired = resolved(load(tmp_path)).desired["lab"]
    assert {key.name for key in desired.managed} == {
        "project/sig-virt",
        "project/sig-virt/xen",
        "project/sig-virt/tools",
        "project/sig-virt/groups/core",
        "project/sig-virt/groups/docs",
    }
