"""gwd's proposal from beginning to end: reviewed, planned without secrets, rehearsed, approved, applied, and nothing drifts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SIGCTL = Path(sys.executable).with_name("sigctl")


def git(folder, *arguments):
    who = ["-c", "user.name=gwd", "-c", "user.email=gwd@example.org"]
    subprocess.run(["git", "-C", folder, *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def fork(world):
    """The forges as declared, a snapshot that was published, and a branch with the proposal."""
    # on the free tier of GitLab a rule for some of those who may write can only be kept by shutting out more than it says
    world.edit("sigs.yaml", "    tier: free\n", "    tier: free\n    branch_rules: closest\n")
    git(world.folder, "init", "-q", "-b", "main", ".")
    git(world.folder, "add", "config")
    git(world.folder, "commit", "-q", "-m", "as it is")
    world.ok("apply", "--yes")
    world.ok("snapshot", "--out", str(world.folder / "snapshot.json"))
    git(world.folder, "checkout", "-q", "-b", "proposal")
    world.edit(
        "sigs.yaml",
        "  pasik: {",
        "  lars_kurth2: {logins: {git.centos.org: lars_kurth2, github: lars_kurth2}}\n  pasik: {",
    )
    world.edit("sigs.d/virt.yaml", "      - pasik\n", "      - pasik\n      - lars_kurth2\n")
    world.edit("sigs.d/virt.yaml", "repos:\n", "repos:\n  xen-tools: {description: Tools around Xen}\n")
    world.edit(
        "sigs.d/virt.yaml",
        "branches:\n",
        "branches:\n  - {pattern: xen-*, push: [maintainers], force: false}\n",
    )
    world.edit("sigs.d/core.yaml", "members: [hughesjr, kbsingh]", "members: [gwd, hughesjr, kbsingh]")
    git(world.folder, "commit", "-q", "-a", "-m", "a contributor, a repository, a rule, and myself to core")
    return world


def bare(world, *arguments, code):
    """Run a command as a job of the fork does: in its checkout, with no secret and no forge to ask."""
    done = subprocess.run(
        [SIGCTL, *arguments],
        cwd=world.folder,
        env={"PATH": os.environ["PATH"], "HOME": str(world.folder / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def test_the_proposal_is_reviewed_planned_rehearsed_approved_and_applied(fork, monkeypatch):
    bare(fork, "validate", "--base", "main", code=0)

    review = ("review", "--base", "main", "--author", "gwd")
    waits = json.loads(bare(fork, *review, "--format", "json", code=3))
    assert [(one["role"], one["sig"]) for one in waits["approvals"]] == [
        ("chair", "core"),
        ("chair", "virt"),
        ("admin", ""),
    ]
    assert "lars_kurth" in waits["approvals"][1]["accounts"]
    assert any("gwd may push c7 of core/kernel" in why for why in waits["approvals"][2]["why"])
    said = "\n".join(one["text"] for one in waits["effect"]["sentences"])
    assert "lars_kurth2 gains write on" in said
    assert "new repository virt/xen-tools" in said
    assert "rule for branch xen-*" in said
    assert "foreign" in {one["topic"] for one in waits["warnings"]}
    comment = bare(fork, *review, "--format", "markdown", code=3)
    assert "waits for a chair of core, a chair of virt and an admin" in comment
    bare(fork, *review, "--approved-by", "lars_kurth", code=3)
    bare(fork, *review, "--approved-by", "lars_kurth", "--approved-by", "kbsingh", code=0)

    plan = json.loads(
        bare(
            fork,
            "plan",
            "--no-mirror",
            "--snapshot",
            "snapshot.json",
            "--base",
            "main",
            "--format",
            "json",
            code=0,
        )
    )
    assert plan["before"]["differences"] == 0
    assert {action["sig"] for action in plan["actions"]} <= {"", "core", "virt"}
    assert any(action["key"] == "CentOS/sig-virt-xen-tools" for action in plan["actions"])
    assert not any(action["verb"] == "delete" for action in plan["actions"])

    told = json.loads(
        bare(
            fork,
            "rehearse",
            "--sig",
            "virt",
            "--snapshot",
            "snapshot.json",
            "--repo",
            "xen-tools",
            "--format",
            "json",
            code=0,
        )
    )
    seen = {(one["who"], one["branch"]): one["seen"] for one in told["tried"] if one["forge"] == "github"}
    assert seen["gwd", "xen-rehearsal"] == "accepted"
    assert seen["outsider", "xen-rehearsal"] == "refused"
    assert [one for who, one in seen.items() if who[1] == "xen-rehearsal"].count("refused") == 2, (
        "a contributor, too"
    )

    fork.sandbox.seed.extend(["lars_kurth2"], [])
    for forge in fork.sandbox.forges.values():
        with forge.store.transaction():
            forge.seed()
    fork.ok("apply", "--yes")
    fork.ok("drift")
