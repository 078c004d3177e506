"""What policy.yaml says of drift."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from sigctl.app.drifting import modes_of
from sigctl.errors import ConfigError
from sigctl.spec import read
from sigctl.watch.modes import Mode

CONFIG = Path(__file__).resolve().parents[2] / "config"


def load(folder, drift):
    shutil.copytree(CONFIG, folder, dirs_exist_ok=True)
    policy = folder / "policy.yaml"
    policy.write_text(f"{policy.read_text()}\ndrift:\n{drift}")
    return read(folder, today=date(2026, 11, 22)).spec.policy.drift


def test_modes_are_read_in_both_forms(tmp_path):
    found = modes_of(
        load(tmp_path, "  mode: {grace: {days: 3}}\n  modes: {github: {members: revert, repos: report}}\n")
    )
    assert found.usual == Mode("grace", 3)
    assert found.of("github", "team_member") == Mode("revert")
    assert found.of("github", "repo") == Mode("report")
    assert found.of("git.centos.org", "repo") == Mode("grace", 3)


@pytest.mark.parametrize(
    ("drift", "says"),
    [
        ("  mode: often\n", "no way to treat drift"),
        ("  mode: grace\n", "no way to treat drift"),
        ("  mode: {mode: grace}\n", "days of grace without that mode, or that mode without days"),
        ("  mode: {mode: revert, grace: {days: 3}}\n", "days of grace without that mode"),
        ("  mode: {grace: {days: 0}}\n", "grace.days"),
        ("  modes: {gitub: {members: revert}}\n", "there is no forge `gitub`"),
        ("  modes: {github: {people: revert}}\n", "people"),
        ("  tickets: {forge: gitub, repo: a/b}\n", "there is no forge `gitub`"),
        ('  tickets: {forge: github, repo: "a/{repo}"}\n', "no other placeholder than {sig}"),
        ('  tickets: {forge: github, repo: a/b, others: "a/{sig}"}\n', "named after one"),
        ("  mail: {to: [somebody]}\n", "is no address"),
    ],
)
def test_what_can_not_be_meant_is_said_with_its_place(tmp_path, drift, says):
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, drift)
    (problem,) = caught.value.problems
    assert says in str(problem)
    assert problem.file.endswith("policy.yaml")
    assert problem.line == 20
