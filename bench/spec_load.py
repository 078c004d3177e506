"""How long reading and checking a large config takes, and what an error in it adds.

    python bench/spec_load.py [REPOSITORIES [FILES]]

Writes a synthetic config (5,000 repositories in 100 SIG files unless told otherwise) to a temporary folder, reads it in a
fresh process, then again with one error in every file, and prints seconds, memory and the ratio of the two.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from sigctl.errors import ConfigError
from sigctl.spec import read

TODAY = date(2026, 11, 22)
LIMIT_SECONDS, LIMIT_MB, LIMIT_RATIO = 2.5, 400, 2.0
RUNS = 5


def sig_file(number: int, repos: int, *, wrong: bool) -> str:
    lines = [
        f"sig: sig{number}",
        f"title: Special Interest Group {number}",
        "chairs: [lead]",
        "teams:",
        "  maintainers: {members: [lead, member1]}",
        "  contributors:",
        "    members:",
        *(f"      - member{n}" for n in range(2, 12)),
        "access: {maintainers: maintain, contributors: write}",
        "branches:",
        '  - {pattern: "c{release}-sig-{sig}", own: true, force: false, delete: false}',
        "repos:",
    ]
    for n in range(repos):
        lines += [
            f"  package-{n}:",
            f"    description: The package {n} of group {number}",
            f"    homepage: https://example.org/packages/{n}",
            "    topics: [package, rpm]",
            "    default_branch: c9s",
            "    upstream:",
            f"      url: https://example.org/rpms/package-{n}.git",
            "      mode: follow",
            '      exclude: ["refs/pull/*"]',
            "    issues: false",
            "    wiki: false",
            "    merge:",
            "      squash: false",
            "      rebase: true",
            "    access:",
            "      contributors: maintain",
            "      person:member1: {level: admin, until: 2027-06-30}",
            "    branches:",
            "      - pattern: c9s",
            "        push: [maintainers]",
            "        force: false",
            "      - {name: c9s-next, from: c9s}",
        ]
    if wrong:
        lines += [f"  package-{repos}:", "    acess: {contributors: write}"]
    return "\n".join(lines) + "\n"


def write(folder: Path, repos: int, files: int, *, wrong: bool) -> int:
    people = "\n".join(
        f"  {a}: {{logins: {{lab: {a}, hub: {a}}}}}"
        for a in ("lead", *(f"member{n}" for n in range(1, 1500)))
    )
    main = f"""version: 1
include: [sigs.d/*.yaml]
forges:
  lab: {{type: gitlab, url: "https://lab.example.org", token: env:LAB, repo: "project/sig-{{sig}}/{{repo}}", team: "project/sig-{{sig}}/groups/{{team}}"}}
  hub: {{type: github, url: "https://github.com", token: env:HUB, repo: "Org/sig-{{sig}}-{{repo}}", team: "sig-{{sig}}-{{team}}", role: replica}}
people:
{people}
defaults: {{releases: ["9s", "10s"], repo: {{visibility: public}}}}
"""
    (folder / "sigs.d").mkdir(parents=True)
    (folder / "sigs.yaml").write_text(main)
    for number in range(files):
        text = sig_file(number, repos // files, wrong=wrong)
        (folder / "sigs.d" / f"sig{number}.yaml").write_text(text)
    return sum(path.stat().st_size for path in folder.rglob("*.yaml"))


def measure(folder: str) -> None:
    """Run in a process of its own: read once, and print what it took."""
    started, cpu = time.perf_counter(), time.process_time()
    try:
        read(Path(folder), today=TODAY)
        problems = 0
    except ConfigError as error:
        problems = len(error.problems)
    seconds = time.perf_counter() - started
    print(
        json.dumps(
            [
                seconds,
                time.process_time() - cpu,
                resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                problems,
            ]
        )
    )


def median(folder: Path) -> tuple[float, float, float, int]:
    command = [sys.executable, __file__, "--measure", str(folder)]
    runs = [
        json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        for _ in range(RUNS)
    ]
    return sorted(runs)[RUNS // 2]


def main(repos: int = 5_000, files: int = 100) -> int:
    with tempfile.TemporaryDirectory() as top:
        good, bad = Path(top) / "good", Path(top) / "bad"
        size = write(good, repos, files, wrong=False)
        write(bad, repos, files, wrong=True)
        seconds, cpu, memory, problems = median(good)
        bad_seconds, bad_cpu, bad_memory, bad_problems = median(bad)
    ratio = bad_cpu / cpu
    print(f"{repos} repositories in {files} files, {size / 1e6:.1f} MB, median of {RUNS}")
    print(
        f"validate         {seconds:5.2f} s  {cpu:5.2f} s CPU  {memory:4.0f} MB  {problems} problems   (at most {LIMIT_SECONDS} s, {LIMIT_MB} MB)"
    )
    print(
        f"with errors      {bad_seconds:5.2f} s  {bad_cpu:5.2f} s CPU  {bad_memory:4.0f} MB  {bad_problems} problems"
    )
    print(f"ratio            {ratio:5.2f}                                     (at most {LIMIT_RATIO})")
    return (
        0
        if seconds < LIMIT_SECONDS
        and memory < LIMIT_MB
        and ratio < LIMIT_RATIO
        and not problems
        and bad_problems == files
        else 1
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(sys.argv[2])
        sys.exit(0)
    sys.exit(main(*map(int, sys.argv[1:3])))
