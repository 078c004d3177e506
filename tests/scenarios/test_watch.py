"""Drift as a service: what somebody does by hand is found, named with its cause, told once, and healed or adopted."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
from typing import Any

import pytest
import requests
import upstreams
from scenario_world import LOGINS, ORGS, ROOT, World

from sigctl.sandbox import control
from sigctl.watch.store import read_history

KNOBS = {"github_enterprise": 1, "gitlab_premium": 1}


@pytest.fixture
def watched(tmp_path, capsys, monkeypatch):
    """A sandbox of paid forges, which tell who did what, with the real config applied from a git checkout."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    exchanges: list[Any] = []
    with control.running(
        tmp_path / "forges", logins=LOGINS, orgs=ORGS, observer=exchanges.append, knobs=KNOBS
    ) as sandbox:
        document = sandbox.document()["forges"]
        monkeypatch.setenv("SIGCTL_GITHUB_TOKEN", document["github"]["token"])
        monkeypatch.setenv("SIGCTL_GIT_CENTOS_ORG_TOKEN", document["gitlab"]["token"])
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
        world = World(tmp_path, sandbox, capsys, exchanges)
        git(world, "init", "-q", "-b", "main")
        commit(world, "Begin")
        world.ok("apply", "--yes")
        accept(world)
        world.ok("apply", "--yes")
        yield world


def git(world: World, *arguments: str) -> str:
    command = ["git", "-c", "user.name=member1", "-c", "user.email=member1@example.org", *arguments]
    return subprocess.run(
        command, cwd=world.folder / "config", check=True, capture_output=True, text=True
    ).stdout


def commit(world: World, subject: str) -> str:
    git(world, "add", "-A")
    git(world, "commit", "-q", "-m", subject)
    return git(world, "rev-parse", "HEAD").strip()


def accept(world: World) -> None:
    """Let everyone accept the invitation to the org."""
    for login in ("kbsingh", "hughesjr", "gwd", "jonludlam", "pasik", "euanh"):
        github(world, login, "PATCH", "/user/memberships/orgs/CentOS", {"state": "active"}, ok=(200, 404))


def github(
    world: World, login: str, verb: str, path: str, body: Any = None, *, ok: Any = (200, 201, 204)
) -> Any:
    document = world.sandbox.document()
    answer = requests.request(
        verb,
        f"{document['forges']['github']['url']}/api/v3{path}",
        json=body,
        headers={"Authorization": f"Bearer {document['users'][login]['token']}"},
        timeout=30,
    )
    assert answer.status_code in ok, answer.text
    return answer.json() if answer.content else None


def gitlab(world: World, login: str, verb: str, path: str, body: Any = None) -> Any:
    document = world.sandbox.document()
    answer = requests.request(
        verb,
        f"{document['forges']['gitlab']['url']}/api/v4{path}",
        json=body,
        headers={"PRIVATE-TOKEN": document["users"][login]["token"]},
        timeout=30,
    )
    assert answer.ok, answer.text
    return answer.json() if answer.content else None


def give(world: World) -> None:
    """Make somebody an admin of the GitLab server, who is not the account that sigctl acts as."""
    users = world.sandbox.forges["gitlab"].world.users
    users.save(users.one("username", "kbsingh"), admin=True)


SEABIOS, XEN = "CentOS/sig-virt-xen-seabios", "CentOS/sig-virt-xen"
TEAM = "/orgs/CentOS/teams/sig-virt-contributors"


