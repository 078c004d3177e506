"""A policy that overwrites, what the guards say to it, and how what was lost comes back: through the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
import upstreams

from sigctl import cli
from sigctl.app.audit import lines
from sigctl.app.mirroring import hops_chosen
from sigctl.core.history import End, Hop

XEN = "github.com/CentOS-virt7/xen.git"
OVERWRITE = "mirror: {on_divergence: overwrite, delete_refs: hold}"
HOLD = "mirror: {on_divergence: hold, delete_refs: hold}"


@pytest.fixture
def rewritten(mirrored, world, sources):
    """Both forges filled, and a branch upstream that somebody rewrote."""
    folder = str(sources / XEN)
    old = upstreams.git("-C", folder, "rev-parse", "refs/heads/xen-44")
    upstreams.git("-C", folder, "update-ref", "refs/heads/xen-44", f"{old}~2")
    new = upstreams.commit(sources, XEN, "xen-44", "rewritten")
    return old, new


def tip(world, forge="gitlab", path="project/sig-virt/xen", ref="refs/heads/xen-44"):
    url = f"{world.sandbox.document()['forges'][forge]['url']}/{path}.git"
    return upstreams.git("ls-remote", url, ref).partition("\t")[0]


def test_what_a_policy_overwrites_is_told_kept_and_brought_back(world, rewritten):
    old, new = rewritten
    assert world.ok("mirror", "--repo", "xen").code == 0
    assert tip(world) == old, "held: nobody said that it may be overwritten"
    world.edit("policy.yaml", HOLD, OVERWRITE)
    plan = world.ok("plan", "--format", "json", mirror=True).json
    assert {(a["forge"], a["verb"], a["after"]["why"]) for a in plan["actions"] if a["kind"] == "ref"} == {
        ("git.centos.org", "update", "forced"),
        ("github", "update", "forced"),
    }
    assert "overwritten" in world.ok("plan", mirror=True).out
    bundles = world.folder / "bundles"
    log = str(world.folder / "mirrored.jsonl")
    world.ok("mirror", "--repo", "xen", "--bundles", str(bundles), "--audit", log)
    assert tip(world) == tip(world, "github", "CentOS/sig-virt-xen") == new
    assert len(list(bundles.iterdir())) == 2
    upstreams.git(
        "-C", str(world.folder / "upstream" / XEN), "bundle", "verify", "-q", str(next(bundles.iterdir()))
    )

    listed = world.ok("mirror", "restore", "--list", "--format", "json").json["kept"]
    assert [(one["repo"], one["ref"], one["sha"]) for one in listed] == [
        ("git.centos.org:project/sig-virt/xen", "refs/heads/xen-44", old),
        ("github:CentOS/sig-virt-xen", "refs/heads/xen-44", old),
    ]
    assert "name the repository by its path" in world.ok("mirror", "restore", "xen", "xen-44", code=1).err
    world.ok("mirror", "restore", "project/sig-virt/xen", "xen-44", "--as", "rescued", "--audit", log)
    assert tip(world, ref="refs/heads/rescued") == old
    assert tip(world) == new
    refused = world.ok("mirror", "restore", "project/sig-virt/xen", "xen-99", code=1)
    assert "nothing is kept" in refused.err
    assert "restore --list" in refused.err

    entries = [line.entry for line in lines(Path(log))]
    assert [one["event"] for one in entries] == ["begin", "action", "action", "end", "begin", "action", "end"]
    assert {(one["action"]["before"]["sha"], one["action"]["after"]["sha"]) for one in entries[1:3]} == {
        (old, new)
    }
    assert entries[5]["action"]["after"]["ref"] == "refs/heads/rescued"
    assert not any(line.problem for line in lines(Path(log)))


def test_a_guard_stops_a_mirror_that_would_overwrite_too_much_until_it_is_allowed(world, rewritten):
    old, new = rewritten
    world.edit("policy.yaml", HOLD, OVERWRITE)
    world.edit("policy.yaml", "members: 5", "members: 5, refs: 0")
    for command in (("mirror", "--repo", "xen"), ("apply", "--yes")):
        refused = world.ok(*command, mirror=True, code=3)
        assert "refs would be removed or overwritten, at most 0 may be" in refused.out
        assert "--allow max_removals.refs=1" in refused.out
        assert tip(world) == old
    world.ok("mirror", "--repo", "xen", "--allow", "max_removals.refs=1", code=1)
    world.ok("mirror", "--repo", "xen", "--allow", "max_removals.refs=1", "--reason", "asked for by the SIG")
    assert tip(world) == new


def test_an_update_that_was_reviewed_as_harmless_is_not_applied_as_an_overwrite(mirrored, world, sources):
    world.edit("policy.yaml", HOLD, OVERWRITE)
    upstreams.commit(sources, XEN, "xen-44")
    plan = world.folder / "plan.json"
    world.ok("plan", "--out", str(plan), mirror=True)
    folder = str(sources / XEN)
    upstreams.git("-C", folder, "update-ref", "refs/heads/xen-44", "refs/heads/xen-44~3")
    before = tip(world)
    refused = world.ok("apply", "--yes", "--plan", str(plan), mirror=True, code=3)
    assert "can't be done any more as planned" in refused.err
    assert tip(world) == before


def test_options_before_restore_count_for_it_and_those_without_meaning_are_refused(capsys):
    assert cli.run(["mirror", "--check", "restore", "--list"]) == 1
    assert "`--check` has no meaning for `mirror restore`" in capsys.readouterr().err
    assert cli.run(["mirror", "restore", "xen"]) == 1
    assert "which ref of which repository?" in capsys.readouterr().err


class Files:
    """As much of a run's context as choosing hops looks at."""

    def __init__(self, hops):
        self.resolved = type("Resolved", (), {"hops": tuple(hops)})
        self.forges = {"lab": None, "hub": None}


