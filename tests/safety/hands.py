"""What is done by hand on the embedded forges before an estate is applied, and on its first config."""

from __future__ import annotations

import base64
from typing import Any

import requests


def public_key(number: int) -> str:
    """Return a public key, another one for each number."""
    parts = (b"ssh-ed25519", number.to_bytes(32, "big"))
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return f"ssh-ed25519 {base64.b64encode(blob).decode()}"


def found(sandbox: Any) -> None:
    """Give a fresh GitHub what only its admins can: an enterprise, in which orgs define properties of repositories."""
    if "github" in sandbox.forges:
        accounts = sandbox.forges["github"].state.accounts
        kinds = {"tier": "string", "os": "multi_select"}
        held = {
            name: {"property_name": name, "value_type": kind, "source_type": "organization"}
            for name, kind in kinds.items()
        }
        accounts.save(accounts.one("login", "centos"), plan="enterprise", properties=held)


def tamper(sandbox: Any) -> None:
    """Do by hand what nobody declared, on the first config: a protection of the older kind, a label, a webhook, a deploy key."""
    document = sandbox.document()["forges"]
    if "github" in document:
        forge = document["github"]
        made = _by_hand(forge, "GET", "/api/v3/repos/CentOS/sig-virt-xen")
        rule = {"query": _PROTECT, "variables": {"id": made["node_id"], "pattern": "c7-sig-virt-x*"}}
        assert "errors" not in _by_hand(forge, "POST", "/api/graphql", rule)
        base = "/api/v3/repos/CentOS/sig-virt-xen"
        _by_hand(forge, "POST", f"{base}/labels", {"name": "by hand", "color": "112233"})
        _by_hand(forge, "POST", f"{base}/keys", {"title": "by hand", "key": public_key(9)})
        hook = {"events": ["push"], "config": {"url": "https://hand.example.org/"}}
        _by_hand(forge, "POST", f"{base}/hooks", hook)
    if "gitlab" in document:
        forge = document["gitlab"]
        base = "/api/v4/projects/project%2Fsig-virt%2Fxen"
        _by_hand(forge, "POST", f"{base}/labels", {"name": "by hand", "color": "#112233"})
        _by_hand(forge, "POST", f"{base}/deploy_keys", {"title": "by hand", "key": public_key(9)})
        _by_hand(forge, "POST", f"{base}/hooks", {"url": "https://hand.example.org/", "push_events": True})


_PROTECT = """mutation($id: ID!, $pattern: String!) {
  createBranchProtectionRule(input: {repositoryId: $id, pattern: $pattern, restrictsPushes: true}) { clientMutationId }
}"""


def _by_hand(forge: dict[str, str], verb: str, path: str, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {forge['token']}"}
    answer = requests.request(verb, f"{forge['url']}{path}", json=body, headers=headers, timeout=30)
    assert answer.ok, (verb, path, answer.text)
    return answer.json()
