"""The site of 1,000 repositories: how long it takes to build from the files and a snapshot, and how large its pages are."""

from __future__ import annotations

import json
import tempfile
import time
from collections import Counter
from datetime import date
from pathlib import Path

import yaml

from sigctl.app.access import declared
from sigctl.app.context import Options
from sigctl.app.site import from_snapshot
from sigctl.app.site_files import write
from sigctl.core.kinds import Grant, TeamMember
from sigctl.core.snapshot import Coverage, Seen, Snapshot
from sigctl.core.state import Account, Observation
from sigctl.report.html.pages import render
from sigctl.spec.load import paused_gc

SIGS, REPOS, PEOPLE = 25, 40, 250
TODAY = date(2026, 11, 22)
ALLOWED = 3.0
"""Seconds that the site may take."""


def files(folder: Path) -> Path:
    people = [f"person{n:03}" for n in range(PEOPLE)]
    forges = {
        "git.centos.org": {
            "type": "gitlab", "url": "https://git.centos.org", "token": "env:A", "tier": "premium",
            "repo": "project/sig-{sig}/{repo}", "team": "project/sig-{sig}/groups/{team}",
        },
        "github": {
            "type": "github", "url": "https://github.com", "token": "env:B", "role": "replica", "repo": "CentOS/sig-{sig}-{repo}",
            "team": "sig-{sig}-{team}", "orgs": {"CentOS": {"base_level": "none", "owners": people[:3]}},
        },
    }  # fmt: skip
    sigs = {}
    for n in range(SIGS):
        own = people[n * 10 : n * 10 + 10]
        sigs[f"sig{n:02}"] = {
            "title": f"SIG number {n}",
            "chairs": own[:1],
            "teams": {"maintainers": {"members": own[:4]}, "contributors": {"members": own[4:], "teams": ["maintainers"]}},
            "access": {"maintainers": "maintain", "contributors": "write"},
            "branches": [{"pattern": "c{release}-sig-{sig}", "own": True, "push": ["maintainers", "contributors"], "force": False}],
            "repos": {
                f"package-{m:02}": {
                    "description": f"Package {m} of the SIG", "default_branch": "main",
                    "upstream": f"https://example.org/{n}/{m}.git", **({"access": {f"person:{own[9]}": "maintain"}} if m % 7 == 0 else {}),
                }
                for m in range(REPOS)
            },
        }  # fmt: skip
    main = {
        "version": 1,
        "policy": "policy.yaml",
        "forges": forges,
        "people": {who: {"logins": {"git.centos.org": who, "github": who}} for who in people},
        "defaults": {"repo": {"visibility": "public"}, "releases": ["8s", "9s", "10s"]},
        "sigs": sigs,
    }
    (folder / "policy.yaml").write_text("version: 1\n", encoding="utf-8")
    (folder / "sigs.yaml").write_text(yaml.safe_dump(main, sort_keys=False), encoding="utf-8")
    return folder / "sigs.yaml"


def snapshot(config: Path, file: Path) -> None:
    """Write forges that are as declared but for every fiftieth thing."""
    seen = declared(Options(config=config), TODAY)
    forges = {}
    for side in seen.sides:
        state = dict(side.judge.held)
        for number, (key, one) in enumerate(sorted(state.items())):
            if number % 50 == 0 and isinstance(one, Grant | TeamMember):
                del state[key]
        accounts = {one.who(): Account(one.who()) for one in state.values() if one.who()}
        observation = Observation(side.forge, state, accounts, me="bot", capabilities=frozenset({"premium"}))
        orgs = frozenset(key.name.partition("/")[0] for key in state)
        forges[side.forge] = Seen(observation, Coverage(orgs, logins=frozenset(accounts)))
    made = Snapshot("2026-11-22T06:00:00+00:00", seen.config.digest, forges)
    file.write_text(json.dumps(made.as_json()), encoding="utf-8")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = files(folder)
        file = folder / "snapshot.json"
        snapshot(config, file)
        best: list[tuple[float, float, float]] = []
        for _ in range(4):
            begun, used = time.perf_counter(), time.process_time()
            with paused_gc():
                site = from_snapshot(Options(config=config, mirror=False), TODAY, file)
                gathered = time.perf_counter()
                write(folder / "site", render(site))
            ended = time.perf_counter()
            best.append((gathered - begun, ended - gathered, time.process_time() - used))
        gather, wrote, cpu = min(best, key=lambda one: one[2])
        pages = list(render(site))
        sizes = Counter({path: len(text.encode()) for path, text in pages})
        print(
            f"{len(site.repos)} repositories, {len(site.people)} people, {len(site.rows)} rights, {len(site.differences)} differences"
        )
        print(f"gathered {gather:.2f} s, written {wrote:.2f} s: {gather + wrote:.2f} s, {len(pages)} files")
        print(f"of CPU {cpu:.2f} s, allowed {ALLOWED:.2f} s: {cpu / ALLOWED:.2f} of it")
        print("largest:", ", ".join(f"{path} {size // 1024} kB" for path, size in sizes.most_common(4)))


if __name__ == "__main__":
    main()
