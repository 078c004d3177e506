"""The examples that watch: units, a cron table, a CronJob; right by those who read them, with options that there are."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from configparser import RawConfigParser
from pathlib import Path
from typing import Any

import click
import kubernetes_validate
import pytest
import yaml

from sigctl.cli.root import cli

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
CRON, KUBERNETES = DEPLOY / "cron/sigctl", DEPLOY / "kubernetes/drift.yaml"
EXPOSURE = 2.0
"""Of 10, as systemd counts how much a service could do if somebody took it over."""


def unit(file: Path) -> dict[str, list[str]]:
    text = file.read_text("utf-8").replace("\\\n", " ")
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def made(words: list[str]) -> dict[str, Any]:
    """Return what the command line makes of the words; a click error where it takes them not."""
    program, name, *rest = words
    assert program.rpartition("/")[2] == "sigctl"
    above = click.Context(cli, **cli.context_settings)  # what a command has from there, it keeps
    command = cli.get_command(above, name)
    assert command is not None
    return command.make_context(name, rest, parent=above).params


def cron() -> str:
    (line,) = [one for one in CRON.read_text("utf-8").splitlines() if re.match(r"\d", one)]
    return line


@pytest.mark.parametrize("file", SERVICES, ids=lambda file: file.name)
def test_the_services_call_what_there_is_with_tokens_from_credentials(file: Path) -> None:
    found = unit(file)
    (line,) = found["ExecStart"]
    given = made(shlex.split(line.replace("%d", "/run/credentials").replace("%S", "/var/lib")))
    named = {one.rpartition("/")[2] for one in re.findall(r"file:(\S+)", line)}
    assert named == set(found["LoadCredentialEncrypted"])
    assert {one.partition("=")[0] for one in given["overrides"]} == {
        "forges.github.token",
        "forges.git.centos.org.token",
    }
    assert "--mode" not in line, "a read-only token takes nothing back"


def test_both_services_share_one_history() -> None:
    drift, webhook = (unit(file) for file in SERVICES)
    for name in ("User", "DynamicUser", "StateDirectory", "Environment"):
        assert drift[name] == webhook[name]
    assert drift["SuccessExitStatus"] == ["2"]


@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.name)
def test_the_units_are_well_formed(file: Path) -> None:
    parser = RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=("#",))
    parser.read_string(file.read_text("utf-8").replace("\\\n", " "))
    assert "Unit" in parser
    assert ("Timer" in parser) == (file.suffix == ".timer")


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Copies of the units in which the program is one that there is here."""
    program = tmp_path / "sigctl"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    folder = tmp_path / "units"
    shutil.copytree(DEPLOY / "systemd", folder)
    for file in folder.iterdir():
        file.write_text(file.read_text("utf-8").replace("/usr/bin/sigctl", str(program)), "utf-8")
    return folder


@pytest.mark.judge
def test_systemd_has_nothing_to_say_against_the_units(installed: Path) -> None:
    files = sorted(map(str, installed.iterdir()))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *files], capture_output=True, text=True, check=False
    )
    said = [line for line in done.stderr.splitlines() if str(installed) in line or "sigctl-" in line]
    assert (done.returncode, said) == (0, [])
    wrong = installed / "sigctl-drift.timer"
    wrong.write_text(wrong.read_text("utf-8").replace("OnCalendar=hourly", "OnCalendar=often"), "utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(wrong)], capture_output=True, text=True, check=False
    )
    assert "Failed to parse calendar" in done.stderr


@pytest.mark.judge
@pytest.mark.parametrize("name", [file.name for file in SERVICES])
def test_systemd_finds_the_services_closed(installed: Path, name: str) -> None:
    threshold = f"--threshold={int(EXPOSURE * 10)}"
    command = [
        "systemd-analyze",
        "security",
        "--no-pager",
        "--offline=true",
        threshold,
        str(installed / name),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-400:] + done.stderr
    open_ = installed / name
    open_.write_text(
        re.sub(
            r"^(Protect|Restrict|System|Private|Capab).*\n", "", open_.read_text("utf-8"), flags=re.MULTILINE
        )
    )
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0


def test_the_cron_table_has_a_time_a_user_and_a_command_that_there_is() -> None:
    *when, user, command = cron().split(maxsplit=6)
    assert re.fullmatch(r"(\d+|\*) (\d+|\*) (\d+|\*) (\d+|\*) (\d+|\*)", " ".join(when))
    assert user == "sigctl"
    assert "%" not in command, "cron takes it for the end of the line"
    words = shlex.split(command.partition(" > ")[0])
    given = made(words[words.index("sigctl") :])
    assert given["issue"]
    assert given["mail_from"]


@pytest.mark.parametrize(("code", "says"), [(0, ""), (2, ""), (1, "broken\n"), (3, "broken\n")])
def test_cron_hears_of_failures_and_not_of_drift(code: int, says: str, tmp_path: Path) -> None:
    (tmp_path / "sigctl").write_text(f"#!/bin/sh\necho broken\nexit {code}\n")
    (tmp_path / "sigctl").chmod(0o755)
    command = cron().split(maxsplit=6)[6].replace("/var/lib/sigctl", str(tmp_path))
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run(
        ["/bin/sh", "-c", command], env={"PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.stdout == says, done.stderr
    assert (done.returncode == 0) == (code in (0, 2) or bool(says))


def test_the_job_is_what_kubernetes_says_a_cron_job_is() -> None:
    claim, job = yaml.safe_load_all(KUBERNETES.read_text("utf-8"))
    for one in (claim, job):
        kubernetes_validate.validate(one, "1.33", strict=True)
    container = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
    line, _, rest = container["args"][0].partition(" || ")
    assert rest == "[ $? -eq 2 ]"
    assert made(shlex.split(line))["history"] == Path("/state/drift")
    mounts = {one["mountPath"] for one in container["volumeMounts"]}
    assert {"/state", "/cache", "/config", "/tmp"} == mounts
    job["spec"]["jobTemplate"]["spec"]["podFailurePolicy"]["rules"][0]["onExitCode"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(job, "1.33", strict=True)


@pytest.mark.parametrize("file", [*SERVICES, CRON, KUBERNETES], ids=lambda file: file.name)
def test_no_secret_stands_in_a_file(file: Path) -> None:
    text = file.read_text("utf-8")
    assert not re.search(r"(gh[ps]_|glpat-|whsec_)", text)
    for found in re.findall(r"(?:token=|--secret )(\S+)", text):
        assert re.search(r"(file|env):", found), found
