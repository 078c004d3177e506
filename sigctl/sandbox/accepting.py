"""Everybody says yes to what waits for him: invitations to orgs and to repositories of the GitHub-shaped forge."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from typing import Any


def accept(document: Mapping[str, Any]) -> int:
    """Return how many invitations were accepted, by all accounts of a running sandbox; `document` is what `up` prints."""
    forge = document["forges"].get("github")
    if forge is None:
        return 0
    count = 0
    for user in document["users"].values():
        waiting = _ask(
            forge["url"], user["token"], "GET", "/user/memberships/orgs?state=pending&per_page=100"
        )
        for one in waiting:
            path = f"/user/memberships/orgs/{one['organization']['login']}"
            _ask(forge["url"], user["token"], "PATCH", path, {"state": "active"})
            count += 1
        for one in _ask(forge["url"], user["token"], "GET", "/user/repository_invitations?per_page=100"):
            _ask(forge["url"], user["token"], "PATCH", f"/user/repository_invitations/{one['id']}")
            count += 1
    return count


def _ask(url: str, token: str, method: str, path: str, body: Any = None) -> Any:
    request = urllib.request.Request(  # noqa: S310  # the sandbox's own address
        f"{url}/api/v3{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  # the sandbox's own address
        text = answer.read()
    return json.loads(text) if text else []
