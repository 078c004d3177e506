"""What is done by hand on a real Pagure, every kind that it has: found, named with its cause, counted, healed, and then quiet."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from pagure.accounts import KEEPER
from test_pagure_live import Job

pytestmark = pytest.mark.live
SPACE = "centos"
POLICY = "version: 1\nguards: {max_removals: {default: 100%}}\n"
FILES = """
version: 1
policy: policy.yaml
forges:
  git.centos.org:
    type: pagure
    url: "@url@"
    token: env:SIGCTL_GIT_CENTOS_ORG_TOKEN
    repo: "centos/{repo}"
    team: "sig-{team}"
    role: primary
    branch_rules: manual
    undeclared: {repos: report, teams: ignore, members: ignore}
people:
  alice: {logins: {git.centos.org: alice}}
  member1: {logins: {git.centos.org: member1}}
  member2: {logins: {git.centos.org: member2}}
defaults: {repo: {issues: false, archived: false}, releases: ["7"]}
sigs:
  watch:
    teams: {hands: {members: [alice, member1]}, eyes: {members: [member2]}}
    repos:
      taken: {access: {hands: write, eyes: triage, "person:alice": write}}
      raised: {access: {hands: write, eyes: triage, "person:alice": triage}}
      lowered: {access: {hands: write, "person:alice": admin}}
      given: {description: given, access: {hands: write}}
      fenced:
        access: {hands: write, "person:member2": write}
        branches:
          - {pattern: "c{release}-sig-watch", own: true, push: [hands]}
          - {pattern: "c{release}-two", own: true, push: ["person:member2"]}
      switched: {description: declared, access: {hands: write}}
      shut: {access: {hands: write}}
      handed: {access: {hands: write}}
      hidden: {access: {hands: write}}
      filled: {default_branch: c7, upstream: {url: "https://example.org/filled.git", mode: follow}, access: {hands: write}}
"""


@dataclass
class Tampered:
    """One thing done by hand: what it is found as."""

    kind: str
    key: str
    cause: str = "forge"
    by_hand: bool = False
    """Whether only an admin can undo it: the API has no way."""


@pytest.fixture
def watched(pagure: Any, token: str, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> Job:
    """The files applied, with what the server's admin has to do done."""
    server, reached = pagure
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "sigs.yaml").write_text(FILES.replace("@url@", reached.url))
    (folder / "policy.yaml").write_text(POLICY)
    source = tmp_path / "upstream/example.org/filled.git"
    source.mkdir(parents=True)
    git(source, "init", "-q", "-b", "c7")
    git(source, "commit", "-q", "--allow-empty", "-m", "first")
    git(source, "branch", "c8s")
    monkeypatch.setenv("SIGCTL_GIT_CENTOS_ORG_TOKEN", token)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return Watched(folder, server, reached, capsys)


class Watched(Job):
    """The same job, for a SIG with a history that comes from a folder."""

    def run(self, *arguments: str, code: int = 0) -> str:
        rewrite = [f"--rewrite=https://=file://{self.folder.parent}/upstream/"]
        return super().run(
            *arguments, *(rewrite if arguments[0] in ("plan", "apply", "drift") else []), code=code
        )