def tamper(world: World) -> dict[tuple[str, str, str], str]:
    """Do fifteen things by hand; return the differences that this makes, with the cause of each."""
    give(world)
    hand: list[tuple[str, str, str]] = []

    def on_github(verb: str, path: str, body: Any, kind: str, key: str) -> None:
        github(world, "kbsingh", verb, path, body, ok=(200, 201, 204))
        hand.append(("github", kind, key))

    def on_gitlab(verb: str, path: str, body: Any, kind: str, key: str) -> None:
        gitlab(world, "kbsingh", verb, path, body)
        hand.append(("git.centos.org", kind, key))

    on_github(
        "PUT",
        f"{TEAM}/repos/{SEABIOS}",
        {"permission": "admin"},
        "grant",
        f"repo:{SEABIOS}:team:CentOS/sig-virt-contributors",
    )
    on_github(
        "PUT",
        f"/repos/{XEN}/collaborators/outsider",
        {"permission": "push"},
        "grant",
        f"repo:{XEN}:person:outsider",
    )
    for one in github(world, "outsider", "GET", "/user/repository_invitations"):
        github(world, "outsider", "PATCH", f"/user/repository_invitations/{one['id']}")
    on_github(
        "PUT",
        f"{TEAM}/memberships/kbsingh",
        {"role": "member"},
        "team_member",
        "CentOS/sig-virt-contributors:kbsingh",
    )
    on_github(
        "DELETE", f"{TEAM}/memberships/pasik", None, "team_member", "CentOS/sig-virt-contributors:pasik"
    )
    on_github("PATCH", f"/repos/{SEABIOS}", {"visibility": "private"}, "repo", SEABIOS)
    on_github("PATCH", f"/repos/{XEN}", {"description": "mine"}, "repo", XEN)
    on_github(
        "PATCH", "/repos/CentOS/sig-virt-xen-kernel", {"archived": True}, "repo", "CentOS/sig-virt-xen-kernel"
    )
    on_github("PATCH", "/orgs/CentOS", {"default_repository_permission": "write"}, "org", "CentOS")
    on_github("POST", "/orgs/CentOS/repos", {"name": "by-hand"}, "repo", "CentOS/by-hand")
    on_github("POST", "/orgs/CentOS/teams", {"name": "by-hand"}, "team", "CentOS/by-hand")
    virt = "project%2Fsig-virt"
    number = gitlab(world, "kbsingh", "GET", "/users?username=outsider")[0]["id"]
    body = {"user_id": number, "access_level": 30}
    on_gitlab(
        "POST",
        f"/groups/{virt}%2Fgroups%2Fcontributors/members",
        body,
        "team_member",
        "project/sig-virt/groups/contributors:outsider",
    )
    on_gitlab(
        "POST", f"/projects/{virt}%2Fxen/members", body, "grant", "repo:project/sig-virt/xen:person:outsider"
    )
    on_gitlab(
        "PUT",
        f"/projects/{virt}%2Fxen-seabios",
        {"description": "mine"},
        "repo",
        "project/sig-virt/xen-seabios",
    )
    on_gitlab("PUT", f"/projects/{virt}%2Ft_xen", {"visibility": "private"}, "repo", "project/sig-virt/t_xen")
    on_gitlab("POST", f"/projects/{virt}%2Fxen-libvirt/archive", {}, "repo", "project/sig-virt/xen-libvirt")
    found = dict.fromkeys(hand, "forge")
    for name in (("github", "repo", "CentOS/by-hand"), ("github", "team", "CentOS/by-hand")):
        found[name] = "undeclared"
    return found


def found(world: World) -> dict[tuple[str, str, str], Any]:
    return {
        one.name: one for one in read_history(world.folder / "state" / "sigctl" / "drift") if not one.resolved
    }


def figures(file: Any) -> dict[str, float]:
    lines = file.read_text().splitlines()
    return {
        line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")
    }


def issues(world: World) -> list[Any]:
    return list(world.sandbox.forges["gitlab"].store.collection("issues"))


