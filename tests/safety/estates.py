"""Two configs that use every kind of thing, each the other's hard change: moves, renames, levels up and down, people in and out."""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random
from typing import Any

from hands import public_key

SECRETS = {"SIGCTL_HOOK": "what webhooks are signed with"}
"""What the files point to."""
LOGINS = ("chair1", "member1", "member2", "member3", "member4", "member5", "member6", "owner1", "owner2")

_MAIN = """\
version: 1
include: [sigs.d/*.yaml]
policy: policy.yaml
forges:
  git.centos.org:
    type: gitlab
    url: https://git.centos.org
    token: env:SIGCTL_GIT_CENTOS_ORG_TOKEN
    tier: free
    branch_rules: closest
    role: primary
    jobs: {jobs}
    undeclared: {{repos: {undeclared}, teams: {undeclared}, members: report, labels: {parts}, webhooks: {parts}}}
{gitlab}
  github:
    type: github
    url: https://github.com
    token: env:SIGCTL_GITHUB_TOKEN
    role: replica
    jobs: {jobs}
    undeclared: {{repos: {undeclared}, teams: {undeclared}, members: report, labels: {parts}, webhooks: {parts}}}
{github}
people:
{people}
defaults:
  repo: {{visibility: public, issues: true, merge: {{squash: false}}, archived: false}}
  releases: ["7", 8s]
kernel:
  layout: {kernel}
  repo: kernel
  description: The kernel
  release_team: core/release
  branches: [c7, c8s]
  sigs:
    virt: {{namespace: "c{{release}}-sig-virt"}}
"""


_POLICY = """\
version: 1
guards:
  max_removals: {default: 100%}
  keep_self: true
classic_protection: replace
"""

_ONE = {
    "sigs.yaml": {
        "gitlab": """\
    repo: project/sig-{sig}/{repo}
    team: project/sig-{sig}/groups/{team}
    moved_from: ["sigs/{sig}/{repo}"]
    team_moved_from: ["sigs/{sig}/groups/{team}"]""",
        "github": """\
    repo: CentOS/sig-{sig}-{repo}
    team: sig-{sig}-{team}
    moved_from: ["CentOS/{sig}-{repo}"]
    team_moved_from: ["{sig}-{team}"]
    orgs:
      CentOS:
        base_level: read
        owners: [owner1, owner2]
        members_create_repos: true
        deploy_keys: true
        webhooks: {org: {url: "https://hooks.example.org/one", events: [push, tag], secret: env:SIGCTL_HOOK}}
        actions: {enabled: true, allowed: selected, patterns: [github, "centos/*"], permissions: read}""",
        "parts": "report",
        "kernel": "shared",
    },
    "core.yaml": """\
sig: core
title: Core SIG
chairs: [owner1]
teams:
  release: {title: Release, members: [member6], usable_by: ["*"]}
access: {release: maintain}
""",
    "virt.yaml": """\
sig: virt
title: Virtualization SIG
chairs: [chair1]
teams:
  maintainers: {title: Maintainers, members: [member1, member2]}
  contributors: {members: [member3, member4], teams: [maintainers]}
  testers: {members: [member5]}
access: {maintainers: maintain, contributors: write, "person:chair1": admin}
branches:
  - {pattern: "c{release}-sig-virt", own: true, force: false, delete: false}
repos:
  xen:
    description: Xen
    default_branch: main
    access: {testers: triage, "person:member6": {level: write, until: 2031-01-31}}
    branches:
      - {pattern: "xen-*", push: [maintainers], force: false, delete: false}
      - {pattern: "carried-*", push: ["deploy_key:ci", maintainers], force: false, delete: false}
    tags:
      - {pattern: "v*", push: [maintainers], force: false, delete: false}
    topics: [virt, xen]
    labels:
      bug: {color: "d73a4a", description: Something is wrong}
      sig virt: {color: "00ff00"}
    features: {repository: members, merge_requests: members, ci: members, forks: off, pages: public}
    actions: {enabled: true, allowed: selected, patterns: [github, "centos/*"], permissions: read, approve: false}
    security: {secret_scanning: true, push_protection: true, dependency_alerts: true}
    custom_properties: {tier: gold, os: [c7, c8s]}
    deploy_keys:
      ci: {key: "KEY1", write: true}
      reader: {key: "KEY2"}
    webhooks:
      ci: {url: "https://ci.example.org/hook?job=xen", events: [push, merge_request], secret: env:SIGCTL_HOOK}
      told: {url: "https://told.example.org/"}
  hidden: {visibility: private, access: {testers: read}}
  live: {description: Still changed, access: {testers: write}, deploy_keys: {ci: {key: "KEY4", write: true}}}
  frozen: {archived: true, description: As it was, access: {testers: write}}
  xen4: {description: To be renamed, previously: [xen5], access: {"person:member5": write}}
  leaving: {description: Only in the first config}
""",
    "cloud.yaml": """\
sig: cloud
title: Cloud SIG
chairs: [{person: owner1, acting: true}]
teams:
  members: {members: [member4, member5]}
access: {members: write}
repos:
  docs: {description: Notes, access: {"person:member3": maintain}}
""",
}

