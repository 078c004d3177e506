"""Stands as conftest beside python-gitlab's own functional tests: they meet the sandbox in place of a container.

The environment says where it is: SANDBOX_URL, SANDBOX_TOKEN; and LEFT_OUT, a JSON file of patterns with reasons, or ONLY, one of the
patterns that alone are run.
"""

from __future__ import annotations

import fnmatch
import json
import os
import time
from pathlib import Path

import gitlab
import pytest

_sleep = time.sleep
LONGEST_PAUSE = 0.02
"""Seconds: the pauses are there for background jobs that the sandbox does not have."""


def pytest_configure(config):
    time.sleep = lambda seconds: _sleep(min(seconds, LONGEST_PAUSE))
    for mark in ("gitlab_premium", "gitlab_ultimate"):
        config.addinivalue_line("markers", mark)


def pytest_collection_modifyitems(config, items):
    only = os.environ.get("ONLY", "")
    patterns = json.loads(Path(only or os.environ["LEFT_OUT"]).read_text(encoding="utf-8"))
    used, kept, out = set(), [], []
    for item in items:
        name = item.nodeid.rpartition("/")[2]
        found = [pattern for pattern in patterns if fnmatch.fnmatchcase(name, pattern)]
        used.update(found)
        (out if bool(found) is not bool(only) else kept).append(item)
    config.hook.pytest_deselected(items=out)
    items[:] = kept
    unused = sorted(set(patterns) - used)
    Path(os.environ["COLLECTED"]).write_text(
        json.dumps({"run": len(kept), "left_out": len(out), "unused": unused}), encoding="utf-8"
    )


@pytest.fixture(scope="session")
def gitlab_url():
    return os.environ["SANDBOX_URL"]


@pytest.fixture(scope="session")
def gitlab_token():
    return os.environ["SANDBOX_TOKEN"]


@pytest.fixture(scope="session")
def gl(gitlab_url, gitlab_token):
    instance = gitlab.Gitlab(gitlab_url, private_token=gitlab_token)
    instance.auth()
    return instance
