"""Two configs that use every kind there is, each the other's hard change, for one forge at a time."""

from __future__ import annotations

import base64
from pathlib import Path

LOGINS = ("owner1", "owner2", "chair1", "member1", "member2", "member3", "guest1")


def public_key(number: int) -> str:
    """Return a public key, another one for each number."""
    parts = (b"ssh-ed25519", number.to_bytes(32, "big"))
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return f"ssh-ed25519 {base64.b64encode(blob).decode()}"


_FORGE = {
    "github": """\
  hub:
    type: github
    url: https://hub.example.org
    token: env:TOKEN
    repo: CentOS/sig-{sig}-{repo}
    team: sig-{sig}-{team}
    undeclared: {{labels: {labels}, webhooks: {webhooks}}}
    orgs:
      CentOS:
        base_level: {base}
        owners: [{owners}]
        members_create: [{create}]
        fork_private: {fork}
        deploy_keys: true
        webhooks:
          org: {{url: "https://hooks.example.org/{hook}", events: [{events}], secret: env:HOOK}}
        actions: {{enabled: true, allowed: all, permissions: {permissions}}}
""",
    "gitlab": """\
  hub:
    type: gitlab
    url: https://hub.example.org
    token: env:TOKEN
    repo: project/sig-{sig}/{repo}
    team: project/sig-{sig}/groups/{team}
    undeclared: {{labels: {labels}, webhooks: {webhooks}}}
    orgs:
      project:
        owners: [{owners}]
        create_repos: {create_repos}
        create_groups: admin
        two_factor: {two_factor}
        share_outside: {fork}
        protect_default: {protect}
        webhooks:
          org: {{url: "https://hooks.example.org/{hook}", events: [{events}], secret: env:HOOK}}
""",
}
_WORDS = {
    "one": {
        "base": "none", "owners": "owner1, owner2", "create": "", "fork": "false", "hook": "one", "events": "push, tag",
        "permissions": "read", "labels": "report", "webhooks": "report", "create_repos": "admin", "two_factor": "required",
        "protect": "fully",
    },
    "other": {
        "base": "read", "owners": "owner2, member3", "create": "private, public", "fork": "true", "hook": "two",
        "events": "issue, release", "permissions": "write", "labels": "remove", "webhooks": "remove", "create_repos": "write",
        "two_factor": "optional", "protect": "partly",
    },
}  # fmt: skip

_SIG = {
    "one": """\
sig: virt
title: Virtualization SIG
chairs: [chair1]
teams:
  maintainers: {{title: Maintainers, members: [member1, member2]}}
  testers: {{members: [member3]}}
access: {{maintainers: maintain, "person:chair1": admin}}
branches:
  - {{pattern: "c7-sig-virt", own: true, force: false, delete: false}}
{tags}defaults:
  issues: true
  labels:
    bug: {{color: "d73a4a", description: Something is wrong}}
    sig virt: {{color: "00ff00"}}
  actions: {{enabled: true, allowed: selected, patterns: [github, "centos/*"], permissions: read, approve: false}}
  security: {{secret_scanning: true, push_protection: true, dependency_alerts: true}}
repos:
  xen:
    description: Xen
    topics: [virt, xen]
    access: {{testers: triage, "person:guest1": write}}
    features: {{repository: members, forks: off, ci: members, pages: public, issues: members}}
    deploy_keys:
      ci: {{key: "{key1}", write: true}}
      reader: {{key: env:READER_KEY}}
{carried}    webhooks:
      ci: {{url: "https://ci.example.org/hook?job=xen", events: [push, merge_request], secret: env:HOOK}}
      told: {{url: "https://told.example.org/"}}
    security: {{private_reports: true, dependency_fixes: true}}
  hidden: {{visibility: private, access: {{testers: read}}}}
  frozen: {{archived: true, description: As it was, access: {{testers: write}}}}
  live: {{description: Still changed, access: {{testers: write}}, deploy_keys: {{}}, webhooks: {{}}}}
  xen4: {{description: To be renamed}}
""",
    "other": """\
sig: virt
title: Virtualization
chairs: [chair1]
teams:
  maintainers: {{title: Maintainers, members: [member2, member3]}}
  testers: {{members: [member1]}}
access: {{maintainers: write, testers: maintain}}
branches:
  - {{pattern: "c7-sig-virt", own: true, force: true, delete: false}}
defaults:
  issues: false
  labels:
    defect: {{color: "ff0000", previously: [bug]}}
  actions: {{enabled: true, allowed: all, permissions: write, approve: true}}
  security: {{secret_scanning: false, push_protection: false, dependency_alerts: false, dependency_fixes: false}}
repos:
  xen:
    description: Xen hypervisor
    topics: [xen]
    access: {{"person:guest1": read, "person:chair1": write}}
    features: {{repository: everyone, forks: everyone, ci: off, pages: members, issues: off}}
    deploy_keys:
      ci: {{key: "{key1}"}}
      second: {{key: "{key2}", write: true}}
{carried}    webhooks:
      ci: {{url: "https://ci.example.org/new", previously: ["https://ci.example.org/hook?job=xen"], events: [push], verify_tls: false}}
    security: {{private_reports: false}}
  hidden: {{visibility: public, access: {{testers: maintain}}}}
  frozen: {{archived: false, description: Opened again, access: {{testers: write}}}}
  live: {{archived: true, description: Shut now}}
  xen5: {{description: Renamed, previously: [xen4], deploy_keys: {{k: {{key: "{key3}", write: true}}}}, webhooks: {{}}}}
""",
}

