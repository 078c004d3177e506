"""`sigctl sources`, as people call it."""

from __future__ import annotations

import json
import subprocess

import pytest
from lookaside_box import CLEAN, git
from lookaside_server import Authority, UploadServer, hash_of

from sigctl.lookaside import reading
from sigctl.mirror.git import Git

A, B = b"content of a\n", b"content of b\n"
SPEC = "Name: xen\nVersion: 4.15.1\nSource0: xen-%{version}.tar.gz\nSource1: a\n"

CONFIG = """\
version: 1
forges:
  lab:
    type: gitlab
    url: https://lab.example.org
    token: env:LAB_TOKEN
    repo: project/sig-{{sig}}/{{repo}}
    team: project/sig-{{sig}}/groups/{{team}}
people:
  owner: {{logins: {{lab: owner}}}}
sigs:
  virt:
    title: Virtualization SIG
    chairs: [owner]
    repos:
      xen: {{upstream: {{url: "https://upstream.example.org/xen.git", rename: {{"xen-*": "c7-sig-virt-xen-*"}}}}}}
      gone: {{upstream: "https://upstream.example.org/gone.git"}}
lookaside:
  stores:
    here: {{url: "{url}", upload: "{upload}", certificate: "file:{certificate}", authority: "file:{authority}"}}
"""


@pytest.fixture
def config(tmp_path, server):
    authority = Authority(tmp_path)
    with UploadServer(authority, server.files) as form:
        (tmp_path / "policy.yaml").write_text("version: 1\ninternal_hosts: [127.0.0.1]\n")
        file = tmp_path / "sigs.yaml"
        file.write_text(
            CONFIG.format(
                url=server.url,
                upload=form.url,
                certificate=authority.issue("member"),
                authority=authority.file,
            )
        )
        yield file


@pytest.fixture
def sources(command, box, config, tmp_path):
    def run(verb: str, *arguments: str) -> tuple[int, str, str]:
        cache = () if verb == "script" else ("--sources-cache", str(tmp_path / "cache"))
        return command("sources", verb, "--config", str(config), *cache, *arguments)

    return run


def test_status_fetch_and_verify_tell_the_same_story(box, sources):
    box.write("SPECS/xen.spec", SPEC)
    box.metadata(f"{box.store(A)} SOURCES/a", f"{box.store(B)} SOURCES/xen-4.2.5.tar.gz")
    where = (str(box.root), "--branch", "c10s-sig-virt")
    code, out, _ = sources("status", *where)
    assert code == 2
    assert "missing: SOURCES/a" in out
    assert "stale: SOURCES/xen-4.2.5.tar.gz: no spec of xen names it" in out
    assert sources("verify", *where)[0] == 2
    code, out, _ = sources("fetch", *where)
    assert code == 0
    assert "1 fetched, 1 stale" in out
    assert not (box.root / "SOURCES/xen-4.2.5.tar.gz").exists()
    assert sources("verify", *where)[0] == 0
    box.write("SOURCES/a", b"changed")
    assert sources("verify", *where)[0] == 1


def test_json_has_every_source_with_its_state(box, sources):
    value = box.store(A)
    box.metadata(f"{value} SOURCES/a", f"{value} SOURCES/a", "nonsense")
    code, out, _ = sources("fetch", str(box.root), "--branch", "c10s-sig-virt", "--format", "json")
    found = json.loads(out)
    assert code == 1
    assert found["format"] == "sigctl/sources/1"
    assert found["counts"] == {"duplicates": 1, "fetched": 1, "problems": 1}
    package = found["packages"][0]
    assert package["package"] == "xen"
    assert package["sources"][0]["from"] == f"{box.server.url}/xen/c10s-sig-virt/{value}"
    assert package["sources"][0]["hash"] == value
    assert package["problems"][0]["line"] == 3
    assert package["duplicates"] == [{"path": "SOURCES/a", "file": ".xen.metadata", "line": 2}]


def test_status_does_nothing_to_the_checkout_and_asks_nobody(box, sources):
    box.metadata(f"{box.store(A)} SOURCES/a")
    sources("status", str(box.root))
    assert box.left() == []
    assert box.server.seen == []


def test_a_folder_that_declares_nothing_is_an_error(box, sources):
    code, _, err = sources("status", str(box.root))
    assert code == 1
    assert "no .PACKAGE.metadata and no sources file here" in err


def test_several_lists_need_a_name(box, sources):
    box.metadata(f"{box.store(A)} SOURCES/a")
    box.metadata(f"{box.store(B)} SOURCES/b", name="other")
    code, out, _ = sources("status", str(box.root))
    assert code == 1
    assert "has several lists of sources" in out
    assert sources("fetch", str(box.root), "--package", "xen", "--branch", "c10s-sig-virt")[0] == 0
    assert box.left() == ["SOURCES/a"]