def test_what_is_done_by_hand_is_found_named_told_once_and_ends(watched):
    policy = watched.config.parent / "policy.yaml"
    policy.write_text(
        policy.read_text()
        + "\ndrift:\n  modes:\n    default: {grants: revert}\n    github: {members: {grace: {days: 7}}}\n"
        + "  tickets: {forge: git.centos.org, repo: project/sig-core/kernel}\n"
    )
    commit(watched, "Keep tickets")
    watched.ok("drift", "--issue")
    made = tamper(watched)
    assert len(made) == 15
    metrics = watched.folder / "sigctl.prom"
    told = watched.ok("drift", "--issue", "--metrics", str(metrics), code=2)

    entries = found(watched)
    for name, why in made.items():
        assert entries[name].cause.why == why, entries[name]
        assert entries[name].cause.who == "kbsingh", entries[name]
        assert entries[name].cause.when
    drift = [one for one in entries.values() if one.weight == "drift"]
    assert set(made) <= set(entries)

    seen = figures(metrics)
    assert sum(value for name, value in seen.items() if name.startswith("sigctl_drift{")) == len(drift)
    assert seen['sigctl_drift{forge="github",kind="grant",sig="virt"}'] == 2
    assert seen['sigctl_drift_causes{why="forge"}'] == len(drift)
    assert seen['sigctl_forge_read{forge="github"}'] == 1
    assert seen['sigctl_requests{forge="github"}'] > 5
    assert seen["sigctl_run_seconds"] > 0

    assert len(re.findall("ticket opened", told.err)) == 2, told.err
    titles = sorted(one["title"] for one in issues(watched))
    assert [title.partition(": ")[2].partition(": ")[0] for title in titles] == [
        "SIG virt",
        "what belongs to no SIG",
    ]

    before = len([e for e in watched.exchanges if e.method not in ("GET", "HEAD") and "/issues" in e.path])
    quiet = watched.ok("drift", "--issue", "--format", "json", code=2)
    assert quiet.json["drift"]["fresh"] == []
    assert "ticket" not in quiet.err
    assert (
        len([e for e in watched.exchanges if e.method not in ("GET", "HEAD") and "/issues" in e.path])
        == before
    )

    waiting = watched.ok("drift", "--mode", "revert", "--issue", code=2)
    assert "is taken back on" in waiting.out, "members have their grace"
    left = found(watched)
    assert not [name for name in left if name[1] == "grant"], "grants are taken back at once"
    assert ("github", "team_member", "CentOS/sig-virt-contributors:kbsingh") in left
    ended = [one for one in read_history(watched.folder / "state" / "sigctl" / "drift") if one.resolved]
    assert {one.by.partition(" (")[0] for one in ended if one.kind == "grant"} == {"taken back by drift"}

    github(watched, "kbsingh", "DELETE", "/orgs/CentOS/teams/by-hand")
    watched.sandbox.forges["github"].store.collection("repos")
    seeded = github(watched, "sigctl-bot", "DELETE", "/repos/CentOS/by-hand")
    assert seeded is None
    watched.ok("apply", "--yes", "--allow", "publish=5", "--reason", "made private by hand")
    clean = watched.ok("drift", "--issue")
    assert len(re.findall("ticket closed", clean.err)) == 2, clean.err
    assert {one["state"] for one in issues(watched)} == {"closed"}
    assert len(issues(watched)) == 2
    assert found(watched) == {}
    past = watched.ok("drift", "--since", "1d").out
    assert "undone on the forge" in past
    assert "applied by" in past


def rules(world: World, text: str) -> None:
    policy = world.config.parent / "policy.yaml"
    policy.write_text(policy.read_text() + f"\ndrift:\n{text}")


def raise_level(world: World) -> None:
    path = f"{TEAM}/repos/{SEABIOS}"
    github(world, "sigctl-bot", "PUT", path, {"permission": "admin"})


def test_grace_ends_after_its_days_and_only_in_a_run_that_may(settled, world):
    rules(world, "  mode: {grace: {days: 7}}\n")
    raise_level(world)
    world.ok("drift", "--mode", "revert", code=2)
    file = world.folder / "state" / "sigctl" / "drift" / "drift.sqlite3"
    with sqlite3.connect(file) as base:
        base.execute("UPDATE entry SET since = '2026-01-01T00:00:00.000+00:00'")
    base.close()
    wrote = len(world.writes())
    assert "is taken back by the next run that may" in world.ok("drift", code=2).out
    assert len(world.writes()) == wrote
    world.ok("drift", "--mode", "grace")
    assert found(world) == {}
    log = [
        json.loads(line)
        for line in (world.folder / "state" / "sigctl" / "audit.jsonl").read_text().splitlines()
    ]
    assert [one["reason"] for one in log if one["event"] == "begin"] == ["", "drift"]


