"""How the fields of the GraphQL schema come from the state."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from graphql import (
    GraphQLAbstractType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    is_abstract_type,
)

from sigctl.sandbox.github import permissions, rights, tokens
from sigctl.sandbox.github.cost import Cost
from sigctl.sandbox.github.limits import Limits
from sigctl.sandbox.github.state import State
from sigctl.sandbox.store import Document

Resolver = Callable[..., Any]
FIELDS: dict[str, Resolver] = {}
"""Type.field -> resolver; what is not here is the document's entry of the same name."""


class ResolveError(Exception):
    """A field that can't be had: it is null, and the error stands beside the data."""

    def __init__(self, type_: str, message: str) -> None:
        super().__init__(message)
        self.type = type_


@dataclass(slots=True)
class Context:
    """What resolvers know beside their object."""

    state: State
    limits: Limits
    token: Document
    cost: Cost

    @property
    def user(self) -> int:
        """Id of the account that asks."""
        return int(self.token["account"])

    def sees(self, repo: Document) -> bool:
        """Whether the caller sees a repository."""
        if repo["visibility"] != "public" and not self.has_scope("repo"):
            return False
        return rights.may(self.state, repo, self.user, "pull")

    def has_scope(self, *scopes: str) -> bool:
        """Whether the token has one of the scopes; fine-grained ones have none to check."""
        return self.token["scopes"] is None or bool(set(scopes) & tokens.granted(self.token))

    def need_scope(self, field: str, scope: str) -> None:
        """Refuse a field to a token without the scope, or to an app without the permission that stands for it."""
        if not permissions.granted(self.token, *permissions.FOR_SCOPE[scope]):
            raise ResolveError("FORBIDDEN", permissions.words(self.token))
        if not self.has_scope(scope):
            has = sorted(self.token["scopes"])
            raise ResolveError(
                "INSUFFICIENT_SCOPES",
                "Your token has not been granted the required scopes to execute this query. "
                f"The '{field}' field requires one of the following scopes: ['{scope}'], "
                f"but your token has only been granted the: {has} scopes.",
            )


def resolves(*names: str) -> Callable[[Resolver], Resolver]:
    """Register a resolver `(object, context, **arguments)` for fields named Type.field."""

    def register(resolver: Resolver) -> Resolver:
        FIELDS.update(dict.fromkeys(names, resolver))
        return resolver

    return register


def plain(type_: str, **fields: str | Callable[[Document], Any]) -> None:
    """Register fields that are an entry of the document, or are made from it alone."""
    for field, source in fields.items():
        FIELDS[f"{type_}.{field}"] = _entry(source) if isinstance(source, str) else _made(source)


def connection(
    items: Iterable[Any],
    arguments: dict[str, Any],
    *,
    node: Callable[[Any], Any] = lambda item: item,
    edge: Callable[[Any], dict[str, Any]] = lambda _: {},
) -> dict[str, Any]:
    """Return the page of a list that `first`/`after` or `last`/`before` ask for; `edge` gives an edge's own fields."""
    found = list(items)
    start, end = _position(arguments.get("after"), 0), _position(arguments.get("before"), len(found) + 1) - 1
    end = min(end, len(found))
    if (first := arguments.get("first")) is not None:
        end = min(end, start + first)
    elif (last := arguments.get("last")) is not None:
        start = max(start, end - last)
    page = found[start:end]
    edges = [
        {"cursor": _cursor(start + n + 1), "node": node(item), **edge(item)} for n, item in enumerate(page)
    ]
    return {
        "edges": edges,
        "nodes": [each["node"] for each in edges],
        "totalCount": len(found),
        "pageInfo": {
            "startCursor": edges[0]["cursor"] if edges else None,
            "endCursor": edges[-1]["cursor"] if edges else None,
            "hasNextPage": end < len(found),
            "hasPreviousPage": start > 0,
        },
    }


def bind(schema: GraphQLSchema) -> None:
    """Give a schema its resolvers."""
    from sigctl.sandbox.github import (  # noqa: F401, PLC0415  # they register here
        mutations,
        pulls,
        resolve_orgs,
        resolve_parts,
        resolve_repos,
        resolve_rules,
    )

    for module in (resolve_orgs, resolve_parts, resolve_repos, resolve_rules):
        module.register()
    for name, type_ in schema.type_map.items():
        if isinstance(type_, GraphQLObjectType):
            for field_name, field in type_.fields.items():
                resolver = FIELDS.get(f"{name}.{field_name}")
                if resolver is not None:
                    field.resolve = _wrapped(resolver)
        elif is_abstract_type(type_):
            type_.resolve_type = _type_of


def _wrapped(resolver: Resolver) -> Resolver:
    def resolve(source: Any, info: GraphQLResolveInfo[Context], **arguments: Any) -> Any:
        return resolver(source, info.context, **arguments)

    return resolve


def _type_of(value: Document, _info: GraphQLResolveInfo[Context], _type: GraphQLAbstractType) -> str:
    """Return the GraphQL type of a document: `kind` where it is made here, else told by its fields."""
    kind = value.get("kind") or value.get("type")
    if kind:
        return str(kind)
    return "Team" if "slug" in value else "Repository"


def _entry(name: str) -> Resolver:
    return lambda source, _context, **_: source[name]


def _made(make: Callable[[Document], Any]) -> Resolver:
    return lambda source, _context, **_: make(source)


def _cursor(position: int) -> str:
    return b64encode(f"cursor:v2:{position}".encode()).decode()


def _position(cursor: str | None, default: int) -> int:
    if cursor is None:
        return default
    try:
        return int(b64decode(cursor).decode().rpartition(":")[2])
    except ValueError:
        raise ResolveError(
            "INVALID_CURSOR_ARGUMENTS", f"`{cursor}` does not appear to be a valid cursor."
        ) from None


@resolves("Query.rateLimit")
def _rate_limit(_: object, context: Context, **__: Any) -> dict[str, Any]:
    rate = context.limits.rate(context.token, "graphql")
    reset = datetime.fromtimestamp(rate["reset"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {**rate, "resetAt": reset, "cost": context.cost.points, "nodeCount": context.cost.nodes}
