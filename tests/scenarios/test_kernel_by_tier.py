"""GitLab of each tier with the real config: an apply, an empty plan, and pushes of people who may and who may not."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import upstreams
from pushing import push, refs
from scenario_world import LOGINS, ROOT, Result, World

from sigctl.sandbox import control

SHARED, OWN, XEN = "project/sig-core/kernel", "project/sig-virt/kernel", "project/sig-virt/xen"
ONLY = ("--forge", "git.centos.org")
API = "/api/v4/projects"


class Lab(World):
    """Only this forge."""

    def run(self, *arguments: str, mirror: bool = False) -> Result:
        """Run a command on it."""
        return super().run(arguments[0], *ONLY, *arguments[1:], mirror=mirror)


@pytest.fixture
def lab(request: Any, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """A GitLab of a tier that the files don't tell, and the kernel in the layout that it can hold: one word in the files."""
    tier, layout = request.param
    shutil.copytree(ROOT / "config", tmp_path / "config")
    upstreams.make(tmp_path / "upstream")
    knobs = {"gitlab_premium": int(tier == "premium")}
    with control.running(tmp_path / "forges", forges=("gitlab",), logins=LOGINS, knobs=knobs) as sandbox:
        monkeypatch.setenv("SIGCTL_GIT_CENTOS_ORG_TOKEN", sandbox.document()["forges"]["gitlab"]["token"])
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
        made = Lab(tmp_path, sandbox, capsys)
        made.edit("sigs.yaml", "    tier: free\n", "")
        made.edit("sigs.yaml", "layout: shared", f"layout: {layout}")
        yield made


def settled(lab: Lab) -> None:
    """Apply, and find nothing left to do."""
    lab.ok("apply", "--yes", mirror=True)
    assert lab.ok("plan", "--detailed-exitcode", mirror=True).code == 0


def proved(lab: Lab, table: list[tuple[str, str, str, bool]]) -> None:
    """Try pushes: who, where, what, whether it goes."""
    for login, repo, branch, goes in table:
        assert push(lab, login, "gitlab", repo, f"HEAD:refs/heads/{branch}") is goes, (
            f"{login} {branch} {lab.said}"
        )


@pytest.mark.parametrize("lab", [("free", "carried")], indirect=True)
def test_on_free_each_sig_works_in_its_own_kernel_and_sigctl_alone_carries_its_branches(lab: Lab) -> None:
    settled(lab)
    proved(
        lab,
        [
            ("gwd", OWN, "c7-sig-virt-xen-4.14", True),
            ("pasik", OWN, "c8s-sig-virt", True),
            ("gwd", OWN, "c7-sig-cloud-x", True),
            ("gwd", OWN, "c7", False),
            ("outsider", OWN, "c7-sig-virt-x", False),
            ("gwd", SHARED, "c7-sig-virt-xen-4.14", False),
            ("jonludlam", SHARED, "c7-sig-virt-x", False),
            ("gwd", SHARED, "c7", False),
            ("hughesjr", SHARED, "c7", True),
            ("hughesjr", SHARED, "c7-sig-virt-x", False),
            ("hughesjr", SHARED, "master", False),
        ],
    )
    lab.run("apply", "--yes", mirror=True)  # c7 in the shared kernel is ahead of its upstream now, and held
    own, shared = refs(lab, "gitlab", OWN), refs(lab, "gitlab", SHARED)
    for branch in ("c7-sig-virt-xen-4.14", "c8s-sig-virt"):
        assert shared[f"refs/heads/{branch}"] == own[f"refs/heads/{branch}"]
    assert "refs/heads/c7-sig-cloud-x" not in shared
    assert not push(lab, "gwd", "gitlab", OWN, "origin/c7~1:refs/heads/c7-sig-virt-xen-4.14", force=True)


@pytest.mark.parametrize("lab", [("premium", "shared")], indirect=True)
def test_on_premium_rules_name_the_teams_of_each_sig_in_the_one_kernel(lab: Lab) -> None:
    settled(lab)
    proved(
        lab,
        [
            ("gwd", SHARED, "c7-sig-virt-xen-4.14", True),
            ("pasik", SHARED, "c8s-sig-virt", True),
            ("gwd", SHARED, "c7-sig-virtual", False),
            ("gwd", SHARED, "c7-sig-cloud-x", False),
            ("gwd", SHARED, "c7", False),
            ("gwd", SHARED, "master", False),
            ("outsider", SHARED, "c7-sig-virt-x", False),
            ("hughesjr", SHARED, "c7", True),
        ],
    )
    assert not push(lab, "gwd", "gitlab", SHARED, ":refs/heads/c7-sig-virt-xen-4.14")
    assert not push(lab, "gwd", "gitlab", SHARED, "origin/c7~1:refs/heads/c7-sig-virt-xen-4.14", force=True)


@pytest.mark.parametrize("lab", [("free", "shared")], indirect=True)
def test_what_free_can_not_hold_is_a_problem_of_the_plan_until_the_files_choose_a_way(lab: Lab) -> None:
    shown = lab.run("apply", "--yes", mirror=True)
    assert shown.code == 1
    assert "can't be kept to" in shown.out
    assert "kernel.layout: carried" in shown.out
    assert not push(lab, "gwd", "gitlab", SHARED, "HEAD:refs/heads/c7-sig-virt-x"), "nobody got in meanwhile"
    lab.edit("sigs.yaml", "    role: primary\n", "    role: primary\n    branch_rules: closest\n")
    settled(lab)
    for login in ("gwd", "pasik"):
        assert not push(lab, login, "gitlab", SHARED, "HEAD:refs/heads/c7-sig-virt-x")
    assert push(lab, "hughesjr", "gitlab", SHARED, "HEAD:refs/heads/c7"), lab.said


@pytest.mark.parametrize("lab", [("free", "carried"), ("premium", "shared")], indirect=True)
def test_rules_that_somebody_changed_by_hand_are_found_and_healed(lab: Lab) -> None:
    settled(lab)
    world = lab.sandbox.document()

    def by_hand(method: str, path: str, body: dict[str, Any] | None = None) -> None:
        token = {"PRIVATE-TOKEN": world["forges"]["gitlab"]["token"]}
        url = f"{world['forges']['gitlab']['url']}{API}/{SHARED.replace('/', '%2F')}/protected_branches{path}"
        requests.request(method, url, json=body, headers=token, timeout=30).raise_for_status()

    by_hand("DELETE", "/c7")
    by_hand("POST", "", {"name": "c7", "push_access_level": 30, "allow_force_push": True})
    by_hand("DELETE", "/%2A")
    by_hand("POST", "", {"name": "stray*", "push_access_level": 30})
    drift = lab.ok("drift", code=2)
    for pattern in ("c7", "stray*", "*"):
        assert f"rule for branch {pattern}:" in drift.out, drift.out
    settled(lab)
    proved(lab, [("gwd", SHARED, "c7", False), ("gwd", SHARED, "stray-1", False)])
