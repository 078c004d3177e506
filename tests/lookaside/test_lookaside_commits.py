"""Sources packed from a commit: the same everywhere, and never anything but that commit."""

from __future__ import annotations

import gzip
import tarfile

import pytest
from githttp import Server
from lookaside_box import Box, git
from lookaside_server import hash_of

from sigctl.lookaside.formats import parse

LIST = ".xen.metadata"


@pytest.fixture
def upstream(tmp_path, monkeypatch):
    """A repository whose commits are packed; read over http in the lines, from a folder by git."""
    folder = tmp_path / "upstream"
    git(tmp_path, "init", "-q", "-b", "main", str(folder))
    (folder / "README").write_text("$Format:%d$\n")
    (folder / ".gitattributes").write_text("README export-subst\ntests export-ignore\n")
    (folder / "tests").write_text("kept\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "one")
    git(folder, "config", "uploadpack.allowAnySHA1InWant", "true")
    return folder


@pytest.fixture
def served(upstream, tmp_path):
    """The same over git's smart HTTP."""
    root = tmp_path / "srv"
    root.mkdir()
    git(tmp_path, "clone", "-q", "--bare", str(upstream), str(root / "x.git"))
    with Server(root) as server:
        yield f"{server.url}/x.git"


def declare(box: Box, url: str, commit: str, name: str = "x.tar.gz", sign: str = "-") -> None:
    box.metadata(f"{sign}  SOURCES/{name}  git+{url}#{commit}")


@pytest.mark.parametrize("name", ["x.tar", "x.tar.gz", "x.tgz", "x.tar.bz2", "x.tar.xz"])
def test_a_commit_is_packed_as_the_end_of_the_path_says(box, upstream, served, name):
    declare(box, served, git(upstream, "rev-parse", "HEAD"), name)
    assert box.states() == {f"SOURCES/{name}": "made"}
    with tarfile.open(box.root / "SOURCES" / name) as tar:
        assert tar.getnames() == ["x", "x/.gitattributes", "x/README", "x/tests"]
        readme = tar.extractfile("x/README")
        assert readme is not None
        assert readme.read() == b"$Format:%d$\n"
    if name.endswith("gz"):
        assert (box.root / "SOURCES" / name).read_bytes()[3:8] == bytes(5)  # neither a name nor a time
    assert box.states("verify") == {f"SOURCES/{name}": "good"}
    assert box.states() == {f"SOURCES/{name}": "kept"}


def test_a_file_that_is_not_the_commit_differs(box, upstream, served):
    declare(box, served, git(upstream, "rev-parse", "HEAD"))
    box.states()
    file = box.root / "SOURCES/x.tar.gz"
    tar = gzip.decompress(file.read_bytes())
    file.write_bytes(gzip.compress(tar, 1))
    assert box.states("verify") == {"SOURCES/x.tar.gz": "good"}  # compressed otherwise, the same within
    file.write_bytes(gzip.compress(tar + b"\0" * 512))
    assert box.states("verify") == {"SOURCES/x.tar.gz": "differs"}
    file.write_bytes(b"no archive at all")
    assert box.states("verify") == {"SOURCES/x.tar.gz": "differs"}
    assert box.states() == {"SOURCES/x.tar.gz": "failed"}
    assert box.states(replace=True) == {"SOURCES/x.tar.gz": "made"}


def test_a_file_that_was_made_elsewhere_is_checked_against_the_commit(box, upstream, served, tmp_path):
    declare(box, served, git(upstream, "rev-parse", "HEAD"))
    box.states()
    box.cache = tmp_path / "another"
    assert box.states("verify") == {"SOURCES/x.tar.gz": "unknown"}
    assert box.states() == {"SOURCES/x.tar.gz": "kept"}


def test_a_commit_is_found_where_the_server_gives_no_single_ones(box, upstream, served, tmp_path):
    git(tmp_path / "srv/x.git", "config", "uploadpack.allowAnySHA1InWant", "false")
    first = git(upstream, "rev-parse", "HEAD")
    git(upstream, "commit", "-q", "--allow-empty", "-m", "two")
    git(tmp_path / "srv/x.git", "fetch", "-q", str(upstream), "main:main")
    declare(box, served, first)
    assert box.states() == {"SOURCES/x.tar.gz": "made"}


def test_a_commit_that_is_not_there_is_an_error(box, upstream, served):
    declare(box, served, "c" * 40)
    item = box.do("fetch").looked[0].items[0]
    assert item.state == "failed"
    assert "has no commit cccccccccccc" in item.reason
    assert box.left() == []


def test_a_tree_or_a_blob_is_no_commit(box, upstream, served):
    declare(box, served, git(upstream, "rev-parse", "HEAD^{tree}"))
    assert box.states() == {"SOURCES/x.tar.gz": "failed"}


def test_a_hash_beside_the_commit_is_checked_too(box, upstream, served):
    commit = git(upstream, "rev-parse", "HEAD")
    declare(box, served, commit, "x.tar")
    box.states()
    value = hash_of((box.root / "SOURCES/x.tar").read_bytes())
    declare(box, served, commit, "x.tar", value)
    assert box.states("verify") == {"SOURCES/x.tar": "good"}
    assert box.states() == {"SOURCES/x.tar": "kept"}
    (box.root / "SOURCES/x.tar").unlink()
    assert box.states() == {"SOURCES/x.tar": "made"}
    (box.root / "SOURCES/x.tar").unlink()
    declare(box, served, commit, "x.tar", "a" * 40)
    assert "something else than the hash" in box.do("fetch").looked[0].items[0].reason


def test_git_reads_nothing_but_what_the_lines_may_name():
    assert parse(f"- x.tar git+file:///srv/x.git#{'c' * 40}", LIST).sources == ()
    assert parse(f"- x.tar git+ssh://h/x.git#{'c' * 40}", LIST).sources == ()
    assert parse(f"- x.tar git+ext::sh#{'c' * 40}", LIST).sources == ()
    assert parse(f"- x.tar git+https://-oProxyCommand=x/y#{'c' * 40} z", LIST).sources == ()
