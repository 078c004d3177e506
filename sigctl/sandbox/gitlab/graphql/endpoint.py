"""The GraphQL endpoint: parse, validate, price, execute, with GitLab's words for what is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    build_ast_schema,
    extend_schema,
    get_operation_ast,
    parse,
    validate,
)
from graphql.execution import execute_sync
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sigctl.sandbox.gitlab.access import Access
from sigctl.sandbox.gitlab.graphql import complexity, groups, memberships, people, projects, query
from sigctl.sandbox.gitlab.graphql.fields import RESOLVERS, Context, member_type, plain
from sigctl.sandbox.gitlab.http import ApiError

if TYPE_CHECKING:
    from sigctl.sandbox.gitlab.auth import Door
    from sigctl.sandbox.gitlab.world import World

FAMILIES = (groups, memberships, people, projects, query)
"""Importing them binds their fields."""
LONGEST = 10_000
"""Characters of a query."""
_UNKNOWN = re.compile(r"Cannot query field ['\"](\w+)['\"] on type ['\"](\w+)['\"]")


@lru_cache(maxsize=2)
def schema(*, enterprise: bool) -> GraphQLSchema:
    """Return the schema of an edition, its fields bound to what they show."""
    folder = files("sigctl.sandbox.gitlab.graphql")
    found = build_ast_schema(parse((folder / "schema.graphql").read_text(encoding="utf-8")))
    if enterprise:
        found = extend_schema(found, parse((folder / "premium.graphql").read_text(encoding="utf-8")))
    for name, kind in found.type_map.items():
        if isinstance(kind, GraphQLObjectType) and not name.startswith("__"):
            for field_name, field in kind.fields.items():
                field.resolve = RESOLVERS.get((name, field_name), plain)
    interface = found.type_map["MemberInterface"]
    interface.resolve_type = member_type  # type: ignore[attr-defined]  # it is one by the schema
    return found


class GraphQL:
    """Answers queries on a world."""

    def __init__(self, world: World, url: str, tick: Callable[[], None]) -> None:
        self._tick = tick
        self._world = world
        self._url = url
        self._schema = schema(enterprise=world.enterprise)

    async def answer(self, request: Request, door: Door) -> Response:
        """Return the answer to a request, which is 200 also when the query is wrong."""
        if request.method != "POST":
            return JSONResponse({"error": "404 Not Found"}, 404)
        try:
            asked = json.loads(await request.body())
            query, values = str(asked["query"]), asked.get("variables") or {}
        except (ValueError, KeyError, TypeError):
            return JSONResponse({"errors": [{"message": "Unexpected end of document", "locations": []}]}, 422)
        self._tick()
        with self._world.store.transaction():
            try:
                token = door.identify(request, {})
            except ApiError as error:
                words = "Invalid token" if error.status == HTTPStatus.UNAUTHORIZED else "Forbidden"
                return JSONResponse({"errors": [{"message": words}]}, error.status)
            if token is not None and not {"api", "read_api"} & set(token["scopes"]):
                return JSONResponse({"errors": [{"message": "insufficient_scope"}]}, 403)
            user = None if token is None else self._world.users[token["user_id"]]
            context = Context(self._world, Access(self._world, user), self._url)
            return JSONResponse(self._run(query, values, asked.get("operationName"), context))

    def _run(self, query: str, values: dict[str, Any], name: str | None, context: Context) -> dict[str, Any]:
        if len(query) > LONGEST:
            return {"errors": [{"message": "Query too large"}]}
        document, errors = _parsed(self._schema, query)
        if document is None or errors:
            return {"errors": errors}
        operation = get_operation_ast(document, name)
        if not isinstance(operation, OperationDefinitionNode):
            return {
                "errors": [
                    {"message": f'No operation named "{name}"' if name else "An operation name is required"}
                ]
            }
        limit = complexity.ANONYMOUS_LIMIT if context.access.user is None else complexity.LIMIT
        points = complexity.score(self._schema, document, operation, values)
        if points > limit:
            words = f"Query has complexity of {points}, which exceeds max complexity of {limit}"
            return {"errors": [{"message": words}]}
        context.score, context.limit = points, limit
        result = execute_sync(
            self._schema, document, context_value=context, variable_values=values, operation_name=name
        )
        shown: dict[str, Any] = {"data": result.data}
        if result.errors:
            shown["errors"] = [_shown(error) for error in result.errors]
        return shown


@lru_cache(maxsize=128)
def _parsed(schema: GraphQLSchema, query: str) -> tuple[DocumentNode | None, list[dict[str, Any]]]:
    """Return a query and what is wrong with it; all servers of a process share what was read, as they do the schema."""
    try:
        document = parse(query)
    except GraphQLError as error:
        return None, [_shown(error)]
    return document, [_shown(error) for error in validate(schema, document)]


def _shown(error: GraphQLError) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "message": error.message,
        "locations": [{"line": at.line, "column": at.column} for at in error.locations or ()],
    }
    if error.path:
        shown["path"] = list(error.path)
    unknown = _UNKNOWN.match(error.message)
    if unknown:
        field, kind = unknown.groups()
        shown["message"] = f"Field '{field}' doesn't exist on type '{kind}'"
        shown["path"] = ["query", field]
        shown["extensions"] = {"code": "undefinedField", "typeName": kind, "fieldName": field}
    return shown
