"""What a forge holds, as a digest: equal digests stand for equal forges, times and what is only written down aside."""

from __future__ import annotations

import hashlib
import json
import os
from functools import lru_cache
from typing import Any

LOGGED = ("tokens", "sent", "audit", "events", "audit_events")
"""What forges only write down."""
LEAVES = frozenset({
    "members", "team_members", "team_repos", "collaborators", "shares", "invitations", "repo_invitations", "redirects",
    "rulesets", "branch_rules", "group_rules", "tag_rules", "approval_rules", "hooks", "items", "labels", "deploy_key_uses",
})  # fmt: skip
"""What nothing else names by its number, which only says what was made before it; approvals name their branches' rules, see `_named`."""


def fingerprint(forge: Any) -> str:
    """Return a digest of all that the forge holds, the tips of its repositories among it."""
    store = forge.store
    with store.lock:
        found = "SELECT collection, id, body FROM documents ORDER BY collection, id"
        rows = [row for row in store._connection().execute(found) if row[0] not in LOGGED]
    rules = {number: body for name, number, body in rows if name == "branch_rules"}
    lines = []
    for name, number, body in rows:
        if name in LEAVES:
            lines.append(b"%s - %s" % (name.encode(), _numberless(_named(body, rules))))
        else:
            lines.append(b"%s %d %s" % (name.encode(), number, _digest(body)))
    digest = hashlib.sha256(b"".join(sorted(lines)))
    for line in tips(forge):
        digest.update(line.encode())
    return digest.hexdigest()


def tips(forge: Any) -> list[str]:
    """Return REPOSITORY REF COMMIT of each ref that the forge's repositories have, sorted."""
    found = {}
    for bare in forge.env.directory.glob("*.git"):
        packed = bare / "packed-refs"
        if packed.exists():
            for line in packed.read_text(encoding="utf-8").splitlines():
                if line[:1] not in ("#", "^"):
                    commit, ref = line.split(" ", 1)
                    found[bare.name, ref] = commit
        for folder, _, files in os.walk(bare / "refs"):
            for name in files:
                if not name.endswith(".lock"):
                    file = os.path.join(folder, name)  # noqa: PTH118  # asked thousands of times, and pathlib takes most of it
                    with open(file, encoding="utf-8") as text:  # noqa: PTH123  # the same
                        found[bare.name, file[len(str(bare)) + 1 :]] = text.read().strip()
    return [f"{repo} {ref} {commit}\n" for (repo, ref), commit in sorted(found.items())]


@lru_cache(maxsize=100_000)
def _digest(body: str) -> bytes:
    return hashlib.sha256(json.dumps(_timeless(json.loads(body)), sort_keys=True).encode()).digest()


@lru_cache(maxsize=100_000)
def _numberless(body: str) -> bytes:
    data = _without_numbers(_timeless(json.loads(body)))
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).digest()


def _named(body: str, rules: dict[int, str]) -> str:
    """Return the text with the names of rules in place of their numbers."""
    if '"branch_ids":[' not in body:
        return body
    data = json.loads(body)
    data["branch_ids"] = sorted(
        json.loads(rules[one])["name"] if one in rules else str(one) for one in data["branch_ids"]
    )
    return json.dumps(data)


def _without_numbers(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _without_numbers(value) for key, value in data.items() if key != "id"}
    return [_without_numbers(one) for one in data] if isinstance(data, list) else data


def _timeless(data: Any) -> Any:
    """Return the data with no more of each time than whether there is one."""
    if isinstance(data, dict):
        return {
            key: value is not None if key.endswith("_at") else _timeless(value) for key, value in data.items()
        }
    return [_timeless(one) for one in data] if isinstance(data, list) else data
