"""A rehearsal needs nothing but the files; it holds when the rights are as declared, and says so when they are not."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from sigctl import cli
from sigctl.app.context import Options
from sigctl.app.snapshot import write
from sigctl.core.kinds import BranchRule, Grant, Repo, Team, TeamMember
from sigctl.core.snapshot import Coverage, Seen, Snapshot
from sigctl.core.state import Account, Observation, state
from sigctl.rehearsal.proof import Tried, Try, tries
from sigctl.rehearsal.run import Rehearsal, rehearse

ROOT = Path(__file__).resolve().parents[2]
SIGCTL = Path(sys.executable).with_name("sigctl")


@pytest.fixture
def config(tmp_path):
    shutil.copytree(ROOT / "config", tmp_path / "config")
    return tmp_path / "config" / "sigs.yaml"


def worked():
    """Return the seconds of computing time of all processes that were started here and have ended."""
    times = os.times()
    return times.children_user + times.children_system


def test_one_sig_is_proved_within_a_minute_without_any_variable(config, tmp_path):
    """A minute of a machine's work: what else the machine does meanwhile is no matter."""
    begun = worked()
    done = subprocess.run(
        [
            SIGCTL,
            "rehearse",
            "--config",
            config,
            "--sig",
            "virt",
            "--repo",
            "virt/xen",
            "--repo",
            "xen-2014",
            "--format",
            "json",
        ],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["holds"] is True
    assert told["second_plan"] == []
    assert told["seconds"] > 0
    assert worked() - begun < 60
    assert {one["repo"] for one in told["tried"] if one["forge"] == "github"} == {
        "CentOS/sig-virt-xen",
        "CentOS/sig-virt-xen-2014",
    }
    seen = {
        (one["who"], one["branch"], one["seen"])
        for one in told["tried"]
        if one["repo"] == "CentOS/sig-virt-xen"
    }
    assert ("gwd", "c7-sig-virt-rehearsal", "accepted") in seen
    assert ("outsider", "c7-sig-virt-rehearsal", "refused") in seen
    archived = [one for one in told["tried"] if one["repo"] == "CentOS/sig-virt-xen-2014"]
    assert archived
    assert {one["seen"] for one in archived} == {"refused"}
    assert not list(tmp_path.glob("sigctl-rehearsal-*")), "the folder is gone"


def test_the_shared_kernel_keeps_each_sig_to_its_own_branches(config, tmp_path):
    found = rehearse(
        Options(config=config, forges=frozenset({"github"}), mirror=False),
        date.today(),  # noqa: DTZ011  # the day of the files
        tmp_path / "forges",
        repos=["core/kernel"],
    )
    assert found.holds, [one for one in found.tried if not one.right]
    seen = {(one.one.who, one.one.branch): one.accepted for one in found.tried}
    virt = {who for (who, branch), accepted in seen.items() if branch == "c7-sig-virt-rehearsal" and accepted}
    upstream = {who for (who, branch), accepted in seen.items() if branch == "c7" and accepted}
    assert virt - upstream
    assert virt - upstream <= {"euanh", "gwd", "jonludlam", "pasik"}
    assert not any(accepted for (_, branch), accepted in seen.items() if branch == "rehearsal")


def test_it_begins_with_the_snapshot_and_undoes_what_that_has_too_much(config, tmp_path, capsys):
    there = state(
        [
            Repo("CentOS/sig-virt-xen", visibility="public", description="as it was"),
            Grant("repo", "CentOS/sig-virt-xen", "person:member1", "write"),
        ]
    )
    seen = Seen(
        Observation("github", there, {"member1": Account("member1")}),
        Coverage(orgs=frozenset({"CentOS"})),
    )
    write(tmp_path / "snapshot.json", Snapshot("2026-11-22T00:00:00+00:00", "", {"github": seen}))
    arguments = ["rehearse", "--config", str(config), "--sig", "virt", "--forge", "github", "--repo", "xen"]
    code = cli.run([*arguments, "--snapshot", str(tmp_path / "snapshot.json"), "--format", "json"])
    told = json.loads(capsys.readouterr().out)
    assert code == 0, told
    assert any("began with 2 changes" in note or "began with 3 changes" in note for note in told["notes"])


@pytest.mark.parametrize(
    "arguments", [("--forge", "nowhere"), ("--snapshot", "missing.json"), ("--sig", "nosuch")]
)
def test_what_can_not_be_played_is_said(config, capsys, arguments):
    code = cli.run(["rehearse", "--config", str(config), *arguments])
    captured = capsys.readouterr()
    assert code == 1
    assert "error: " in captured.err
    assert "Traceback" not in captured.err


STATE = state(
    [
        Repo("O/x"),
        Team("O/team"),
        TeamMember("O/team", "member1"),
        Grant("repo", "O/x", "team:O/team", "write"),
        Grant("repo", "O/x", "person:member2", "write"),
        Grant("repo", "O/x", "person:member3", "read"),
        BranchRule("O/x", "*", push=()),
        BranchRule("O/x", "c7-*", push=("team:O/team",)),
        BranchRule("O/x", "free"),
    ]
)


def test_the_narrowest_rule_decides_and_each_kind_of_right_is_tried_once():
    found = {(one.who, one.branch): one.expected for one in tries("f", STATE, {}, ["O/x"])}
    assert found["member1", "c7-rehearsal"]
    assert not found["member2", "c7-rehearsal"]
    assert found["member2", "free"]
    assert not found["member3", "free"]
    assert not found["member1", "rehearsal"]
    assert not any(found["outsider", branch] for branch in ("free", "rehearsal", "c7-rehearsal"))


def test_a_push_that_went_otherwise_ends_it():
    one = Try("f", "O/x", "free", "outsider", expected=False)
    assert Tried(one, accepted=False).right
    assert not Tried(one, accepted=True).right
    assert not Rehearsal(tried=[Tried(one, accepted=True)]).holds
    assert not Rehearsal().holds, "nothing tried proves nothing"


def test_a_level_in_a_rule_lets_in_who_has_it_and_one_that_only_the_forge_knows_nobody():
    there = state(
        [
            Repo("O/x"),
            Grant("repo", "O/x", "person:member1", "maintain"),
            Grant("repo", "O/x", "person:member2", "write"),
            BranchRule("O/x", "c7", push=("level:maintain",)),
            BranchRule("O/x", "c8", push=("level:native:server-admin",)),
        ]
    )
    found = {(one.who, one.branch): one.expected for one in tries("f", there, {}, ["O/x"])}
    assert found["member1", "c7"]
    assert not found["member2", "c7"]
    assert not found["member1", "c8"]
