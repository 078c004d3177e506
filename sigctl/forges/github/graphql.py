"""Reading by GraphQL: pages followed to the end, and an answer with errors in it is a failed read, never data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NoReturn, TypeVar

from sigctl.errors import DeniedError, ForgeError, NotThereError, PartialError, RefusedError, UnreachableError
from sigctl.forges.apart import is_about_one
from sigctl.forges.github import documents
from sigctl.forges.github.auth import Signed
from sigctl.forges.github.client import Answer
from sigctl.forges.github.documents import FOLLOWED, Inner
from sigctl.forges.github.failures import SCOPES, GraphQLError, wait_of, way_out
from sigctl.forges.github.pacing import READ
from sigctl.forges.http import Caller, Failure, Nature

T = TypeVar("T")
Node = dict[str, Any]
SMALLEST_PAGE = 5
_ALWAYS_DENIED = frozenset({"FORBIDDEN", "INSUFFICIENT_SCOPES", "SAML_FAILURE", "UNAUTHORIZED"})
_TOO_BIG = frozenset({"RESOURCE_LIMITS_EXCEEDED", "MAX_NODE_LIMIT_EXCEEDED"})
_UNKNOWN = frozenset({"undefinedField", "argumentNotAccepted", "undefinedType"})
_LIMITED = frozenset({"RATE_LIMITED", "RATE_LIMIT"})


class TooBigError(PartialError):
    """The server would not do so much at once; less of it may pass."""


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Return the items in runs of at most `size`."""
    return (items[start : start + size] for start in range(0, len(items), size))


def _raise(_: object, error: ForgeError) -> NoReturn:
    raise error


def _nothing() -> Node:
    """Return what is left of a connection that could not be read."""
    return {"edges": [], "nodes": []}


def _halves(items: Sequence[T]) -> tuple[Sequence[T], Sequence[T]]:
    half = len(items) // 2
    return items[:half], items[half:]


