"""Reading by GraphQL: pages followed to the end, and an answer with errors in it is a failed read, never data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sigctl.errors import DeniedError, ForgeError, NotThereError, PartialError, UnreachableError
from sigctl.forges.github import documents
from sigctl.forges.github.client import Answer, Client
from sigctl.forges.github.documents import FOLLOWED, Inner
from sigctl.forges.github.failures import SCOPES, GraphQLError, wait_of
from sigctl.forges.http import Caller, Failure, Nature

T = TypeVar("T")
Node = dict[str, Any]
SMALLEST_PAGE = 5
_ALWAYS_DENIED = frozenset({"FORBIDDEN", "INSUFFICIENT_SCOPES", "SAML_FAILURE", "UNAUTHORIZED"})
_TOO_BIG = frozenset({"RESOURCE_LIMITS_EXCEEDED", "MAX_NODE_LIMIT_EXCEEDED"})
_LIMITED = frozenset({"RATE_LIMITED", "RATE_LIMIT"})


class TooBigError(PartialError):
    """The server would not do so much at once; less of it may pass."""


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Return the items in runs of at most `size`."""
    return (items[start : start + size] for start in range(0, len(items), size))


class GraphQL:
    """Asks documents of one server."""

    def __init__(self, client: Client, caller: Caller, name: str) -> None:
        self._client = client
        self._caller = caller
        self._name = name

    def ask(self, document: str, variables: Mapping[str, Any], *, may_miss: bool = False) -> Node:
        """Return the whole data; PartialError, DeniedError or NotThereError where some of it is missing.

        With `may_miss`, a thing asked for at the top level that isn't there is None instead.
        """

        def request() -> Node:
            return whole(self._client.graphql(document, variables), self._name, may_miss=may_miss)

        return self._caller.read(request)

    def pages(self, document: str, org: str, field: str, first: int) -> Iterator[Node]:
        """Return the nodes or edges of a connection of an org, page after page, asking for less where that is too much."""
        after: str | None = None
        while True:
            try:
                data = self.ask(document, {"org": org, "first": first, "after": after})
            except TooBigError:
                if first <= SMALLEST_PAGE:
                    raise
                first = max(SMALLEST_PAGE, first // 2)
                continue
            connection = data["organization"][field] if data["organization"] else None
            what = f"{field} of {org}"
            yield from items(connection, what, self._name)
            after = _cursor(connection or {})
            if after is None:
                return

    def complete(self, nodes: Sequence[Node], inner: Inner, named: Callable[[Node], str]) -> None:
        """Make the inner connection of every node whole: what did not fit its first page is fetched and added to it."""
        for node in nodes:
            items(node[inner.field], f"{inner.field} of {named(node)}", self._name)
        unfinished = [(node, after) for node in nodes if (after := _cursor(node[inner.field])) is not None]
        while unfinished:
            further: list[tuple[Node, str]] = []
            for batch in chunks(unfinished, FOLLOWED):
                variables = {f"id{n}": node["id"] for n, (node, _) in enumerate(batch)}
                variables |= {f"after{n}": after for n, (_, after) in enumerate(batch)}
                data = self.ask(documents.follow(inner, len(batch)), variables)
                for n, (node, _) in enumerate(batch):
                    page = (data.get(f"n{n}") or {}).get(inner.field)
                    found = items(page, f"{inner.field} of {named(node)}", self._name)
                    _list_of(node[inner.field]).extend(found)
                    after = _cursor(page or {})
                    if after is not None:
                        further.append((node, after))
            unfinished = further

    def named(self, document: Callable[[int], str], wanted: Sequence[Mapping[str, str]]) -> list[Node | None]:
        """Return, for each set of variables, what is under its alias, None where there is no such thing."""
        found: list[Node | None] = []
        for batch in chunks(wanted, documents.LOOKUPS):
            variables = {f"{name}{n}": value for n, one in enumerate(batch) for name, value in one.items()}
            data = self.ask(document(len(batch)), variables, may_miss=True)
            found += [data[f"n{n}"] for n in range(len(batch))]
        return found


def items(connection: Node | None, what: str, forge: str) -> list[Node]:
    """Return what a page lists; a page or an entry that is null was not read, so it raises."""
    if connection is None:
        raise DeniedError(f"{what} can't be read", SCOPES, forge=forge)
    found = _list_of(connection)
    if any(one is None or ("node" in one and one["node"] is None) for one in found):
        raise PartialError(f"{what}: an entry is hidden", "the token may not see all of the org", forge=forge)
    return found


def _list_of(connection: Node) -> list[Any]:
    listed: list[Any] = connection["edges"] if "edges" in connection else connection["nodes"]
    return listed


def _cursor(connection: Node) -> str | None:
    info = connection.get("pageInfo") or {}
    return info["endCursor"] if info.get("hasNextPage") else None


def whole(answer: Answer, forge: str, *, may_miss: bool) -> Node:
    """Return the data of an answer that is whole; GraphQLError or a ForgeError says what is wrong with any other."""
    body = answer.data if isinstance(answer.data, dict) else {}
    data, errors = body.get("data"), body.get("errors") or []
    fatal = [one for one in errors if not (may_miss and _is_miss(one))]
    if fatal:
        raise _failed(fatal, answer, forge)
    if not isinstance(data, dict):
        broken = PartialError("a GraphQL answer without data", forge=forge, status=answer.status)
        raise GraphQLError(Failure(Nature.TRANSIENT, broken))
    return data


def _is_miss(error: Node) -> bool:
    return error.get("type") == "NOT_FOUND" and len(error.get("path") or []) == 1


def _failed(errors: list[Node], answer: Answer, forge: str) -> Exception:
    types = {str(one.get("type") or (one.get("extensions") or {}).get("code") or "") for one in errors}
    said = "; ".join(sorted({str(one.get("message") or "no reason given") for one in errors}))[:300]
    status = answer.status
    if types & _LIMITED:
        return GraphQLError(
            Failure(Nature.LIMITED, UnreachableError(said, forge=forge, status=status), wait_of(answer))
        )
    if types & _ALWAYS_DENIED:
        return _final(DeniedError(said, SCOPES, forge=forge, status=status))
    if types & _TOO_BIG:
        return _final(TooBigError(said, "narrow the run with --sig", forge=forge, status=status))
    if types == {"NOT_FOUND"}:
        hint = "GitHub orgs are made by hand: create it, or let the token see it"
        return _final(NotThereError(said, hint, forge=forge, status=status))
    partial = PartialError(
        f"an answer came with errors: {said}", "try again later", forge=forge, status=status
    )
    return GraphQLError(Failure(Nature.TRANSIENT, partial))


def _final(error: ForgeError) -> GraphQLError:
    return GraphQLError(Failure(Nature.FINAL, error))
