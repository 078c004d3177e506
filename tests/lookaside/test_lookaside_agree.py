"""sigctl and the standalone script read the same lists alike, whatever is in them."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from lookaside_box import CLEAN

from sigctl.lookaside import reading
from sigctl.lookaside.script import script
from sigctl.mirror.git import Git

SHA1, MD5, COMMIT = "a" * 40, "b" * 32, "c" * 40
PARTS = [
    SHA1, SHA1.upper(), MD5, "d" * 41, "-", "SOURCES/x", "./SOURCES//x", "x", "y.tar", "SOURCES/x/z", "a b", "../x", "/x", ".git/x", "x/",
    " ", "  ", "\t", "*", "#", "\r", "\x0b", "\x7f", f"SHA1 (x) = {SHA1}", f"MD5 (a (1)) = {MD5}", f"SHA512 (x) = {SHA1}", "(", ") = ",
    "SHA1 (", "https://h/x", "http://h/x", "http://127.0.0.1:1/x", "https://u@h/x", "ftp://h/x", f"git+https://h/x#{COMMIT}", "git+https://h/x#main",
]  # fmt: skip
lines = st.lists(st.sampled_from(PARTS), max_size=6).map("".join)
usual = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from([SHA1, MD5, "-", "d" * 41]),
    st.sampled_from([" ", "  ", "\t", " *"]),
    st.sampled_from(
        ["SOURCES/x", "x", "SOURCES/y.tar", "a  b", "../x", "SOURCES/x/z", "./x", ".git/x", "x(1)=y"]
    ),
    st.sampled_from(["", " ", "  "]),
    st.sampled_from(["", "https://h/x", f"git+https://h/x#{COMMIT}", "http://h/x"]),
)
lists = st.lists(usual | usual | lines, max_size=6).map("\n".join)


@settings(max_examples=60)
@given(lists, lists)
def test_both_declare_the_same_files(metadata, sources):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "xen"
        root.mkdir()
        (root / ".xen.metadata").write_text(metadata, newline="")
        (root / "sources").write_text(sources, newline="")
        ours = reading.checkout(root, Git(), branch="c7").manifest
        done = subprocess.run(
            ["sh", "-s", "--", "-b", "c7", "-c"],
            cwd=root, input=script([]), env=CLEAN, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        theirs = {
            line.removeprefix("missing: ")
            for line in done.stderr.splitlines()
            if line.startswith("missing: ")
        }
        assert theirs == {source.path for source in ours.sources}, done.stderr
        assert (done.returncode == 1) == bool(ours.problems), (done.stderr, ours.problems)
