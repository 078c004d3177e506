"""Ten thousand broken files: problems or success, never another exception, and never a secret or a traceback in a message."""

from __future__ import annotations

import random
import string
from datetime import date
from pathlib import Path

import pytest

from sigctl.errors import ConfigError
from sigctl.forges import traits_of
from sigctl.spec import read, resolve
from sigctl.spec.edit import format_text

TODAY = date(2026, 11, 22)
WHOLE = {
    "sigs.yaml": """version: 1
include: [sigs.d/*.yaml]
forges:
  lab:
    type: gitlab
    url: https://lab.example.org
    token: env:LAB  # where it is
    repo: project/sig-{sig}/{repo}
    team: project/sig-{sig}/groups/{team}
  hub: {type: github, url: "https://github.com", token: env:HUB, role: replica, repo: "Org/sig-{sig}-{repo}", team: "sig-{sig}-{team}",
    orgs: {Org: {owners: [owner, lead], base_level: none}}}
people:
  owner: &both {name: The Owner, logins: {lab: owner, hub: {login: owner, id: 7}}}
  lead: {logins: {lab: lead, hub: lead}}
defaults:
  repo: {visibility: public, merge: {squash: false}}
  releases: ["7", 8s]
kernel:
  release_team: virt/core
  upstream: {url: https://example.org/kernel.git, branches: [c7]}
  sigs: {virt: {namespace: "c{release}-sig-virt", branches: [{name: c7-sig-virt-x, from: c7}]}}
""",
    "sigs.d/virt.yaml": """# a SIG
sig: virt
title: "Virt"
chairs: [lead, {person: owner, until: 2027-03-31}]
teams:
  core:
    members:
      - lead
      - {person: owner, until: 2027-01-31}
  more: {teams: [core]}
access: {core: maintain, more: write}
branches:
  - {pattern: "c{release}-sig-virt", own: true, force: false}
projects:
  docker: {repos: {docker: {}}}
repos:
  xen:
    description: |
      Xen
      here
    upstream: {url: https://example.org/xen.git, exclude: [refs/pull/*]}
    access: {more: admin, "person:owner": {level: read, until: 2026-12-01}}
  libsigc++20: {archived: true, previously: [sigc]}
""",
    "policy.yaml": """guards: {max_removals: {default: 10%, repos: 0}, required_owners: [owner]}
approval: {admins: [owner]}
""",
}
FILES = 10_000
LOTS = 10

TOKENS = (
    "{", "}", "[", "]", ": ", ":", "- ", "-", "#", "&a ", "*a", "!!str ", "!x ", "|", ">", "'", '"', "? ", "<<: *a", "---", "...", "%YAML 1.1",
    "\t", "\n", "\r\n", "\x00", "\x85", "\u2028", "\ufeff", "\ud83d", "é", "\u0430", "null", "~", "no", "on", "017", "0x1f", ".inf", ".nan",
    "9" * 5000, "{a: {a: {a: {a: {}}}}}", "[[[[[[[[", "true", "2027-02-30", "virt", "core/release", "person:gwd", "{release}", "env:", "*", "@", "`",
)  # fmt: skip


def _cut(text: str, rand: random.Random) -> str:
    at, to = sorted((rand.randint(0, len(text)), rand.randint(0, len(text))))
    return text[:at] + text[to:] if rand.random() < 0.7 else text[:at]


def _insert(text: str, rand: random.Random) -> str:
    at = rand.randint(0, len(text))
    noise = "".join(rand.choices(string.printable, k=rand.randrange(30)))
    return text[:at] + (rand.choice(TOKENS) if rand.random() < 0.7 else noise) + text[at:]


def _swap(text: str, rand: random.Random) -> str:
    lines = text.split("\n")
    n, m = rand.randrange(len(lines)), rand.randrange(len(lines))
    lines[n], lines[m] = lines[m], lines[n]
    return "\n".join(lines)


def _repeat(text: str, rand: random.Random) -> str:
    lines = text.split("\n")
    lines.insert(rand.randrange(len(lines)), rand.choice(lines))
    return "\n".join(lines)


def _indent(text: str, rand: random.Random) -> str:
    lines = text.split("\n")
    n = rand.randrange(len(lines))
    lines[n] = " " * rand.randrange(9) + lines[n].lstrip()
    return "\n".join(lines)


def _value(text: str, rand: random.Random) -> str:
    lines = text.split("\n")
    n = rand.randrange(len(lines))
    key, colon, _ = lines[n].partition(":")
    lines[n] = f"{key}{colon} {rand.choice(TOKENS)}"
    return "\n".join(lines)


def _word(text: str, rand: random.Random) -> str:
    words = text.split(" ")
    words[rand.randrange(len(words))] = rand.choice(TOKENS)
    return " ".join(words)


def broken(text: str, rand: random.Random) -> bytes:
    """Return the text after one to four accidents, now and then with bytes that are no text at all."""
    for _ in range(rand.randint(1, 4)):
        text = rand.choice((_cut, _insert, _swap, _repeat, _indent, _value, _word))(text, rand)
    data = text.encode("utf-8", "surrogatepass")
    if rand.random() < 0.05:
        where = rand.randrange(len(data) + 1)
        data = data[:where] + rand.randbytes(rand.randrange(1, 20)) + data[where:]
    return data


@pytest.mark.parametrize("lot", range(LOTS))
def test_a_broken_file_gives_problems_or_success(lot: int, tmp_path: Path) -> None:
    rand = random.Random(lot)
    for name, text in WHOLE.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    holds(tmp_path)
    for number in range(FILES // LOTS):
        name = rand.choice(sorted(WHOLE))
        data = broken(WHOLE[name], rand)
        (tmp_path / name).write_bytes(data)
        holds(tmp_path)
        if number % 5 == 0:
            format_text(data.decode("utf-8", "replace"))
        (tmp_path / name).write_text(WHOLE[name], "utf-8")


def holds(folder: Path) -> None:
    try:
        config = read(folder, today=TODAY)
    except ConfigError as error:
        problems = error.problems
    else:
        traits = {name: traits_of(forge.type) for name, forge in config.spec.forges.items()}
        resolve(config, today=TODAY, traits=traits)
        problems = list(config.warnings)
        assert all(problem.line for problem in problems)
        return
    assert problems
    for problem in problems:
        text, _, hint = str(problem).partition("\n  hint: ")
        assert text.isprintable()
        assert hint.isprintable()
        assert problem.subject
        assert problem.problem
