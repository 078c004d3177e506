"""`sigctl adopt`: what forges hold becomes files whose plan is empty; what was done by hand becomes a change of the files."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
import yaml

from sigctl import cli

SEABIOS, XEN = "CentOS/sig-virt-xen-seabios", "CentOS/sig-virt-xen"
LIBVIRT = "CentOS/sig-virt-xen-libvirt"


def shared(world: Any) -> list[str]:
    document = world.sandbox.document()["forges"]
    return [
        "--set", f"forges.github.url={document['github']['url']}",
        "--set", f"forges.git.centos.org.url={document['gitlab']['url']}",
    ]  # fmt: skip


def github(world: Any, verb: str, path: str, body: Any = None) -> Any:
    forge = world.sandbox.document()["forges"]["github"]
    answer = requests.request(
        verb,
        f"{forge['url']}/api/v3{path}",
        json=body,
        headers={"Authorization": f"Bearer {forge['token']}"},
        timeout=30,
    )
    assert answer.ok, answer.text
    return answer.json() if answer.content else None


def test_what_was_applied_is_adopted_and_its_plan_is_empty(settled: Path, world: Any) -> None:
    github(world, "POST", "/orgs/CentOS/repos", {"name": "website", "description": "The site"})
    github(world, "POST", "/orgs/CentOS/repos", {"name": ".github"})
    target = world.folder / "adopted"
    wrote = len(world.writes())
    done = world.ok("adopt", *shared(world), "--dir", str(target), "--link-equal-logins")
    assert len(world.writes()) == wrote
    print(done.out, done.err)
    assert ".github" in done.err
    virt = yaml.safe_load((target / "sigs.d/virt.yaml").read_text())
    print((target / "sigs.d/virt.yaml").read_text(), (target / "sigs.yaml").read_text())
    assert virt["access"] == {"contributors": "write", "maintainers": "maintain"}
    assert set(virt["repos"]) == {
        "xen",
        "xen-2014",
        "t_xen",
        "xen-kernel",
        "xen-libvirt",
        "xen-seabios",
        "centos-release-xen",
    }
    assert virt["repos"]["xen-libvirt"]["access"] == {"contributors": "maintain"}
    assert virt["teams"]["maintainers"]["members"] == ["gwd", "hughesjr"]
    plan = world.ok("plan", "--config", str(target), "--detailed-exitcode", "--format", "json").json
    assert plan["actions"] == []
    assert plan["quarantined"] == []
    assert world.ok("fmt", "--config", str(target), "--check").out == ""
    assert "not empty" in world.ok("adopt", *shared(world), "--dir", str(target), code=1).err


def test_a_snapshot_is_enough_and_a_mapping_says_whose_a_thing_is(settled: Path, world: Any) -> None:
    github(world, "POST", "/orgs/CentOS/repos", {"name": "website"})
    github(world, "POST", "/orgs/CentOS/repos", {"name": "website-images"})
    snapshot = world.folder / "snapshot.json"
    world.ok("snapshot", "--out", str(snapshot))
    mapping = world.folder / "map.yaml"
    mapping.write_text(
        'sigs:\n  web: {repos: ["CentOS/website*"]}\npeople:\n  dunlap: {github: gwd, git.centos.org: gwd}\n'
    )
    target = world.folder / "adopted"
    asked = len(world.exchanges)
    world.ok(
        "adopt",
        "--snapshot",
        str(snapshot),
        "--map",
        str(mapping),
        "--forge",
        "github",
        "--dir",
        str(target),
        "--config",
        str(world.config),
    )
    assert len(world.exchanges) == asked, "no forge is asked"
    assert set(yaml.safe_load((target / "sigs.d/web.yaml").read_text())["repos"]) == {
        "website",
        "website-images",
    }
    assert (
        "dunlap"
        in yaml.safe_load((target / "sigs.d/virt.yaml").read_text())["teams"]["maintainers"]["members"]
    )
    world.capsys.readouterr()
    assert cli.run(["plan", "--config", str(target), "--snapshot", str(snapshot), "--format", "json"]) == 0
    assert json.loads(world.capsys.readouterr().out)["actions"] == []


def test_what_can_not_be_meant_is_said(world: Any, tmp_path: Path) -> None:
    assert "where to?" in world.ok("adopt", code=1).err
    assert (
        "a new forge needs"
        in world.ok("adopt", "--forge", "x", "--type", "github", "--dir", str(tmp_path / "x"), code=1).err
    )
    assert (
        "no forge `nowhere`"
        in world.ok("adopt", "--forge", "nowhere", "--dir", str(tmp_path / "x"), code=1).err
    )
    bad = tmp_path / "map.yaml"
    bad.write_text("sigs: [virt]\n")
    assert "is no mapping" in world.ok("adopt", "--map", str(bad), "--dir", str(tmp_path / "x"), code=1).err


def test_what_was_done_by_hand_becomes_a_change_of_the_files(settled: Path, world: Any) -> None:
    team = "/orgs/CentOS/teams/sig-virt-contributors"
    github(world, "PUT", f"{team}/repos/{SEABIOS}", {"permission": "admin"})
    github(world, "PUT", f"{team}/memberships/hughesjr", {"role": "member"})
    github(world, "DELETE", f"{team}/memberships/jonludlam")
    github(world, "PUT", f"{team}/memberships/outsider", {"role": "member"})
    github(
        world,
        "PATCH",
        "/repos/CentOS/sig-virt-xen-libvirt",
        {"description": "libvirt for Xen", "archived": True},
    )
    github(world, "PATCH", "/orgs/CentOS", {"members_can_create_repositories": True})
    before = world.ok("drift", "--format", "json", "--forge", "github", code=2).json["actions"]
    assert len(before) >= 7
    file = world.config.parent / "sigs.d/virt.yaml"
    was = file.read_text()
    shown = world.ok("adopt", *shared(world), "--drift", "--dry-run", "--forge", "github")
    assert file.read_text() == was
    assert "+      contributors: admin" in shown.out or "contributors: admin" in shown.out
    done = world.ok("adopt", *shared(world), "--drift", "--forge", "github")
    print(done.out, done.err)
    now = file.read_text()
    for comment in (
        "# on every repository of the SIG",
        "# the last day; afterwards",
        "# a person's own right, beside what the team has",
    ):
        assert comment in now
    virt = yaml.safe_load(now)
    assert virt["repos"]["xen-seabios"]["access"]["contributors"] == "admin"
    assert virt["repos"]["xen-libvirt"]["archived"] is True
    assert virt["repos"]["xen-libvirt"]["description"] == "libvirt for Xen"
    members = [
        one if isinstance(one, str) else one["person"] for one in virt["teams"]["contributors"]["members"]
    ]
    assert members == ["pasik", "euanh", "hughesjr", "outsider"]
    main = yaml.safe_load(world.config.read_text())
    assert main["people"]["outsider"]["logins"]["github"] == "outsider"
    assert main["forges"]["github"]["orgs"]["CentOS"]["members_create_repos"] is True
    world.ok("validate", "--config", str(world.config))
    assert world.ok("drift", "--format", "json", "--forge", "github").json["actions"] == []
    assert "default_branch: null" not in now
    assert "members_create_repos" in done.out


def public_key(number: int) -> str:
    blob = bytes([0, 0, 0, 11]) + b"ssh-ed25519" + bytes([0, 0, 0, 32, *range(number, number + 32)])
    return f"ssh-ed25519 {base64.b64encode(blob).decode()}"


def test_labels_deploy_keys_and_webhooks_are_adopted_without_any_secret(settled: Path, world: Any) -> None:
    github(world, "PATCH", "/orgs/CentOS", {"deploy_keys_enabled_for_repositories": True})
    hub, lab = f"/repos/{LIBVIRT}", f"/projects/{quote('project/sig-virt/xen-libvirt', safe='')}"
    both = {"color": "ff0000", "description": "To be mended"}
    for one in github(world, "GET", f"{hub}/labels?per_page=100"):
        github(world, "DELETE", f"{hub}/labels/{quote(one['name'])}")
    github(world, "POST", f"{hub}/labels", {"name": "bug", **both})
    gitlab(world, "POST", f"{lab}/labels", {"name": "bug", **both, "color": "#ff0000"})
    key = public_key(1)
    github(world, "POST", f"{hub}/keys", {"title": "builder", "key": key, "read_only": False})
    gitlab(world, "POST", f"{lab}/deploy_keys", {"title": "builder", "key": key, "can_push": True})
    address, secret = "https://ci.example.org/hooks", "not to be written down"
    config = {"url": address, "content_type": "json", "secret": secret}
    github(world, "POST", f"{hub}/hooks", {"config": config, "events": ["push", "release"]})
    events = {"push_events": True, "releases_events": True, "enable_ssl_verification": True}
    gitlab(world, "POST", f"{lab}/hooks", {"url": address, "token": secret, **events})
    chat = "https://chat.example.org/services/T0123456789ABCDEFGH"
    github(world, "POST", f"/repos/{SEABIOS}/hooks", {"config": {"url": chat}, "events": ["push"]})
    github(
        world,
        "POST",
        "/orgs/CentOS/hooks",
        {"name": "web", "config": {"url": f"{address}/org"}, "events": ["member"]},
    )
    target = world.folder / "adopted"
    done = world.ok("adopt", *shared(world), "--dir", str(target), "--link-equal-logins")

    written = "".join(file.read_text() for file in target.rglob("*.yaml"))
    assert secret not in written + done.out + done.err
    assert chat not in written + done.out + done.err
    assert "secret:" not in written
    libvirt = yaml.safe_load((target / "sigs.d/virt.yaml").read_text())["repos"]["xen-libvirt"]
    assert libvirt["labels"] == {"bug": {"color": "ff0000", "description": "To be mended"}}
    assert libvirt["deploy_keys"] == {"builder": {"key": key, "write": True}}
    assert libvirt["webhooks"] == {"ci.example.org": {"url": address, "events": ["push", "release"]}}
    org = yaml.safe_load((target / "sigs.yaml").read_text())["forges"]["github"]["orgs"]["CentOS"]
    assert org["webhooks"] == {"ci.example.org": {"url": f"{address}/org", "events": ["native:member"]}}
    told = [line for line in done.err.splitlines() if "webhook" in line]
    assert any(LIBVIRT in line and "has a secret, which can't be read" in line for line in told), told
    assert any("may have a secret" in line for line in told), "GitLab does not tell whether there is one"
    assert any(SEABIOS in line and "looks as if it held a secret" in line for line in told), told
    plan = world.ok("plan", "--config", str(target), "--detailed-exitcode", "--format", "json").json
    assert plan["actions"] == []
    assert world.ok("fmt", "--config", str(target), "--check").out == ""


def test_lists_that_differ_between_the_forges_are_left_as_they_are(settled: Path, world: Any) -> None:
    lab = f"/projects/{quote('project/sig-virt/xen-libvirt', safe='')}"
    gitlab(world, "POST", f"{lab}/deploy_keys", {"title": "builder", "key": public_key(1), "can_push": True})
    target = world.folder / "adopted"
    done = world.ok("adopt", *shared(world), "--dir", str(target), "--link-equal-logins")
    assert "its deploy keys differ between the forges: they are not declared" in done.err
    assert "deploy_keys" not in (target / "sigs.d/virt.yaml").read_text()
    assert world.ok("plan", "--config", str(target), "--format", "json").json["actions"] == []


def gitlab(world: Any, verb: str, path: str, body: Any = None) -> Any:
    forge = world.sandbox.document()["forges"]["gitlab"]
    url, token = f"{forge['url']}/api/v4{path}", {"PRIVATE-TOKEN": forge["token"]}
    answer = requests.request(verb, url, json=body, headers=token, timeout=30)
    assert answer.ok, answer.text
    return answer.json() if answer.content else None


def test_what_was_done_by_hand_on_gitlab_becomes_a_change_of_the_files(settled: Path, world: Any) -> None:
    team, virt = quote("project/sig-virt/groups/contributors", safe=""), "project/sig-virt"
    people = {
        login: gitlab(world, "GET", f"/users?username={login}")[0]["id"] for login in ("gwd", "jonludlam")
    }
    gitlab(world, "POST", f"/groups/{team}/members", {"user_id": people["gwd"], "access_level": 30})
    gitlab(world, "DELETE", f"/groups/{team}/members/{people['jonludlam']}")
    seabios, libvirt = quote(f"{virt}/xen-seabios", safe=""), quote(f"{virt}/xen-libvirt", safe="")
    gitlab(
        world, "POST", f"/projects/{seabios}/members", {"user_id": people["jonludlam"], "access_level": 40}
    )
    gitlab(world, "PUT", f"/projects/{libvirt}", {"description": "libvirt for Xen"})
    gitlab(world, "POST", f"/projects/{libvirt}/archive")
    assert world.ok("drift", "--format", "json", "--forge", "git.centos.org", code=2).json["actions"]
    done = world.ok("adopt", *shared(world), "--drift", "--forge", "git.centos.org")
    now = (world.config.parent / "sigs.d/virt.yaml").read_text()
    assert "# a person's own right, beside what the team has" in now
    files = yaml.safe_load(now)
    assert files["repos"]["xen-libvirt"]["archived"] is True
    assert files["repos"]["xen-libvirt"]["description"] == "libvirt for Xen"
    assert files["repos"]["xen-seabios"]["access"]["person:jonludlam"] == "maintain"
    members = files["teams"]["contributors"]["members"]
    names = {one if isinstance(one, str) else one["person"] for one in members}
    assert "gwd" in names, done.out + done.err
    assert "jonludlam" not in names, done.out
    world.ok("validate", "--config", str(world.config))
    left = world.run("drift", "--format", "json", "--forge", "git.centos.org").json["actions"]
    assert {(one["kind"], one["verb"], one["key"]) for one in left} == {
        ("team_member", "update", f"{virt}/groups/contributors:gwd")
    }, "a level that the files have no word for"
    assert "default_branch: null" not in now


def test_what_nobody_declared_is_added_to_the_files(settled: Path, world: Any) -> None:
    github(world, "POST", "/orgs/CentOS/repos", {"name": "sig-virt-tools", "description": "By hand"})
    github(world, "POST", "/orgs/CentOS/repos", {"name": "website"})
    github(world, "POST", "/orgs/CentOS/teams", {"name": "sig-virt-testers"})
    github(world, "PUT", "/orgs/CentOS/teams/sig-virt-testers/memberships/pasik", {"role": "member"})
    done = world.ok("adopt", *shared(world), "--into", "--forge", "github")
    assert "+  tools:" in done.out, done.err
    virt = yaml.safe_load((world.config.parent / "sigs.d/virt.yaml").read_text())
    assert virt["repos"]["tools"]["description"] == "By hand"
    assert virt["repos"]["tools"]["forges"] == ["github"]
    assert virt["teams"]["testers"]["members"] == ["pasik"]
    assert "website" in done.err
    world.ok("validate", "--config", str(world.config))
    left = world.ok("plan", "--forge", "github", "--format", "json").json["actions"]
    assert {(one["verb"], one["kind"]) for one in left} == {("create", "branch_rule")}, (
        "the rules of its SIG, no more"
    )


HANGING = """\
    access: {{contributors: maintain}}
    labels:
      bug: {{color: "d73a4a", description: Something is wrong}}   # the usual one
      old: {{color: "eeeeee"}}
    deploy_keys:
      ci: {{key: env:CI_KEY}}   # a new one each year
      gone: {{key: "{gone}"}}
    webhooks:
      ci: {{url: "https://ci.example.org/hook", events: [push], secret: env:CI_HOOK}}   # the build
