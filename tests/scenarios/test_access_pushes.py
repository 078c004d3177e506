"""What `access` says is what a push meets: may -> accepted, may not -> refused, on both embedded forges, as declared and as tampered with."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import requests

from sigctl.forges.base import Remote
from sigctl.rehearsal.proof import Prover, Try
from sigctl.sandbox.accepting import accept

NAMES = {"github": "github", "git.centos.org": "gitlab"}
REPOS = ("virt/xen", "core/kernel", "virt/xen-kernel")
BRANCHES = ("c7", "c7-sig-virt-x", "c7-sig-virtual-x")
PEOPLE = ("gwd", "pasik", "hughesjr", "kbsingh", "outsider")


@dataclass
class Place:
    """Where git finds the repositories of one forge."""

    url: str

    def remote(self, repo):
        return Remote(f"{self.url}/{repo}.git")


@pytest.fixture
def prover(world, tmp_path):
    document = world.sandbox.document()
    tokens = {login: user["token"] for login, user in document["users"].items()}
    places = {name: Place(document["forges"][kind]["url"]) for name, kind in NAMES.items()}
    folder = tmp_path / "prover"
    folder.mkdir()
    return Prover(folder, places, tokens, "sigctl-bot")


def api(world, kind, method, path, **body):
    forge = world.sandbox.document()["forges"][kind]
    base = {"github": "/api/v3", "gitlab": "/api/v4"}[kind]
    headers = {"Authorization": f"Bearer {forge['token']}"}
    done = requests.request(
        method, f"{forge['url']}{base}{path}", json=body or None, headers=headers, timeout=30
    )
    assert done.ok, done.text
    return done.json() if done.text else None


def tamper(world):
    """Let an outsider in by ways that nobody declared: a team below a team, and a group above one that another is shared with."""
    team = api(world, "github", "GET", "/orgs/CentOS/teams/sig-virt-maintainers")
    below = {"name": "deputies", "parent_team_id": team["id"], "privacy": "closed"}
    api(world, "github", "POST", "/orgs/CentOS/teams", **below)
    api(world, "github", "PUT", "/orgs/CentOS/teams/deputies/memberships/outsider", role="member")
    accept(world.sandbox.document())
    group = api(world, "gitlab", "GET", "/groups/project%2Fsig-core")
    (user,) = api(world, "gitlab", "GET", "/users?username=outsider")
    api(world, "gitlab", "POST", f"/groups/{group['id']}/members", user_id=user["id"], access_level=30)


@pytest.mark.timeout(300)
def test_what_access_says_is_what_a_push_meets(settled, world, prover):
    accept(world.sandbox.document())
    tamper(world)
    urls = world.sandbox.document()["forges"]
    live = [f"--set=forges.{name}.url={urls[kind]['url']}" for name, kind in NAMES.items()]
    asked = [f"--branch={branch}" for branch in BRANCHES] + [f"--repo={repo}" for repo in REPOS]
    found = world.ok("access", "--live", "--format", "json", *live, *asked).json
    file = world.folder / "snapshot.json"
    world.ok("snapshot", "--out", str(file))
    then = world.ok("access", "--snapshot", str(file), "--format", "json", *asked).json
    assert then["rows"] == found["rows"], "a snapshot answers alike, offline"
    said, paths, ways = {}, set(), {}
    for row in found["rows"]:
        if row["kind"] == "mirror":
            continue
        paths.add((row["forge"], row["path"]))
        ways[row["forge"], row["repo"], row["login"]] = [way["text"] for way in row["ways"]]
        for one in row["answers"]:
            said[row["forge"], row["path"], row["login"], one["branch"], one["verb"]] = one["may"]
    assert len(paths) == len(NAMES) * len(REPOS)

    tried = {}
    for forge, path in sorted(paths):
        prover.prepare(forge, path)
        for branch in BRANCHES:
            for who in PEOPLE:
                verb = "push" if (forge, path, branch) in prover.tips else "create"
                may = said.get((forge, path, who, branch, verb), False)
                assert may is not None, "everything that bears on it was read"
                tried[forge, path, branch, who] = may, prover.prove(Try(forge, path, branch, who, may))
    wrong = {key: (may, one.said) for key, (may, one) in tried.items() if not one.right}
    assert not wrong
    accepted = [key for key, (may, _) in tried.items() if may]
    assert {forge for forge, *_ in accepted} == set(NAMES)
    assert len(accepted) not in (0, len(tried))

    assert ways["github", "virt/xen", "outsider"] == ["team CentOS/deputies, in team virt/maintainers"]
    (reached,) = ways["git.centos.org", "virt/xen-kernel", "outsider"]
    assert reached == "repository shared with team core/release: group project/sig-core, in team core/release"
    strangers = {(one["who"], one["kind"]) for one in found["people"]}
    assert {("outsider@github", "stranger"), ("outsider@git.centos.org", "stranger")} <= strangers
