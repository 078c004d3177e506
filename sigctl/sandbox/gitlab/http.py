"""Requests and answers of the REST API: routes, who is asking, refusals in GitLab's words, pages."""

from __future__ import annotations

import json
from bisect import insort
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import parse_qsl, unquote

from starlette.requests import Request
from starlette.responses import Response

from sigctl.sandbox.gitlab import paging, params
from sigctl.sandbox.gitlab.access import Access
from sigctl.sandbox.store import Document

if TYPE_CHECKING:
    from sigctl.sandbox.gitlab.world import World

PREFIX = "/api/v4"
READS = ("GET", "HEAD")


class ApiError(Exception):
    """An answer that ends the request, whatever was under way."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; a body that is bytes or None is sent as it is, anything else as JSON."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


def refuse(status: int, message: Any) -> NoReturn:
    """End the request with GitLab's usual body."""
    raise ApiError(status, {"message": message})


def not_found(what: str = "") -> NoReturn:
    """End the request with 404, as for everything that the caller may not see."""
    refuse(404, f"404 {what} Not Found" if what else "404 Not found")


def forbidden(reason: str = "") -> NoReturn:
    """End the request with 403."""
    refuse(403, f"403 Forbidden - {reason}" if reason else "403 Forbidden")


def bad_request(reason: str) -> NoReturn:
    """End the request with 400 and a reason."""
    refuse(400, f"400 Bad request - {reason}")


def invalid(field_: str, *complaints: str) -> NoReturn:
    """End the request with 400 and what is wrong with one field."""
    refuse(400, {field_: list(complaints)})


@dataclass(slots=True)
class Call:
    """One request, with who is asking and what may be seen."""

    world: World
    method: str
    path: str
    args: tuple[str, ...]
    given: dict[str, Any]
    files: dict[str, bytes]
    user: Document | None
    token: Document | None
    url: str
    """Base URL of the server."""
    access: Access

    @property
    def me(self) -> Document:
        """The account that asks; 401 when nobody does."""
        if self.user is None:
            raise ApiError(401, {"message": "401 Unauthorized"})
        return self.user

    def take(
        self,
        required: Mapping[str, params.Kind] | None = None,
        optional: Mapping[str, params.Kind] | None = None,
    ) -> dict[str, Any]:
        """Return the parameters, coerced; 400 when some are missing or wrong."""
        try:
            return params.take(self.given, required, optional)
        except params.BadParams as error:
            raise ApiError(400, {"error": str(error)}) from None

    def number(self, position: int, name: str = "id") -> int:
        """Return a number from the path; 400 when it is none."""
        if not self.args[position].isdecimal():
            raise ApiError(400, {"error": f"{name} is invalid"})
        return int(self.args[position])

    def admin(self) -> Document:
        """Return the caller, who must be an administrator."""
        if not self.me["admin"]:
            forbidden()
        return self.me

    def has_custom(self, thing: Document) -> bool:
        """Whether an account, group or project has the custom attributes that were asked for (by an administrator)."""
        wanted = self.given.get("custom_attributes")
        if not isinstance(wanted, dict) or not self.access.is_admin:
            return True
        return bool(wanted.items() <= thing.get("custom", {}).items())

    def page(
        self,
        items: Sequence[Document],
        render: Callable[[Document], Any],
        *,
        keyset: str = "",
        total: bool = True,
    ) -> Reply:
        """Return one page of the list; `keyset` names the way of paging by key that this list has, if any."""
        asked = self.take(
            None,
            {
                "page": params.integer,
                "per_page": params.integer,
                "pagination": params.text,
                "id_after": params.integer,
                "id_before": params.integer,
                "cursor": params.text,
                "sort": params.text,
                "order_by": params.text,
            },
        )
        address = f"{self.url}{self.path}"
        if asked.get("pagination") == "keyset":
            if not keyset:
                error = "Keyset pagination is not yet available for this type of request"
                raise ApiError(405, {"error": error})
            found = paging.by_key(items, asked, self.given, address, keyset)
        else:
            found = paging.by_number(items, asked, self.given, address, total=total)
        return Reply(200, [render(item) for item in found.items], found.headers)


