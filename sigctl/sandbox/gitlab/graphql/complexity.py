"""What a query costs, by GitLab's own rules: a point per field, what a resolver loads is dearer by the size of its page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    value_from_ast_untyped,
)

LIMIT = 250
ANONYMOUS_LIMIT = 200
LARGEST_PAGE = 100
_CONSTANT = {("Group", "descendantGroups"): 5}
"""Fields with a price of their own, whatever their page."""
_RESOLVED = {
    ("Query", "group"): 0,
    ("Query", "project"): 0,
    ("Query", "namespace"): 0,
    ("Query", "user"): 0,
    ("Query", "users"): 0,
    ("Query", "groups"): 0,
    ("Query", "projects"): 0,
    ("Namespace", "projects"): 10,
    ("Group", "projects"): 10,
    ("Group", "groupMembers"): 0,
    ("Project", "projectMembers"): 0,
    ("Project", "branchRules"): 0,
}
"""Fields behind a resolver, with what it asks for on top of the one point that each costs."""
_GITALY = {
    ("BranchRule", "isDefault"),
    ("BranchRule", "matchingBranchesCount"),
    ("Repository", "empty"),
    ("Repository", "rootRef"),
    ("Repository", "branchNames"),
}
"""Fields that look into the git repository: a point more."""


def score(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    values: Mapping[str, Any],
) -> int:
    """Return the points of an operation of a valid document."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    if schema.query_type is None:
        raise AssertionError(schema)
    return _selected(schema, schema.query_type, operation.selection_set, fragments, values)


def _selected(
    schema: GraphQLSchema,
    parent: GraphQLObjectType | GraphQLInterfaceType,
    selections: SelectionSetNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    values: Mapping[str, Any],
) -> int:
    total = 0
    for node in selections.selections:
        if isinstance(node, FieldNode):
            total += _field(schema, parent, node, fragments, values)
            continue
        inner = fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
        condition = getattr(inner, "type_condition", None)
        kind = schema.get_type(condition.name.value) if condition else parent
        if isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType)):
            total += _selected(schema, kind, getattr(inner, "selection_set"), fragments, values)  # noqa: B009  # both kinds have it
    return total


def _field(
    schema: GraphQLSchema,
    parent: GraphQLObjectType | GraphQLInterfaceType,
    node: FieldNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    values: Mapping[str, Any],
) -> int:
    name = node.name.value
    if name.startswith("__"):
        return 0
    kind = get_named_type(parent.fields[name].type)
    child = 0
    if node.selection_set and isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType)):
        child = _selected(schema, kind, node.selection_set, fragments, values)
    place = (parent.name, name)
    if place in _CONSTANT:
        return _CONSTANT[place] + child
    points = child + 1 + (place in _GITALY)
    if place not in _RESOLVED:
        return points
    asked = {
        argument.name.value: value_from_ast_untyped(argument.value, dict(values))
        for argument in node.arguments or ()
    }
    points += _RESOLVED[place] + (1 if asked.get("sort") else 0) + (5 if asked.get("search") else 0)
    if kind.name.endswith("Connection"):
        sizes = [size for way in ("first", "last") if isinstance(size := asked.get(way), int)]
        points += points * min([*sizes, LARGEST_PAGE]) / 100  # type: ignore[assignment]  # rounded at once
    return int(points)
