"""Plans without secrets: what a job with a read-only token wrote down is enough for everyone else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sigctl import cli

SIGCTL = Path(sys.executable).with_name("sigctl")


@pytest.fixture
def kept(settled, world):
    """The forges as declared, and a snapshot of them."""
    world.ok("snapshot", "--out", str(world.folder / "snapshot.json"))
    shutil.copytree(world.config.parent, world.folder / "before")
    return world


def offline(world, *arguments, code=0):
    """Run as from a fork's merge request: no variable, no forge."""
    done = subprocess.run(
        [SIGCTL, "plan", "--config", world.config, "--snapshot", world.folder / "snapshot.json", *arguments],
        env={"PATH": os.environ["PATH"], "HOME": str(world.folder), "http_proxy": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def test_a_read_only_token_is_enough_and_the_file_has_no_secret(settled, world, monkeypatch):
    users = world.sandbox.document()["users"]
    token = users["sigctl-bot"]["read_token"]
    monkeypatch.setenv("SIGCTL_GITHUB_TOKEN", token)
    monkeypatch.setenv("SIGCTL_GIT_CENTOS_ORG_TOKEN", token)
    writes = len(world.writes())
    out = world.folder / "snapshot.json"
    said = world.ok("snapshot", "--out", str(out), "--format", "json").json
    assert len(world.writes()) == writes
    text = out.read_text()
    assert not [login for login, held in users.items() for one in held.values() if one in text]
    assert "@" not in text
    data = json.loads(text)
    assert data["format"] == "sigctl/snapshot/1"
    assert data["digest"] == said["digest"]
    assert set(said["forges"]) == {"git.centos.org", "github"}
    assert not list(world.folder.glob(".snapshot*")), "nothing half written is left"


def test_nothing_proposed_is_an_empty_plan_without_any_variable(kept):
    plan = json.loads(offline(kept, "--no-mirror", "--format", "json", "--detailed-exitcode"))
    assert plan["actions"] == []
    assert plan["snapshot"]["forges"] == ["git.centos.org", "github"]
    assert plan["snapshot"]["age_seconds"] >= 0
    assert "0 minutes ago" in offline(kept, "--no-mirror")


def test_a_proposal_shows_what_it_causes_and_counts_the_drift_of_before(kept):
    document = kept.sandbox.document()["forges"]
    kept.edit("sigs.d/virt.yaml", "      - pasik\n", "")
    kept.ok("apply", "--yes", "--allow", "max_removals.members=9", "--reason", "a test")
    kept.edit("sigs.d/virt.yaml", "      - jonludlam\n", "      - jonludlam\n      - pasik\n")
    kept.ok("snapshot", "--out", str(kept.folder / "snapshot.json"))
    kept.edit("sigs.d/virt.yaml", "repos:\n", "repos:\n  xen-tools: {description: Tools}\n")
    assert document
    before = str(kept.folder / "before")
    plan = json.loads(offline(kept, "--no-mirror", "--format", "json", "--base", before))
    assert plan["before"]["differences"] >= 2
    assert plan["actions"]
    assert all("xen-tools" in action["key"] for action in plan["actions"])
    text = offline(kept, "--no-mirror", "--base", before)
    assert "differences were there before this proposal and are not shown" in text
    assert "pasik" not in text
    assert "pasik" in offline(kept, "--no-mirror", "--base", before, "--all")


def test_the_offline_plan_is_the_live_one(kept):
    kept.edit(
        "sigs.d/virt.yaml",
        "repos:\n",
        "repos:\n  xen-tools: {description: Tools, access: {contributors: triage}}\n",
    )
    kept.edit("sigs.d/virt.yaml", "      - pasik\n", "")
    live = kept.ok("plan", "--format", "json").json
    plan = json.loads(offline(kept, "--no-mirror", "--format", "json"))
    assert plan["digest"] == live["digest"]
    assert plan["actions"] == live["actions"]


def test_who_was_not_looked_up_is_unknown(kept):
    kept.edit("sigs.yaml", "  pasik: {", "  member1: {logins: {github: member1}}\n  pasik: {")
    kept.edit("sigs.d/virt.yaml", "      - pasik\n", "      - pasik\n      - member1\n")
    text = offline(kept, "--no-mirror", "--base", str(kept.folder / "before"))
    assert "whether there is such an account is unknown" in text
    assert "member1 joins the team" in text


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda text: text.replace('"jonludlam"', '"outsider"', 1), "the digest does not match"),
        (lambda text: text[: len(text) // 2], "can't be used as a snapshot"),
        (lambda _text: "[" * 100_000, "can't be used as a snapshot"),
        (lambda text: text.replace("sigctl/snapshot/1", "sigctl/snapshot/9"), "not a snapshot of format"),
    ],
)
def test_a_snapshot_that_was_changed_is_refused(kept, capsys, harm, says):
    file = kept.folder / "snapshot.json"
    file.write_text(harm(file.read_text()))
    assert cli.run(["plan", "--config", str(kept.config), "--snapshot", str(file)]) == 1
    assert says in capsys.readouterr().err


def test_a_forge_that_could_not_be_read_is_named_and_unknown(settled, world, monkeypatch):
    monkeypatch.setenv("SIGCTL_GITHUB_TOKEN", "wrong")
    out = world.folder / "snapshot.json"
    assert "not read: github" in world.ok("snapshot", "--out", str(out), code=1).err
    plan = json.loads(offline(world, "--no-mirror", "--format", "json", code=1))
    assert [one["subject"] for one in plan["quarantined"]] == ["github"]
    assert not [action for action in plan["actions"] if action["forge"] == "github"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--base", "main"),
        ("--all",),
        ("--snapshot", "x", "--out", "y"),
        ("--snapshot", "x", "--allow", "delete=1"),
        ("--allow", "deleted=1", "--reason", "a test"),
        ("--allow", "delete", "--reason", "a test"),
        ("--snapshot", "nowhere.json"),
    ],
)
def test_what_can_not_be_meant_is_said(world, arguments):
    said = world.ok("plan", *arguments, code=1).err
    assert said.startswith("error: ")
