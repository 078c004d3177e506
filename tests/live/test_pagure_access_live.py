"""What `access --live` says of a real Pagure is what the server itself answers when it is asked who may push where."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from pagure.accounts import KEEPER
from test_pagure_live import ACCOUNTS, Job, job  # noqa: F401  # a fixture is used by its name

pytestmark = pytest.mark.live
REPOS = ("rpms/xen", "rpms/kernel")
BRANCHES = ("c7", "c8s", "c7-sig-virt", "c7-sig-virt-xen-410", "c7-sig-virtual-x", "master")


def may_push(job: Job, token: str, repo: str, who: str, branch: str) -> bool:  # noqa: F811  # the fixture's value
    """Ask the server."""
    done = requests.get(
        f"{job.reached.url}/api/0/{repo}/hascommit",
        params={"user": who, "branch": branch},
        headers={"Authorization": f"token {token}"},
        timeout=60,
    )
    assert done.ok, done.text
    return bool(done.json()["hascommit"])


def said(job: Job) -> tuple[dict[tuple[str, str, str], bool | None], Any]:  # noqa: F811  # the fixture's value
    """Return (repository, login, branch) -> whether he may push, and the whole answer."""
    asked = [f"--branch={branch}" for branch in BRANCHES] + [f"--repo={repo}" for repo in REPOS]
    found = json.loads(job.run("access", "--live", "--format", "json", *asked))
    answers = {
        (row["path"], row["login"], one["branch"]): one["may"]
        for row in found["rows"]
        for one in row["answers"]
        if one["verb"] == "push"
    }
    return answers, found


@pytest.mark.timeout(400)
def test_what_access_says_is_what_hascommit_says(job: Job, token: str) -> None:  # noqa: F811  # a fixture
    job.run("apply", "--yes", code=1)
    job.do_by_hand(job.plan())
    job.run("apply", "--yes")
    given = job.api(
        "/rpms/xen/git/modifyacls", job.reached.token, user_type="user", name="outsider", acl="commit"
    )
    assert given.ok, given.text

    answers, found = said(job)
    asked = {
        (repo, who, branch): may_push(job, token, repo, who, branch)
        for repo in REPOS
        for who in (*ACCOUNTS, "alice", "outsider", KEEPER)
        for branch in BRANCHES
    }
    wrong = {
        key: (answers.get(key, False), truth)
        for key, truth in asked.items()
        if bool(answers.get(key, False)) != truth
    }
    assert not wrong
    assert None not in answers.values()
    assert set(asked.values()) == {True, False}
    assert asked["rpms/xen", "outsider", "c7"], "what was given by hand is seen"
    strangers = {row["who"] for row in found["rows"] if row["kind"] == "stranger"}
    assert "outsider" in strangers
