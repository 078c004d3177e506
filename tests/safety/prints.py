"""What a forge holds, as a digest: equal digests stand for equal forges, times and what is only written down aside."""

from __future__ import annotations

import hashlib
import json
import os
from functools import lru_cache
from typing import Any

LOGGED = ("tokens", "sent", "audit", "events")
"""What forges only write down."""


def fingerprint(forge: Any) -> str:
    """Return a digest of all that the forge holds, the tips of its repositories among it."""
    digest = hashlib.sha256()
    store = forge.store
    with store.lock:
        rows = store._connection().execute(
            "SELECT collection, id, body FROM documents ORDER BY collection, id"
        )
        for name, number, body in rows:
            if name not in LOGGED:
                digest.update(b"%s %d " % (name.encode(), number))
                digest.update(_digest(body))
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


def _timeless(data: Any) -> Any:
    """Return the data with no more of each time than whether there is one."""
    if isinstance(data, dict):
        return {
            key: value is not None if key.endswith("_at") else _timeless(value) for key, value in data.items()
        }
    return [_timeless(one) for one in data] if isinstance(data, list) else data
