"""The kernel that SIGs share: who may push what is proved by pushes, in each layout and across a change of layout."""

from __future__ import annotations

import json

import pytest
from pushing import accept, push, refs

SHARED = {"gitlab": "project/sig-core/kernel", "github": "CentOS/sig-core-kernel"}
OWN = {"gitlab": "project/sig-virt/kernel", "github": "CentOS/sig-virt-kernel"}
XEN = "refs/heads/c7-sig-virt-xen-4.9"
DECLARED = "- {name: c7-sig-virt-xen-4.9, from: c7}"
PEOPLE = ("hughesjr", "gwd", "pasik", "jonludlam", "euanh")


def settled(world):
    """Apply, and find nothing left to do."""
    world.ok("apply", "--yes", mirror=True)
    assert world.ok("plan", "--detailed-exitcode", mirror=True).code == 0


@pytest.fixture
def shared(mirrored, world, sources):
    accept(world, *PEOPLE)
    return world


def layout(world, now, before=""):
    moved = f"\n  moved_from: {before}" if before else ""
    text = world.config.read_text("utf-8")
    (old,) = [line for line in text.splitlines() if line.startswith("  layout: ")]
    world.edit("sigs.yaml", old, f"  layout: {now}{moved}")


def test_in_the_shared_kernel_everybody_has_the_branches_of_their_sig_and_no_others(shared):
    repo = SHARED["github"]
    allowed = [
        ("gwd", "HEAD:refs/heads/c7-sig-virt-xen-4.14"),
        ("euanh", "HEAD:refs/heads/c8s-sig-virt"),
        ("gwd", f"HEAD:{XEN}"),
        ("hughesjr", "HEAD:refs/heads/c7"),
    ]
    for login, refspec in allowed:
        assert push(shared, login, "github", repo, refspec), shared.said
    refused = [
        ("gwd", "HEAD:refs/heads/c7"),
        ("gwd", "HEAD:refs/heads/c7-sig-virtual"),
        ("gwd", "HEAD:refs/heads/c7-sig-cloud-x"),
        ("gwd", "HEAD:refs/heads/master"),
        ("outsider", "HEAD:refs/heads/c7-sig-virt-x"),
        ("gwd", ":refs/heads/c7-sig-virt-xen-4.14"),
    ]
    for login, refspec in refused:
        assert not push(shared, login, "github", repo, refspec), f"{login} {refspec}"
    assert not push(shared, "gwd", "github", repo, "origin/c7~3:refs/heads/c7-sig-virt-xen-4.14", force=True)
    assert not push(shared, "gwd", "gitlab", SHARED["gitlab"], "HEAD:refs/heads/c7-sig-virt-x"), (
        "GitLab Free can't hold it"
    )


def test_projects_of_one_sig_have_their_own_parts_of_its_namespace(world, sources):
    docker = "{pattern: 'c{release}-sig-virt-docker', own: true, push: [docker]}"
    world.edit("sigs.yaml", DECLARED, f"{DECLARED}\n        - {docker}")
    team = "\nprojects:\n  docker: {teams: {docker: {members: [lars_kurth, jonludlam]}}}\n\naccess:\n  maintainers: maintain\n"
    world.edit("sigs.d/virt.yaml", "  contributors: write\n", "")
    world.edit("sigs.d/virt.yaml", "\naccess:\n  maintainers: maintain\n", team)
    world.ok("apply", "--yes", mirror=True)
    accept(world, *PEOPLE)
    repo = SHARED["github"]
    assert push(world, "jonludlam", "github", repo, "HEAD:refs/heads/c7-sig-virt-docker-1.13"), world.said
    assert push(world, "gwd", "github", repo, "HEAD:refs/heads/c7-sig-virt-xen-4.14"), world.said
    assert not push(world, "jonludlam", "github", repo, "HEAD:refs/heads/c7-sig-virt-xen-4.15")
    assert not push(world, "gwd", "github", repo, "HEAD:refs/heads/c7-sig-virt-docker-1.14")


def test_a_declared_branch_is_made_once_and_then_belongs_to_its_sig(shared):
    made = {forge: refs(shared, forge, repo) for forge, repo in SHARED.items()}
    assert all(found[XEN] == found["refs/heads/c7"] for found in made.values())
    push(shared, "sigctl-bot", "gitlab", SHARED["gitlab"], f"HEAD:{XEN}")
    work = refs(shared, "gitlab", SHARED["gitlab"])[XEN]
    assert work != made["gitlab"][XEN]
    settled(shared)
    for forge, repo in SHARED.items():
        assert refs(shared, forge, repo)[XEN] == work


