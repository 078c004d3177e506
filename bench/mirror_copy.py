"""First copies, and one new commit among many, against git's own commands; in one run, over loopback HTTP.

Run: python bench/mirror_copy.py [first copies] [repositories for one commit]
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "mirror"))

from githttp import CLEAN, Bare, Server, git

from sigctl.core.history import End, Hop
from sigctl.forges.base import Remote
from sigctl.mirror import address, run

COMMITS = 800
ENV = {**CLEAN, "PATH": os.environ["PATH"]}


class Estate:
    """Repositories at an upstream, their copies at a primary, and a mirror between them."""

    def __init__(self, root: Path, server: Server, names: list[str]) -> None:
        self.root, self.server, self.names = root, server, names
        self.hops = [
            Hop("virt", n, End(url=f"{server.url}/upstream/{n}.git"), End("primary", n)) for n in names
        ]

    def remote_of(self, end: End) -> Remote:
        return Remote(end.url or f"{self.server.url}/{end.forge}/{end.path}.git")

    def empty_primary(self) -> None:
        shutil.rmtree(self.root / "srv" / "primary", ignore_errors=True)
        for name in self.names:
            Bare(self.root / "srv" / "primary" / f"{name}.git")

    def mirror(self, jobs: int = 4) -> None:
        options = {"cache": self.root / "cache", "protocols": address.TRUSTING, "jobs": jobs}
        plan = run.plan(self.hops, self.remote_of, **options)
        assert all(o.status == "done" for o in run.push(plan, self.remote_of, **options))

    def check(self) -> None:
        run.plan(self.hops, self.remote_of, cache=self.root / "cache", protocols=address.TRUSTING)


def main(first: int, many: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        with Server(root / "srv") as server:
            first_copies(Estate(root, server, [f"package-{n}" for n in range(first)]))
            shutil.rmtree(root / "srv")
            one_commit(Estate(root, server, [f"package-{n}" for n in range(many)]))


def first_copies(estate: Estate) -> None:
    for name in estate.names:
        Bare(estate.root / "srv" / "upstream" / f"{name}.git").bulk("master", COMMITS)
        git(estate.root / "srv" / "upstream" / f"{name}.git", "repack", "-adq")

    def theirs(name: str) -> None:
        clone = str(estate.root / "clones" / name)
        subprocess.run(
            ["git", "clone", "-q", "--mirror", estate.hops[int(name.split("-")[1])].source.url, clone],
            env=ENV,
            check=True,
        )
        target = f"{estate.server.url}/primary/{name}.git"
        subprocess.run(["git", "push", "-q", "--mirror", target], cwd=clone, env=ENV, check=True)

    def in_parallel() -> None:
        (estate.root / "clones").mkdir()
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(theirs, estate.names))

    pairs = []
    for _ in range(3):
        for folder in ("clones", "cache"):
            shutil.rmtree(estate.root / folder, ignore_errors=True)
        estate.empty_primary()
        other = timed(in_parallel)
        estate.empty_primary()
        pairs.append((timed(estate.mirror), other))
    mine, other = (sorted(column)[1] for column in zip(*pairs, strict=True))
    print(
        f"first copy of {len(estate.names)} repositories of {COMMITS} commits, four at a time, read back: {mine:.2f} s"
    )
    print(f"  clone --mirror + push --mirror, four at a time:  {other:.2f} s   ratio {mine / other:.2f}")


def one_commit(estate: Estate) -> None:
    template = Bare(estate.root / "template")
    template.bulk("master", 50)
    for side in ("upstream", "primary"):
        for name in estate.names:
            shutil.copytree(template.path, estate.root / "srv" / side / f"{name}.git")
    shutil.rmtree(estate.root / "cache", ignore_errors=True)
    upstream = Bare.__new__(Bare)
    upstream.path = estate.root / "srv" / "upstream" / f"{estate.names[0]}.git"
    clone = estate.root / "clone"
    git(estate.root, "clone", "-q", "--mirror", estate.hops[0].source.url, str(clone))
    upstream.commit("master", "warm")
    estate.mirror()

    def fetch_and_push() -> None:
        target = f"{estate.server.url}/primary/{estate.names[0]}.git"
        subprocess.run(["git", "fetch", "-q", "origin"], cwd=clone, env=ENV, check=True)
        subprocess.run(["git", "push", "-q", target, "master"], cwd=clone, env=ENV, check=True)

    fetch_and_push()
    rows = []
    for number in range(5):
        quiet = timed(estate.check)
        upstream.commit("master", f"ours {number}")
        mine = timed(estate.mirror)
        upstream.commit("master", f"theirs {number}")
        plain = timed(fetch_and_push)
        rows.append((mine, quiet, plain))
    mine, quiet, plain = (sorted(column)[2] for column in zip(*rows, strict=True))
    print(f"one new commit in one of {len(estate.names)}: {mine:.2f} s")
    print(
        f"  the check {quiet:.2f} s + one fetch and push {plain:.2f} s   ratio {mine / (quiet + plain):.2f}"
    )


def timed(work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20, int(sys.argv[2]) if len(sys.argv) > 2 else 100)
