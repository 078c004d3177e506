"""@gitbeaker/rest, a client that others wrote for real GitLabs, finds in the sandbox what it expects of one."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from fetch import BEAKER, installed

from sigctl.sandbox import control


@pytest.mark.judge
@pytest.mark.parametrize("tier", [0, 2])
def test_a_foreign_client_works_with_the_sandbox_as_with_a_gitlab(tmp_path, tier):
    modules = installed(*BEAKER)
    with control.running(
        tmp_path, forges=("gitlab",), logins=("member1",), knobs={"gitlab_tier": tier}
    ) as sandbox:
        document = sandbox.document()["forges"]["gitlab"]
        done = subprocess.run(
            ["node", str(Path(__file__).with_name("gitbeaker.cjs")), str(modules), document["url"]],
            env={"PATH": os.environ["PATH"], "GITLAB_TOKEN": document["token"]},
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "twice": "409 Member already exists",
        "shares": ["foreign/team"],
        "rule": ["c7-*", 40, 30],
        "again": "409 Protected branch 'c7-*' already exists",
        "force": True,
        "tags": ["v*"],
        "branches": ["c7-x", "main"],
        "paged": 26,
        "edited": ["Xen", "disabled"],
        "archived": True,
        "members": ["sigctl-bot"],
        "missing": "404 404 Project Not Found",
        "me": "sigctl-bot",
    }