class GraphQL:
    """Asks documents of one server."""

    def __init__(self, client: Signed, caller: Caller, name: str) -> None:
        self._client = client
        self._caller = caller
        self._name = name

    def ask(
        self, document: str, variables: Mapping[str, Any], *, org: str = "", may_miss: bool = False
    ) -> Node:
        """Return the whole data; PartialError, DeniedError or NotThereError where some of it is missing.

        The document is about this one org ("" = about none). With `may_miss`, a thing asked for at the top level that isn't
        there is None instead.
        """

        def request() -> Node:
            answer = self._client.graphql(document, variables, org=org)
            return whole(answer, self._name, may_miss=may_miss)

        return self._caller.read(request, READ)

    def pages(
        self,
        document: str,
        org: str,
        field: str,
        first: int,
        lost: Callable[[Node, ForgeError], object] = _raise,
    ) -> Iterator[Node]:
        """Return the nodes or edges of a connection of an org, page after page, asking for less where that is too much.

        `lost` is told of each node inside of which there are errors, and raises them where all is to fail with it; it is not returned.
        """
        after: str | None = None
        while True:
            try:
                data = self.ask(document, {"org": org, "first": first, "after": after}, org=org)
            except TooBigError:
                if first <= SMALLEST_PAGE:
                    raise
                first = max(SMALLEST_PAGE, first // 2)
                continue
            except ForgeError as error:
                data = _without_spoilt(error, field, lost)
            connection = data["organization"][field] if data["organization"] else None
            what = f"{field} of {org}"
            yield from items(connection, what, self._name)
            after = _cursor(connection or {})
            if after is None:
                return

    def complete(
        self,
        nodes: Sequence[Node],
        inner: Inner,
        named: Callable[[Node], str],
        org: Callable[[Node], str] | None = None,
        lost: Callable[[Node, ForgeError], object] = _raise,
    ) -> None:
        """Make the inner connection of every node whole: what did not fit its first page is fetched and added to it.

        `named` says what a node is called, `org` whose it is: by default what stands before the slash of its name. `lost` is told of
        each node of which that can't be read, and why, and raises that where all is to fail with it; such a node then has an empty one.
        """
        owner = org or (lambda node: named(node).partition("/")[0])
        for node in nodes:
            try:
                items(node[inner.field], f"{inner.field} of {named(node)}", self._name)
            except ForgeError as error:
                node[inner.field] = _nothing()
                lost(node, error)
        unfinished = [(node, after) for node in nodes if (after := _cursor(node[inner.field])) is not None]
        while unfinished:
            further: list[tuple[Node, str]] = []
            for place, batch in self._batches(unfinished, lambda one: owner(one[0]), FOLLOWED):
                pages = self._followed(inner, batch, place, lost)
                for (node, _), page in zip(batch, pages, strict=True):
                    try:
                        found = items(page, f"{inner.field} of {named(node)}", self._name)
                    except ForgeError as error:
                        lost(node, error)
                        continue
                    _list_of(node[inner.field]).extend(found)
                    after = _cursor(page or {})
                    if after is not None:
                        further.append((node, after))
            unfinished = further

    def _followed(
        self,
        inner: Inner,
        batch: Sequence[tuple[Node, str]],
        place: str,
        lost: Callable[[Node, ForgeError], object],
    ) -> list[Node | None]:
        variables = {f"id{n}": node["id"] for n, (node, _) in enumerate(batch)}
        variables |= {f"after{n}": after for n, (_, after) in enumerate(batch)}
        try:
            data = self.ask(documents.follow(inner, len(batch)), variables, org=place)
        except ForgeError as error:
            if not isinstance(error, TooBigError) and (lost is _raise or not is_about_one(error)):
                raise
            if len(batch) > 1:
                parts = _halves(batch)
                return [page for part in parts for page in self._followed(inner, part, place, lost)]
            lost(batch[0][0], error)
            return [_nothing()]
        return [(data.get(f"n{n}") or {}).get(inner.field) for n in range(len(batch))]

    def named(
        self,
        document: Callable[[int], str],
        wanted: Sequence[Mapping[str, str]],
        org: str = "",
        lost: Callable[[Mapping[str, str], ForgeError], object] = _raise,
    ) -> list[Node | None]:
        """Return, for each set of variables, what is under its alias, None where there is no such thing.

        `org` is the variable that says whose a thing is; "" where it belongs to no org. What is too much at once is asked for in halves.
        `lost` is told of each set that can't be answered, and why, and raises that where all is to fail with it; else it is None, too.
        """
        found: list[Node | None] = [None] * len(wanted)
        numbered = list(enumerate(wanted))
        for place, batch in self._batches(numbered, lambda one: one[1].get(org, ""), documents.LOOKUPS):
            for (number, _), node in zip(
                batch, self._looked_up(document, [one for _, one in batch], place, lost), strict=True
            ):
                found[number] = node
        return found

    def _looked_up(
        self,
        document: Callable[[int], str],
        wanted: Sequence[Mapping[str, str]],
        place: str,
        lost: Callable[[Mapping[str, str], ForgeError], object],
    ) -> list[Node | None]:
        variables = {f"{name}{n}": value for n, one in enumerate(wanted) for name, value in one.items()}
        try:
            data = self.ask(document(len(wanted)), variables, org=place, may_miss=True)
        except ForgeError as error:
            if not isinstance(error, TooBigError) and (lost is _raise or not is_about_one(error)):
                raise
            if len(wanted) > 1:
                parts = _halves(wanted)
                return [node for part in parts for node in self._looked_up(document, part, place, lost)]
            lost(wanted[0], error)
            return [None]
        return [data[f"n{n}"] for n in range(len(wanted))]

    def _batches(
        self, things: Sequence[T], org: Callable[[T], str], size: int
    ) -> Iterator[tuple[str, Sequence[T]]]:
        """Yield an org and some things of it, so many at most; where one token serves all orgs, they go together."""
        by_place: dict[str, list[T]] = {}
        for one in things:
            by_place.setdefault(self._client.place(org(one)), []).append(one)
        for place, some in by_place.items():
            yield from ((place, batch) for batch in chunks(some, size))


def items(connection: Node | None, what: str, forge: str) -> list[Node]:
    """Return what a page lists; a page or an entry that is null was not read, so it raises."""
    if connection is None:
        raise DeniedError(f"{what} can't be read", SCOPES, forge=forge)
    found = _list_of(connection)
    if any(one is None or ("node" in one and one["node"] is None) for one in found):
        raise PartialError(f"{what}: an entry is hidden", "the token may not see all of the org", forge=forge)
    return found


def _without_spoilt(error: ForgeError, field: str, lost: Callable[[Node, ForgeError], object]) -> Node:
    """Return the data of a page without the nodes that its errors are inside of; raise the error where there are others, or no data."""
    cause = error.__cause__
    data = cause.data if isinstance(cause, GraphQLError) else None
    connection = ((data or {}).get("organization") or {}).get(field) or {}
    nodes = connection.get("nodes")
    if lost is _raise or not isinstance(nodes, list) or not isinstance(cause, GraphQLError):
        raise error
    spoilt: set[int] = set()
    for one in cause.errors:
        above, number = _place_of(one.get("path"))
        if above != ["organization", field, "nodes"] or not 0 <= number < len(nodes) or not nodes[number]:
            raise error
        spoilt.add(number)
    for number in sorted(spoilt):
        lost(nodes[number], error)
    connection["nodes"] = [node for number, node in enumerate(nodes) if number not in spoilt]
    return {"organization": {field: connection}}


def _place_of(path: object) -> tuple[list[Any], int]:
    """Return the list that an error is inside of, and the number there; -1 where it is inside of none."""
    if not isinstance(path, list):
        return [], -1
    number = next((place for place, one in enumerate(path) if isinstance(one, int)), -1)
    return (path[:number], path[number]) if number >= 0 and len(path) > number + 1 else ([], -1)


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
        failed = _failed(fatal, answer, forge)
        failed.errors, failed.data = fatal, data if isinstance(data, dict) else None
        raise failed
    if not isinstance(data, dict):
        broken = PartialError("a GraphQL answer without data", forge=forge, status=answer.status)
        raise GraphQLError(Failure(Nature.TRANSIENT, broken))
    return data


def _is_miss(error: Node) -> bool:
    return error.get("type") == "NOT_FOUND" and len(error.get("path") or []) == 1


def _failed(errors: list[Node], answer: Answer, forge: str) -> GraphQLError:
    types = {str(one.get("type") or (one.get("extensions") or {}).get("code") or "") for one in errors}
    said = "; ".join(sorted({str(one.get("message") or "no reason given") for one in errors}))[:300]
    status = answer.status
    if types & _LIMITED:
        return GraphQLError(
            Failure(Nature.LIMITED, UnreachableError(said, forge=forge, status=status), wait_of(answer))
        )
    if types & _ALWAYS_DENIED:
        return _final(DeniedError(said, way_out(answer, said), forge=forge, status=status))
    if types & _TOO_BIG:
        return _final(TooBigError(said, "narrow the run with --sig", forge=forge, status=status))
    if types == {"NOT_FOUND"}:
        hint = "GitHub orgs are made by hand: create it, or let the token see it"
        return _final(NotThereError(said, hint, forge=forge, status=status))
    codes = {str((one.get("extensions") or {}).get("code") or "") for one in errors}
    if codes & _UNKNOWN:
        hint = "the server is older than what sigctl speaks to: GitHub Enterprise Server 3.11 or newer has all it asks for"
        return _final(RefusedError(said, hint, forge=forge, status=status))
    partial = PartialError(
        f"an answer came with errors: {said}", "try again later", forge=forge, status=status
    )
    return GraphQLError(Failure(Nature.TRANSIENT, partial))


def _final(error: ForgeError) -> GraphQLError:
    return GraphQLError(Failure(Nature.FINAL, error))