def test_a_branch_that_becomes_read_only_and_then_retires(shared):
    world, repo = shared, SHARED["github"]
    closed = DECLARED.replace("from: c7", "from: c7, lifecycle: readonly")
    world.edit("sigs.yaml", DECLARED, closed)
    settled(world)
    assert not push(world, "gwd", "github", repo, f"HEAD:{XEN}")
    retired = "- {name: c7-sig-virt-xen-4.9, lifecycle: retired}"
    world.edit("sigs.yaml", closed, retired)
    settled(world)
    tag = "refs/tags/retired/c7-sig-virt-xen-4.9"
    for forge, path in SHARED.items():
        found = refs(world, forge, path)
        assert found[tag] == found[XEN], "kept as a tag, and nobody asked to delete it"
    assert not push(world, "gwd", "github", repo, f"HEAD:{XEN}")
    world.edit("sigs.yaml", retired, retired.replace("retired}", "retired, delete: true}"))
    plan = world.ok("plan", mirror=True).out
    assert "delete, was" in plan
    assert "stays as a tag" in plan
    settled(world)
    for forge, path in SHARED.items():
        found = refs(world, forge, path)
        assert XEN not in found
        assert tag in found
    assert not push(world, "gwd", "github", repo, f"HEAD:{XEN}"), "nobody makes it again"


def test_from_one_kernel_to_one_for_each_sig_in_one_reviewed_plan(shared):
    world = shared
    push(world, "sigctl-bot", "gitlab", SHARED["gitlab"], "HEAD:refs/heads/c7-sig-virt-work")
    settled(world)
    before = refs(world, "gitlab", SHARED["gitlab"])
    layout(world, "per-sig", "shared")
    file = world.folder / "plan.json"
    shown = world.ok("plan", "--out", str(file), mirror=True).out
    assert "is in another repository now" in shown
    moves = [
        a for a in json.loads(file.read_text())["actions"] if a["kind"] == "ref" and a["verb"] == "delete"
    ]
    assert len(moves) == 4
    assert {a["before"]["why"] for a in moves} == {"moved"}
    world.ok("apply", "--yes", "--plan", str(file), mirror=True)
    assert world.ok("plan", "--detailed-exitcode", mirror=True).code == 0
    mine = {XEN, "refs/heads/c7-sig-virt-work"}
    for forge in ("gitlab", "github"):
        own, left = refs(world, forge, OWN[forge]), refs(world, forge, SHARED[forge])
        assert {ref: own[ref] for ref in mine} == {ref: before[ref] for ref in mine}
        assert own["refs/heads/c7"] == before["refs/heads/c7"]
        assert not mine & set(left)
    accept(world, *PEOPLE)
    assert push(world, "gwd", "gitlab", OWN["gitlab"], "HEAD:refs/heads/c7-sig-virt-next"), world.said
    assert push(world, "gwd", "github", OWN["github"], "HEAD:refs/heads/c7-sig-virt-other"), world.said
    assert not push(world, "gwd", "github", OWN["github"], "HEAD:refs/heads/c7")
    for forge, repo in SHARED.items():
        assert not push(world, "gwd", forge, repo, "HEAD:refs/heads/c7-sig-virt-work")

    layout(world, "shared")
    world.edit("sigs.yaml", "  moved_from: shared", "  moved_from: per-sig")
    there = refs(world, "gitlab", OWN["gitlab"])
    settled(world)
    for forge, repo in SHARED.items():
        found = refs(world, forge, repo)
        for ref in (*mine, "refs/heads/c7-sig-virt-next"):
            assert found[ref] == there[ref]
    assert refs(world, "gitlab", OWN["gitlab"]) == there, "no longer declared, and left as it is"


def test_on_a_forge_that_can_not_hold_a_sig_to_its_branches_sigctl_carries_them(world, sources):
    layout(world, "carried")
    settled(world)
    accept(world, *PEOPLE)
    own, shared = OWN["gitlab"], SHARED["gitlab"]
    assert refs(world, "gitlab", own)[XEN] == refs(world, "gitlab", own)["refs/heads/c7"]
    upstream = refs(world, "gitlab", shared)["refs/heads/c7"]
    for refspec in ("c7-sig-virt-xen-4.9", "c7-sig-virt-new", "c7-sig-cloud-x"):
        assert push(world, "gwd", "gitlab", own, f"HEAD:refs/heads/{refspec}"), world.said
    assert not push(world, "gwd", "gitlab", own, "HEAD:refs/heads/c7"), (
        "upstream branches come by the mirror alone"
    )
    world.ok("apply", "--yes", mirror=True)
    theirs = refs(world, "gitlab", own)
    for forge, repo in SHARED.items():
        found = refs(world, forge, repo)
        for name in ("refs/heads/c7-sig-virt-xen-4.9", "refs/heads/c7-sig-virt-new"):
            assert found[name] == theirs[name]
        assert "refs/heads/c7-sig-cloud-x" not in found
        assert found["refs/heads/c7"] == upstream
    for forge, repo in SHARED.items():
        for branch in ("c7-sig-virt-new", "c7"):
            assert not push(world, "gwd", forge, repo, f"HEAD:refs/heads/{branch}"), f"{forge} {branch}"
