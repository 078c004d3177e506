"""The GraphQL endpoint: parsed, validated and costed first, then resolved in one go."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from email.utils import formatdate
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    build_schema,
    execute_sync,
    parse,
    validate,
)
from starlette.requests import Request
from starlette.responses import JSONResponse

from sigctl.sandbox.github import age, resolvers
from sigctl.sandbox.github.cost import Cost, Reckoner, TooMuchError
from sigctl.sandbox.github.errors import DOCS, ApiError
from sigctl.sandbox.github.limits import Limits
from sigctl.sandbox.github.resolvers import Context
from sigctl.sandbox.github.state import State
from sigctl.sandbox.store import Document

Body = dict[str, Any]


@cache
def schema(version: int = age.NEWEST) -> GraphQLSchema:
    """Return the schema with its resolvers, as an Enterprise Server of this version has it (310 is 3.10)."""
    built = build_schema(
        files(__package__).joinpath("schema.graphql").read_text(encoding="utf-8"), no_location=True
    )
    resolvers.bind(built)
    if version < age.WITH_RULESETS:
        repository = built.type_map["Repository"]
        if isinstance(repository, GraphQLObjectType):
            del repository.fields["rulesets"]
    return built


class GraphQL:
    """Answers queries and mutations from the state."""

    def __init__(self, state: State, limits: Limits, token: Callable[[Request], Document | None]) -> None:
        self._state = state
        self._limits = limits
        self._token = token
        self._version = age.number(state)

    async def answer(self, request: Request) -> JSONResponse:
        """Answer one request: 200 whatever the query says, 401 without a good token."""
        raw = await request.body()
        headers = age.headers(self._state)
        headers |= {"Date": formatdate(self._state.clock.time(), usegmt=True)}
        headers |= {"X-GitHub-Request-Id": ":".join(secrets.token_hex(2).upper() for _ in range(5))}
        try:
            with self._state.store.transaction():
                self._state.sweep()
                token = self._need_token(request)
                body = self._run(raw, token)
                headers |= self._limits.headers(token, "graphql")
                if token["scopes"] is not None:
                    headers["X-OAuth-Scopes"] = ", ".join(token["scopes"])
        except ApiError as error:
            return JSONResponse(error.document(f"{DOCS}/graphql"), error.status, {**headers, **error.headers})
        return JSONResponse(body, 200, headers)

    def _need_token(self, request: Request) -> Document:
        token = self._token(request)
        if token is None or token.get("app"):
            raise ApiError(401, "This endpoint requires you to be authenticated.")
        return token

    def _run(self, raw: bytes, token: Document) -> Body:
        try:
            given = json.loads(raw)
            query, variables = given["query"], given.get("variables") or {}
        except (ValueError, KeyError, TypeError):
            raise ApiError(400, "Problems parsing JSON") from None
        document, problems = _read(query, self._version)
        if document is None or problems:
            return {
                "errors": [
                    {"message": problem.message, "locations": _places(problem), **_code(problem)}
                    for problem in problems
                ]
            }
        chosen = _operation(document, given.get("operationName"))
        if chosen is None:
            return {"errors": [{"message": f"No operation named {given.get('operationName')!r}"}]}
        try:
            cost = _cost(document, chosen, variables)
        except TooMuchError as error:
            return {"errors": [{"type": error.type, "message": str(error)}]}
        try:
            self._limits.spend(token, "graphql", cost.points)
        except ApiError as error:
            return {"errors": [{"type": "RATE_LIMITED", "message": str(error)}]}
        if chosen.operation is OperationType.MUTATION and token["read_only"]:
            text = "Resource not accessible by personal access token"
            return {"data": None, "errors": [{"type": "FORBIDDEN", "message": text}]}
        return self._execute(document, chosen, variables, Context(self._state, self._limits, token, cost))

    def _execute(
        self, document: DocumentNode, chosen: OperationDefinitionNode, variables: Body, context: Context
    ) -> Body:
        name = chosen.name.value if chosen.name else None
        result = execute_sync(
            schema(), document, context_value=context, variable_values=variables, operation_name=name
        )
        body: Body = {"data": result.data}
        if result.errors:
            body["errors"] = [_shown(error) for error in result.errors]
        return body


def _shown(error: GraphQLError) -> Body:
    original = error.original_error
    if original is not None and not isinstance(original, resolvers.ResolveError | GraphQLError):
        raise original  # a fault of ours: let it be seen
    shown: Body = {"message": error.message, "path": error.path, "locations": _places(error)}
    if isinstance(original, resolvers.ResolveError):
        shown = {"type": original.type, **shown}
    return {key: value for key, value in shown.items() if value is not None}


def _places(error: GraphQLError) -> list[dict[str, int]]:
    return [{"line": place.line, "column": place.column} for place in error.locations or ()]


@lru_cache(maxsize=256)
def _read(query: str, version: int) -> tuple[DocumentNode | None, tuple[GraphQLError, ...]]:
    try:
        document = parse(query)
    except GraphQLError as error:
        return None, (error,)
    return document, tuple(validate(schema(version), document))


def _code(problem: GraphQLError) -> Body:
    return (
        {"extensions": {"code": "undefinedField"}} if problem.message.startswith("Cannot query field") else {}
    )


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    found = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    if name:
        found = [d for d in found if d.name and d.name.value == name]
    return found[0] if len(found) == 1 else None


def _cost(document: DocumentNode, chosen: OperationDefinitionNode, variables: Body) -> Cost:
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    root = schema().get_root_type(chosen.operation)
    if root is None:
        return Cost(0, 1)
    defaults = {
        v.variable.name.value: int(v.default_value.value)
        for v in chosen.variable_definitions or ()
        if isinstance(v.default_value, IntValueNode)  # page sizes
    }
    return Reckoner(schema(), fragments, {**defaults, **variables}).reckon(root, chosen.selection_set)
