"""CODEOWNERS: a SIG's chairs for its file, the admins for the rest."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from sigctl import cli

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def estate(tmp_path):
    shutil.copytree(ROOT / "config", tmp_path / "my config")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    return tmp_path


def run(estate, *arguments):
    return cli.run(["codeowners", "--config", str(estate / "my config" / "sigs.yaml"), *arguments])


def test_each_file_has_its_owners_and_the_last_line_decides(estate, capsys):
    assert run(estate, "--forge", "git.centos.org") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == r"/my\ config/ @kbsingh @hughesjr"
    assert r"/my\ config/sigs.d/virt.yaml @lars_kurth" in lines[2:]
    assert r"/my\ config/sigs.d/core.yaml @kbsingh" in lines[2:]


def test_a_sig_whose_chairs_have_no_login_there_is_the_admins(estate, capsys):
    assert run(estate, "--forge", "github") == 0
    assert r"/my\ config/sigs.d/virt.yaml @kbsingh @hughesjr" in capsys.readouterr().out


def test_check_says_when_it_is_out_of_date(estate):
    out = estate / ".github" / "CODEOWNERS"
    assert run(estate, "--forge", "github", "--out", str(out), "--check") == 2
    assert run(estate, "--forge", "github", "--out", str(out)) == 0
    assert run(estate, "--forge", "github", "--out", str(out), "--check") == 0
    out.write_text("* @outsider\n")
    assert run(estate, "--forge", "github", "--out", str(out), "--check") == 2


def test_what_can_not_be_meant_is_said(estate, capsys):
    assert run(estate, "--forge", "nowhere") == 1
    assert "no forge `nowhere`" in capsys.readouterr().err
    assert run(estate, "--forge", "github", "--check") == 1
    policy = estate / "my config" / "policy.yaml"
    policy.write_text(policy.read_text().replace("admins: [kbsingh, hughesjr]", "admins: []"))
    assert run(estate, "--forge", "github") == 1
    assert "no admin has a login" in capsys.readouterr().err
