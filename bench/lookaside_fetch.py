"""Many small sources with a latency, against a loop of curl and sha512sum; a large one, with the memory it takes; from the cache.

Run: python bench/lookaside_fetch.py [files] [milliseconds] [megabytes of the large file]
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "lookaside"))

from lookaside_server import Fault, FileServer, hash_of

from sigctl.app.sources import SourceOptions, checkout
from sigctl.mirror import address

BRANCH = "c10s-sig-virt"
LOOP = """\
while read -r hash path; do
  mkdir -p SOURCES
  curl -sS --fail -o "$path" "$URL/xen/$BRANCH/$hash" || exit 1
  echo "$hash  $path" | sha512sum -c --quiet || exit 1
done < .xen.metadata
"""


def main(files: int, milliseconds: int, megabytes: int) -> None:
    with tempfile.TemporaryDirectory() as folder, FileServer() as server:
        root = Path(folder)
        many = declare(root / "many", server, [os.urandom(256 << 10) for _ in range(files)])
        server.faults = [Fault(before=lambda: time.sleep(milliseconds / 1000))]
        print(f"{files} files of 256 KiB at {milliseconds} ms:")
        loop = timed("a loop of curl and sha512sum", lambda: curl(many, server))
        for jobs in (1, 4, 8):
            shutil.rmtree(many / "SOURCES")
            cache = root / f"cache-{jobs}"
            took = timed(f"sigctl, --jobs {jobs}", lambda: fetch(many, server, cache, jobs))  # noqa: B023  # called at once
            print(f"    {took / loop:.2f}x")
        shutil.rmtree(many / "SOURCES")
        timed("sigctl, all from the cache", lambda: fetch(many, server, root / "cache-4", 4))
        timed("sigctl, all there, verified", lambda: fetch(many, server, root / "cache-4", 4))
        server.faults = []
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        large = declare(root / "large", server, [os.urandom(1 << 20) * megabytes])
        held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        timed(f"one file of {megabytes} MiB", lambda: fetch(large, server, root / "cache-large", 1))
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(
            f"  memory: {(after - held) >> 10} MiB more than the {(held - before) >> 10} MiB that the server in this process holds"
        )


def declare(root: Path, server: FileServer, contents: list[bytes]) -> Path:
    root.mkdir()
    lines = []
    for number, content in enumerate(contents):
        value = hash_of(content)
        server.files[f"/xen/{BRANCH}/{value}"] = content
        lines.append(f"{value} SOURCES/{number}.tar.gz\n")
    (root / ".xen.metadata").write_text("".join(lines))
    return root


def fetch(root: Path, server: FileServer, cache: Path, jobs: int) -> None:
    options = SourceOptions(
        stores=(server.url,), branch=BRANCH, cache=cache, jobs=jobs, protocols=address.TRUSTING
    )
    assert checkout("fetch", root, options).exit_code == 0


def curl(root: Path, server: FileServer) -> None:
    env = {**os.environ, "URL": server.url, "BRANCH": BRANCH, "no_proxy": "127.0.0.1"}
    subprocess.run(["sh", "-c", LOOP], cwd=root, env=env, check=True)


def timed(what: str, work) -> float:
    start = time.perf_counter()
    work()
    took = time.perf_counter() - start
    print(f"  {what}: {took:.2f} s")
    return took


if __name__ == "__main__":
    main(*(int(given) for given in (sys.argv[1:] + ["60", "50", "400"][len(sys.argv) - 1 :])))
