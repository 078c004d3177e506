from __future__ import annotations

from lookaside_box import git
from lookaside_server import hash_of

from sigctl.lookaside import reading
from sigctl.lookaside.formats import Checksum, Source
from sigctl.lookaside.urls import Store, candidates, remote_branches
from sigctl.mirror.git import Git

SHA1 = "a" * 40
SOURCE = Source("SOURCES/xen-4.6.tar.gz", Checksum("sha1", SHA1))


def test_both_layouts_are_tried_branch_by_branch_then_by_file():
    assert candidates([Store("https://s.example.org/sources/")], "xen", SOURCE, ["c7", "c8s"]) == [
        f"https://s.example.org/sources/xen/c7/{SHA1}",
        f"https://s.example.org/sources/xen/c8s/{SHA1}",
        f"https://s.example.org/sources/xen/xen-4.6.tar.gz/sha1/{SHA1}/xen-4.6.tar.gz",
    ]


def test_what_means_something_else_in_a_url_is_encoded():
    source = Source("SOURCES/a b+c?#%.tgz", Checksum("sha1", SHA1))
    by_branch, by_file = candidates([Store("https://s")], "libsigc++20", source, ["c10s-hs+asahi"])
    assert by_branch == f"https://s/libsigc%2B%2B20/c10s-hs%2Basahi/{SHA1}"
    name = "a%20b%2Bc%3F%23%25.tgz"
    assert by_file == f"https://s/libsigc%2B%2B20/{name}/sha1/{SHA1}/{name}"


def test_a_branch_with_slashes_keeps_them():
    found = candidates([Store("https://s", ("branch",))], "xen", SOURCE, ["a/b"])
    assert found == [f"https://s/xen/a/b/{SHA1}"]


def test_a_store_for_some_branches_is_asked_for_those_only():
    store = Store("https://s", ("branch", "file"), ("c*s", "c*s-*"))
    assert candidates([store], "xen", SOURCE, ["c7"]) == []
    assert len(candidates([store], "xen", SOURCE, ["c7", "c9s-sig-virt"])) == 2


def test_the_address_of_the_line_comes_last_and_a_commit_is_no_address():
    source = Source("SOURCES/x.tar", Checksum("sha1", SHA1), "https://example.org/x.tar")
    assert candidates([Store("https://s")], "xen", source, [])[-1] == "https://example.org/x.tar"
    packed = Source("SOURCES/x.tar", None, "https://example.org/x.git", "c" * 40)
    assert candidates([Store("https://s")], "xen", packed, ["c7"]) == []


def test_remote_branches_are_each_named_once_and_head_is_none_of_them():
    listed = [
        "  origin/HEAD -> origin/c7",
        "  origin/c7",
        "  origin/a/b",
        "  fork/c7",
        "  fork/x/c8s",
        "other/c9",
    ]
    assert remote_branches(listed, ["origin", "fork", "fork/x"]) == ["a/b", "c7", "c8s"]
    assert remote_branches(listed, ["origin"], "c7") == ["c7", "a/b"]
    assert remote_branches(["origin/HEAD", "origin/alias -> origin/c7"], ["origin"]) == []


def test_the_branches_of_a_checkout_are_the_remote_ones_that_contain_head(tmp_path):
    upstream = tmp_path / "up"
    git(tmp_path, "init", "-q", "-b", "c7", str(upstream))
    git(upstream, "commit", "-q", "--allow-empty", "-m", "one")
    git(upstream, "branch", "c7-sig-virt")
    git(upstream, "branch", "old")
    git(upstream, "commit", "-q", "--allow-empty", "-m", "two")
    git(upstream, "branch", "c10s-hs+asahi")
    git(tmp_path, "clone", "-q", str(upstream), "xen")
    checkout = tmp_path / "xen"
    folder = reading.git_folder(checkout)
    assert folder is not None
    assert reading.containing(folder, Git()) == ("c7", "c10s-hs+asahi")
    git(checkout, "checkout", "-q", "--detach", "origin/old")
    assert reading.containing(folder, Git()) == ("c10s-hs+asahi", "c7", "c7-sig-virt", "old")
    git(checkout, "checkout", "-q", "-b", "mine")
    git(checkout, "commit", "-q", "--allow-empty", "-m", "not pushed")
    assert reading.containing(folder, Git()) == ("mine",)
    git(checkout, "worktree", "add", "-q", str(tmp_path / "tree"), "origin/c7")
    tree = reading.git_folder(tmp_path / "tree")
    assert tree is not None
    assert reading.containing(tree, Git()) == ("c10s-hs+asahi", "c7")


def test_a_folder_that_is_no_checkout_has_no_branches(box):
    box.metadata(f"{hash_of(b'x', 'sha1')} SOURCES/x")
    assert reading.checkout(box.root, Git()).branches == ()