_CARRIED = {
    "one": """\
    branches:
      - {pattern: "carried-*", push: ["deploy_key:ci", maintainers], merge: [], force: false, delete: false}
""",
    "other": """\
    branches:
      - {pattern: "carried-*", push: ["deploy_key:second"], merge: [maintainers], force: false, delete: false}
""",
}
"""Rules that let in a deploy key."""
_PAID = {
    "one": """\
    branches:
      - {pattern: "carried-*", push: ["deploy_key:ci", maintainers], merge: [], force: false, delete: false, unprotect: [maintainers]}
      - {pattern: "reviewed-*", merge: [maintainers], reviews: 2, code_owners: true, unprotect: []}
      - {pattern: "careful", reviews: 2}
    push_rules: {reject_unsigned_commits: true, deny_delete_tag: true, branch_name_regex: "^(c7|main|carried|reviewed).*$", max_file_size: 50}
    approvals: {author: false, committers: false, override: false, keep: false}
""",
    "other": """\
    branches:
      - {pattern: "carried-*", push: ["deploy_key:second"], merge: [maintainers], reviews: 1, unprotect: ["person:chair1"]}
      - {pattern: "reviewed-*", push: [], reviews: 1, code_owners: false, unprotect: [testers]}
      - {pattern: "careful", reviews: 0}
    push_rules: {reject_unsigned_commits: false, deny_delete_tag: false, branch_name_regex: "", commit_message_regex: "[a-z]"}
    approvals: {author: true, committers: true, override: true, keep: true}
""",
}
"""What only a paid tier has, in place of these."""

_TAGS = """\
tags:
  - {pattern: "v*", push: [maintainers], force: false, delete: false}
"""


def write(folder: Path, forge: str, which: str, *, more: str = "", paid: bool = False) -> Path:
    """Write one of the two configs for a type of forge into a folder, in place of what is there, and return its main file.

    `paid` uses what only a paid tier of GitLab has, too.
    """
    (folder / "sigs.d").mkdir(parents=True, exist_ok=True)
    people = "\n".join(f"  {login}: {{logins: {{hub: {login}}}}}" for login in LOGINS)
    main = "version: 1\ninclude: [sigs.d/*.yaml]\nforges:\n" + _FORGE[forge].format(
        **_WORDS[which], sig="{sig}", repo="{repo}", team="{team}"
    )
    if paid:
        rules = {"one": "{member_check: true, max_file_size: 5}", "other": "{member_check: false}"}[which]
        main = main.replace("        two_factor:", f"        push_rules: {rules}\n        two_factor:")
    main += f"people:\n{people}\ndefaults:\n  repo: {{visibility: public, wiki: false, merge: {{squash: true}}}}\n"
    (folder / "sigs.yaml").write_text(main, encoding="utf-8")
    policy = "guards: {max_removals: {default: 100%}, delete: 100, archive: 100, publish: 100, empty_teams: 100, first_run: false}\n"
    (folder / "policy.yaml").write_text(f"{policy}approval: {{admins: [owner1]}}\n{more}", encoding="utf-8")
    keys = {f"key{number}": public_key(number) for number in (1, 2, 3)}
    tags = _TAGS if forge == "github" else ""
    carried = "" if forge == "github" else (_PAID if paid else _CARRIED)[which]
    (folder / "sigs.d" / "virt.yaml").write_text(
        _SIG[which].format(**keys, tags=tags, carried=carried), encoding="utf-8"
    )
    return folder / "sigs.yaml"
