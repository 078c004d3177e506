"""Resolvers of labels and deploy keys."""

from __future__ import annotations

from typing import Any

from sigctl.sandbox.github import rights
from sigctl.sandbox.github.labels import labels_of
from sigctl.sandbox.github.resolvers import Context, ResolveError, connection, plain, resolves
from sigctl.sandbox.github.state import node_id
from sigctl.sandbox.store import Document


def register() -> None:
    """Register the fields that are an entry of the document."""
    plain("Label", id=lambda one: node_id("LA", one["id"]), isDefault="default")
    plain(
        "DeployKey",
        id=lambda key: node_id("DK", key["id"]),
        createdAt="created_at",
        readOnly="read_only",
        enabled=lambda _: True,
        verified=lambda _: True,
    )


@resolves("Repository.labels")
def _labels(repo: Document, context: Context, **arguments: Any) -> dict[str, Any]:  # noqa: ARG001  # every resolver's shape
    query = (arguments.get("query") or "").lower()
    found = [{**one, "kind": "Label"} for one in labels_of(repo) if query in one["name"].lower()]
    return connection(found, arguments)


@resolves("Repository.deployKeys")
def _keys(repo: Document, context: Context, **arguments: Any) -> dict[str, Any]:
    if not rights.may(context.state, repo, context.user, "admin"):
        raise ResolveError("FORBIDDEN", "Must have admin rights to Repository.")
    found = [{**key, "kind": "DeployKey"} for key in context.state.keys.find("repo", repo["id"])]
    return connection(found, arguments)


@resolves("Repository.hasVulnerabilityAlertsEnabled")
def _alerts(repo: Document, context: Context) -> bool:  # noqa: ARG001  # every resolver's shape
    return bool(repo.get("security", {}).get("alerts"))
