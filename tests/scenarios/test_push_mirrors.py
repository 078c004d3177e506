"""A replica that the primary fills by its own push mirrors: sigctl compares and watches, and pushes nothing there."""

from __future__ import annotations

import requests
import upstreams
from pushing import refs

XEN = "project/sig-virt/xen"


def api(world, method, path, **body):
    forge = world.sandbox.document()["forges"]["gitlab"]
    url = f"{forge['url']}/api/v4/projects/{XEN.replace('/', '%2F')}{path}"
    answer = requests.request(method, url, json=body, headers={"PRIVATE-TOKEN": forge["token"]}, timeout=30)
    answer.raise_for_status()
    return answer.json()


def test_what_the_primary_does_not_push_is_seen(world, sources):
    world.edit("sigs.yaml", "    role: replica\n", "    role: replica\n    replicated_by: primary\n")
    applied = world.ok("apply", "--yes", "--format", "json", mirror=True).json
    assert refs(world, "github", "CentOS/sig-virt-xen") == {}, "not by us"
    assert any("has no push mirror to" in note["text"] for note in applied["notes"])
    assert refs(world, "gitlab", XEN)

    target = f"{world.sandbox.document()['forges']['github']['url']}/CentOS/sig-virt-xen.git"
    api(world, "POST", "/remote_mirrors", url=target.replace("://", "://bot:secret@"))
    check = world.ok("mirror", "--check", "--repo", "xen", code=2).out
    assert (
        "the push mirror of git.centos.org:project/sig-virt/xen is switched off; it never succeeded" in check
    )
    assert "secret" not in check

    (made,) = api(world, "GET", "/remote_mirrors")
    api(world, "PUT", f"/remote_mirrors/{made['id']}", enabled=True)
    found = world.ok("mirror", "--check", "--repo", "xen", "--format", "json", code=2).json
    assert [note["text"] for note in found["held"]] == [
        "the push mirror of git.centos.org:project/sig-virt/xen has not run yet"
    ]
    token = world.sandbox.document()["forges"]
    source, login = (
        f"{token[name]['url']}/{path}.git"
        for name, path in (("gitlab", XEN), ("github", "CentOS/sig-virt-xen"))
    )
    upstreams.git("clone", "-q", "--bare", _with(source, token["gitlab"]), str(world.folder / "copy"))
    upstreams.git("-C", str(world.folder / "copy"), "push", "-q", "--mirror", _with(login, token["github"]))
    assert world.ok("mirror", "--check", "--repo", "xen").code == 0, "the forge did it"
    by_primary = "    replicated_by: primary\n"
    world.edit("sigs.yaml", by_primary, f"{by_primary}    mirror_token_ends: 2026-01-31\n")
    ended = world.ok("mirror", "--check", "--repo", "xen", code=2).out
    assert "the token of the push mirrors to github ended on 2026-01-31" in ended


def _with(url, forge):
    return url.replace("://", f"://sigctl-bot:{forge['token']}@")
