"""The main job on a real Pagure, through the command line: the Virt SIG, with what only the server's admin can do."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from pagure.accounts import KEEPER

from sigctl import cli

pytestmark = pytest.mark.live
CONFIG = Path(__file__).resolve().parents[2] / "config/pagure"
ACCOUNTS = ("euanh", "gwd", "hughesjr", "jonludlam", "kbsingh", "lars_kurth", "pasik")
FORGE = "git.centos.org"


@dataclass
class Job:
    """The config of git.centos.org as it is today, for this server, and the command line."""

    folder: Path
    server: Any
    reached: Any
    capsys: Any

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run a command that must end with this code, and return what it prints."""
        self.capsys.readouterr()
        shared = ["--config", str(self.folder / "sigs.yaml")]
        if arguments[0] in ("plan", "apply", "drift"):
            shared += ["--cache", str(self.folder / "cache")]
        ended = cli.run([arguments[0], *shared, *arguments[1:]])
        said = self.capsys.readouterr()
        assert "Traceback" not in said.err
        assert ended == code, said.out + said.err
        return str(said.out)

    def plan(self) -> Any:
        """Return the plan as data."""
        return json.loads(self.run("plan", "--format", "json"))

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text in one of the files; it must be there."""
        file = self.folder / name
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")

    def do_by_hand(self, plan: Any) -> None:
        """Do as the server's admin what the plan says somebody else must do: nothing but its own words is used."""
        commands = []
        for note in plan["notes"]:
            told = note["text"].partition("`")[2].partition("`")[0]
            if note["topic"] == "by hand" and told.startswith("pagure-admin "):
                self.server.admin(*shlex.split(told)[1:], answers="y\n")
            elif note["topic"] == "by hand":
                kind, name = note["text"].partition(" as collaborator")[0].rpartition(": ")[2].split(":")
                word = {"team": "group", "person": "user"}[kind]
                commands.append(f"patterns {note['subject']} {word} {name} {KEEPER} {told}")
        self.server.ctl(*commands)

    def api(self, path: str, token: str, **form: str) -> requests.Response:
        """Ask the server, past sigctl."""
        headers = {"Authorization": f"token {token}"}
        return requests.post(f"{self.reached.url}/api/0{path}", headers=headers, data=form, timeout=60)


