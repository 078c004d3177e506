"""What a GraphQL query costs, reckoned before it runs as GitHub documents it: page bounds, nodes, points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)

MOST_PER_PAGE, MOST_NODES = 100, 500_000


@dataclass(slots=True)
class Cost:
    """The number of nodes a query may return, and the points it costs."""

    nodes: int
    points: int


class TooMuchError(Exception):
    """A query that GitHub refuses without running it; `type` is its word for the reason."""

    def __init__(self, type_: str, message: str) -> None:
        super().__init__(message)
        self.type = type_


class Reckoner:
    """Walks one query."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = variables
        self._nodes = 0
        self._requests = 0

    def reckon(self, root: GraphQLObjectType, selections: SelectionSetNode) -> Cost:
        """Return the cost; TooMuchError when a page has no bound or too large a one, or there are too many nodes."""
        self._walk(root, selections, 1)
        if self._nodes > MOST_NODES:
            raise TooMuchError(
                "MAX_NODE_LIMIT_EXCEEDED",
                f"This query requests up to {self._nodes:,} possible nodes which exceeds the maximum limit of {MOST_NODES:,}.",
            )
        return Cost(self._nodes, max(1, round(self._requests / 100)))

    def _walk(self, parent: Any, selections: SelectionSetNode | None, times: int) -> None:
        for type_, field in self._fields(parent, selections):
            known = (
                type_.fields.get(field.name.value)
                if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
                else None
            )
            if known is None:
                continue
            inner = times
            if "first" in known.args and get_named_type(known.type).name.endswith("Connection"):
                size = self._page(field)
                self._requests += times
                inner = times * size
                self._nodes += inner
            self._walk(get_named_type(known.type), field.selection_set, inner)

    def _fields(self, parent: Any, selections: SelectionSetNode | None) -> Iterator[tuple[Any, FieldNode]]:
        for selection in selections.selections if selections else ():
            if isinstance(selection, FieldNode):
                yield parent, selection
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                type_ = self._schema.get_type(condition.name.value) if condition else parent
                yield from self._fields(type_, selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode):
                fragment = self._fragments[selection.name.value]
                type_ = self._schema.get_type(fragment.type_condition.name.value)
                yield from self._fields(type_, fragment.selection_set)

    def _page(self, field: FieldNode) -> int:
        name = field.name.value
        for argument in field.arguments or ():
            if argument.name.value not in ("first", "last"):
                continue
            value: Any = None
            if isinstance(argument.value, IntValueNode):
                value = int(argument.value.value)
            elif isinstance(argument.value, VariableNode):
                value = self._variables.get(argument.value.name.value)
            if not isinstance(value, int):
                continue
            bound = argument.name.value
            if value < 0:
                raise TooMuchError(
                    "BAD_REQUEST", f"`{bound}` on the `{name}` connection cannot be less than zero."
                )
            if value > MOST_PER_PAGE:
                raise TooMuchError(
                    "EXCESSIVE_PAGINATION",
                    f"Requesting {value} records on the `{name}` connection exceeds the `{bound}` limit of 100 records.",
                )
            return value
        raise TooMuchError(
            "MISSING_PAGINATION_BOUNDARIES",
            f"You must provide a `first` or `last` value to properly paginate the `{name}` connection.",
        )