def git(folder: Path, *arguments: str) -> str:
    env = {
        "PATH": os.environ["PATH"],
        "GIT_CONFIG_GLOBAL": os.devnull,
        "HOME": str(folder),
        "GIT_TERMINAL_PROMPT": "0",
    }
    who = ["-c", "user.name=t", "-c", "user.email=t@example.test"]
    done = subprocess.run(
        ["git", *who, "-C", str(folder), *arguments], env=env, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def hand_over(job: Job, login: str) -> None:
    """Give a project another owner: who was it can't take it back."""
    done = requests.patch(
        f"{job.reached.url}/api/0/{SPACE}/handed",
        headers={"Authorization": f"token {job.reached.token}"},
        data={"main_admin": login},
        timeout=60,
    )
    assert done.ok, done.text


def tamper(job: Job, token: str) -> list[Tampered]:
    """Do by hand whatever can be done on a Pagure, as the server's admin or as anybody whom it lets."""
    admin = job.reached.token
    found: list[Tampered] = []

    def right(repo: str, kind: str, name: str, level: str, *, done: bool = True) -> None:
        form = {"user_type": kind, "name": name} | ({"acl": level} if level else {})
        answer = job.api(f"/{SPACE}/{repo}/git/modifyacls", admin, **form)
        assert answer.ok, answer.text
        subject = {"user": "person", "group": "team"}[kind]
        if done:
            found.append(Tampered("grant", f"repo:{SPACE}/{repo}:{subject}:{name}"))

    right("given", "user", "outsider", "commit")  # somebody was let in
    right("given", "group", "sig-eyes", "ticket")  # a group was
    right("taken", "user", "alice", "")  # somebody was shut out
    right("taken", "group", "sig-eyes", "")  # a group was
    right("raised", "user", "alice", "admin")
    right("raised", "group", "sig-eyes", "commit")
    right("lowered", "user", "alice", "ticket")
    right("lowered", "group", "sig-hands", "ticket")

    def fenced(kind: str, name: str, patterns: str, *, by_hand: bool) -> None:
        job.server.ctl(f"patterns {SPACE}/fenced {kind} {name} {KEEPER} {patterns}")
        subject = {"user": "person", "group": "team"}[kind]
        found.append(Tampered("grant", f"repo:{SPACE}/fenced:{subject}:{name}", by_hand=by_hand))

    fenced("group", "sig-hands", "c7-sig-watch,c7-sig-watch-*,c8s", by_hand=True)  # more branches
    fenced("user", "member2", "c7-two", by_hand=True)  # fewer branches
    fenced("user", "outsider", "c7-sig-watch*", by_hand=False)  # some branches for somebody new

    for path, name in (("add", "outsider"), ("remove", "alice")):
        answer = job.api(f"/group/sig-hands/{path}", admin, user=name)
        assert answer.ok, answer.text
        found.append(Tampered("team_member", f"sig-hands:{name}"))

    def repo(name: str, path: str, *, by_hand: bool = False, **form: str) -> None:
        answer = job.api(f"/{SPACE}/{name}{path}", admin, **form)
        assert answer.ok, answer.text
        found.append(Tampered("repo", f"{SPACE}/{name}", by_hand=by_hand))

    repo("switched", "/options/update", issue_tracker="true")
    repo("shut", "/options/update", pull_request_access_only="true", pull_requests="false")
    repo("filled", "/git/branches", branch_name="c8s")  # another default branch
    job.server.ctl(f"describe {SPACE}/given mine")
    found.append(Tampered("repo", f"{SPACE}/given", by_hand=True))
    hand_over(job, "outsider")
    found.append(Tampered("grant", f"repo:{SPACE}/handed:person:outsider", by_hand=True))
    answer = job.api("/new", admin, name="stray", namespace=SPACE, description="stray", wait="true")
    assert answer.ok, answer.text
    found.append(Tampered("repo", f"{SPACE}/stray", "undeclared", by_hand=True))
    work = job.folder.parent / "work"
    work.mkdir()
    git(work, "init", "-q")
    url = job.reached.url.replace("://", f"://{KEEPER}:{token}@")
    git(work, "push", "-q", "--delete", f"{url}/{SPACE}/filled.git", "refs/heads/c7")
    found.append(Tampered("history", f"{SPACE}/filled", "mirror"))
    return found


def entries(said: str) -> dict[tuple[str, str], Any]:
    return {(one["kind"], one["key"]): one for one in json.loads(said)["drift"]["entries"]}


def figures(file: Path) -> dict[str, float]:
    lines = [line for line in file.read_text().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def undo(job: Job, plan: Any) -> None:
    """Do as an admin what sigctl said that only an admin can."""
    job.do_by_hand(plan)
    hand_over(job, KEEPER)
    job.server.ctl(f"describe {SPACE}/given given")
    made = job.api(f"/{SPACE}/stray/token/new", job.reached.token, description="t", acls="modify_project")
    gone = job.api(f"/{SPACE}/stray/delete", made.json()["token"]["id"])
    assert gone.ok, gone.text


@pytest.mark.timeout(1500)
def test_every_kind_of_tampering_is_found_named_counted_healed_and_then_quiet(
    watched: Job, token: str
) -> None:
    job = watched
    job.run("apply", "--yes", code=1)
    job.do_by_hand(job.plan())
    job.run("apply", "--yes")
    job.run("drift")

    made = tamper(job, token)
    names = {(one.kind, one.key) for one in made}
    assert len(names) == len(made) >= 20, "each is one difference of its own"
    metrics = job.folder.parent / "sigctl.prom"
    seen = entries(job.run("drift", "--format", "json", "--metrics", str(metrics), code=2))
    assert set(seen) == names
    for one in made:
        found = seen[one.kind, one.key]
        assert found["cause"]["why"] == one.cause, found
        if one.cause == "forge":
            assert "this forge keeps no log that tells who did it" in found["cause"]["text"]
    counted = Counter(one.kind for one in made if one.cause != "undeclared")
    told = figures(metrics)
    assert {
        kind: told[f'sigctl_drift{{forge="git.centos.org",kind="{kind}",sig="watch"}}'] for kind in counted
    } == counted
    assert told["sigctl_drift_fresh"] == len(made)
    again = json.loads(job.run("drift", "--format", "json", code=2))
    assert again["drift"]["fresh"] == [], "nothing is news twice"

    refused = job.run("apply", "--yes", code=1)
    plan = job.plan()
    left = {(one["kind"], one["key"]) for one in plan["actions"]}
    by_hand = {(one.kind, one.key) for one in made if one.by_hand and one.cause == "forge"}
    assert by_hand <= left, refused
    assert len(left - by_hand) == refused.count("  skipped:"), (
        "all else is done, but for what waits for these"
    )
    undo(job, plan)
    job.run("apply", "--yes")
    healed = json.loads(job.run("drift", "--format", "json"))["drift"]
    assert healed["entries"] == []
    quiet = json.loads(job.run("drift", "--format", "json"))["drift"]
    assert (quiet["fresh"], quiet["resolved"], quiet["entries"]) == ([], [], [])