"""


def test_labels_keys_and_webhooks_changed_by_hand_become_a_change_of_the_files(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI_KEY", public_key(1))
    monkeypatch.setenv("CI_HOOK", "not to be written down")
    world.edit(
        "sigs.d/virt.yaml", "    access: {contributors: maintain}\n", HANGING.format(gone=public_key(2))
    )
    role = "    role: replica\n    undeclared: {"
    world.edit("sigs.yaml", role, f"{role}labels: remove, webhooks: remove, ")
    world.edit("sigs.yaml", "base_level: none,", "base_level: none, deploy_keys: true,")
    let = ("--allow", "max_removals.labels=100", "--reason", "those that every new repository has")
    world.run("apply", "--yes", "--forge", "github")
    world.ok("apply", "--yes", "--forge", "github", *let)
    assert world.ok("drift", "--format", "json", "--forge", "github").json["actions"] == []

    hub = f"/repos/{LIBVIRT}"
    github(world, "PATCH", f"{hub}/labels/bug", {"color": "00ff00"})
    github(world, "DELETE", f"{hub}/labels/old")
    github(world, "POST", f"{hub}/labels", {"name": "help", "color": "112233"})
    for key in github(world, "GET", f"{hub}/keys"):
        github(world, "DELETE", f"{hub}/keys/{key['id']}")
    github(world, "POST", f"{hub}/keys", {"title": "whatever", "key": public_key(1), "read_only": False})
    github(world, "POST", f"{hub}/keys", {"title": "by hand", "key": public_key(3), "read_only": True})
    (hook,) = github(world, "GET", f"{hub}/hooks")
    github(world, "PATCH", f"{hub}/hooks/{hook['id']}", {"events": ["push", "release"]})
    for url in ("https://bot.example.org/told", "https://chat.example.org/services/T0123456789ABCDEFGH"):
        github(world, "POST", f"{hub}/hooks", {"config": {"url": url}, "events": ["push"]})

    done = world.ok("adopt", *shared(world), "--drift", "--forge", "github")
    now = (world.config.parent / "sigs.d/virt.yaml").read_text()
    for kept in (
        "# the usual one",
        "# a new one each year",
        "# the build",
        "key: env:CI_KEY",
        "secret: env:CI_HOOK",
    ):
        assert kept in now, done.out + done.err
    assert "not to be written down" not in now + done.out + done.err
    libvirt = yaml.safe_load(now)["repos"]["xen-libvirt"]
    assert libvirt["labels"] == {
        "bug": {"color": "00ff00", "description": "Something is wrong"},
        "help": {"color": "112233", "description": ""},
    }
    assert libvirt["deploy_keys"] == {
        "ci": {"key": "env:CI_KEY", "write": True},
        "by hand": {"key": public_key(3)},
    }
    assert libvirt["webhooks"] == {
        "ci": {"url": "https://ci.example.org/hook", "events": ["push", "release"], "secret": "env:CI_HOOK"},
        "bot.example.org": {"url": "https://bot.example.org/told", "events": ["push"]},
    }
    assert "T0123456789ABCDEFGH" not in now + done.out + done.err
    assert any("webhook" in line and "chat.example.org" in line for line in done.err.splitlines())
    left = world.run("drift", "--format", "json", "--forge", "github").json["actions"]
    assert [(one["kind"], one["verb"]) for one in left] == [("webhook", "delete")], (
        "the one whose address may be a secret"
    )


def test_a_list_of_the_defaults_is_written_out_at_the_one_repository_that_was_changed(world: Any) -> None:
    shared_labels = 'defaults:\n  labels: {bug: {color: "d73a4a"}, idea: {color: "a2eeef"}}\n'
    world.edit("sigs.d/virt.yaml", "repos:\n", f"{shared_labels}repos:\n")
    world.ok("apply", "--yes", "--forge", "github")
    github(world, "PATCH", f"/repos/{LIBVIRT}/labels/bug", {"color": "00ff00"})
    github(world, "DELETE", f"/repos/{SEABIOS}/labels/idea")
    done = world.ok("adopt", *shared(world), "--drift", "--forge", "github")
    virt = yaml.safe_load((world.config.parent / "sigs.d/virt.yaml").read_text())
    assert virt["defaults"]["labels"] == {"bug": {"color": "d73a4a"}, "idea": {"color": "a2eeef"}}, done.err
    assert virt["repos"]["xen-libvirt"]["labels"]["bug"]["color"] == "00ff00"
    assert set(virt["repos"]["xen-libvirt"]["labels"]) == {"bug", "idea"}
    assert set(virt["repos"]["xen-seabios"]["labels"]) == {"bug"}
    assert world.ok("drift", "--format", "json", "--forge", "github").json["actions"] == []