def test_what_widens_is_not_taken_back_at_once_and_what_is_too_much_is_refused(settled, world):
    rules(world, "  mode: revert\n")
    github(world, "sigctl-bot", "PUT", f"{TEAM}/repos/{SEABIOS}", {"permission": "pull"})
    wrote = len(world.writes())
    world.ok("drift", "--mode", "revert", code=2)
    assert len(world.writes()) == wrote, "giving back is for people to decide"
    for login in ("outsider", "kbsingh", "hughesjr"):
        github(world, "sigctl-bot", "PUT", f"{TEAM}/memberships/{login}", {"role": "member"})
    world.edit("policy.yaml", "members: 5", "members: 1")
    refused = world.ok("drift", "--mode", "revert", code=3)
    assert "at most 1 may be" in refused.err
    assert len([one for one in found(world) if one[1] == "team_member"]) == 3


def test_a_token_that_may_only_read_takes_nothing_back_and_says_so(settled, world, monkeypatch):
    rules(world, "  mode: revert\n")
    raise_level(world)
    document = world.sandbox.document()["forges"]
    monkeypatch.setenv("SIGCTL_GITHUB_TOKEN", document["github"]["read_token"])
    result = world.ok("drift", "--mode", "revert", code=1)
    assert "failed" in result.err + result.out
    assert ("github", "grant", f"repo:{SEABIOS}:team:CentOS/sig-virt-contributors") in found(world)


def test_an_invitation_that_nobody_accepted_and_an_account_that_went_are_named(settled, world):
    world.sandbox.clock.advance(8 * 86_400)
    world.sandbox.forges["github"].rename_user("gwd", "somebodyelse")
    world.ok("drift", code=1)
    causes = {name: one.cause for name, one in found(world).items()}
    assert causes["github", "person", "pasik"].why == "invitation"
    assert causes["github", "person", "gwd"].why == "person"
    assert not [name for name in causes if name[0] == "github" and name[2].endswith(":gwd")], (
        "nothing is said of his rights"
    )


def test_a_forge_that_can_not_be_read_ends_nothing(settled, world, monkeypatch):
    raise_level(world)
    world.ok("drift", code=2)
    open_ = set(found(world))
    monkeypatch.setenv("SIGCTL_GITHUB_TOKEN", "wrong")
    metrics = world.folder / "m.prom"
    world.ok("drift", "--metrics", str(metrics), code=1)
    assert set(found(world)) == open_
    assert figures(metrics)['sigctl_forge_read{forge="github"}'] == 0
    assert figures(metrics)['sigctl_forge_read{forge="git.centos.org"}'] == 1


def test_a_history_that_is_behind_and_one_that_was_pushed_to_are_named(mirrored, world, sources):
    world.ok("apply", "--yes", mirror=True)
    upstreams.commit(sources, "github.com/CentOS-virt7/xen.git", "xen-412", "more")
    world.ok("drift", mirror=True, code=2)
    causes = {name[:2]: (one.cause.why, one.problem) for name, one in found(world).items()}
    assert causes["git.centos.org", "history"][0] == "mirror"
    assert "behind" in causes["git.centos.org", "history"][1]
    world.ok("mirror")
    world.ok("drift", mirror=True)
    assert found(world) == {}


def test_mail_goes_out_once_for_each_change(settled, world, tmp_path):
    rules(world, "  mail: {to: [admins@example.org], lists: true}\n")
    program = tmp_path / "sendmail"
    program.write_text(f"#!/bin/sh\ncat > $(mktemp {tmp_path}/mail.XXXXXX)\n")
    program.chmod(0o755)
    mail = ("--mail-from", "bot@example.org", "--sendmail", str(program))

    def sent() -> list[str]:
        every = [file.read_text() for file in tmp_path.glob("mail.*")]
        for file in tmp_path.glob("mail.*"):
            file.unlink()
        return sorted(every)

    world.ok("drift", *mail)
    assert sent() == []
    raise_level(world)
    world.ok("drift", *mail, code=2)
    told = sent()
    assert sorted(re.findall(r"^To: (.*)$", "\n".join(told), re.MULTILINE)) == [
        "admins@example.org",
        "centos-virt@centos.org",
    ]
    assert all("sig-virt-xen-seabios" in one for one in told)
    world.ok("drift", *mail, code=2)
    assert sent() == []
    world.ok("apply", "--yes")
    world.ok("drift", *mail)
    assert len([one for one in sent() if "no drift any more" in one]) == 2
    assert "how is it mailed" in world.ok("drift", "--mail-from", "bot@example.org", code=1).err
