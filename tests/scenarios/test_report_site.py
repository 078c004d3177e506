"""`sigctl report --html`: from the files, from a snapshot, from the forges themselves with histories, the log and what was before."""

from __future__ import annotations

import re

import pytest
import requests

SHOWN = {"github": "github", "git.centos.org": "gitlab"}


def live(world):
    urls = world.sandbox.document()["forges"]
    return [f"--set=forges.{name}.url={urls[kind]['url']}" for name, kind in SHOWN.items()]


def tampered(world):
    forge = world.sandbox.document()["forges"]["github"]
    done = requests.patch(
        f"{forge['url']}/api/v3/repos/CentOS/sig-virt-xen",
        json={"description": "<b>by hand</b>"},
        headers={"Authorization": f"Bearer {forge['token']}"},
        timeout=30,
    )
    assert done.ok, done.text


def files(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("mirrored")
def test_the_site_tells_of_drift_mirrors_and_what_was_applied(world, sources):
    tampered(world)
    public = world.folder / "public"
    mirrored = [
        "--cache",
        str(world.folder / "cache"),
        "--rewrite",
        f"https://=file://{world.folder}/upstream/",
    ]
    history = world.folder / "history"
    shared = [f"--html={public}", *live(world)]
    audit = next((world.folder / "state").rglob("audit.jsonl"))
    world.ok("drift", f"--history={history}", f"--audit={audit}", code=2)
    told = world.ok("report", *shared, *mirrored, "--live", f"--audit={audit}", f"--history={history}")
    assert re.search(r"public: \d+ files", told.err)
    found = files(public)
    xen = found["repos/virt/xen.html"].decode()
    assert "1 difference" in xen
    assert "&lt;b&gt;by hand&lt;/b&gt;" in xen
    drift = found["drift.html"].decode()
    assert "Open differences over time" in drift
    assert "not known" not in drift, "the history has the cause"
    mirrors = found["mirrors.html"].decode()
    assert ", none not equal" in mirrors
    assert '<span class="chip good">equal</span>' in mirrors
    assert "1 run, the last one first" in found["audit.html"].decode()
    assert "as declared" in found["audit.html"].decode()

    file = world.folder / "snapshot.json"
    world.ok("snapshot", "--out", str(file))
    world.ok("report", *shared, "--snapshot", str(file))
    again = files(public)
    assert "1 difference" in again["index.html"].decode()
    assert "they were not compared" in again["mirrors.html"].decode(), "a snapshot has no histories"
    assert "No log was given" in again["audit.html"].decode()
    world.ok("report", *shared, "--snapshot", str(file))
    assert files(public) == again, "equal input, equal bytes"

    world.ok("report", f"--html={public}")
    assert "not compared" in files(public)["index.html"].decode()


def test_what_can_not_be_meant_is_refused(world, monkeypatch):
    public = world.folder / "public"
    refused = world.run("report", f"--html={public}", "--sig", "virt")
    assert refused.code == 1
    assert "the pages are of all SIGs" in refused.err
    refused = world.run("report", f"--html={public}", "--live", "--snapshot", "x")
    assert (refused.code, "can't both be meant" in refused.err) == (1, True)
    monkeypatch.delenv("SIGCTL_GITHUB_TOKEN")
    half = world.run("report", f"--html={public}", "--live", "--no-mirror", *live(world))
    assert half.code == 1
    assert "not read" in (public / "index.html").read_text(encoding="utf-8"), "the rest is told of"
