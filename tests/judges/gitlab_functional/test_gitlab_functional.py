"""python-gitlab's own functional tests, written for a real GitLab, run against the sandbox."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from gitlab_sdists import installed, unpacked

from sigctl.sandbox import control

HERE = Path(__file__).parent
LEFT_OUT, PAID = HERE / "left_out.json", HERE / "paid.json"


@pytest.mark.judge
def test_what_belongs_to_a_paid_tier_passes_on_the_highest(tmp_path, capsys):
    with control.running(tmp_path / "sandbox", forges=("gitlab",), knobs={"gitlab_tier": 3}) as sandbox:
        reach = sandbox.document()["forges"]["gitlab"]
        places = {"SANDBOX_URL": reach["url"], "SANDBOX_TOKEN": reach["token"], "ONLY": str(PAID)}
        done = _run(_suite(tmp_path), tmp_path, places)
    results = _results(tmp_path / "junit.xml")
    collected = json.loads((tmp_path / "collected.json").read_text(encoding="utf-8"))
    with capsys.disabled():
        print(f"\npython-gitlab functional, paid tier: {len(results)} passed")
    assert set(results.values()) == {"passed"}, f"{results}\n{done.stdout[-20000:]}"
    assert not collected["unused"], "listed, but there is no such test"
    assert len(results) >= len(json.loads(PAID.read_text(encoding="utf-8")))


@pytest.mark.judge
def test_python_gitlabs_functional_tests_pass_against_the_sandbox(tmp_path, capsys):
    suite = _suite(tmp_path)
    with control.running(tmp_path / "sandbox", forges=("gitlab",)) as sandbox:
        reach = sandbox.document()["forges"]["gitlab"]
        done = _run(suite, tmp_path, {"SANDBOX_URL": reach["url"], "SANDBOX_TOKEN": reach["token"]})
    results = _results(tmp_path / "junit.xml")
    collected = json.loads((tmp_path / "collected.json").read_text(encoding="utf-8"))
    passed = sorted(name for name, result in results.items() if result == "passed")
    with capsys.disabled():
        print(
            f"\npython-gitlab functional: {len(passed)} passed, {collected['left_out']} left out with a reason"
        )
    others = {name: result for name, result in results.items() if result != "passed"}
    assert not others, f"{others}\n{done.stdout[-20000:]}"
    assert not collected["unused"], "listed as left out, but there is no such test"
    assert len(passed) == collected["run"]
    assert len(passed) >= 75, "tests that passed before are gone"


def test_every_test_that_is_left_out_has_a_reason():
    for pattern, reason in json.loads(LEFT_OUT.read_text(encoding="utf-8")).items():
        assert pattern.startswith("test_"), pattern
        assert len(reason.split()) >= 3, pattern


def _suite(tmp_path: Path) -> Path:
    """Copy the tests to where our conftest can stand closest to them."""
    source = unpacked("python-gitlab", "8.6.0") / "tests"
    root = tmp_path / "suite"
    for part in ("__init__.py", "conftest.py"):
        (root / "tests").mkdir(parents=True, exist_ok=True)
        shutil.copy(source / part, root / "tests" / part)
    shutil.copytree(
        source / "functional", root / "tests" / "functional", ignore=shutil.ignore_patterns("cli")
    )
    shutil.copy(HERE / "overrides.py", root / "tests" / "functional" / "api" / "conftest.py")
    (root / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    return root


def _run(suite: Path, tmp_path: Path, reach: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [
        *(sys.executable, "-m", "pytest", "tests/functional/api", "-c", "pytest.ini", "--rootdir", "."),
        *("-q", "-p", "no:cacheprovider", "-p", "no:xdist", f"--junitxml={tmp_path / 'junit.xml'}"),
    ]
    more = installed("gql[httpx]==4.0.0")
    places = {"LEFT_OUT": str(LEFT_OUT), "COLLECTED": str(tmp_path / "collected.json")}
    path = os.pathsep.join([str(suite), str(more)])
    env = {**os.environ, **reach, **places, "PYTHONPATH": path, "TMPDIR": str(tmp_path)}
    env.pop("PYTEST_ADDOPTS", None)
    return subprocess.run(
        command, cwd=suite, env=env, capture_output=True, text=True, check=False, timeout=600
    )


def _results(file: Path) -> dict[str, str]:
    found = {}
    for case in ET.parse(file).getroot().iter("testcase"):
        name = f"{case.get('classname', '').rpartition('.')[2]}::{case.get('name')}"
        bad = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
        found[name] = bad[0] if bad else "passed"
    return found