@pytest.fixture
def job(pagure: Any, token: str, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> Job:
    server, reached = pagure
    server.ctl(*(f"user {name}" for name in ACCOUNTS))
    folder = tmp_path / "config"
    shutil.copytree(CONFIG, folder)
    for sig in ("cloud", "cloudinstance"):
        (folder / "sigs.d" / f"{sig}.yaml").unlink()
    found = Job(folder, server, reached, capsys)
    text = (folder / "sigs.yaml").read_text(encoding="utf-8")
    start, end = text.index("    # pushes come in by ssh"), text.index("    # who may push which branch")
    (folder / "sigs.yaml").write_text(text[:start] + text[end:], encoding="utf-8")
    found.edit("sigs.yaml", "url: https://git.centos.org\n", f"url: {reached.url}\n")
    found.edit("sigs.d/core.yaml", "[virt, cloud, cloudinstance]", "[virt]")
    found.edit("sigs.yaml", "branch_rules: computed", "branch_rules: manual")
    found.edit("sigs.yaml", "people:\n", "people:\n  alice: {logins: {git.centos.org: alice}}\n")
    found.edit("sigs.d/virt.yaml", "members: [gwd", "members: [alice, gwd")
    monkeypatch.setenv("SIGCTL_GIT_CENTOS_ORG_TOKEN", token)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return found


@pytest.fixture
def push(tmp_path: Path, pagure: Any) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Push a new commit to a branch of rpms/xen as somebody, with plain git."""
    work = tmp_path / "work"
    env = {
        "PATH": os.environ["PATH"],
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "HOME": str(tmp_path),
    }

    def git(*arguments: str) -> subprocess.CompletedProcess[str]:
        who = ["-c", "user.name=t", "-c", "user.email=t@example.test"]
        return subprocess.run(
            ["git", *who, *arguments], cwd=work, env=env, text=True, capture_output=True, check=False
        )

    work.mkdir()
    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "first")

    def pushed(who: str, token: str, ref: str) -> subprocess.CompletedProcess[str]:
        git("commit", "-q", "--allow-empty", "-m", f"for {ref}")
        url = pagure[1].url.replace("://", f"://{who}:{token}@")
        return git("push", f"{url}/rpms/xen.git", f"HEAD:refs/heads/{ref}")

    return pushed


@pytest.mark.timeout(400)
def test_the_virt_sig_on_git_centos_org(job: Job, push: Any, token: str) -> None:
    first = job.plan()
    assert {note["subject"] for note in first["notes"] if note["topic"] == "by hand"} >= {
        "sig-virt",
        "sig-release",
        "rpms/xen",
    }
    said = job.run("apply", "--yes", code=1)
    assert "pagure-admin new-group sig-virt" in said, "groups are the admin's, and he is told how"
    left = {(a["verb"], a["kind"]) for a in job.plan()["actions"]}
    assert ("create", "repo") not in left, "the rest went on"

    job.do_by_hand(job.plan())
    job.run("apply", "--yes")
    assert job.plan()["actions"] == []
    assert "nothing to change" in job.run("plan", "--detailed-exitcode")

    assert push(KEEPER, token, "c7").returncode == 0
    alice = job.server.ctl("token alice user")[0].split()[2]
    assert push("alice", alice, "c7-sig-virt-xen-410").returncode == 0
    for branch in ("c7-sig-virtual-x", "c7"):
        refused = push("alice", alice, branch)
        assert refused.returncode != 0
        assert f"Denied push for ref 'refs/heads/{branch}'" in refused.stderr
    outsider = job.server.ctl("token outsider user")[0].split()[2]
    assert "Denied push" in push("outsider", outsider, "c7-sig-virt-x").stderr
    assert job.plan()["actions"] == [], (
        "the default branch is the one that the empty repository was made with"
    )

    make_drift(job, outsider)
    drift = job.plan()
    assert {(a["verb"], a["key"]) for a in drift["actions"]} == {
        ("delete", "repo:rpms/xen:person:outsider"),
        ("update", "rpms/xen"),
        ("update", "rpms/kernel"),
        ("create", "sig-virt:alice"),
    }
    told = job.run("drift", code=2)
    assert told.count("somebody changed it on the forge since") == 4
    assert told.count("this forge keeps no log that tells who did it") == 4
    assert json.loads(job.run("drift", "--format", "json", code=2))["drift"]["fresh"] == [], (
        "nothing is news twice"
    )
    job.run("apply", "--yes")
    ended = json.loads(job.run("drift", "--format", "json"))["drift"]["resolved"]
    assert {one["by"].partition(" by ")[0] for one in ended} == {"applied"}
    assert job.plan()["actions"] == []

    job.edit("sigs.yaml", "branch_rules: manual", "branch_rules: computed")
    verified = [note["text"] for note in job.plan()["notes"] if note["topic"] == "computed"]
    assert len(verified) == 1, verified
    asked, good = (int(word) for word in verified[0].replace(",", " ").split() if word.isdigit())
    assert asked == good > 10
    job.server.ctl(f"patterns rpms/xen group sig-virt {KEEPER} c7-sig-virt*,c8s")
    told = [
        note["text"]
        for note in job.plan()["notes"]
        if note["topic"] == "computed" and note["subject"] == "rpms/xen"
    ]
    assert "may push c8s" in told[0]
    assert "may not push c8s-sig-virt" in told[0]


def make_drift(job: Job, outsider: str) -> None:
    """Change by hand what nobody declared: as the server's admin, and through the holes that the server has."""
    admin = job.reached.token
    given = job.api("/rpms/xen/git/modifyacls", admin, user_type="user", name="outsider", acl="commit")
    assert given.ok, given.text
    opened = job.api("/rpms/xen/options/update", outsider, issue_tracker="true")
    assert opened.ok, "anybody may change the options of any project: so drift can come from anywhere"
    shut = job.api("/rpms/kernel/options/update", admin, pull_request_access_only="true")
    assert shut.ok, shut.text
    gone = job.api("/group/sig-virt/remove", admin, user="alice")
    assert gone.ok, gone.text


TWO_ENDS = """
version: 1
include: [virt.yaml]
forges:
  first: {type: pagure, url: "@url@", token: env:SIGCTL_TOKEN, repo: "rpms/m-{repo}", team: "sig-{team}", role: primary}
  second:
    type: pagure
    url: "@url@"
    token: env:SIGCTL_TOKEN
    ssh: {url: "@ssh@", key: "file:@key@", known_hosts: "file:@hosts@"}
    repo: "modules/m-{repo}"
    team: "sig-{team}"
    role: replica
"""
VIRT = """
sig: virt
repos:
  xen: {upstream: {url: "https://example.org/xen.git", mode: follow}, default_branch: xen-412}
"""


@pytest.fixture
def way_in(pagure: Any, token: str, ssh: tuple[Path, Path]) -> tuple[Any, str, tuple[Path, Path]]:
    """Everything that lets the keeper in."""
    return pagure, token, ssh


@pytest.mark.timeout(300)
def test_histories_go_to_pagure_over_http_and_from_there_over_ssh(way_in, tmp_path, capsys, monkeypatch):
    pagure, token, (key, hosts) = way_in
    text = TWO_ENDS
    for name, value in {"url": pagure[1].url, "ssh": pagure[1].ssh_url, "key": key, "hosts": hosts}.items():
        text = text.replace(f"@{name}@", str(value))
    (tmp_path / "sigs.yaml").write_text(text)
    (tmp_path / "virt.yaml").write_text(VIRT)
    source = tmp_path / "upstream/example.org/xen.git"
    env = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "HOME": str(tmp_path)}
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.test", "-C", str(source)]
    source.mkdir(parents=True)
    for command in (["init", "-q", "-b", "xen-412"], ["commit", "-q", "--allow-empty", "-m", "first"]):
        subprocess.run([*git, *command], check=True, env=env)
    monkeypatch.setenv("SIGCTL_TOKEN", token)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    shared = ["--config", str(tmp_path / "sigs.yaml"), "--cache", str(tmp_path / "cache")]
    shared += ["--rewrite", f"https://=file://{tmp_path}/upstream/"]

    assert cli.run(["apply", *shared, "--yes"]) == 0, capsys.readouterr()
    assert cli.run(["plan", *shared, "--detailed-exitcode"]) == 0, capsys.readouterr()
    tip = subprocess.run(
        [*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True, env=env
    ).stdout
    for path in ("rpms/m-xen", "modules/m-xen"):
        seen = subprocess.run(
            [*git, "ls-remote", f"{pagure[1].url}/{path}.git", "xen-412"],
            capture_output=True,
            text=True,
            check=True,
            env=env,
        )
        assert seen.stdout.startswith(tip.strip())
    assert token not in "".join(capsys.readouterr())

    hosts.write_text(hosts.read_text().replace("[127.0.0.1]", "[127.0.0.2]"))
    assert cli.run(["mirror", *shared, "--check"]) != 0
    said = "".join(capsys.readouterr())
    assert "second:modules/m-xen" in said
    assert f"is not in `{hosts}`" in said, "a server whose key is not known is not spoken to"
