"""A repository about which every change fails, on each forge, and another person who vanished: the rest is done as if they were not there."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import World

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
