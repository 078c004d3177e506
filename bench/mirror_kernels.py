"""A big repository: sigctl's own memory; and two that share history: disk and bytes, against git's own clones; in one run, loopback HTTP.

Run: python bench/mirror_kernels.py [MiB of the big one, 256 unless given; 1024 is a kernel]
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "mirror"))

from githttp import CLEAN, Bare, Server, git

from sigctl.core.history import End, Hop
from sigctl.forges.base import Remote
from sigctl.mirror import address, run

SMALL = 16
"""MiB of the repository that the big one is compared with."""
BLOB = 1 << 20
TAGS = 10


def main(size: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        with Server(root / "srv") as server:
            rows = []
            for mib in (SMALL, size):
                make(root, f"kernel-{mib}", mib)
                rows.append((mib, mirrored(root, server, f"kernel-{mib}")))
            print(f"memory of sigctl itself, first copy of {rows[0][0]} MiB: {rows[0][1]:.0f} MiB")
            print(f"  of {rows[1][0]} MiB: {rows[1][1]:.0f} MiB   ratio {rows[1][1] / rows[0][1]:.2f}")
            shared(root, server, f"kernel-{size}")


def make(root: Path, name: str, mib: int) -> Bare:
    """A history of that size which nothing can compress, and a place to copy it to."""
    upstream = Bare(root / "srv" / "upstream" / f"{name}.git")
    feed = subprocess.Popen(
        ["git", "fast-import", "--quiet"], cwd=upstream.path, env=CLEAN, stdin=subprocess.PIPE
    )
    if feed.stdin is None:
        raise AssertionError("a pipe was asked for")
    for number in range(mib):
        head = f"commit refs/heads/master\ncommitter member <member@example.org> {1_600_000_000 + number} +0000\ndata 1\nx\n"
        feed.stdin.write(f"{head}M 100644 inline f{number % 20}\ndata {BLOB}\n".encode() + os.urandom(BLOB))
    feed.stdin.close()
    if feed.wait():
        raise AssertionError("git fast-import failed")
    for number in range(TAGS):
        upstream.tag(f"v{number}", f"master~{number}")
    Bare(root / "srv" / "primary" / f"{name}.git")
    return upstream


def mirrored(root: Path, server: Server, *names: str) -> float:
    """Mirror in a process of its own; return the MiB of memory that it had at most, git's own processes aside."""
    command = [sys.executable, __file__, "--child", server.url, str(root / "cache"), *names]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def shared(root: Path, server: Server, first: str) -> None:
    """Copy a second repository with the same history and a commit of its own."""
    shutil.copytree(root / "srv" / "upstream" / f"{first}.git", root / "srv" / "upstream" / "second.git")
    second = Bare.__new__(Bare)
    second.path = root / "srv" / "upstream" / "second.git"
    second.commit("own", "of the SIG")
    Bare(root / "srv" / "primary" / "second.git")
    shutil.rmtree(root / "cache")
    for target in (root / "srv" / "primary").iterdir():
        shutil.rmtree(target)
        Bare(target)
    server.sent.clear()
    mirrored(root, server, first)
    one = disk(root / "cache")
    mirrored(root, server, first, "second")
    both = disk(root / "cache")
    fetched = [server.sent[f"/upstream/{name}.git/git-upload-pack"] / 2**20 for name in ("second", first)]
    for name in (first, "second"):
        git(root, "clone", "-q", "--mirror", f"{server.url}/upstream/{name}.git", str(root / "clones" / name))
    plain = disk(root / "clones")
    print(
        f"disk of two that share history: {both / 2**20:.0f} MiB, of one {one / 2**20:.0f} MiB   ratio {both / one:.2f}"
    )
    print(f"  two times git clone --mirror: {plain / 2**20:.0f} MiB   ratio {both / plain:.2f}")
    print(f"  fetched for the second: {fetched[0]:.2f} MiB, for the first {fetched[1]:.0f} MiB")


def disk(folder: Path) -> int:
    """Return the bytes that files take, each once whatever names it has."""
    stats = (file.stat() for file in folder.rglob("*") if file.is_file())
    return sum({stat.st_ino: stat.st_blocks * 512 for stat in stats}.values())


def child(url: str, cache: str, *names: str) -> None:
    """Mirror, and print this process's own peak."""

    def remote_of(end: End) -> Remote:
        return Remote(end.url or f"{url}/{end.forge}/{end.path}.git")

    hops = [Hop("virt", name, End(url=f"{url}/upstream/{name}.git"), End("primary", name)) for name in names]
    options = {"cache": Path(cache), "protocols": address.TRUSTING}
    plan = run.plan(hops, remote_of, **options)
    if not all(outcome.status == "done" for outcome in run.push(plan, remote_of, **options)):
        raise AssertionError("not all arrived")
    # not getrusage: what it calls a process's peak begins with that of the process which started it
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    print(int(status["VmHWM"].split()[0]) / 1024)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 256)