_OTHER = {
    "sigs.yaml": {
        "gitlab": """\
    repo: sigs/{sig}/{repo}
    team: sigs/{sig}/groups/{team}
    moved_from: ["project/sig-{sig}/{repo}"]
    team_moved_from: ["project/sig-{sig}/groups/{team}"]""",
        "github": """\
    repo: CentOS/{sig}-{repo}
    team: "{sig}-{team}"
    moved_from: ["CentOS/sig-{sig}-{repo}"]
    team_moved_from: ["sig-{sig}-{team}"]
    orgs:
      CentOS:
        base_level: none
        owners: [owner2, member6]
        members_create_repos: false
        deploy_keys: true
        webhooks: {org: {url: "https://hooks.example.org/other", events: [issue], secret: env:SIGCTL_HOOK}}
        actions: {enabled: true, allowed: all, permissions: write}""",
        "parts": "remove",
        "kernel": "per-sig",
    },
    "core.yaml": """\
sig: core
title: Core SIG
chairs: [owner1]
teams:
  release: {title: Release engineering, members: [member5, member6], usable_by: ["*"]}
access: {release: maintain}
""",
    "virt.yaml": """\
sig: virt
title: Virtualization SIG
chairs: [chair1]
teams:
  maintainers: {title: Maintainers, members: [member2, member3]}
  contributors: {members: [member1, member4]}
  testers: {members: [member6], leads: [member6]}
access: {maintainers: write, contributors: maintain}
branches:
  - {pattern: "c{release}-sig-virt", own: true, push: [maintainers], force: false, delete: false}
repos:
  xen:
    description: Xen hypervisor
    default_branch: main
    access: {testers: write, "person:member5": read, "person:chair1": write}
    branches:
      - {pattern: "xen-*", push: [testers], force: true, delete: false}
      - {pattern: "carried-*", push: ["deploy_key:second", testers], force: false, delete: false}
    tags:
      - {pattern: "v*", push: [testers], force: true, delete: false}
    topics: [xen]
    labels:
      defect: {color: "ff0000", previously: [bug]}
    features: {repository: everyone, merge_requests: everyone, ci: everyone, forks: everyone, pages: members}
    actions: {enabled: true, allowed: all, permissions: write, approve: true}
    security: {secret_scanning: false, push_protection: false, dependency_alerts: false}
    custom_properties: {tier: silver, os: c7}
    deploy_keys:
      ci: {key: "KEY1"}
      second: {key: "KEY3", write: true}
    webhooks:
      ci:
        url: https://ci.example.org/new
        previously: ["https://ci.example.org/hook?job=xen"]
        events: [push]
        verify_tls: false
  hidden: {visibility: public, access: {testers: maintain}}
  live: {archived: true, description: Shut now, access: {testers: maintain}}
  frozen: {archived: false, description: Opened again, access: {testers: write}}
  xen5: {description: Renamed, previously: [xen4], access: {"person:member5": read}}
  coming: {description: Only in the other config, visibility: private, access: {testers: write}}
  coming-shut: {description: Born into the archive, archived: true}
""",
    "cloud.yaml": """\
sig: cloud
title: Cloud SIG
status: retired
chairs: [{person: owner1, acting: true}]
teams:
  members: {members: [member4, member5]}
access: {members: write}
repos:
  docs: {description: Notes, access: {"person:member3": maintain}}
""",
}


