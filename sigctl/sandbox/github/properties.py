"""The properties that the org of an enterprise defines for its repositories, and their values."""

from __future__ import annotations

from typing import Any

from sigctl.sandbox.github.call import NO_CONTENT, Call, Reply
from sigctl.sandbox.github.errors import invalid, not_found, unprocessable
from sigctl.sandbox.github.routes import route
from sigctl.sandbox.store import Document

_PROPERTIES = "/orgs/{org}/properties"


def _enterprise(call: Call) -> Document:
    org = call.owned_org()
    if org["plan"] != "enterprise":
        raise not_found()
    return org


@route(
    "GET",
    f"{_PROPERTIES}/schema",
    "orgs/custom-properties-for-repos-get-organization-definitions",
    "admin:org",
)
def get_schema(call: Call) -> Reply:
    """List the definitions."""
    return Reply(200, list(_enterprise(call).get("properties", {}).values()))


@route(
    "PATCH",
    f"{_PROPERTIES}/schema",
    "orgs/custom-properties-for-repos-create-or-update-organization-definitions",
    "admin:org",
)
def set_schema(call: Call) -> Reply:
    """Make or change definitions."""
    org = _enterprise(call)
    held = dict(org.get("properties", {}))
    for one in call.field("properties", list, "Property", required=True):
        if one.get("value_type") not in ("string", "single_select", "multi_select", "true_false"):
            raise invalid("Property", "value_type")
        held[one["property_name"]] = {**one, "source_type": "organization"}
    call.state.accounts.save(org, properties=held)
    return Reply(200, list(held.values()))


@route(
    "GET", f"{_PROPERTIES}/values", "orgs/custom-properties-for-repos-get-organization-values", "admin:org"
)
def get_values(call: Call) -> Reply:
    """List all repositories with their values."""
    org, state = _enterprise(call), call.state

    def shown(repo: Document) -> dict[str, Any]:
        values = repo.get("property_values", {})
        return {
            "repository_id": repo["id"],
            "repository_name": repo["name"],
            "repository_full_name": state.full_name(repo),
            "properties": [{"property_name": name, "value": value} for name, value in sorted(values.items())],
        }

    return call.page(state.repos.find("owner", org["id"]), shown)


@route(
    "PATCH",
    f"{_PROPERTIES}/values",
    "orgs/custom-properties-for-repos-create-or-update-organization-values",
    "admin:org",
)
def set_values(call: Call) -> Reply:
    """Set values in several repositories; null clears one."""
    org, state = _enterprise(call), call.state
    known = org.get("properties", {})
    given = call.field("properties", list, "Property", required=True)
    for one in given:
        definition = known.get(one["property_name"])
        if definition is None:
            raise unprocessable(f"The property '{one['property_name']}' does not exist")
        _fits(definition, one["value"])
    for name in call.field("repository_names", list, "Property", required=True):
        repo = state.repos.one("name", (org["id"], name.lower()))
        if repo is None:
            raise unprocessable(f"The repository '{name}' does not exist")
        values = {**repo.get("property_values", {}), **{one["property_name"]: one["value"] for one in given}}
        state.repos.save(repo, property_values={k: v for k, v in values.items() if v is not None})
    return Reply(NO_CONTENT)


def _fits(definition: Document, value: Any) -> None:
    if value is None:
        return
    many = definition["value_type"] == "multi_select"
    if isinstance(value, list) is not many and not (many and isinstance(value, str)):
        raise unprocessable(f"The value of '{definition['property_name']}' is of the wrong type")
    allowed = definition.get("allowed_values")
    if allowed and any(one not in allowed for one in (value if isinstance(value, list) else [value])):
        raise unprocessable(f"The value of '{definition['property_name']}' is not among the allowed ones")
