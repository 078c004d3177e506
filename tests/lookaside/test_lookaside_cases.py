"""The same cases for sigctl and for the script that needs no sigctl: the same files arrive, the same are refused."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from lookaside_box import Box, git
from lookaside_server import EMPTY, Fault, hash_of

from sigctl.app import sources

SHELLS = sorted(
    {Path(found).resolve(): name for name in ("sh", "dash", "bash") if (found := shutil.which(name))}.values()
)
A, B = b"content of a\n", b"content of b\n" * 500


@dataclass
class Done:
    code: int
    said: str


@pytest.fixture(params=["sigctl", *SHELLS])
def way(request):
    return request.param


def run(way: str, box: Box, *flags: str, branch: str = "c10s-sig-virt", check: bool = False) -> Done:
    """Fetch (or check) the sources of the checkout, and leave nothing beside them."""
    if way == "sigctl":
        options = {
            "branch": branch,
            "replace": "-r" in flags,
            "package": flags[flags.index("-p") + 1] if "-p" in flags else "",
        }
        survey = box.do("verify" if check else "fetch", **options)
        said = " ".join(f"{i.source.path} {i.reason}" for one in survey.looked for i in one.items)
        said += " ".join(map(str, survey.looked[0].package.manifest.problems))
        return Done(survey.exit_code, said)
    script = box.root.parent / "get_sources.sh"
    script.write_text(sources.get_sources_script(box.options()))
    temporary = box.root.parent / "tmp"
    temporary.mkdir(exist_ok=True)
    command = [way, str(script), *(["-b", branch] if branch else []), *(["-c"] if check else []), *flags]
    done = subprocess.run(
        command,
        cwd=box.root,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": os.environ["PATH"], "TMPDIR": str(temporary), "no_proxy": "127.0.0.1"},
    )
    assert list(temporary.iterdir()) == []
    return Done(done.returncode, done.stdout + done.stderr)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_good_shell(shell, box, tmp_path):
    file = tmp_path / "get_sources.sh"
    file.write_text(sources.get_sources_script(box.options()))
    done = subprocess.run([shell, "-n", str(file)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_script_says_how_it_is_used(box):
    done = run("sh", box, "-h")
    assert done.code == 0
    assert done.said.startswith("Gets the binary sources")
    assert "@STORES@" not in done.said


def test_every_kind_of_line_in_both_files_arrives(box, way):
    box.metadata(
        "# hash and path",
        f"{box.store(A)}   SOURCES/a.txt",
        "",
        f"{box.store(B, kind='md5').upper()} *SOURCES/b.txt\r",
        f"{EMPTY['sha1']} SOURCES/empty",
        f"{box.store(B, kind='sha256')}\tnested/deep/b+ c.txt",
    )
    box.sources(
        f"SHA512 (c (1).txt) = {box.store_by_name(A, 'c (1).txt')}",
        f"{box.store(B, kind='sha512')}  d.txt",
    )
    assert run(way, box).code == 0
    assert box.left() == [
        "SOURCES/a.txt", "SOURCES/b.txt", "SOURCES/c (1).txt", "SOURCES/d.txt", "SOURCES/empty", "nested/deep/b+ c.txt", "sources",
    ]  # fmt: skip
    assert (box.root / "SOURCES/c (1).txt").read_bytes() == A
    assert (box.root / "nested/deep/b+ c.txt").read_bytes() == B
    assert run(way, box, check=True).code == 0


def test_sources_wins_over_metadata_in_both(box, way):
    box.metadata(f"{box.store(A)} SOURCES/x")
    box.sources(f"SHA512 (x) = {box.store(B, kind='sha512')}")
    assert run(way, box).code == 0
    assert (box.root / "SOURCES/x").read_bytes() == B


@pytest.mark.parametrize(
    "line",
    [
        "{a} ../out",
        "{a} /tmp/out",
        "{a} SOURCES/",
        "{a} .git/hooks/pre-commit",
        "{a} SOURCES/x/../../../out",
        "{a} SOURCES/a\x1bb",
        "{a}f SOURCES/x",
        "{a}",
        "zz{a} SOURCES/x",
        "SHA512 (x) = {a}",
        "- SOURCES/x.tar",
        "{a} SOURCES/x http://example.org/x",
        "{a} SOURCES/x https://u:p@example.org/x",
        "- SOURCES/x.tar git+https://example.org/x.git#main",
        "{a} SOURCES/x\n{b} SOURCES/x",
        "{a} SOURCES/x\n{b} ./SOURCES//x",
        "{a} SOURCES/x\n{a} SOURCES/x/y",
    ],
)
def test_a_line_that_is_refused_brings_nothing_and_the_others_arrive(box, way, line):
    lines = line.format(a=box.store(A), b=box.store(B)).split("\n")
    box.metadata(*lines, f"{box.store(B)} SOURCES/good")
    assert run(way, box).code == 1
    assert box.left() == ["SOURCES/good"]
    assert not (box.root.parent / "out").exists()


def test_a_file_that_no_store_has_is_an_error_in_both(box, way):
    box.metadata(f"{hash_of(A, 'sha1')} SOURCES/a", f"{box.store(B)} SOURCES/b")
    done = run(way, box)
    assert done.code == 1
    assert "no store has it" in done.said
    assert box.left() == ["SOURCES/b"]


def test_other_content_is_refused_by_both(box, way):
    value = box.store(A)
    box.server.files[f"/xen/c10s-sig-virt/{value}"] = b"<html>"
    box.metadata(f"{value} SOURCES/a")
    done = run(way, box)
    assert done.code == 1
    assert "other content" in done.said
    assert box.left() == []


def test_a_file_that_is_there_is_kept_when_good_and_refused_when_not(box, way):
    box.metadata(f"{box.store(A)} SOURCES/a", f"{box.store(B)} SOURCES/b")
    box.write("SOURCES/a", A)
    box.write("SOURCES/b", b"mine")
    assert run(way, box, check=True).code == 1
    assert run(way, box).code == 1
    assert (box.root / "SOURCES/b").read_bytes() == b"mine"
    assert run(way, box, "-r").code == 0
    assert (box.root / "SOURCES/b").read_bytes() == B
    assert box.server.paths() == [f"/xen/c10s-sig-virt/{hash_of(B, 'sha1')}"]


def test_what_is_missing_is_something_to_do(box, way):
    box.metadata(f"{box.store(A)} SOURCES/a")
    assert run(way, box, check=True).code == 2
    assert box.left() == []


def test_a_download_that_breaks_is_taken_up_again_by_both(box, way):
    value = box.store(B)
    box.metadata(f"{value} SOURCES/b")
    box.server.faults = [Fault(cut_after=1000, times=1)]
    assert run(way, box).code == 0
    assert (box.root / "SOURCES/b").read_bytes() == B
    assert box.server.seen[-1].range == "bytes=1000-"


def test_a_server_without_ranges_is_no_trouble(box, way):
    box.metadata(f"{box.store(B)} SOURCES/b")
    box.server.faults = [Fault(cut_after=1000, times=1), Fault(no_range=True)]
    assert run(way, box).code == 0
    assert (box.root / "SOURCES/b").read_bytes() == B


def test_a_server_that_fails_is_not_a_file_that_is_not_there(box, way):
    box.metadata(f"{box.store(A)} SOURCES/a")
    box.server.faults = [Fault(status=500)]
    done = run(way, box)
    assert done.code == 1
    assert "no store has it" not in done.said


def test_the_address_of_a_line_is_used_by_both(box, way):
    box.server.files["/up/a[1]{2}.txt"] = A
    box.metadata(f"{hash_of(A)} SOURCES/a {box.server.url}/up/a[1]{{2}}.txt")
    assert run(way, box).code == 0
    assert (box.root / "SOURCES/a").read_bytes() == A


@pytest.mark.parametrize("target", ["../outside", ".git"])
def test_a_symlinked_folder_is_refused_by_both(box, way, target):
    (box.root / ".git").mkdir()
    (box.root.parent / "outside").mkdir()
    (box.root / "SOURCES").symlink_to(target)
    box.metadata(f"{box.store(A)} SOURCES/a", f"{box.store(A)} SOURCES/deep/a")
    done = run(way, box)
    assert done.code == 1
    assert "symlink" in done.said
    assert list((box.root.parent / "outside").iterdir()) == []
    assert list((box.root / ".git").iterdir()) == []


def test_a_symlink_in_the_place_of_a_file_is_refused_by_both(box, way):
    outside = box.root.parent / "outside"
    outside.write_bytes(A)
    (box.root / "SOURCES").mkdir()
    (box.root / "SOURCES/a").symlink_to(outside)
    box.metadata(f"{box.store(A)} SOURCES/a")
    done = run(way, box, "-r")
    assert done.code == 1
    assert "symlink" in done.said
    assert (box.root / "SOURCES/a").is_symlink()


def test_branches_are_found_and_encoded_by_both(box, way, tmp_path):
    upstream = tmp_path / "up"
    git(tmp_path, "init", "-q", "-b", "main", str(upstream))
    git(upstream, "commit", "-q", "--allow-empty", "-m", "one")
    git(upstream, "branch", "c10s-hs+asahi")
    git(upstream, "branch", "a/b")
    shutil.rmtree(box.root)
    git(tmp_path, "clone", "-q", str(upstream), str(box.root))
    value = hash_of(A, "sha1")
    box.server.files[f"/xen/c10s-hs+asahi/{value}"] = A
    box.metadata(f"{value} SOURCES/a")
    assert run(way, box, branch="").code == 0
    asked = [f"/xen/main/{value}", f"/xen/a/b/{value}", f"/xen/c10s-hs%2Basahi/{value}"]
    assert box.server.paths() == asked


def test_the_package_is_named_by_the_list_the_option_or_the_spec(box, way):
    value = hash_of(A, "sha1")
    box.server.files[f"/libsigc++20/c10s-sig-virt/{value}"] = A
    box.metadata(f"{value} SOURCES/a", name="libsigc++20")
    assert run(way, box).code == 0
    box.metadata(f"{value} SOURCES/b", name="other")
    assert run(way, box).code == 1
    assert run(way, box, "-p", "libsigc++20").code == 0
    for file in box.root.glob(".*.metadata"):
        file.unlink()
    box.write("SPECS/libsigc++20.spec", "Name: libsigc++20\nSource0: c\n")
    box.sources(f"SHA1 (c) = {value}")
    assert run(way, box).code == 0
    assert (box.root / "SOURCES/c").read_bytes() == A


def test_a_store_for_some_branches_only_is_passed_over_by_the_script_too(box):
    box.metadata(f"{box.store(A)} SOURCES/a")
    text = sources.get_sources_script(box.options())
    text = text.replace(
        f"STORES='{box.server.url} branch file'", f"STORES='{box.server.url} branch c*s c*s-*'"
    )
    assert "branch c*s c*s-*" in text
    (box.root.parent / "gs").write_text(text)
    for branch, code in (("c7", 1), ("c10s-sig-virt", 0)):
        done = subprocess.run(["sh", "../gs", "-b", branch], cwd=box.root, capture_output=True, check=False)
        assert done.returncode == code, done.stderr
    assert len(box.server.seen) == 1