Handler = Callable[[Call], Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation of the API."""

    method: str
    pattern: tuple[str, ...]
    handler: Handler
    anonymous: bool
    scopes: tuple[str, ...]

    @property
    def name(self) -> str:
        """The operation's name in logs and faults: method and path with `:id` for what varies."""
        return f"{self.method} /{'/'.join(self.pattern)}"

    def match(self, segments: Sequence[str]) -> tuple[str, ...] | None:
        """Return what stands in the places that vary, None when the path is another one."""
        args = []
        for wanted, got in zip(self.pattern, segments, strict=True):
            if wanted.startswith(":"):
                args.append(unquote(got))
            elif wanted != got:
                return None
        return tuple(args)


class Routes:
    """All operations; literal parts win over those that vary."""

    def __init__(self) -> None:
        self._by_length: dict[int, list[Route]] = {}

    def add(
        self, method: str, path: str, *, anonymous: bool = False, scopes: tuple[str, ...] = ()
    ) -> Callable[[Handler], Handler]:
        """Register what follows for a method and a path such as `/groups/:id/members`."""

        def register(handler: Handler) -> Handler:
            pattern = tuple(path.strip("/").split("/"))
            found = self._by_length.setdefault(len(pattern), [])
            made = Route(method, pattern, handler, anonymous, scopes)
            insort(found, made, key=lambda route: [part.startswith(":") for part in route.pattern])
            return handler

        return register

    def find(self, method: str, raw_path: str) -> tuple[Route, tuple[str, ...]]:
        """Return the operation and the variable parts of a path that is still percent-encoded; 404 or 405."""
        inside = raw_path.startswith(f"{PREFIX}/")
        segments = raw_path.removeprefix(PREFIX).strip("/").split("/") if inside else []
        wanted = "GET" if method == "HEAD" else method
        other = False
        for route in self._by_length.get(len(segments), ()):
            args = route.match(segments)
            if args is not None and route.method == wanted:
                return route, args
            other = other or args is not None
        if other:
            raise ApiError(405, {"error": "405 Not Allowed"})
        raise ApiError(404, {"error": "404 Not Found"})

    def guess(self, method: str, path: str) -> str:
        """Return the name of the operation for a path in which the encoding is already undone."""
        segments = path.strip("/").split("/")
        best: tuple[int, str] = (-1, "")
        for length, routes in self._by_length.items():
            if length > len(segments):
                continue
            for route in routes:
                if route.method == ("GET" if method == "HEAD" else method) and _stretches(
                    route.pattern, segments
                ):
                    literals = sum(not part.startswith(":") for part in route.pattern)
                    best = max(best, (literals, route.name))
        return best[1]


def _stretches(pattern: Sequence[str], segments: Sequence[str]) -> bool:
    """Whether the segments fit the pattern when a variable part may hold several of them."""
    if not pattern or not segments:
        return not pattern and not segments
    if pattern[0].startswith(":"):
        return any(_stretches(pattern[1:], segments[count:]) for count in range(1, len(segments) + 1))
    return pattern[0] == segments[0] and _stretches(pattern[1:], segments[1:])


async def read(request: Request) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the parameters of a request from query and body, and the files that came with it; 400 for a broken body."""
    given = params.nested(parse_qsl(request.url.query, keep_blank_values=True))
    files: dict[str, bytes] = {}
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in ("multipart/form-data", "application/x-www-form-urlencoded"):
        pairs: list[tuple[str, Any]] = []
        async with request.form() as form:
            for name, value in form.multi_items():
                if isinstance(value, str):
                    pairs.append((name, value))
                else:
                    files[name] = await value.read()
        given |= params.nested(pairs)
    else:
        body = await request.body()
        if body.strip():
            try:
                found = json.loads(body)
            except ValueError:
                raise ApiError(400, {"error": "Problems parsing JSON"}) from None
            if isinstance(found, dict):
                given |= found
    return given, files


def respond(reply: Reply, method: str) -> Response:
    """Return the HTTP answer."""
    headers = {"x-gitlab-meta": '{"correlation_id":"sandbox","version":"1"}', **reply.headers}
    if isinstance(reply.body, bytes):
        content, kind = reply.body, headers.pop("content-type", "application/octet-stream")
    elif reply.body is None and reply.status in (204, 304):
        return Response(status_code=reply.status, headers=headers)
    else:
        content, kind = json.dumps(reply.body, separators=(",", ":")).encode(), "application/json"
    answer = Response(b"" if method == "HEAD" else content, reply.status, headers)
    answer.headers["content-type"] = kind
    answer.headers["content-length"] = str(len(content)) if method != "HEAD" else "0"
    return answer
