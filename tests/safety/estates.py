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
FREE = "free\n    branch_rules: closest"
"""A tier that knows no names in rules, and rules that are closed where no level says them."""
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
    tier: {tier}
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


_PAID = {
    "one": """\
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
    access: {testers: triage, "person:member6": {level: write, until: 2031-01-31}}
    branches:
      - {pattern: "xen-*", push: [maintainers, "person:member6"], merge: [contributors], force: false, delete: false,
         code_owners: true, unprotect: [maintainers]}
      - {pattern: "carried-*", push: ["deploy_key:ci", maintainers], merge: [], force: false, delete: false, unprotect: ["person:chair1"]}
      - {pattern: "oth*", push: [], merge: [maintainers, "person:member6"], reviews: 2, code_owners: false, unprotect: []}
    tags:
      - {pattern: "v*", push: [maintainers, "person:member6"], force: false, delete: false}
    features: {repository: members, merge_requests: members, ci: members, forks: off, pages: public}
    push_rules: {reject_unsigned_commits: true, deny_delete_tag: true, member_check: false, commit_message_regex: "[a-z]", max_file_size: 50}
    approvals: {author: false, committers: false, override: false, keep: false}
    deploy_keys:
      ci: {key: "KEY1", write: true}
      reader: {key: "KEY2"}
  hidden:
    visibility: private
    access: {testers: read}
    approvals: {author: true, override: true}
    push_rules: {prevent_secrets: false}
  live: {access: {testers: write}, deploy_keys: {ci: {key: "KEY4", write: true}}}
  frozen: {archived: true, access: {testers: write}}
""",
    "other": """\
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
    access: {testers: write, "person:member5": read, "person:chair1": write}
    branches:
      - {pattern: "xen-*", push: [testers], merge: [testers, maintainers], force: true, delete: false,
         code_owners: false, unprotect: [contributors]}
      - {pattern: "carried-*", push: ["deploy_key:second", testers], merge: [testers], delete: false, unprotect: [contributors]}
      - {pattern: "oth*", push: [maintainers], merge: ["person:chair1"], reviews: 1, code_owners: true, unprotect: ["person:member1"]}
    tags:
      - {pattern: "v*", push: [testers, "person:chair1"], force: true, delete: false}
    features: {repository: everyone, merge_requests: everyone, ci: everyone, forks: everyone, pages: members}
    push_rules: {reject_unsigned_commits: false, deny_delete_tag: true, member_check: true, commit_message_regex: "", max_file_size: 5}
    approvals: {author: true, committers: true, override: true, keep: true}
    deploy_keys:
      ci: {key: "KEY1"}
      second: {key: "KEY3", write: true}
  hidden:
    visibility: public
    access: {testers: maintain}
    approvals: {author: false, override: false}
    push_rules: {prevent_secrets: true}
  live: {archived: true, access: {testers: maintain}}
  frozen: {archived: false, access: {testers: write}}
  coming: {visibility: private, access: {testers: write}, approvals: {author: false}, push_rules: {deny_delete_tag: true}}
""",
}
"""What a paid tier of GitLab has and what it meets, and no more: the rest is the same on every tier."""

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


def write(folder: Path, which: str, *, undeclared: str = "report", jobs: int = 8, paid: bool = False) -> Path:
    """Write one of the two configs into a folder, in place of what is there, and return its main file.

    `paid` uses what only a paid tier of GitLab has, too.
    """
    chosen = {"one": _ONE, "other": _OTHER, "back": _BACK}[which]
    (folder / "sigs.d").mkdir(parents=True, exist_ok=True)
    people = "\n".join(
        f"  {login}: {{logins: {{git.centos.org: {login}, github: {login}}}}}" for login in LOGINS
    )
    parts = dict(chosen["sigs.yaml"])  # type: ignore[arg-type]
    if paid:
        parts["kernel"] = "shared"
    tier = "premium" if paid else FREE
    main = _MAIN.format(people=people, undeclared=undeclared, jobs=jobs, tier=tier, **parts)
    (folder / "sigs.yaml").write_text(main, encoding="utf-8")
    (folder / "policy.yaml").write_text(_POLICY, encoding="utf-8")
    for name in ("core.yaml", "virt.yaml", "cloud.yaml"):
        text = str(chosen[name])
        if paid:
            text = {"virt.yaml": _PAID["other" if which == "other" else "one"], "cloud.yaml": ""}.get(
                name, text
            )
        if not text:
            continue
        text = re.sub(r"KEY(\d)", lambda found: public_key(int(found[1])), text)
        (folder / "sigs.d" / name).write_text(text, encoding="utf-8")
    return folder / "sigs.yaml"


def write_drawn(folder: Path, seed: int, *, paid: bool = False) -> Path:
    """Write a config drawn with the seed: teams, people, levels, repositories and rules as they come.

    `paid` draws what only a paid tier of GitLab has, too; all else is the same with it.
    """
    dice = Random(seed)
    write(folder, "one", paid=paid)
    main = folder / "sigs.yaml"
    text = main.read_text(encoding="utf-8")
    base = dice.choice(["none", "read", "write"])
    main.write_text(text.replace("base_level: read", f"base_level: {base}"), encoding="utf-8")
    for sig in ("virt", "cloud"):
        drawn = _drawn_sig(dice, sig)
        if paid:
            _draw_terms(Random(f"{sig} {seed}"), drawn)
        (folder / "sigs.d" / f"{sig}.yaml").write_text(json.dumps(drawn), encoding="utf-8")
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


def _draw_terms(dice: Random, sig: dict[str, Any]) -> None:
    """Draw into a SIG what only a paid tier has: people, teams and keys in rules, and what rules and pushes ask for."""
    people = [f"person:{one}" for one in ("chair1", *LOGINS[1:7])]
    some = [*sorted(sig["teams"]), *people]
    for repo in sig["repos"].values():
        if dice.random() < 0.5:
            repo["deploy_keys"] = {
                "ci": {"key": public_key(dice.randint(10, 10**9)), "write": dice.random() < 0.7}
            }
        reviews = dice.randint(0, 2)
        for rule in repo["branches"]:
            rule["push"] = dice.sample(some, dice.randint(0, 3))
            if repo.get("deploy_keys", {}).get("ci", {}).get("write") and dice.random() < 0.5:
                rule["push"].append("deploy_key:ci")
            rule["delete"] = False
            _draw(dice, rule, {"merge": dice.sample(some, dice.randint(0, 2)), "reviews": reviews})
            _draw(
                dice,
                rule,
                {"code_owners": dice.random() < 0.5, "unprotect": dice.sample(some, dice.randint(0, 2))},
            )
        if dice.random() < 0.5:
            repo["tags"] = [{"pattern": "v*", "push": dice.sample(some, dice.randint(0, 2)), "delete": False}]
        switches = ("author", "committers", "override", "keep")
        asked = ("reject_unsigned_commits", "deny_delete_tag", "member_check", "prevent_secrets")
        _draw(dice, repo, {"approvals": {name: dice.random() < 0.5 for name in switches}})
        _draw(dice, repo, {"push_rules": {name: dice.random() < 0.5 for name in asked}})
        who = ("off", "members", "everyone")
        _draw(
            dice, repo, {"features": {name: dice.choice(who) for name in ("forks", "releases", "snippets")}}
        )


def _draw(dice: Random, into: dict[str, Any], parts: dict[str, Any]) -> None:
    """Put about half of the parts into something."""
    into.update({name: part for name, part in parts.items() if dice.random() < 0.5})
