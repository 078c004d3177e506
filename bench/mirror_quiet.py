"""Nothing to do for many repositories at 50 ms: our check against git's own commands, in one run.

Run: python bench/mirror_quiet.py [repositories] [milliseconds]
"""

from __future__ import annotations

import os
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


def main(repositories: int, milliseconds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        names = [f"package-{number}" for number in range(repositories)]
        print(f"making {2 * repositories} repositories ...", file=sys.stderr)
        first = Bare(root / "srv" / "upstream" / f"{names[0]}.git")
        tip = first.bulk("master", 20)
        for number in range(8):
            first.point(f"refs/heads/c{number}-sig-virt", tip)
        for side in ("upstream", "primary"):
            for name in names:
                target = root / "srv" / side / f"{name}.git"
                if not target.exists():
                    target.parent.mkdir(parents=True, exist_ok=True)
                    subprocess.run(["cp", "-r", str(first.path), str(target)], check=True)
        with Server(root / "srv") as server:
            server.cached = {}  # a real forge doesn't share two cores with its client
            measure(root, server, names, milliseconds / 1000)


def measure(root: Path, server: Server, names: list[str], latency: float) -> None:
    hops = [
        Hop("virt", name, End(url=f"{server.url}/upstream/{name}.git"), End("primary", name))
        for name in names
    ]

    def remote_of(end: End) -> Remote:
        return Remote(end.url or f"{server.url}/{end.forge}/{end.path}.git")

    def ours() -> None:
        plan = run.plan(hops, remote_of, cache=root / "cache", protocols=address.TRUSTING)
        assert (plan.equal, plan.reads, plan.actions) == (len(hops), 2 * len(hops), ())

    clones = root / "clones"
    clones.mkdir()
    for name in names:
        git(clones, "clone", "--quiet", "--mirror", f"{server.url}/upstream/{name}.git", f"{name}.git")
        git(
            clones / f"{name}.git",
            "remote",
            "set-url",
            "--push",
            "origin",
            f"{server.url}/primary/{name}.git",
        )

    def theirs(name: str) -> None:
        for command in (["remote", "update"], ["push", "--mirror"]):
            env = {**CLEAN, "PATH": os.environ["PATH"]}
            subprocess.run(
                ["git", *command], cwd=clones / f"{name}.git", env=env, check=True, capture_output=True
            )

    def one_by_one() -> None:
        for name in names:
            theirs(name)

    def eight_at_a_time() -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(theirs, names))

    ours()  # both sides' answers are known to the server from here on
    eight_at_a_time()
    server.latency = latency
    mine = min(timed(ours) for _ in range(3))
    eight = timed(eight_at_a_time)
    loop = timed(one_by_one)
    print(f"{len(names)} repositories, {latency * 1000:.0f} ms, nothing to do")
    print(f"  sigctl                              {mine:7.2f} s   {2 * len(names)} requests")
    print(f"  remote update + push, eight at once {eight:7.2f} s   {eight / mine:5.1f} x")
    print(f"  remote update + push, one by one    {loop:7.2f} s   {loop / mine:5.1f} x")


def timed(work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100, int(sys.argv[2]) if len(sys.argv) > 2 else 50)
