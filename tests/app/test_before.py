"""`validate --base`: a change of layout or name that would leave something behind is found before it is applied."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from sigctl import cli

ROOT = Path(__file__).resolve().parents[2]


def git(folder, *arguments):
    who = ["-c", "user.name=Admin", "-c", "user.email=admin@example.org"]
    subprocess.run(["git", "-C", folder, *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "estate"
    shutil.copytree(ROOT / "config", folder / "config")
    git(tmp_path, "init", "-q", "-b", "main", str(folder))
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "as it is")
    return folder


def edit(folder, name, old, new):
    file = folder / "config" / name
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def validate(folder, base):
    return cli.run(["validate", "--config", str(folder / "config" / "sigs.yaml"), "--base", base])


def test_an_unchanged_config_leaves_nothing_behind(checkout, capsys):
    assert validate(checkout, "HEAD") == 0
    assert "no problems" in capsys.readouterr().err


def test_a_changed_layout_without_the_older_one_is_a_problem(checkout, capsys):
    edit(checkout, "sigs.yaml", "repo: CentOS/sig-{sig}-{repo}", "repo: CentOS/{sig}-{repo}")
    assert validate(checkout, "HEAD") == 1
    assert "moved_from" in capsys.readouterr().err
    edit(
        checkout,
        "sigs.yaml",
        "repo: CentOS/{sig}-{repo}",
        'repo: CentOS/{sig}-{repo}\n    moved_from: ["CentOS/sig-{sig}-{repo}"]',
    )
    assert validate(checkout, "HEAD") == 0


def test_a_renamed_repository_without_its_older_name_is_a_problem(checkout, capsys):
    edit(checkout, "sigs.d/cloud.yaml", "  cloud-docs: {", "  docs: {")
    assert validate(checkout, "HEAD") == 0, "it may be a new one beside one that was taken out"
    capsys.readouterr()
    edit(checkout, "sigs.d/cloud.yaml", "  docs: {", "  docs: {previously: [cloud-docs], ")
    assert validate(checkout, "HEAD") == 0


def test_the_files_of_before_may_be_a_folder(checkout, tmp_path, capsys):
    shutil.copytree(checkout / "config", tmp_path / "before")
    edit(checkout, "sigs.yaml", "repo: CentOS/sig-{sig}-{repo}", "repo: CentOS/{sig}-{repo}")
    assert validate(checkout, str(tmp_path / "before")) == 1


@pytest.mark.parametrize("base", ["nowhere", "--upload-pack=x", "HEAD:config"])
def test_what_is_no_revision_says_so(checkout, capsys, base):
    assert cli.run(["validate", "--config", str(checkout / "config" / "sigs.yaml"), f"--base={base}"]) == 1
    assert "no revision" in capsys.readouterr().err


def test_a_revision_whose_files_have_faults_says_so(checkout, capsys):
    edit(checkout, "sigs.yaml", "version: 1", "version: 1\nunknown: 2")
    git(checkout, "commit", "-q", "-a", "-m", "broken")
    edit(checkout, "sigs.yaml", "unknown: 2", "")
    assert validate(checkout, "HEAD") == 1
    assert "can't be read" in capsys.readouterr().err


def test_a_linked_work_tree_has_revisions_too(checkout, tmp_path, capsys):
    git(checkout, "worktree", "add", "-q", str(tmp_path / "linked"), "-b", "proposal")
    assert validate(tmp_path / "linked", "main") == 0
