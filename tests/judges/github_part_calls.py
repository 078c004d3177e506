"""Calls for what hangs on repositories and orgs: labels, deploy keys, webhooks, switches and properties."""

from __future__ import annotations

import base64
from typing import Any

ORGS, R, BIG = "/orgs/CentOS", "/repos/CentOS/xen", "/orgs/big"
_BLOB = b"".join(len(part).to_bytes(4, "big") + part for part in (b"ssh-ed25519", bytes(32)))
KEY = f"ssh-ed25519 {base64.b64encode(_BLOB).decode()} somebody@example.org"


def hook(url: str = "https://ci.example.org/hook", **more: Any) -> dict[str, Any]:
    return {
        "name": "web",
        "config": {"url": url, "content_type": "json", "secret": "x", "insecure_ssl": "0"},
        "events": ["push"],
        **more,
    }


def hooks(base: str, hidden: int) -> list[tuple[Any, ...]]:
    return [
        (201, "POST", f"{base}/hooks", hook()),
        (422, "POST", f"{base}/hooks", hook()),
        (422, "POST", f"{base}/hooks", hook(events=["shoes"], url="https://other.example.org/")),
        (200, "GET", f"{base}/hooks"),
        (hidden, "GET", f"{base}/hooks", None, "outsider"),
        (200, "GET", f"{base}/hooks/{{hook}}"),
        (404, "GET", f"{base}/hooks/1"),
        (200, "PATCH", f"{base}/hooks/{{hook}}", {"events": ["push", "create"], "active": False}),
        (200, "PATCH", f"{base}/hooks/{{hook}}/config", {"insecure_ssl": "1"}),
        (200, "GET", f"{base}/hooks/{{hook}}/config"),
        (204, "DELETE", f"{base}/hooks/{{hook}}"),
    ]


def actions(base: str, enabled: dict[str, Any], outside: int) -> list[tuple[Any, ...]]:
    place = f"{base}/actions/permissions"
    chosen = {"github_owned_allowed": True, "verified_allowed": False, "patterns_allowed": ["octo/*"]}
    return [
        (200, "GET", place),
        (outside, "GET", place, None, "outsider"),
        (409, "GET", f"{place}/selected-actions"),
        (204, "PUT", place, {**enabled, "allowed_actions": "selected"}),
        (200, "GET", place),
        (204, "PUT", f"{place}/selected-actions", chosen),
        (200, "GET", f"{place}/selected-actions"),
        (204, "PUT", place, {**enabled, "allowed_actions": "all"}),
        (200, "GET", f"{place}/workflow"),
        (
            204,
            "PUT",
            f"{place}/workflow",
            {"default_workflow_permissions": "write", "can_approve_pull_request_reviews": True},
        ),
    ]


def switch(name: str) -> list[tuple[Any, ...]]:
    return [(204, "PUT", f"{R}/{name}"), (204, "DELETE", f"{R}/{name}")]


PARTS: list[tuple[Any, ...]] = [
    (200, "GET", f"{R}/labels"),
    (201, "POST", f"{R}/labels", {"name": "sig virt", "color": "00ff00", "description": "Virt"}),
    (422, "POST", f"{R}/labels", {"name": "Sig Virt", "color": "00ff00"}),
    (422, "POST", f"{R}/labels", {"name": "other", "color": "green"}),
    (200, "GET", f"{R}/labels/sig%20virt"),
    (404, "GET", f"{R}/labels/none"),
    (200, "PATCH", f"{R}/labels/sig%20virt", {"new_name": "virt", "color": "ff0000"}),
    (204, "DELETE", f"{R}/labels/virt"),
    (422, "POST", f"{R}/keys", {"title": "ci", "key": KEY, "read_only": True}),
    (200, "PATCH", ORGS, {"deploy_keys_enabled_for_repositories": True}),
    (201, "POST", f"{R}/keys", {"title": "ci", "key": KEY, "read_only": True}),
    (422, "POST", f"{R}/keys", {"title": "ci", "key": KEY, "read_only": True}),
    (422, "POST", f"{R}/keys", {"title": "ci", "key": "no key"}),
    (200, "GET", f"{R}/keys"),
    (200, "GET", f"{R}/keys/{{key}}"),
    (404, "GET", f"{R}/keys/1"),
    (204, "DELETE", f"{R}/keys/{{key}}"),
    *hooks(R, 403),
    *hooks(ORGS, 404),
    *actions(R, {"enabled": True}, 403),
    *actions(ORGS, {"enabled_repositories": "all"}, 404),
    (
        200,
        "PATCH",
        R,
        {
            "security_and_analysis": {
                "secret_scanning": {"status": "enabled"},
                "secret_scanning_push_protection": {"status": "enabled"},
            }
        },
    ),
    (200, "GET", R),
    (200, "GET", f"{ORGS}/repos"),
    (404, "GET", f"{R}/vulnerability-alerts"),
    (422, "PUT", f"{R}/automated-security-fixes"),
    (204, "PUT", f"{R}/vulnerability-alerts"),
    (204, "GET", f"{R}/vulnerability-alerts"),
    *switch("automated-security-fixes"),
    (204, "DELETE", f"{R}/vulnerability-alerts"),
    (200, "PATCH", R, {"private": False}),
    (200, "GET", f"{R}/private-vulnerability-reporting"),
    *switch("private-vulnerability-reporting"),
    (404, "GET", f"{ORGS}/properties/values"),
    (
        200,
        "PATCH",
        f"{BIG}/properties/schema",
        {"properties": [{"property_name": "tier", "value_type": "string"}]},
    ),
    (200, "GET", f"{BIG}/properties/schema"),
    (201, "POST", f"{BIG}/repos", {"name": "one"}),
    (
        204,
        "PATCH",
        f"{BIG}/properties/values",
        {"repository_names": ["one"], "properties": [{"property_name": "tier", "value": "gold"}]},
    ),
    (
        422,
        "PATCH",
        f"{BIG}/properties/values",
        {"repository_names": ["one"], "properties": [{"property_name": "none", "value": "gold"}]},
    ),
    (200, "GET", f"{BIG}/properties/values"),
    (201, "POST", f"{R}/issues", {"title": "What differs", "body": "a list", "labels": []}),
    (200, "GET", f"{R}/issues?state=all"),
    (200, "GET", f"{R}/issues/{{issue}}"),
    (404, "GET", f"{R}/issues/100000"),
    (
        200,
        "PATCH",
        f"{R}/issues/{{issue}}",
        {"body": "nothing", "state": "closed", "state_reason": "completed"},
    ),
]
"""Status, method, path, and where they are not the usual ones body and who."""