def test_without_files_the_stores_of_centos_are_asked(box, command, monkeypatch):
    monkeypatch.chdir(box.root)
    code, out, _ = command("sources", "script")
    assert code == 0
    assert "https://git.centos.org/sources branch file" in out
    assert "https://sources.stream.centos.org/sources/rpms file" in out
    box.metadata(f"{box.store(A)} SOURCES/a")
    assert command("sources", "status")[0] == 2
    code, _, err = command("sources", "status", "--config", "not/there.yaml")
    assert code == 1
    assert "not/there.yaml" in err


def test_the_script_that_is_printed_works(box, sources):
    box.metadata(f"{box.store(A)} SOURCES/a")
    _, script, _ = sources("script")
    done = subprocess.run(
        ["sh", "-s", "--", "-b", "c10s-sig-virt"],
        cwd=box.root,
        input=script,
        text=True,
        env=CLEAN,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (box.root / "SOURCES/a").read_bytes() == A


def test_upload_sends_declares_and_says_so(box, sources, monkeypatch):
    box.write("SOURCES/a", A)
    box.metadata()
    monkeypatch.chdir(box.root)
    code, out, _ = sources("upload", "SOURCES/a", "--branch", "c10s-sig-virt")
    assert (code, out) == (0, "sent: SOURCES/a\nchanged: .xen.metadata\n")
    assert hash_of(A) in (box.root / ".xen.metadata").read_text()
    code, out, _ = sources("upload", "--branch", "c10s-sig-virt", "--format", "json")
    assert json.loads(out)["files"][0]["state"] == "there"
    code, _, err = sources("upload")
    assert code == 1
    assert "in the name of which branch?" in err


def test_options_of_mirrored_runs_need_mirrored(box, sources):
    code, _, err = sources("status", str(box.root), "--repo", "xen")
    assert code == 1
    assert "--repo needs --mirrored" in err


@pytest.fixture
def upstream(tmp_path, box):
    """The repository xen with three branches: one that is fine, one that is stale, one whose list is wrong."""
    root = tmp_path / "upstream"
    work = tmp_path / "work"
    root.mkdir()
    git(tmp_path, "init", "-q", "-b", "xen-44", str(work))
    (work / "SPECS").mkdir()
    (work / "SPECS/xen.spec").write_text(SPEC)

    def commit(text: str) -> None:
        (work / ".xen.metadata").write_text(text)
        git(work, "add", ".")
        git(work, "commit", "-q", "-m", "change")

    value = hash_of(A, "sha1")
    box.server.files[f"/xen/c7-sig-virt-xen-44/{value}"] = A
    commit(f"{value} SOURCES/a\n")
    git(work, "checkout", "-q", "-b", "xen-46")
    commit(f"{value} SOURCES/a\n{hash_of(B, 'sha1')} SOURCES/xen-4.2.5.tar.gz\n")
    git(work, "checkout", "-q", "-b", "broken")
    commit(f"{value} ../a\n")
    git(tmp_path, "clone", "-q", "--bare", str(work), str(root / "xen.git"))
    return root


def test_a_list_that_is_a_symlink_is_not_read_wherever_it_is(tmp_path):
    work = tmp_path / "xen"
    git(tmp_path, "init", "-q", "-b", "c7", str(work))
    (tmp_path / "secret").write_text("root:x:0")
    (work / "sources").symlink_to("../secret")
    git(work, "add", ".")
    git(work, "commit", "-q", "-m", "change")
    commit = git(work, "rev-parse", "HEAD")
    tip = next(reading.tips(work / ".git", Git(), {"c7": commit}, "virt/xen", "xen"))
    here = reading.checkout(work, Git())
    assert [one.problem for one in tip.manifest.problems] == ["is a symlink"]
    assert ["symlink leads out" in one.problem for one in here.manifest.problems] == [True]
    assert "root:x" not in str(tip.manifest) + str(here.manifest)


def test_every_branch_of_what_is_mirrored_is_looked_at(box, sources, upstream, tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_TOKEN", "x")
    shared = (
        "--mirrored",
        "--cache",
        str(tmp_path / "git"),
        "--rewrite",
        f"https://upstream.example.org/=file://{upstream}/",
    )
    code, out, _ = sources("status", *shared, "--format", "json")
    found = json.loads(out)
    states = {
        one["where"]: {source["path"]: source["state"] for source in one["sources"]}
        for one in found["packages"]
    }
    assert states == {
        "virt/xen broken": {},
        "virt/xen c7-sig-virt-xen-44": {"SOURCES/a": "missing"},
        "virt/xen c7-sig-virt-xen-46": {"SOURCES/a": "missing", "SOURCES/xen-4.2.5.tar.gz": "stale"},
    }
    assert [one["subject"] for one in found["set_aside"]] == ["virt/gone"]
    assert code == 1
    code, out, _ = sources("fetch", *shared, "--repo", "xen")
    assert "fetched: SOURCES/a" in out
    assert "../a" in out
    assert len([p for p in box.server.paths() if "c7-sig-virt-xen-44" in p]) == 1
    code, out, _ = sources(
        "verify", *shared, "--repo", "xen", "--cached", "--branch", "c7-sig-virt-xen-44", "--format", "json"
    )
    assert code == 0
    assert json.loads(out)["counts"] == {"good": 1}
