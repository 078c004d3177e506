"""The operations of the REST API, one module per family; importing this registers them all."""

from __future__ import annotations

from importlib import import_module

from sigctl.sandbox.gitlab.http import Routes

_FAMILIES = (
    "instance",
    "users",
    "groups",
    "group_life",
    "members",
    "invitations",
    "shares",
    "member_roles",
    "service_accounts",
    "sso",
    "projects",
    "project_life",
    "branches",
    "protections",
    "group_protections",
    "protected_tags",
    "approvals",
    "push_rules",
    "keys",
    "access_tokens",
    "mirrors",
    "items",
    "user_items",
    "files",
    "merge_requests",
    "issues",
    "audit_events",
)


def routes() -> Routes:
    """Return all operations."""
    found = Routes()
    for family in _FAMILIES:
        import_module(f"{__name__}.{family}").register(found)
    return found