def test_shards_are_whole_disjoint_and_keep_together_what_shares_history():
    hops = [
        Hop("sig", f"repo{n}", End(url=f"https://example.org/{n}.git"), End("lab", f"sig/repo{n}"))
        for n in range(40)
    ]
    hops += [
        Hop("sig", f"repo{n}", End("lab", f"sig/repo{n}"), End("hub", f"repo{n}"), stage=1) for n in range(40)
    ]
    shared = End(url="https://example.org/kernel.git")
    kernels = [Hop(f"sig{n}", "kernel", shared, End("lab", f"sig{n}/kernel")) for n in range(10)]
    files = Files([*hops, *kernels])
    parts = [hops_chosen(files, (), f"{n}/4") for n in range(1, 5)]
    assert sorted(map(repr, (hop for part in parts for hop in part))) == sorted(map(repr, [*hops, *kernels]))
    assert all(len(part) > 5 for part in parts), "spread evenly enough to be of use"
    assert sum(any(hop.repo == "kernel" for hop in part) for part in parts) == 1
    assert sum(any(hop.repo == "repo7" for hop in part) for part in parts) == 1
    assert hops_chosen(Files(reversed([*hops, *kernels])), ("repo7",), "1/1") != []


def test_a_last_change_of_history_is_made_on_the_way_into_the_archive_through_a_rule_that_kept_force_out(
    world, rewritten
):
    old, new = rewritten
    whole, ruled = (
        "    default_branch: xen-412\n",
        "    default_branch: xen-412\n    branches: [{pattern: xen-4*, force: false, delete: false}]\n",
    )
    world.edit("sigs.d/virt.yaml", whole, ruled)
    world.ok("apply", "--yes", mirror=True)
    assert tip(world) == old, "held"
    world.edit("policy.yaml", HOLD, OVERWRITE)
    world.edit("sigs.d/virt.yaml", ruled, f"{whole}    archived: true\n")
    allowed = ("--allow", "archiving=2", "--reason", "frozen")
    planned = world.ok("plan", "--format", "json", mirror=True).json
    forced = [a for a in planned["actions"] if a["kind"] == "branch_rule" and (a["after"] or {}).get("force")]
    assert {a["forge"] for a in forced} == {"github", "git.centos.org"}
    assert all(set(a["after"]["push"]) <= {"level:native:server-admin"} for a in forced), "for sigctl alone"
    world.ok("apply", "--yes", *(allowed if planned["refusals"] else ()), mirror=True)
    assert tip(world) == tip(world, "github", "CentOS/sig-virt-xen") == new
    world.ok("plan", "--detailed-exitcode", mirror=True)
