"""Where a value comes from."""

from __future__ import annotations

from pathlib import Path

import pytest
from spec_world import TODAY, written

from sigctl.errors import UsageError
from sigctl.spec import Config, read
from sigctl.spec.explain import explain

MAIN = """\
version: 1
include: [sigs.d/*.yaml]
forges:
  git.example.org:
    {type: gitlab, url: "https://git.example.org", token: env:T, repo: "p/{sig}/{repo}", team: "p/{sig}/groups/{team}"}
people:
  lead: {logins: {git.example.org: lead}}
defaults:
  repo:
    visibility: public
    merge: {squash: false}
"""
SIG = """\
sig: virt
chairs: [lead]
defaults:
  visibility: internal
projects:
  docker:
    defaults: {visibility: private}
    repos:
      docker: {merge: {squash: true}}
repos:
  xen:
    wiki: true
  libsigc.2: {}
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    written(tmp_path)
    (tmp_path / "sigs.yaml").write_text(MAIN)
    (tmp_path / "sigs.d" / "virt.yaml").write_text(SIG)
    monkeypatch.chdir(tmp_path)
    return read(Path("sigs.yaml"), ["forges.git.example.org.jobs=3"], today=TODAY)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("virt/xen.visibility", "sigs.d/virt.yaml:4:15: virt/xen.visibility = internal (from the defaults of sig virt)"),
        ("sigs.virt.repos.xen.visibility", "sigs.d/virt.yaml:4:15: virt/xen.visibility = internal (from the defaults of sig virt)"),
        ("virt/xen.merge.squash", "sigs.yaml:11:21: virt/xen.merge.squash = false (from the defaults of all)"),
        ("virt/xen.wiki", "sigs.d/virt.yaml:12:11: virt/xen.wiki = true (written here)"),
        ("virt/xen.issues", "virt/xen.issues = nothing (written nowhere: what the forge has stays)"),
        ("virt/docker.visibility", "sigs.d/virt.yaml:7:28: virt/docker.visibility = private (from the defaults of project docker)"),
        ("virt/docker.merge.squash", "sigs.d/virt.yaml:9:32: virt/docker.merge.squash = true (written here)"),
        ("virt/libsigc.2.visibility", "sigs.d/virt.yaml:4:15: virt/libsigc.2.visibility = internal (from the defaults of sig virt)"),
        ("forges.git.example.org.role", "forges.git.example.org.role = primary (not written: what holds unless it is)"),
        ("forges.git.example.org.jobs", "forges.git.example.org.jobs = 3 (set by --set)"),
        ("forges.git.example.org.url", "sigs.yaml:5:25: forges.git.example.org.url = https://git.example.org (written here)"),
        ("people.lead.logins.git.example.org.login", "sigs.yaml:7:36: people.lead.logins.git.example.org.login = lead (written here)"),
        ("sigs.virt.chairs[0].person", "sigs.d/virt.yaml:2:10: sigs.virt.chairs[0].person = lead (written here)"),
        ("policy.guards.keep_self", "policy.guards.keep_self = true (not written: what holds unless it is)"),
    ],
)  # fmt: skip
def test_a_value_is_shown_with_its_place(config: Config, path: str, says: str) -> None:
    assert [str(origin) for origin in explain(config, path)] == [says]


def test_what_is_overridden_is_shown_too_the_nearest_first(config: Config) -> None:
    (origin,) = explain(config, "virt/docker.visibility")
    assert [(one.value, one.line) for one in origin.overrides] == [("internal", 4), ("public", 10)]


def test_a_whole_repository_shows_all_its_settings(config: Config) -> None:
    assert [origin.path for origin in explain(config, "virt/xen")] == [
        "virt/xen.visibility",
        "virt/xen.wiki",
        "virt/xen.merge.squash",
    ]


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("virt/xne", "did you mean `xen`?"),
        ("virt/xen.visibilty", "did you mean `visibility`?"),
        ("forges.git.example.com", "known there: git.example.org"),
        ("peopl", "did you mean `people`?"),
        ("version.x", "it has no parts"),
    ],
)
def test_a_path_that_there_is_not_gets_the_nearest(config: Config, path: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        explain(config, path)
    assert caught.value.hint == hint
