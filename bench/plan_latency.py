"""How long `plan` takes for the real config at 50 ms a request, against the limit of 3 seconds, and what --help takes.

.venv/bin/python bench/plan_latency.py
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SIGCTL = Path(sys.executable).with_name("sigctl")
sys.path.insert(0, str(ROOT / "tests" / "scenarios"))
LIMIT, HELP_LIMIT, RUNS = 3.0, 0.3, 5


def main() -> None:
    import upstreams

    folder = Path(tempfile.mkdtemp(prefix="sigctl-bench-"))
    try:
        up = [SIGCTL, "sandbox", "up", "--dir", folder / "forges", "--latency", "50"]
        document = json.loads(subprocess.run(up, cwd=ROOT, check=True, capture_output=True).stdout)["forges"]
        upstreams.make(folder / "upstream")
        env = {
            **os.environ,
            "SIGCTL_GITHUB_TOKEN": document["github"]["token"],
            "XDG_STATE_HOME": str(folder),
        }
        env["SIGCTL_GIT_CENTOS_ORG_TOKEN"] = document["gitlab"]["token"]
        shared = ["--set", f"forges.github.url={document['github']['url']}"]
        shared += ["--set", f"forges.git.centos.org.url={document['gitlab']['url']}"]
        shared += ["--cache", folder / "cache", "--rewrite", f"https://=file://{folder}/upstream/"]
        timed([SIGCTL, "apply", "--yes", *shared], env, "apply of everything, once", 1)
        plain = timed([SIGCTL, "plan", "--no-mirror", *shared], env, "plan, rights only", RUNS)
        whole = timed([SIGCTL, "plan", *shared], env, "plan with histories", RUNS)
        help_ = timed([SIGCTL, "--help"], env, "--help", RUNS)
        print(f"plan, rights only: {plain / LIMIT:.2f} of the limit of {LIMIT:.0f} s")
        print(f"plan with histories: {whole / LIMIT:.2f} of the limit of {LIMIT:.0f} s")
        print(f"--help: {help_ / HELP_LIMIT:.2f} of the limit of {HELP_LIMIT} s")
    finally:
        subprocess.run(
            [SIGCTL, "sandbox", "down", "--dir", folder / "forges"], check=False, capture_output=True
        )
        shutil.rmtree(folder, ignore_errors=True)


def timed(command, env, what, runs):
    """Print and return the median of several runs, in seconds."""
    seconds = []
    for _ in range(runs):
        begun = time.perf_counter()
        done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
        seconds.append(time.perf_counter() - begun)
        if done.returncode:
            raise SystemExit(done.stdout + done.stderr)
    median = sorted(seconds)[len(seconds) // 2]
    print(f"{what}: {median:.2f} s (median of {runs}, {min(seconds):.2f} to {max(seconds):.2f})")
    return median


if __name__ == "__main__":
    main()
