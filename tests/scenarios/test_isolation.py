"""A repository about which every change fails, on each forge, and another person who vanished: the rest is done as if they were not there.

So is it where something about a repository can't be read: nothing is done there until it can.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import upstreams
from scenario_world import World

WRITES = ("POST", "PUT", "PATCH", "DELETE")
NAMES = {"github": "github", "gitlab": "git.centos.org"}


def path_of(world: World, forge: str) -> tuple[str, str]:
    """Return the path of the SIG's xen in our words, and as it stands in requests."""
    if forge == "github":
        return "CentOS/sig-virt-xen", r"/repos/CentOS/sig-virt-xen(/|$)"
    found = world.sandbox.forges["gitlab"].world
    project = found.project("project/sig-virt/xen")
    return "project/sig-virt/xen", rf"/projects/{project['id']}(/|$)"


@pytest.mark.parametrize("forge", ["github", "gitlab"])
def test_a_repository_that_refuses_everything_and_a_person_who_vanished_stop_nobody_else(
    settled: Path, world: World, forge: str
):
    name = NAMES[forge]
    world.edit("sigs.d/virt.yaml", "  contributors: write\n", "  contributors: maintain\n")
    world.edit("sigs.d/virt.yaml", "description: Xen hypervisor packaging", "description: Xen, changed")
    world.edit("sigs.d/virt.yaml", "description: libvirt packaging for Xen", "description: libvirt, changed")
    world.edit("sigs.d/cloud.yaml", "members: [jonludlam]", "members: [jonludlam, euanh, newcomer]")
    there = "  pasik: {logins:"
    world.edit("sigs.yaml", there, f"  newcomer: {{logins: {{{name}: nobody-of-this-name}}}}\n{there}")
    whole = world.ok("plan", "--format", "json", code=1).json
    bad, pattern = path_of(world, forge)

    def of_bad(action):
        about = action["after"] or action["before"]
        return action["forge"] == name and bad in (about.get("path"), about.get("target"), about.get("repo"))

    kept = {action["id"] for action in whole["actions"] if of_bad(action)}
    assert kept
    refused = {"status": 403, "body": {"message": "403 Forbidden: not this one"}}
    world.sandbox.faults.replace(
        [{"when": {"forge": forge, "method": verb, "path": pattern}, "what": refused} for verb in WRITES]
    )
    report = world.ok("apply", "--yes", "--format", "json", code=1).json
    done = {one["id"] for one in report["outcomes"] if one["status"] == "done"}
    assert done == {action["id"] for action in whole["actions"]} - kept
    assert {one["subject"] for one in report["quarantined"]} == {"nobody-of-this-name"}
    left = world.ok("plan", "--format", "json", code=1).json
    assert {action["id"] for action in left["actions"]} <= kept
    world.sandbox.faults.replace([])
    world.ok("apply", "--yes", code=1)
    again = world.ok("plan", "--format", "json", code=1).json
    assert again["actions"] == []
    assert [(one["subject"], one["forge"]) for one in again["quarantined"]] == [("nobody-of-this-name", name)]


def fail_reading_hooks(world: World, forge: str) -> str:
    """Let the webhooks of the SIG's xen be unreadable from now on, and return its path."""
    bad, pattern = path_of(world, forge)
    when = {"forge": forge, "method": "GET", "path": pattern.replace("(/|$)", "/hooks$")}
    world.sandbox.faults.replace([{"when": when, "what": {"status": 500, "body": "oops"}}])
    return bad


@pytest.mark.parametrize("forge", ["github", "gitlab"])
def test_a_repository_that_can_not_be_read_is_named_and_keeps_nobody_else_from_his_changes(
    settled: Path, world: World, forge: str
):
    world.hurry()
    name = NAMES[forge]
    world.edit(
        "sigs.d/virt.yaml",
        "description: Xen hypervisor packaging",
        "description: Xen, changed\n    webhooks: {}",
    )
    world.edit("sigs.d/virt.yaml", "description: libvirt packaging for Xen", "description: libvirt, changed")
    world.edit("sigs.d/cloud.yaml", "members: [jonludlam]", "members: [jonludlam, euanh]")
    saved = world.folder / "plan.json"
    whole = world.ok("plan", "--format", "json", "--out", str(saved)).json
    history = ("--history", str(world.folder / "drift"), "--format", "json")
    assert world.run("drift", *history).code == 2

    bad = fail_reading_hooks(world, forge)
    kept = {one["id"] for one in whole["actions"] if one["forge"] == name and one["key"] == bad}
    assert kept
    looked = world.ok("drift", *history, code=1).json["drift"]
    assert looked["resolved"] == [], "unread is not healed"
    assert looked["unread_repos"] == [[name, bad]]
    assert bad in {one["key"] for one in looked["entries"]}
    refused = world.ok("apply", "--yes", "--plan", str(saved), code=3)
    assert (
        f"{name}: repo {bad} waits for a repository that can't be read whole now" in refused.err + refused.out
    )
    report = world.ok("apply", "--yes", "--format", "json", code=1).json
    done = {one["id"] for one in report["outcomes"] if one["status"] == "done"}
    assert done == {one["id"] for one in whole["actions"]} - kept
    assert [(one["subject"], one["forge"], one["sig"]) for one in report["quarantined"]] == [
        (bad, name, "virt")
    ]
    said = world.ok("plan", code=1).out
    assert f"{bad} ({name}): it could not be read whole (webhook): " in said.replace("\n", " ")
    assert "500" in said

    taken = world.folder / "taken.json"
    assert bad in world.ok("snapshot", "--out", str(taken), code=1).err
    offline = world.ok("plan", "--snapshot", str(taken), "--format", "json", code=1).json
    assert [one["subject"] for one in offline["quarantined"]] == [bad]
    assert offline["actions"] == []

    world.sandbox.faults.replace([])
    report = world.ok("apply", "--yes", "--format", "json").json
    assert {one["id"] for one in report["outcomes"]} == kept
    assert world.ok("plan", "--format", "json").json["actions"] == []


def test_nothing_is_pushed_to_a_repository_that_can_not_be_read(mirrored: Path, world: World, sources: Path):
    world.hurry()
    world.edit(
        "sigs.d/virt.yaml", "description: Xen hypervisor packaging", "description: Xen\n    webhooks: {}"
    )
    for name, branch in (("xen", "xen-412"), ("xen-seabios", "master")):
        upstreams.commit(sources, f"github.com/CentOS-virt7/{name}.git", branch)
    whole = world.ok("plan", "--format", "json", mirror=True).json

    def refs(found):
        return {(one["forge"], one["after"]["repo"]) for one in found["actions"] if one["kind"] == "ref"}

    bad = fail_reading_hooks(world, "github")
    assert ("github", bad) in refs(whole)
    found = world.ok("plan", "--format", "json", mirror=True, code=1).json
    assert refs(found) == refs(whole) - {("github", bad)}
    assert [one["text"] for one in found["notes"] if one["topic"] == "unread"] == [
        f"{bad} could not be read whole: 1 refs of its source are not brought"
    ]
