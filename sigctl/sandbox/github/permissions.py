"""What apps and fine-grained tokens need for each operation; classic tokens have scopes, which stand in the routes."""

from __future__ import annotations

from typing import Any

READ, WRITE = "read", "write"
_RANK = {"": 0, READ: 1, WRITE: 2, "admin": 3}
_SAFE = ("GET", "HEAD")
_NEEDED = (
    ("users/get-authenticated", "", ""),
    ("users/", None, None),
    ("meta/", None, None),
    ("rate-limit/", None, None),
    ("apps/", None, None),
    ("orgs/get", None, None),
    ("orgs/update", "organization_administration", ""),
    ("orgs/list-for-authenticated-user", None, None),
    ("orgs/list-webhooks", "organization_hooks", ""),
    ("orgs/create-webhook", "organization_hooks", ""),
    ("orgs/get-webhook", "organization_hooks", ""),
    ("orgs/update-webhook", "organization_hooks", ""),
    ("orgs/delete-webhook", "organization_hooks", ""),
    ("orgs/custom-properties", "organization_custom_properties", ""),
    ("orgs/", "members", ""),
    ("teams/add-or-update-repo-permissions", "administration", ""),
    ("teams/remove-repo", "administration", ""),
    ("teams/", "members", ""),
    ("actions/", "administration", ""),
    ("git/", "contents", ""),
    ("issues/", "issues", ""),
    ("pulls/", "pull_requests", ""),
    ("repos/get-org-rulesets", "organization_administration", ""),
    ("repos/list-webhooks", "repository_hooks", ""),
    ("repos/create-webhook", "repository_hooks", ""),
    ("repos/get-webhook", "repository_hooks", ""),
    ("repos/update-webhook", "repository_hooks", ""),
    ("repos/delete-webhook", "repository_hooks", ""),
    ("repos/custom-properties", "repository_custom_properties", ""),
    ("repos/create-commit-status", "statuses", ""),
    ("repos/get-repo-ruleset", "metadata", ""),
    ("repos/get", "metadata", ""),
    ("repos/list-collaborators", "metadata", ""),
    ("repos/list-teams", "administration", ""),
    ("repos/list-invitations", "administration", ""),
    ("repos/list", "metadata", ""),
    ("repos/", "administration", ""),
)
"""Start of an operation's name -> the permission; the first that fits counts. None: open to all; "": not for apps at all."""
FOR_SCOPE = {
    "read:org": ("members", READ),
    "write:org": ("members", WRITE),
    "admin:org": ("organization_administration", READ),
    "repo": ("metadata", READ),
    "public_repo": ("metadata", READ),
}
"""What stands for a classic scope where GraphQL asks for one."""


def needed(operation: str, method: str) -> tuple[str, str] | None:
    """Return (permission, level) that an operation takes, None where it takes none; ("", "") where no app may do it."""
    for start, permission, _ in _NEEDED:
        if operation.startswith(start):
            if permission is None:
                return None
            return (permission, (READ if method in _SAFE else WRITE) if permission else "")
    return "metadata", READ if method in _SAFE else WRITE


def granted(token: Any, permission: str, level: str) -> bool:
    """Whether a token has a permission; one without a list of them has all, and reading metadata comes with any."""
    has = token.get("permissions")
    if has is None:
        return bool(permission) or token.get("installation") is None
    if (permission, level) == ("metadata", READ):
        return True
    return bool(permission) and _RANK[has.get(permission, "")] >= _RANK[level]


def words(token: Any) -> str:
    """Return what GitHub says to a token without the permission."""
    what = "integration" if token.get("installation") is not None else "personal access token"
    return f"Resource not accessible by {what}"
