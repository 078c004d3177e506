"""GitHub as an admin meets it on the command line: an app in the files, limits that are shown, invitations for another day."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sigctl.sandbox.accepting import accept

PATIENCE = 60


def app_in_the_files(world, monkeypatch, *, mode: int = 0o600) -> Path:
    """Register an app, install it in every org of the world, and name it in the files in place of the token."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    file = world.folder / "app.pem"
    file.write_bytes(pem)
    file.chmod(mode)
    forge = world.sandbox.forges["github"]
    app = forge.add_app("sigctl", public.decode())
    for org in world.sandbox.seed.orgs:
        forge.install_app(app, org)
    with forge.store.transaction():  # whoever runs it, the org has the owners of the files
        org, bot = forge.state.account("CentOS")["id"], forge.state.account("sigctl-bot")["id"]
        for login in ("kbsingh", "hughesjr"):
            forge.state.join(org, forge.state.account(login)["id"], "admin")
        forge.state.leave(org, bot)
    monkeypatch.delenv("SIGCTL_GITHUB_TOKEN")
    monkeypatch.setenv("APP_ID", str(app["id"]))
    world.edit("sigs.yaml", "token: env:SIGCTL_GITHUB_TOKEN", f'app: {{id: env:APP_ID, key: "file:{file}"}}')
    return file


def test_an_app_does_the_main_job(world, monkeypatch, sources):
    app_in_the_files(world, monkeypatch)
    world.ok("validate")
    assert "sigctl[bot]" in world.ok("doctor", "--forge", "github").out
    done = world.ok("apply", "--yes", mirror=True)
    assert "nothing to change" in world.ok("plan", "--detailed-exitcode", mirror=True).out
    secret = (world.folder / "app.pem").read_text().splitlines()[1]
    assert secret not in done.out + done.err
    assert "ghs_" not in done.out + done.err
    assert secret not in "".join(map(str, world.exchanges))


def test_a_key_that_others_can_read_is_refused_with_the_command_that_helps(world, monkeypatch):
    file = app_in_the_files(world, monkeypatch, mode=0o644)
    result = world.ok("plan", "--forge", "github", code=1)
    assert "can be read by others than its owner" in result.out
    assert f"chmod 600 {file}" in result.out
    assert world.requests(forge="github") == []


def test_an_app_that_is_suspended_sets_its_forge_aside_and_the_other_goes_on(world, monkeypatch):
    app_in_the_files(world, monkeypatch)
    forge = world.sandbox.forges["github"]
    for one in forge.state.installations:
        forge.suspend_installation(one)
    result = world.ok("plan", "--format", "json", code=1).json
    (aside,) = result["quarantined"]
    assert "suspended" in aside["reason"]
    assert "an owner of" in aside["hint"]
    assert {action["forge"] for action in result["actions"]} == {"git.centos.org"}
    assert "suspended" in world.ok("doctor", "--forge", "github", code=1).out


def test_a_rehearsal_needs_no_app(world, monkeypatch):
    app_in_the_files(world, monkeypatch)
    monkeypatch.delenv("APP_ID")
    result = world.run("rehearse", "--forge", "github", "--sig", "cloudinstance")
    assert result.code == 0, result.out + result.err


def test_invitations_of_another_day_are_told_and_made_by_the_next_run(world):
    world.edit("sigs.yaml", "type: github\n", "type: github\n    limits: {invitations_a_day: 3}\n")
    plan = world.ok("plan", "--format", "json", "--forge", "github").json
    later = plan["cost"]["later"]
    assert later >= 2
    assert plan["cost"]["requests"]["invitations"] > plan["cost"]["requests"]["creations"] / 100
    text = world.ok("plan", "--forge", "github").out
    assert f"{later} invitations are more than the forge takes today" in text
    first = world.ok("apply", "--yes", "--forge", "github", "--format", "json", code=1).json
    assert first["counts"]["later"] >= later
    assert first["counts"]["failed"] == 0
    reasons = {one["reason"] for one in first["outcomes"] if one["status"] == "later"}
    assert all("no more invitations to" in one and "UTC" in one for one in reasons)
    accept(world.sandbox.document())
    left = first["counts"]["later"]
    for _ in range(5):
        again = world.run("apply", "--yes", "--forge", "github", "--format", "json").json
        accept(world.sandbox.document())
        assert again["counts"]["later"] < left
        left = again["counts"]["later"]
        if not left:
            break
    assert left == 0
    world.ok("plan", "--detailed-exitcode", "--forge", "github")


def test_a_plan_tells_the_pauses_that_the_limits_ask_for(world):
    quick = world.ok("plan", "--format", "json", "--forge", "github").json["cost"]
    assert quick["pauses"] == 0
    world.edit("sigs.yaml", "type: github\n", "type: github\n    limits: {creations_a_minute: 5}\n")
    slow = world.ok("plan", "--format", "json", "--forge", "github").json["cost"]
    assert slow["pauses"] >= 60
    assert slow["seconds"] == pytest.approx(quick["seconds"] + slow["pauses"], abs=1)
    assert "of it pauses that the forge's limits ask for" in world.ok("plan", "--forge", "github").out


def test_a_planned_pause_is_shown_and_ends_with_ctrl_c(world):
    """The run would pause for a minute; asked to stop, it ends at once, and the next one goes on."""
    world.edit("sigs.yaml", "type: github\n", "type: github\n    limits: {creations_a_minute: 2}\n")
    document = world.sandbox.document()["forges"]
    command = [
        sys.executable, "-c", "import sys; from sigctl import cli; sys.exit(cli.run(sys.argv[1:]))",
        "apply", "--yes", "--no-mirror", "--forge", "github", "--config", str(world.config),
        "--set", f"forges.github.url={document['github']['url']}",
    ]  # fmt: skip
    process = subprocess.Popen(
        command, env=dict(os.environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    paused, said = threading.Event(), []

    def listen() -> None:
        for line in process.stderr:
            said.append(line)
            if "paused until" in line:
                paused.set()

    listener = threading.Thread(target=listen)
    listener.start()
    try:
        assert paused.wait(PATIENCE), said
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE - 15) == 130
    finally:
        process.kill()
        process.wait()
        listener.join(PATIENCE)
        process.stdout.close()
        process.stderr.close()
    (line,) = [one for one in said if "paused until" in one][:1]
    assert line.startswith("github: paused until ")
    assert line.rstrip().endswith("2 creations a minute")
    world.edit("sigs.yaml", "    limits: {creations_a_minute: 2}\n", "")
    world.ok("apply", "--yes", "--forge", "github")
    world.ok("plan", "--detailed-exitcode", "--forge", "github")