_BACK = {
    **_ONE,
    "sigs.yaml": {
        **_ONE["sigs.yaml"],  # type: ignore[dict-item]
        "gitlab": """\
    repo: project/sig-{sig}/{repo}
    team: project/sig-{sig}/groups/{team}
    moved_from: ["sigs/{sig}/{repo}"]
    team_moved_from: ["sigs/{sig}/groups/{team}"]""",
    },
}
"""The first one again: where everything was before, in groups that nobody declared in between."""


def write(folder: Path, which: str, *, undeclared: str = "report", jobs: int = 8) -> Path:
    """Write one of the two configs into a folder, in place of what is there, and return its main file."""
    chosen = {"one": _ONE, "other": _OTHER, "back": _BACK}[which]
    (folder / "sigs.d").mkdir(parents=True, exist_ok=True)
    people = "\n".join(
        f"  {login}: {{logins: {{git.centos.org: {login}, github: {login}}}}}" for login in LOGINS
    )
    parts = dict(chosen["sigs.yaml"])  # type: ignore[arg-type]
    main = _MAIN.format(people=people, undeclared=undeclared, jobs=jobs, **parts)
    (folder / "sigs.yaml").write_text(main, encoding="utf-8")
    (folder / "policy.yaml").write_text(_POLICY, encoding="utf-8")
    for name in ("core.yaml", "virt.yaml", "cloud.yaml"):
        text = re.sub(r"KEY(\d)", lambda found: public_key(int(found[1])), str(chosen[name]))
        (folder / "sigs.d" / name).write_text(text, encoding="utf-8")
    return folder / "sigs.yaml"


def write_drawn(folder: Path, seed: int) -> Path:
    """Write a config drawn with the seed: teams, people, levels, repositories and rules as they come."""
    dice = Random(seed)
    write(folder, "one")
    main = folder / "sigs.yaml"
    text = main.read_text(encoding="utf-8")
    base = dice.choice(["none", "read", "write"])
    main.write_text(text.replace("base_level: read", f"base_level: {base}"), encoding="utf-8")
    for sig in ("virt", "cloud"):
        (folder / "sigs.d" / f"{sig}.yaml").write_text(json.dumps(_drawn_sig(dice, sig)), encoding="utf-8")
    return main


def _drawn_sig(dice: Random, sig: str) -> dict[str, Any]:
    members = [f"member{n}" for n in range(1, 7)]
    teams = {name: {"members": dice.sample(members, dice.randint(0, 3))} for name in ("red", "blue", "green")}
    levels = ["read", "triage", "write", "maintain"]

    def access(names: list[str], most: int) -> dict[str, str]:
        return {name: dice.choice(levels) for name in dice.sample(names, dice.randint(0, most))}

    def rules() -> list[dict[str, Any]]:
        patterns = dice.sample(["main", "c7", "oth*"], dice.randint(0, 2))
        return [
            {
                "pattern": pattern,
                "push": dice.sample(sorted(teams), dice.randint(0, 2)),
                "force": dice.random() < 0.3,
                "delete": dice.random() < 0.3,
            }
            for pattern in patterns
        ]

    repos = {}
    for name in dice.sample(["xen", "kernel-x", "docs", "tools"], dice.randint(1, 4)):
        repos[name] = {
            "description": dice.choice(["", "one", "other"]),
            "visibility": dice.choice(["public", "public", "private"]),
            "archived": dice.random() < 0.25,
            "access": access([*teams, *(f"person:{one}" for one in members)], 4),
            "branches": rules(),
        }
    return {
        "sig": sig, "title": sig, "chairs": ["chair1"], "teams": teams, "access": access(list(teams), 2),
        "branches": rules(), "repos": repos,
    }  # fmt: skip
