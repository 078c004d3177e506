"""The examples in deploy/: right by the schemas of those who read them, and together they do every part exactly once."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import kubernetes_validate
import pytest
import yaml

from sigctl.cli.mirror import mirror
from sigctl.cli.root import cli

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
GITLAB, GITHUB, KUBERNETES = (
    DEPLOY / name for name in ("mirror.gitlab-ci.yml", "mirror.github.yml", "mirror.kubernetes.yaml")
)
SCHEMAS = {GITLAB: "vendor.gitlab-ci", GITHUB: "vendor.github-workflows"}


def check(schema: str, file: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("file", SCHEMAS, ids=lambda file: file.name)
def test_the_file_is_what_its_schema_says(file: Path) -> None:
    done = check(SCHEMAS[file], file)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [(GITLAB, "parallel: 4", "parallel: many"), (GITHUB, "runs-on: ubuntu-24.04", "runs_on: ubuntu-24.04")],
    ids=["gitlab", "github"],
)
def test_the_schema_finds_what_is_wrong(file: Path, right: str, wrong: str, tmp_path: Path) -> None:
    copy = tmp_path / file.name
    text = file.read_text("utf-8")
    assert right in text
    copy.write_text(text.replace(right, wrong), "utf-8")
    assert check(SCHEMAS[file], copy).returncode == 1


def test_the_job_is_what_kubernetes_says_a_cron_job_is() -> None:
    (job,) = yaml.safe_load_all(KUBERNETES.read_text("utf-8"))
    kubernetes_validate.validate(job, "1.33", strict=True)
    job["spec"]["jobTemplate"]["spec"]["completionMode"] = "Index"
    job["spec"]["jobTemplate"]["spec"]["complete"] = 4
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(job, "1.33", strict=True)


def gitlab() -> list[tuple[str, dict[str, str]]]:
    job = yaml.safe_load(GITLAB.read_text("utf-8"))["sigctl-mirror"]
    (line,) = job["script"]
    total = job["parallel"]
    return [
        (line, {"CI_NODE_INDEX": str(number), "CI_NODE_TOTAL": str(total)}) for number in range(1, total + 1)
    ]


def github() -> list[tuple[str, dict[str, str]]]:
    job = yaml.safe_load(GITHUB.read_text("utf-8"))["jobs"]["mirror"]
    shards = job["strategy"]["matrix"]["shard"]
    (step,) = [step for step in job["steps"] if step.get("name") == "mirror"]
    values = {"strategy.job-total": str(len(shards))}
    out = []
    for shard in shards:
        known = {**values, "matrix.shard": str(shard)}
        text = re.sub(r"\$\{\{ (\S+) \}\}", lambda found, known=known: known[found[1]], step["env"]["SHARD"])
        out.append((step["run"], {"SHARD": text}))
    return out


def kubernetes() -> list[tuple[str, dict[str, str]]]:
    job = yaml.safe_load(KUBERNETES.read_text("utf-8"))["spec"]["jobTemplate"]["spec"]
    (container,) = job["template"]["spec"]["containers"]
    assert container["command"] == ["/bin/sh", "-c"]
    assert job["completions"] == job["parallelism"]
    given = {one["name"]: one["value"] for one in container["env"]}
    (line,) = container["args"]
    return [(line, {**given, "JOB_COMPLETION_INDEX": str(index)}) for index in range(job["completions"])]


def ran(folder: Path, line: str, env: dict[str, str]) -> list[str]:
    """Return the words that the command gets, as the shell of the job makes them."""
    program = folder / "bin" / "sigctl"
    program.parent.mkdir(exist_ok=True)
    program.write_text('#!/bin/sh\nfor word in "$@"; do printf "%s\\n" "$word" >> "$WORDS"; done\n')
    program.chmod(0o755)
    words = folder / "words"
    words.unlink(missing_ok=True)
    path = {"PATH": f"{program.parent}:{os.environ['PATH']}", "WORDS": str(words)}
    subprocess.run(["/bin/sh", "-euc", line], cwd=folder, env={**path, **env}, check=True)
    return words.read_text().splitlines()


@pytest.mark.parametrize("jobs", [gitlab, github, kubernetes], ids=lambda jobs: jobs.__name__)
def test_the_jobs_do_every_part_once_with_options_that_there_are(jobs: Any, tmp_path: Path) -> None:
    shards = []
    for line, env in jobs():
        command, *words = ran(tmp_path, line, env)
        assert command == "mirror"
        with click.Context(cli, **cli.context_settings) as parent:  # what a command has from there, it keeps
            found = mirror.make_context("mirror", words, parent=parent)
        shards.append(found.params["shard"])
    assert shards == [f"{number}/{len(shards)}" for number in range(1, len(shards) + 1)]
    assert len(shards) > 1


@pytest.mark.parametrize("file", [GITLAB, GITHUB, KUBERNETES], ids=lambda file: file.name)
def test_no_secret_stands_in_a_file_or_on_a_command_line(file: Path) -> None:
    text = file.read_text("utf-8")
    lines = [
        line for line in text.splitlines() if "sigctl mirror" in line and not line.lstrip().startswith("#")
    ]
    assert lines
    for line in lines:
        assert not [word for word in shlex.split(line.strip().lstrip("- ")) if "TOKEN" in word.upper()]
